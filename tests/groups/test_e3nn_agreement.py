"""The same basis, order and signs as e3nn, to rounding; e3nn is the external truth and never a dependency."""

from collections.abc import Iterator
from itertools import product
from types import ModuleType

import numpy as np
import pytest
import torch
from drawn_rotations import points
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from intertwine.groups import Irrep, Irreps, O3Irrep, clebsch_gordan, spherical_harmonics

AGREEMENT = 1e-12
DEGREES = range(7)
TRIPLES = [t for t in product(DEGREES, repeat=3) if abs(t[0] - t[1]) <= t[2] <= t[0] + t[1]]

turns = st.floats(-np.pi, np.pi)
irrep = st.builds(O3Irrep, st.integers(0, 12), st.sampled_from([-1, 1]))
sums = st.lists(st.tuples(st.integers(0, 12), irrep), max_size=6).map(Irreps)


@pytest.fixture(scope="module")
def o3() -> Iterator[ModuleType]:
    """e3nn.o3 in double precision: it takes the precision of its generators from the global default."""
    from e3nn import o3

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield o3
    torch.set_default_dtype(before)


@pytest.mark.parametrize("degrees", TRIPLES)
def test_clebsch_gordan_coefficients_agree(o3: ModuleType, degrees: tuple[int, int, int]) -> None:
    theirs = o3.wigner_3j(*degrees, dtype=torch.float64).numpy()
    np.testing.assert_allclose(clebsch_gordan(*degrees), theirs, rtol=0, atol=AGREEMENT)


@given(v=points)
@settings(max_examples=20)
def test_spherical_harmonics_agree(o3: ModuleType, v: np.ndarray) -> None:
    direction = v / np.linalg.norm(v, axis=1, keepdims=True)
    for l in DEGREES:
        for ours, normalize in [
            (spherical_harmonics(l, v), False),
            (spherical_harmonics(l, direction), True),
        ]:
            theirs = o3.spherical_harmonics(
                l, torch.from_numpy(v), normalize=normalize, normalization="component"
            ).numpy()
            np.testing.assert_allclose(ours, theirs, rtol=AGREEMENT, atol=AGREEMENT)


@given(
    irrep=st.builds(O3Irrep, st.sampled_from(DEGREES), st.sampled_from([-1, 1])),
    angles=st.tuples(turns, st.floats(0.0, np.pi), turns),
    inverted=st.sampled_from([0, 1]),
)
def test_matrices_agree(
    o3: ModuleType, irrep: O3Irrep, angles: tuple[float, float, float], inverted: int
) -> None:
    """From Euler angles on their side, from the matrix on ours: neither reads angles off a matrix."""
    alpha, beta, gamma = angles
    R = (-1) ** inverted * o3.angles_to_matrix(*map(torch.tensor, angles)).numpy()
    # e3nn's generators, but SciPy's exponential: torch's is off by 1e-10 at angles of a few degrees
    x, y, _ = o3.so3_generators(irrep.l).numpy()
    turned = expm(alpha * y) @ expm(beta * x) @ expm(gamma * y)
    theirs = irrep.p**inverted * turned
    np.testing.assert_allclose(irrep.matrix(R), theirs, rtol=0, atol=AGREEMENT)


@given(irreps=sums)
def test_the_grammar_and_the_order_agree(o3: ModuleType, irreps: Irreps) -> None:
    theirs = o3.Irreps(str(irreps))
    assert str(irreps) == str(theirs)
    assert (irreps.dim, irreps.num_irreps, irreps.slices()) == (
        theirs.dim,
        theirs.num_irreps,
        theirs.slices(),
    )
    assert str(irreps.sort()) == str(theirs.sort().irreps)
    assert str(irreps.simplify()) == str(theirs.simplify())
    assert str(irreps.regroup()) == str(theirs.regroup())


@given(text=st.text("0123xeoy+ ", max_size=9))
@settings(max_examples=300)
def test_what_both_read_means_the_same(o3: ModuleType, text: str) -> None:
    def reading(read) -> str | None:
        try:
            return str(read(text))
        except ValueError:
            return None

    assert reading(Irreps) == reading(o3.Irreps)


@given(left=irrep, right=irrep)
def test_selection_rules_agree(o3: ModuleType, left: Irrep, right: Irrep) -> None:
    theirs = o3.Irrep(str(left)) * o3.Irrep(str(right))
    assert str(left * right) == str(o3.Irreps([(1, one) for one in theirs]))
