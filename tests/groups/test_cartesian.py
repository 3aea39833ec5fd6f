"""Cartesian tensors with an index symmetry: components, matrices, and the formulas that name them."""

import numpy as np
import pytest
from drawn_groups import drawn_elements, groups, seeds
from drawn_rotations import orthogonal
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.errors import InputError
from intertwine.groups import CartesianTensor, Group, Irrep, Irreps, allowed, decompose, get_group

CONTENTS = {
    "i": (3, "1o"),
    "ij": (9, "0e+1e+2e"),
    "ij=ji": (6, "0e+2e"),
    "ij=-ji": (3, "1e"),
    "ijk": (27, "0o+3x1o+2x2o+3o"),
    "ijk=ikj": (18, "2x1o+2o+3o"),
    "ijk=jik": (18, "2x1o+2o+3o"),
    "ijk=jik=ikj": (10, "1o+3o"),
    "ijk=-ikj=-jik": (1, "0o"),
    "ijk=jki": (11, "0o+1o+3o"),
    "ijkl=jikl=ijlk": (36, "2x0e+1e+3x2e+3e+4e"),
    "ijkl=jikl=klij": (21, "2x0e+2x2e+4e"),
    "ijkl=-jikl=-ijlk=klij": (6, "0e+2e"),
    "ijkl=jikl=kjil=ljki": (15, "0e+2e+4e"),
}
"""Number of components and what they contain under O(3); the last but one is a Riemann-like tensor."""

formulas = st.sampled_from([formula for formula, (dim, _) in CONTENTS.items() if dim <= 21])


def on_indices(g: np.ndarray, tensor: np.ndarray) -> np.ndarray:
    """g on every index, one contraction after another."""
    for index in range(tensor.ndim):
        tensor = np.moveaxis(np.tensordot(g, tensor, axes=(1, index)), 0, index)
    return tensor


@pytest.mark.parametrize("formula", CONTENTS)
def test_tensors_have_as_many_components_and_contain_what_they_must(formula: str) -> None:
    dim, irreps = CONTENTS[formula]
    tensor = CartesianTensor(formula)
    assert tensor.dim == dim
    assert decompose(tensor).irreps == Irreps(irreps)


@pytest.mark.parametrize("formula", CONTENTS)
def test_the_basis_is_orthonormal_and_obeys_every_form(formula: str) -> None:
    tensor = CartesianTensor(formula)
    basis, forms = tensor.embedding, formula.split("=")
    flat = basis.reshape(tensor.dim, -1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(tensor.dim), atol=1e-15)
    for form in forms[1:]:
        letters = form.removeprefix("-")
        permuted = np.einsum(basis, [0, *(1 + forms[0].index(letter) for letter in letters)])
        np.testing.assert_array_equal(permuted, -basis if form.startswith("-") else basis)


@given(formulas, st.booleans(), orthogonal, seeds)
@settings(max_examples=40)
def test_the_matrix_turns_every_index(formula: str, axial: bool, g: np.ndarray, seed: int) -> None:
    tensor = CartesianTensor(formula, axial=axial)
    components = np.random.default_rng(seed).standard_normal(tensor.dim)
    expected = on_indices(g, tensor.tensor(components)) * (np.sign(np.linalg.det(g)) if axial else 1.0)
    np.testing.assert_allclose(tensor.tensor(tensor.matrix(g) @ components), expected, atol=1e-12)
    np.testing.assert_allclose(tensor.flatten(tensor.tensor(components)), components, atol=1e-13)
    assert np.linalg.norm(tensor.tensor(components)) == pytest.approx(np.linalg.norm(components))


@given(groups, formulas, st.booleans(), seeds)
@settings(max_examples=30)
def test_matrices_are_an_orthogonal_homomorphism(group: Group, formula: str, axial: bool, seed: int) -> None:
    tensor = CartesianTensor(formula, group, axial)
    g, h = drawn_elements(group, seed, 4)[:4].reshape(2, 2, 3, 3)
    np.testing.assert_allclose(tensor.matrix(g @ h), tensor.matrix(g) @ tensor.matrix(h), atol=1e-12)
    identity = np.broadcast_to(np.eye(tensor.dim), (2, tensor.dim, tensor.dim))
    np.testing.assert_allclose(tensor.matrix(g) @ tensor.matrix(g).swapaxes(1, 2), identity, atol=1e-12)


