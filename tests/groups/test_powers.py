"""Symmetric and antisymmetric powers, and Molien's count of invariant polynomials."""

import itertools
import math

import numpy as np
import pytest
from drawn_groups import drawn_elements, groups, irreps_of, seeds
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.errors import InputError
from intertwine.groups import (
    AntisymmetricPower,
    CartesianTensor,
    FiniteGroup,
    Group,
    Irrep,
    Irreps,
    ProductRepresentation,
    RestrictedRepresentation,
    SymmetricPower,
    axis_angle_to_rotation,
    decompose,
    get_group,
    invariants,
    molien,
)

powers = st.integers(0, 3)


@st.composite
def factors(draw: st.DrawFn) -> tuple[Group, Irreps]:
    """A group and a sum of its irreps with at most five rows."""
    group = draw(groups)
    return group, draw(irreps_of(group, 2, 2).filter(lambda irreps: irreps.dim <= 5))


def tensor_power(matrix: np.ndarray, power: int) -> np.ndarray:
    total = np.eye(1)
    for _ in range(power):
        total = np.kron(total, matrix)
    return total


@given(factors(), powers, seeds)
@settings(max_examples=30)
def test_symmetric_powers_are_orthogonal_representations(drawn: tuple, power: int, seed: int) -> None:
    group, factor = drawn
    check_homomorphism(group, SymmetricPower(factor, power), seed)


@given(factors(), powers, seeds)
@settings(max_examples=30)
def test_antisymmetric_powers_are_orthogonal_representations(drawn: tuple, power: int, seed: int) -> None:
    group, factor = drawn
    check_homomorphism(group, AntisymmetricPower(factor, min(power, factor.dim)), seed)


def check_homomorphism(group: Group, representation: SymmetricPower | AntisymmetricPower, seed: int) -> None:
    g, h = drawn_elements(group, seed, 4)[:4].reshape(2, 2, 3, 3)
    rho = representation.matrix(g)
    np.testing.assert_allclose(representation.matrix(g @ h), rho @ representation.matrix(h), atol=1e-12)
    identity = np.broadcast_to(np.eye(representation.dim), rho.shape)
    np.testing.assert_allclose(rho @ rho.swapaxes(1, 2), identity, atol=1e-12)


@given(factors(), seeds)
@settings(max_examples=30)
def test_characters_of_powers_follow_from_powers_of_the_element(drawn: tuple, seed: int) -> None:
    group, factor = drawn
    g = group.sample(np.random.default_rng(seed), 5)
    a, b, c = (factor.character(np.linalg.matrix_power(g, n)) for n in (1, 2, 3))
    expected = {2: (a**2 + b) / 2, 3: (a**3 + 3 * a * b + 2 * c) / 6}
    signed = {2: (a**2 - b) / 2, 3: (a**3 - 3 * a * b + 2 * c) / 6}
    for power in (2, 3):
        np.testing.assert_allclose(SymmetricPower(factor, power).character(g), expected[power], atol=1e-11)
        if power <= factor.dim:
            found = AntisymmetricPower(factor, power).character(g)
            np.testing.assert_allclose(found, signed[power], atol=1e-11)


@given(factors())
@settings(max_examples=20)
def test_a_square_is_its_symmetric_and_its_antisymmetric_part(drawn: tuple) -> None:
    _, factor = drawn
    both = decompose(SymmetricPower(factor, 2)).irreps
    if factor.dim >= 2:
        both = both + decompose(AntisymmetricPower(factor, 2)).irreps
    assert decompose(ProductRepresentation(factor, factor)).irreps.regroup() == both.regroup()


@given(st.integers(1, 3), seeds)
@settings(max_examples=20)
def test_rows_are_monomials_and_minors(power: int, seed: int) -> None:
    """The symmetric power of x is √(n!/∏m!) ∏ x_i, as long as xⁿ; the antisymmetric one is made of minors."""
    vector, rng = Irrep.parse("1o"), np.random.default_rng(seed)
    g, x = get_group("O(3)").sample(rng, 1)[0], rng.standard_normal(3)
    symmetric, antisymmetric = SymmetricPower(vector, power), AntisymmetricPower(vector, power)

    def polynomials(y: np.ndarray) -> np.ndarray:
        chosen = itertools.combinations_with_replacement(range(3), power)
        return np.array([math.sqrt(orderings(m)) * math.prod(y[list(m)]) for m in chosen])

    assert np.linalg.norm(polynomials(x)) == pytest.approx(np.linalg.norm(x) ** power)
    moved = symmetric.matrix(g) @ polynomials(x)
    np.testing.assert_allclose(moved, polynomials(vector.matrix(g) @ x), atol=1e-12)
    subsets = list(itertools.combinations(range(3), power))
    minors = [[np.linalg.det(vector.matrix(g)[np.ix_(s, t)]) for t in subsets] for s in subsets]
    np.testing.assert_allclose(antisymmetric.matrix(g), minors, atol=1e-13)


def orderings(monomial: tuple[int, ...]) -> int:
    """In how many orders its factors can be written: n!/∏ m_i!."""
    return math.factorial(len(monomial)) // math.prod(
        math.factorial(monomial.count(row)) for row in set(monomial)
    )


