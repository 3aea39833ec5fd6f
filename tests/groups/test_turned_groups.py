"""A turned group has turned elements and tensors, and the same tables."""

import numpy as np
import pytest
from drawn_groups import all_irreps, irreps_of, seeds
from drawn_rotations import haar
from hypothesis import example, given, settings
from hypothesis import strategies as st

from intertwine.groups import (
    GROUP_NAMES,
    CartesianTensor,
    Irrep,
    Irreps,
    RestrictedRepresentation,
    allowed,
    coupling,
    get_group,
    hom,
    invariants,
    random_rotation,
    restrict,
)

names = st.sampled_from(GROUP_NAMES)


def projector(basis: np.ndarray) -> np.ndarray:
    """On the space that orthonormal maps (or vectors) span."""
    flat = basis.reshape(len(basis), np.prod(basis.shape[1:], dtype=int))
    return flat.T @ flat


@given(names, haar, seeds)
@settings(max_examples=25)
def test_elements_turn_and_matrices_stay(name: str, R: np.ndarray, seed: int) -> None:
    standing, turned = get_group(name), get_group(name, R)
    g = standing.sample(np.random.default_rng(seed), 6)
    moved = R @ g @ R.T
    assert np.all(turned.contains(moved))
    for before, after in zip(all_irreps(standing), all_irreps(turned), strict=True):
        assert before.label == after.label
        # O(3) and SO(3) have no setting: a turned element is another element
        turn = before.matrix(R) if name in ("O(3)", "SO(3)") else np.eye(before.dim)
        np.testing.assert_allclose(after.matrix(moved), turn @ before.matrix(g) @ turn.T, atol=1e-13)
    if standing.kind == "finite":
        np.testing.assert_allclose(turned.elements, R @ standing.elements @ R.T, atol=1e-15)


@given(st.data(), names, haar)
@settings(max_examples=25)
def test_couplings_stay(data: st.DataObject, name: str, R: np.ndarray) -> None:
    before, after = all_irreps(get_group(name)), all_irreps(get_group(name, R))
    triple = data.draw(st.tuples(*[st.integers(0, len(before) - 1)] * 3))
    tables = [coupling(*(irreps[number] for number in triple)) for irreps in (before, after)]
    np.testing.assert_array_equal(tables[0], tables[1])


@given(st.data(), names, haar)
@settings(max_examples=20)
def test_spaces_of_maps_turn(data: st.DataObject, name: str, R: np.ndarray) -> None:
    """W commutes with G exactly when D(R) W D(R)ᵀ commutes with R G Rᵀ."""
    source, target = (data.draw(irreps_of(get_group("O(3)"), 2, 2)) for _ in range(2))
    before, after = (
        hom(RestrictedRepresentation(source, group), RestrictedRepresentation(target, group))
        for group in (get_group(name), get_group(name, R))
    )
    carried = target.matrix(R) @ before @ source.matrix(R).T
    np.testing.assert_allclose(projector(after), projector(carried), atol=1e-12)


@given(names, haar, st.integers(0, 3), st.sampled_from("eo"))
@settings(max_examples=20)
def test_restrictions_span_the_turned_subspaces(name: str, R: np.ndarray, l: int, parity: str) -> None:
    irrep = Irrep.parse(f"{l}{parity}")
    before, after = (restrict(irrep, group) for group in (get_group(name), get_group(name, R)))
    assert str(before.irreps) == str(after.irreps)
    for rows in before.irreps.slices():
        carried = before.basis[rows] @ irrep.matrix(R).T
        np.testing.assert_allclose(projector(after.basis[rows]), projector(carried), atol=1e-12)


@example("C2", random_rotation(np.random.default_rng(24295)), "ijk=ikj", False)
@given(names, haar, st.sampled_from(["i", "ij=ji", "ijk=ikj"]), st.booleans())
@settings(max_examples=25)
def test_allowed_tensors_turn(name: str, R: np.ndarray, formula: str, axial: bool) -> None:
    before, after = (allowed(formula, group, axial) for group in (get_group(name), get_group(name, R)))
    space = CartesianTensor(formula, axial=axial)
    carried = invariants(CartesianTensor(formula, name, axial)) @ space.matrix(R).T
    found = space.flatten(after.tensors)
    assert before.constants == after.constants == len(carried)
    np.testing.assert_allclose(found, found @ projector(carried), atol=1e-12 * np.abs(found).max(initial=1.0))


def test_a_turn_that_belongs_to_the_group_moves_no_element_out_of_it() -> None:
    Oh = get_group("Oh")
    for R in Oh.elements[np.linalg.det(Oh.elements) > 0]:
        assert np.all(Oh.contains(get_group("Oh", R).elements))


def test_an_irrep_of_the_turned_group_is_not_that_of_the_group_that_stands() -> None:
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    turned = get_group("D3", quarter)
    assert Irrep.parse("E", turned) != Irrep.parse("E", "D3")
    with pytest.raises(ValueError, match="different groups"):
        hom(Irreps("E", turned), Irreps("E", "D3"))
