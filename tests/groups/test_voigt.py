"""Voigt's and Mandel's matrices: round trips, products that mean what books say, and matscipy's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matscipy.elasticity import Voigt_6x6_to_full_3x3x3x3

from intertwine.errors import InputError
from intertwine.groups import CartesianTensor, allowed
from intertwine.groups.voigt import SHEAR, from_voigt, voigt_matrix

generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)
FORMULAS = {2: "ij=ji", 3: "ijk=ikj", 4: "ijkl=jikl=klij"}
every_form = pytest.mark.parametrize("form", SHEAR)
every_rank = pytest.mark.parametrize("rank", FORMULAS)


def drawn(rng: np.random.Generator, rank: int, *batch: int) -> np.ndarray:
    """Random tensors of the symmetry of strain, piezoelectricity or elasticity."""
    space = CartesianTensor(FORMULAS[rank])
    return space.tensor(rng.standard_normal((*batch, space.dim)))


@every_form
@every_rank
@given(rng=generators)
def test_matrices_hold_the_whole_tensor(form, rank, rng):
    tensors = drawn(rng, rank, 2, 3)
    matrices = voigt_matrix(tensors, rank, form)
    assert matrices.shape == (2, 3, *{2: (6,), 3: (3, 6), 4: (6, 6)}[rank])
    assert np.allclose(from_voigt(matrices, rank, form), tensors, rtol=0, atol=1e-14)
    assert np.allclose(voigt_matrix(tensors[1, 2], rank, form), matrices[1, 2], rtol=0, atol=0)


@every_rank
@given(rng=generators)
def test_mandel_keeps_lengths(rank, rng):
    one, other = drawn(rng, rank, 2)
    product = np.vdot(voigt_matrix(one, rank, "mandel"), voigt_matrix(other, rank, "mandel"))
    assert np.isclose(product, np.vdot(one, other), rtol=0, atol=1e-12)


@given(generators)
def test_matscipy_reads_stiffness_alike(rng):
    matrix = rng.standard_normal((6, 6))
    matrix += matrix.T
    assert np.array_equal(from_voigt(matrix, 4), Voigt_6x6_to_full_3x3x3x3(matrix))


@given(generators)
def test_products_of_matrices_are_contractions(rng):
    """σ = C ε and P = e ε, with engineering strain; u = d σ with the strain form of d."""
    stiffness, moduli, strain = drawn(rng, 4), drawn(rng, 3), drawn(rng, 2)
    engineering = voigt_matrix(strain, 2, "strain")
    stress = np.einsum("ijkl,kl->ij", stiffness, strain)
    assert np.allclose(voigt_matrix(stiffness, 4) @ engineering, voigt_matrix(stress, 2), atol=1e-12)
    polarisation = np.einsum("ijk,jk->i", moduli, strain)
    assert np.allclose(voigt_matrix(moduli, 3) @ engineering, polarisation, atol=1e-12)
    assert np.allclose(voigt_matrix(moduli, 3, "strain") @ voigt_matrix(strain, 2), polarisation, atol=1e-12)


@pytest.mark.parametrize(("rank", "group"), [(3, "32"), (3, "mm2"), (4, "-3m"), (4, "222")])
def test_the_order_is_that_of_printed_patterns(rank, group):
    """c14 of a pattern stands in row 1 and column 4."""
    found = allowed(FORMULAS[rank], group)
    symbols = [entry for row in found.rows for entry in row if entry[0] == "c" and entry[1:].isdigit()]
    for constant, symbol in enumerate(dict.fromkeys(symbols)):
        row, column = int(symbol[1]) - 1, int(symbol[2]) - 1
        assert voigt_matrix(found.tensors[constant], rank)[row, column] == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: voigt_matrix(np.zeros((3, 3)), 4), r"not a tensor of rank 4; got: shape \(3, 3\)"),
        (lambda: voigt_matrix(np.zeros(3), 1), "of rank 2, 3 and 4; got: 1"),
        (lambda: from_voigt(np.zeros((6, 3)), 3), r"the matrix of a tensor of rank 3; .*\(..., 3, 6\)"),
        (lambda: from_voigt(np.zeros(6), 2, "nye"), "no matrix has the form 'nye'; accepted: stress"),
    ],
)
def test_what_is_no_such_matrix_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
