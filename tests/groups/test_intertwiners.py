"""Intertwiners by null space: the oracle of the closed forms, on continuous and on finite groups."""

from itertools import product

import numpy as np
import pytest
from drawn_rotations import seeds
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.errors import InputError
from intertwine.groups import (
    Irreps,
    O3Irrep,
    clebsch_gordan,
    intertwiners,
    random_orthogonal,
    random_rotation,
    so3_generators,
    wigner_d,
)

irrep = st.builds(O3Irrep, st.integers(0, 2), st.sampled_from([-1, 1]))
sums = st.lists(st.tuples(st.integers(0, 2), irrep), min_size=1, max_size=3).map(Irreps)


def elements(seed: int) -> list[np.ndarray]:
    """Two random rotations and the inversion: what they generate is dense in O(3)."""
    rng = np.random.default_rng(seed)
    return [random_rotation(rng), random_rotation(rng), -np.eye(3)]


@pytest.mark.parametrize("l3", range(5))
@pytest.mark.parametrize(("l1", "l2"), list(product(range(3), repeat=2)))
def test_the_null_space_finds_the_clebsch_gordan_coefficients(l1: int, l2: int, l3: int) -> None:
    group = elements(0)[:2]
    pairs = [np.kron(wigner_d(l1, R), wigner_d(l2, R)) for R in group]
    found = intertwiners(pairs, [wigner_d(l3, R) for R in group])
    couples = abs(l1 - l2) <= l3 <= l1 + l2
    assert len(found) == couples
    if couples:
        closed = clebsch_gordan(l1, l2, l3).reshape(-1, 2 * l3 + 1).T
        assert abs(np.sum(found[0] * closed)) == pytest.approx(1.0, abs=1e-13)


def test_generators_of_the_algebra_give_the_same_coupling_as_elements() -> None:
    X2, X3 = so3_generators(2), so3_generators(3)
    pairs = [np.kron(a, np.eye(7)) + np.kron(np.eye(5), b) for a, b in zip(X2, X3, strict=True)]
    found = intertwiners(pairs, list(so3_generators(4)))
    closed = clebsch_gordan(2, 3, 4).reshape(-1, 9).T
    assert found.shape == (1, 9, 35)
    assert abs(np.sum(found[0] * closed)) == pytest.approx(1.0, abs=1e-13)


@given(sums, sums)
@settings(max_examples=40)
def test_schur_counts_the_maps(irreps_in: Irreps, irreps_out: Irreps) -> None:
    group = elements(1)
    maps = intertwiners([irreps_in.matrix(R) for R in group], [irreps_out.matrix(R) for R in group])
    kinds = {one for _, one in irreps_in}
    assert len(maps) == sum(irreps_in.count(one) * irreps_out.count(one) for one in kinds)
    other = random_orthogonal(np.random.default_rng(99))
    np.testing.assert_allclose(irreps_out.matrix(other) @ maps, maps @ irreps_in.matrix(other), atol=1e-12)
    np.testing.assert_allclose(np.einsum("aij,bij->ab", maps, maps), np.eye(len(maps)), atol=1e-13)


@given(seeds, seeds)
@settings(max_examples=20)
def test_the_basis_depends_on_the_space_alone(first: int, second: int) -> None:
    irreps = Irreps("2x0e + 2x1o + 2e")
    one, two = (
        intertwiners([irreps.matrix(R) for R in elements(s)], [irreps.matrix(R) for R in elements(s)])
        for s in (first, second)
    )
    np.testing.assert_allclose(one, two, atol=1e-9)


def test_a_complex_irrep_has_two_maps_and_a_permutation_as_many_as_orbits() -> None:
    turn = np.array([[-0.5, -(0.75**0.5)], [0.75**0.5, -0.5]])
    maps = intertwiners([turn], [turn])
    assert len(maps) == 2
    identity, rotation = np.eye(2) / 2**0.5, np.array([[0.0, -1.0], [1.0, 0.0]]) / 2**0.5
    overlap = np.einsum("aij,bij->ab", maps, np.stack([identity, rotation]))
    np.testing.assert_allclose(np.abs(np.linalg.det(overlap)), 1.0, atol=1e-14)
    cycle = np.roll(np.eye(4), 1, axis=0)
    assert len(intertwiners([cycle], [cycle])) == 4


def test_no_map_is_an_empty_basis() -> None:
    assert intertwiners([-np.eye(3)], [np.eye(2)]).shape == (0, 2, 3)


def test_representations_that_do_not_match_are_refused() -> None:
    with pytest.raises(InputError, match="different numbers of elements; got: 1 and 2"):
        intertwiners([np.eye(2)], [np.eye(2), np.eye(2)])
    with pytest.raises(InputError, match=r"rho_in must be square matrices of one size; got: \[\(2, 3\)\]"):
        intertwiners([np.ones((2, 3))], [np.eye(2)])
    with pytest.raises(InputError, match=r"rho_out must be square .*got: \[\(1, 1\), \(2, 2\)\]"):
        intertwiners([np.eye(2), np.eye(2)], [np.eye(2), np.eye(1)])
    with pytest.raises(InputError, match="rho_in must be square matrices of one size; got: none"):
        intertwiners([], [])
