"""Irreps of every group: as many as there must be, orthogonal, homomorphic, irreducible over the reals."""

import numpy as np
import pytest
from drawn_groups import all_irreps, drawn_elements, groups, irreps_of, mean_over, seeds, standing
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from intertwine.errors import InputError
from intertwine.groups import (
    POINT_GROUPS,
    FiniteGroup,
    Group,
    Irrep,
    Irreps,
    axis_angle_to_rotation,
    get_group,
    hom,
)
from intertwine.groups.subduction import EXACT

point_groups = pytest.mark.parametrize("name", POINT_GROUPS)
COMPACT = ("O(3)", "SO(3)", "O(2)", "SO(2)")


def finite(name: str) -> FiniteGroup:
    group = get_group(name)
    assert isinstance(group, FiniteGroup)
    return group


@point_groups
def test_squares_of_dimensions_over_algebras_sum_to_the_order(name: str) -> None:
    group = finite(name)
    assert sum(irrep.dim**2 / len(irrep.algebra) for irrep in group.listed) == group.order


def test_the_32_groups_have_157_irreps_over_the_reals() -> None:
    assert sum(len(finite(name).listed) for name in POINT_GROUPS) == 157


@point_groups
def test_characters_are_orthogonal_in_rows(name: str) -> None:
    group = finite(name)
    gram = group.characters @ group.characters.T / group.order
    np.testing.assert_allclose(gram, np.diag([len(one.algebra) for one in group.listed]), atol=1e-13)


@point_groups
def test_characters_are_orthogonal_in_columns(name: str) -> None:
    """Σ χ(g) χ(h) / e is half the centraliser's order for h conjugate to g, and again for h to g⁻¹."""
    group = finite(name)
    algebra = np.array([len(one.algebra) for one in group.listed])
    gram = group.characters.T @ (group.characters / algebra[:, None])
    expected = np.zeros((group.order, group.order))
    inverse = np.argmin(group.table, axis=1)
    for members in group.classes:
        expected[np.ix_(members, members)] += group.order / len(members) / 2
        expected[np.ix_(members, inverse[members])] += group.order / len(members) / 2
    np.testing.assert_allclose(gram, expected, atol=1e-12)


@point_groups
def test_every_irrep_respects_every_product(name: str) -> None:
    group = finite(name)
    for irrep in group.listed:
        products = irrep.table[:, None] @ irrep.table
        np.testing.assert_allclose(products, irrep.table[group.table], rtol=0, atol=1e-13)
        transposed = irrep.table.swapaxes(1, 2)
        np.testing.assert_allclose(irrep.table @ transposed, np.tile(np.eye(irrep.dim), (group.order, 1, 1)))


@point_groups
def test_entries_in_the_standard_setting_are_exact(name: str) -> None:
    group = finite(name)
    for table in [group.elements, *(irrep.table for irrep in group.listed)]:
        assert np.all(np.isin(np.abs(table), EXACT))


@given(groups, seeds)
@settings(max_examples=40)
def test_matrices_are_an_orthogonal_homomorphism(group: Group, seed: int) -> None:
    g, h = drawn_elements(group, seed, 8)[:8].reshape(2, 4, 3, 3)
    for irrep in all_irreps(group, 4):
        rho = irrep.matrix(g)
        np.testing.assert_allclose(irrep.matrix(g @ h), rho @ irrep.matrix(h), rtol=0, atol=1e-13)
        np.testing.assert_allclose(irrep.matrix(g.swapaxes(1, 2)), rho.swapaxes(1, 2), rtol=0, atol=1e-13)
        np.testing.assert_allclose(irrep.character(g), rho.trace(axis1=1, axis2=2), rtol=0, atol=1e-13)
        identity = np.broadcast_to(np.eye(irrep.dim), rho.shape)
        np.testing.assert_allclose(rho @ rho.swapaxes(1, 2), identity, rtol=0, atol=1e-13)


