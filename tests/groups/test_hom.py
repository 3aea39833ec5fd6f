"""The one primitive: every equivariant map between two representations of any group, by several roads."""

import numpy as np
import pytest
from drawn_groups import (
    drawn_elements,
    groups,
    irreps_of,
    mean_over,
    null_space,
    representations_of,
    seeds,
    turned,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.errors import InputError
from intertwine.groups import (
    POINT_GROUPS,
    FiniteGroup,
    Group,
    Irrep,
    Irreps,
    ProductRepresentation,
    Representation,
    average_map,
    get_group,
    hom,
    invariants,
    project_map,
    reynolds,
)
from intertwine.groups.quadrature import turns_about_z

Pair = tuple[Group, Representation, Representation]


@st.composite
def pairs(draw: st.DrawFn, source: st.SearchStrategy[Group] = groups) -> Pair:
    """Two representations of one group."""
    group = draw(source)
    return group, draw(representations_of(group)), draw(representations_of(group))


def null_space_of_equations(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Columns W, flattened row by row, with ρ_out(g) W = W ρ_in(g) at every element given."""
    rows_in, rows_out = before.shape[-1], after.shape[-1]
    rows = [
        np.kron(out, np.eye(rows_in)) - np.kron(np.eye(rows_out), given.T)
        for given, out in zip(before, after, strict=True)
    ]
    return null_space(np.concatenate(rows))


@given(pairs(), seeds)
@settings(max_examples=25)
def test_maps_are_orthonormal_and_commute_with_every_element(pair: Pair, seed: int) -> None:
    group, source, target = pair
    maps = hom(source, target)
    assert maps.shape[1:] == (target.dim, source.dim)
    np.testing.assert_allclose(np.einsum("aij,bij->ab", maps, maps), np.eye(len(maps)), atol=1e-12)
    for g in drawn_elements(group, seed):
        np.testing.assert_allclose(target.matrix(g) @ maps, maps @ source.matrix(g), atol=1e-12)


@given(pairs(), seeds)
@settings(max_examples=20)
def test_maps_span_the_null_space_of_the_equations(pair: Pair, seed: int) -> None:
    group, source, target = pair
    if not 0 < source.dim * target.dim <= 100:  # the oracle is slow
        return
    g = drawn_elements(group, seed, 3 if group.kind == "compact" else 0)
    g = np.concatenate([g, np.eye(3)[None]])
    maps = hom(source, target)
    found = maps.reshape(len(maps), target.dim * source.dim)
    oracle = null_space_of_equations(source.matrix(g), target.matrix(g))
    assert oracle.shape[1] == len(maps)
    np.testing.assert_allclose(found.T @ found, oracle @ oracle.T, atol=1e-9)


@given(pairs())
@settings(max_examples=20)
def test_there_are_as_many_maps_as_characters_count(pair: Pair) -> None:
    group, source, target = pair
    expected = mean_over(group, max(source.degree + target.degree, 0), source, target)
    assert len(hom(source, target)) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", POINT_GROUPS)
def test_every_point_group_has_as_many_maps_as_characters_count(name: str) -> None:
    """dim hom(V, V) = ⟨χ, χ⟩ by Schur's lemma and by Reynolds' projector; χ is a trace of 3×3 matrices."""
    group = get_group(name)
    irreps, pair = group.irreps(), ProductRepresentation(group.vector, group.vector)
    norms = [np.mean(irreps.character(group.elements) ** 2), np.mean(group.elements.trace(0, 1, 2) ** 4)]
    for representation, norm in zip((irreps, pair), norms, strict=True):
        assert len(hom(representation, representation)) == pytest.approx(norm, abs=1e-12)


@given(pairs())
@settings(max_examples=15)
def test_transposed_maps_go_back(pair: Pair) -> None:
    _, source, target = pair
    there, back = hom(source, target), hom(target, source).transpose(0, 2, 1)
    assert there.shape == back.shape
    overlap = np.einsum("aij,bij->ab", there, back)
    np.testing.assert_allclose(overlap @ overlap.T, np.eye(len(there)), atol=1e-11)


@given(pairs(), seeds)
@settings(max_examples=25)
def test_projecting_a_map_is_averaging_it(pair: Pair, seed: int) -> None:
    """The nearest equivariant map and the mean over the group are one, for every kind of group."""
    _, source, target = pair
    map = np.random.default_rng(seed).standard_normal((target.dim, source.dim))
    projected = project_map(map, source, target)
    np.testing.assert_allclose(projected, average_map(map, source, target), rtol=0, atol=1e-12)
    np.testing.assert_allclose(project_map(projected, source, target), projected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(average_map(projected, source, target), projected, rtol=0, atol=1e-12)


@given(st.data(), turned, seeds)
@settings(max_examples=20)
def test_schur_finds_what_averaging_finds(data: st.DataObject, group: Group, seed: int) -> None:
    source, target = (data.draw(irreps_of(group, 4)) for _ in range(2))
    map = np.random.default_rng(seed).standard_normal((target.dim, source.dim))
    projected = project_map(map, source, target)
    np.testing.assert_allclose(projected, average_map(map, source, target), rtol=0, atol=1e-12)


@given(pairs(groups.filter(lambda group: group.kind == "finite")))
@settings(max_examples=15)
def test_the_reynolds_operator_is_an_orthogonal_projector(pair: Pair) -> None:
    _, source, target = pair
    if source.dim * target.dim > 100:
        return
    projector, maps = reynolds(source, target), hom(source, target)
    np.testing.assert_allclose(projector, projector.T, atol=1e-13)
    values = np.linalg.eigvalsh(projector)
    expected = np.zeros(len(values))
    expected[len(values) - len(maps) :] = 1.0
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)
    flat = maps.reshape(len(maps), len(values))
    np.testing.assert_allclose(projector, flat.T @ flat, atol=1e-12)


@given(st.data(), groups, seeds)
@settings(max_examples=20)
def test_invariants_are_all_that_no_element_moves(data: st.DataObject, group: Group, seed: int) -> None:
    representation = data.draw(representations_of(group))
    fixed = invariants(representation)
    np.testing.assert_allclose(fixed @ fixed.T, np.eye(len(fixed)), atol=1e-12)
    for g in drawn_elements(group, seed):
        np.testing.assert_allclose(fixed @ representation.matrix(g).T, fixed, atol=1e-12)
    expected = mean_over(group, max(representation.degree, 0), representation)
    assert len(fixed) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", ["Oh", "C1", "O(3)", "SO(2)"])
def test_the_zero_representation_has_no_maps(name: str) -> None:
    zero, vector = Irreps("", name), get_group(name).vector
    assert hom(zero, zero).shape == (0, 0, 0)
    assert hom(zero, vector).shape == (0, 3, 0)
    assert hom(vector, zero).shape == (0, 0, 3)
    assert invariants(zero).shape == (0, 0)
    assert average_map(np.zeros((3, 0)), zero, vector).shape == (3, 0)


def test_a_group_of_any_generators_has_the_same_primitive() -> None:
    """The turns of a pentagon: no crystal has them."""
    pentagon = FiniteGroup("C5", turns_about_z(np.array([2 * np.pi / 5])))
    assert len(hom(pentagon.vector, pentagon.vector)) == 3
    assert len(hom(pentagon.irrep("D2"), pentagon.irrep("D2"))) == 2
    assert len(hom(pentagon.irrep("D2"), pentagon.irrep("D3"))) == 0


def test_representations_of_different_groups_have_no_maps() -> None:
    with pytest.raises(InputError, match=r"different groups; got: O\(3\) and Oh.*groups.restrict"):
        hom(Irrep.parse("1o"), Irrep.parse("T1u", "Oh"))
    with pytest.raises(InputError, match=r"does not fit the representations; got: shape \(2, 2\)"):
        project_map(np.eye(2), Irrep.parse("1o"), Irrep.parse("1o"))