@given(formulas, seeds)
@settings(max_examples=20)
def test_what_does_not_obey_the_symmetry_is_projected_out(formula: str, seed: int) -> None:
    tensor = CartesianTensor(formula)
    whole = np.random.default_rng(seed).standard_normal((2, *(3,) * tensor.rank))
    kept = tensor.tensor(tensor.flatten(whole))
    np.testing.assert_allclose(tensor.tensor(tensor.flatten(kept)), kept, atol=1e-13)
    lost = np.array(
        [[np.sum((w - k) * e) for e in tensor.embedding] for w, k in zip(whole, kept, strict=True)]
    )
    np.testing.assert_allclose(lost, 0, atol=1e-12)


@given(formulas, st.booleans(), seeds)
@settings(max_examples=20)
def test_the_derivative_is_that_of_the_matrices(formula: str, axial: bool, seed: int) -> None:
    """d/dt of exp(tX) on every index, by the commutator with Irrep 1o's own generator."""
    tensor = CartesianTensor(formula, axial=axial)
    axis = np.random.default_rng(seed).standard_normal(3)
    X = Irrep.parse("1o").derivative(axis)
    slope = tensor.derivative(axis)
    np.testing.assert_allclose(slope, -slope.T, atol=1e-12)
    for component in np.eye(tensor.dim):
        T = tensor.tensor(component)
        terms = [np.moveaxis(np.tensordot(X, T, axes=(1, k)), 0, k) for k in range(tensor.rank)]
        np.testing.assert_allclose(tensor.tensor(slope @ component), sum(terms), atol=1e-12)


def test_components_of_a_symmetric_matrix_stand_in_voigt_order() -> None:
    strain = CartesianTensor("ij=ji")
    matrix = np.array([[1.0, 6.0, 5.0], [6.0, 2.0, 4.0], [5.0, 4.0, 3.0]])
    root = 2**0.5
    np.testing.assert_allclose(strain.flatten(matrix), [1, 2, 3, 4 * root, 5 * root, 6 * root])


def test_a_formula_is_read_whatever_its_letters_and_blanks() -> None:
    for other in ("ab=ba", " ij = ji ", "ji=ij", "-ij=-ji", "μν=νμ"):
        np.testing.assert_array_equal(CartesianTensor(other).embedding, CartesianTensor("ij=ji").embedding)
    np.testing.assert_array_equal(
        CartesianTensor("ij=−ji").embedding, CartesianTensor("ij=-ji").embedding
    )  # a typographic minus


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("", "cannot read ''"),
        ("ij=", r"cannot read ''.*write the indices of the tensor, on each side"),
        ("ii=jj", "index 'i' stands twice in 'ii'"),
        ("ij=jk", "'jk' does not permute the indices 'ij'"),
        ("ij=ijk", "'ijk' does not permute"),
        ("i2", "cannot read 'i2'"),
        ("ij=ji=-ij", "leave no tensor but zero"),
        ("ijk=jik=-ikj", "leave no tensor but zero"),
        ("abcdefghi", "too long; got: 9 indices; accepted: at most 8"),
    ],
)
def test_a_formula_that_means_nothing_is_refused_in_one_line(formula: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        CartesianTensor(formula)
    assert "\n" not in str(caught.value)


@given(st.text("ijk=-+ 1x", max_size=9))
def test_any_formula_is_read_or_refused(text: str) -> None:
    try:
        tensor = CartesianTensor(text)
    except InputError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    else:
        assert 1 <= tensor.dim <= 3**tensor.rank


def test_shapes_that_do_not_fit_are_refused() -> None:
    strain = CartesianTensor("ij=ji")
    with pytest.raises(InputError, match=r"no tensor 'ij=ji'; got: shape \(3, 2\); accepted: \(..., 3, 3\)"):
        strain.flatten(np.ones((3, 2)))
    with pytest.raises(InputError, match=r"other components; got: shape \(5,\); accepted: \(..., 6\)"):
        strain.tensor(np.ones(5))
    with pytest.raises(InputError, match="no group is named 'Q'"):
        CartesianTensor("ij", "Q")


def test_an_axial_vector_is_allowed_where_a_turn_or_a_level_mirror_holds_it() -> None:
    for name, rows in {"C4h": "00c", "C2h": "00c", "Cs": "00c", "D4": "000", "C3v": "000"}.items():
        found = [row[0][0] for row in allowed("i", get_group(name), axial=True).rows]
        assert "".join(found) == rows