@given(st.sampled_from(COMPACT), seeds, st.floats(-4, 4))
@settings(max_examples=40)
def test_the_derivative_is_that_of_the_matrices(name: str, seed: int, angle: float) -> None:
    group = get_group(name)
    axis = np.random.default_rng(seed).standard_normal(len(group.lie_axes)) @ group.lie_axes
    turn = axis_angle_to_rotation(axis, angle * float(np.linalg.norm(axis)))
    for irrep in all_irreps(group, 3):
        exact = expm(angle * irrep.derivative(axis))
        np.testing.assert_allclose(irrep.matrix(turn), exact, atol=1e-12)


@given(groups, seeds)
@settings(max_examples=30)
def test_the_algebra_is_a_field_that_commutes_with_the_group(group: Group, seed: int) -> None:
    g = drawn_elements(group, seed)
    for irrep in all_irreps(group):
        identity, *others = irrep.algebra
        np.testing.assert_array_equal(identity, np.eye(irrep.dim))
        for J in others:
            np.testing.assert_array_equal(J @ J, -identity)
            np.testing.assert_array_equal(J.T, -J)
            np.testing.assert_allclose(irrep.matrix(g) @ J, J @ irrep.matrix(g), atol=1e-13)
        norm = mean_over(group, 2 * irrep.degree, irrep, irrep)
        assert len(irrep.algebra) == pytest.approx(norm, abs=1e-12)


@given(st.data(), groups)
@settings(max_examples=80)
def test_maps_to_itself_are_counted_by_the_square_of_the_character(data: st.DataObject, group: Group) -> None:
    representation = data.draw(irreps_of(group))
    expected = mean_over(group, max(2 * representation.degree, 0), representation, representation)
    assert len(hom(representation, representation)) == pytest.approx(expected, abs=1e-10)


@given(st.data(), standing)
@settings(max_examples=60)
def test_a_product_of_irreps_contains_what_its_character_says(data: st.DataObject, group: Group) -> None:
    left, right = (data.draw(st.sampled_from(all_irreps(group))) for _ in range(2))
    product = left * right
    g = group.sample(np.random.default_rng(0), 5)
    np.testing.assert_allclose(product.character(g), left.character(g) * right.character(g), atol=1e-12)
    assert right * left == product
    assert all(count > 0 for count, _ in product)


@given(st.data(), groups)
@settings(max_examples=30)
def test_what_is_printed_is_what_is_read(data: st.DataObject, group: Group) -> None:
    representation = data.draw(irreps_of(group))
    assert Irreps(str(representation), group) == representation
    assert representation.regroup() == Irreps(list(reversed(representation.terms)), group).regroup()


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("Oh", "A1g A2g Eg T1g T2g A1u A2u Eu T1u T2u"),
        ("Td", "A1 A2 E T1 T2"),
        ("D6h", "A1g A2g B1g B2g E1g E2g A1u A2u B1u B2u E1u E2u"),
        ("D3h", "A1' A2' E' A1'' A2'' E''"),
        ("C3h", "A' E' A'' E''"),
        ("D2h", "Ag B1g B2g B3g Au B1u B2u B3u"),
        ("C2v", "A1 A2 B1 B2"),
        ("S4", "A B E"),
        ("Th", "Ag Eg Tg Au Eu Tu"),
    ],
)
def test_labels_are_those_of_the_usual_character_tables(name: str, labels: str) -> None:
    assert [irrep.label for irrep in finite(name).listed] == labels.split()


def test_primes_may_be_typed_or_typographic() -> None:
    D3h = get_group("D3h")
    assert D3h.irrep("E″") == D3h.irrep("E''") == D3h.irrep('E"')
    assert D3h.irrep("A1′") == D3h.irrep("A1'") == D3h.trivial


def test_an_irrep_of_another_group_is_refused() -> None:
    with pytest.raises(InputError, match=r"Oh has no irrep 'T3g'; accepted: A1g, .*; do: write T"):
        Irrep.parse("T3g", "Oh")
    with pytest.raises(InputError, match="irrep A1g belongs to another group; got: Oh; accepted: D4h"):
        Irreps([Irrep.parse("A1g", "Oh")], "D4h")