@pytest.mark.parametrize("name", ["O(3)", "SO(3)", "O(2)", "SO(2)"])
@pytest.mark.parametrize("kind", [SymmetricPower, AntisymmetricPower])
def test_the_derivative_is_that_of_the_matrices(name: str, kind: type[SymmetricPower]) -> None:
    group = get_group(name)
    axis = group.lie_axes[0]
    representation = kind(RestrictedRepresentation(Irreps("1o+0o"), group), 3)
    step = 1e-4
    forth, back = (representation.matrix(axis_angle_to_rotation(axis, s)) for s in (step, -step))
    np.testing.assert_allclose(representation.derivative(axis), (forth - back) / (2 * step), atol=1e-6)


@pytest.mark.parametrize(
    ("power", "irreps"), [(0, "0e"), (1, "1o"), (2, "0e+2e"), (3, "1o+3o"), (4, "0e+2e+4e")]
)
def test_polynomials_of_a_vector_are_harmonics_times_radii(power: int, irreps: str) -> None:
    assert decompose(SymmetricPower(Irrep.parse("1o"), power)).irreps == Irreps(irreps)


def test_the_highest_antisymmetric_power_is_the_determinant() -> None:
    vector = Irrep.parse("1o")
    assert decompose(AntisymmetricPower(vector, 3)).irreps == Irreps("0o")
    assert decompose(AntisymmetricPower(vector, 2)).irreps == Irreps("1e")
    assert decompose(AntisymmetricPower(Irrep.parse("2e"), 2)).irreps == Irreps("1e+3e")


def icosahedral() -> FiniteGroup:
    golden = (1 + 5**0.5) / 2
    fifth = axis_angle_to_rotation(np.array([0.0, 1.0, golden]), 2 * np.pi / 5)
    third = axis_angle_to_rotation(np.array([1.0, 1.0, 1.0]), 2 * np.pi / 3)
    return FiniteGroup("Ih", [fifth, third, -np.eye(3)])


CLASSICAL = [
    ("Oh", "T1u", [1, 0, 1, 0, 2, 0, 3, 0, 4]),  # x², x⁴, x⁶ summed over axes
    ("Td", "T2", [1, 0, 1, 1, 2, 1, 3, 2, 4]),  # and xyz: degrees 2, 3, 4
    ("C3v", "E", [1, 0, 1, 1, 1, 1, 2, 1, 2]),  # S3 on the plane: degrees 2, 3
    ("C3v", "A1+E", [1, 1, 2, 3, 4, 5, 7, 8, 10]),  # S3 permuting three numbers: partitions
    ("C4", "E", [1, 0, 1, 0, 3, 0, 3, 0, 5]),  # |z|², Re z⁴, Im z⁴
    ("Ci", "3xAu", [1, 0, 6, 0, 15, 0, 28, 0, 45]),  # every polynomial of even degree
    ("SO(3)", "1", [1, 0, 1, 0, 1, 0, 1]),
    ("SO(3)", "2", [1, 0, 1, 1, 1, 1, 2]),  # traces of S² and S³
    ("O(3)", "2x1o", [1, 0, 3, 0, 6, 0, 10]),  # three scalar products
    ("SO(3)", "3x1", [1, 0, 6, 1, 21, 6, 56]),  # six of them and the triple product
    ("O(2)", "0e+1", [1, 1, 2, 2, 3, 3, 4]),
    ("SO(2)", "1+2", [1, 0, 2, 2, 3, 4, 6]),  # |a|², |b|², Re and Im of ā²b, one relation
]


@pytest.mark.parametrize(("name", "irreps", "numbers"), CLASSICAL)
def test_invariant_polynomials_are_counted_as_in_the_books(
    name: str, irreps: str, numbers: list[int]
) -> None:
    assert molien(Irreps(irreps, name), len(numbers) - 1) == numbers


def test_strain_energies_of_a_cubic_crystal_have_this_many_constants_by_degree() -> None:
    assert molien(CartesianTensor("ij=ji", "m-3m"), 6) == [1, 1, 3, 6, 11, 18, 32]


def test_an_icosahedron_has_invariants_of_degrees_2_6_and_10() -> None:
    group = icosahedral()
    assert group.order == 120
    assert sum(irrep.dim**2 / len(irrep.algebra) for irrep in group.listed) == 120
    assert molien(group.vector, 10) == [1, 0, 1, 0, 1, 0, 2, 0, 2, 0, 3]


@given(factors())
@settings(max_examples=25)
def test_molien_counts_the_invariants_of_symmetric_powers(drawn: tuple) -> None:
    _, factor = drawn
    counted = [len(invariants(SymmetricPower(factor, power))) for power in range(4)]
    assert molien(factor, 3) == counted


def test_powers_that_do_not_exist_are_refused() -> None:
    vector = Irrep.parse("1o")
    with pytest.raises(InputError, match="power of a representation is negative; got: -1"):
        SymmetricPower(vector, -1)
    with pytest.raises(InputError, match="above the dimension is zero; got: 4; accepted: <= 3"):
        AntisymmetricPower(vector, 4)
    with pytest.raises(InputError, match="degree of a polynomial is negative"):
        molien(vector, -1)
