"""Couplings of any three irreps of any group: orthonormal, invariant, and all that there are."""

import math

import numpy as np
import pytest
from drawn_groups import all_irreps, drawn_elements, groups, mean_over, null_space, seeds
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.errors import InputError
from intertwine.groups import POINT_GROUPS, Group, Irrep, clebsch_gordan, coupling, get_group

DEGREE = 2
"""Highest degree of the drawn irreps of compact groups; those of finite groups are all drawn."""


@st.composite
def triples(draw: st.DrawFn) -> tuple[Group, list[Irrep]]:
    """Three irreps of one group; half of the time the third stands in the product of the others."""
    group = draw(groups)
    irreps = all_irreps(group, DEGREE)
    left, right = draw(st.sampled_from(irreps)), draw(st.sampled_from(irreps))
    inside = [irrep for _, irrep in left.product(right) if irrep.degree <= DEGREE]
    return group, [left, right, draw(st.sampled_from(inside if inside and draw(st.booleans()) else irreps))]


def null_space_of_equations(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Columns C with Σ C_abc ρ1_ai ρ2_bj ρ3_ck = C_ijk at every element given."""
    rows = [
        np.kron(np.kron(a, b), c).T - np.eye(len(a) * len(b) * len(c))
        for a, b, c in zip(left, right, out, strict=True)
    ]
    return null_space(np.concatenate(rows))


@given(triples(), seeds)
@settings(max_examples=50)
def test_couplings_are_orthonormal_and_no_element_moves_them(drawn: tuple, seed: int) -> None:
    group, (left, right, out) = drawn
    tables = coupling(left, right, out)
    assert tables.shape[1:] == (left.dim, right.dim, out.dim)
    np.testing.assert_allclose(np.einsum("pabc,qabc->pq", tables, tables), np.eye(len(tables)), atol=1e-13)
    for g in drawn_elements(group, seed):
        a, b, c = (irrep.matrix(g) for irrep in (left, right, out))
        moved = np.einsum("pabc,ai,bj,ck->pijk", tables, a, b, c, optimize=True)
        np.testing.assert_allclose(moved, tables, atol=1e-13)


@given(triples())
@settings(max_examples=50)
def test_there_are_as_many_paths_as_characters_count(drawn: tuple) -> None:
    group, (left, right, out) = drawn
    degree = left.degree + right.degree + out.degree
    paths = len(coupling(left, right, out))
    assert paths == pytest.approx(mean_over(group, degree, left, right, out), abs=1e-11)
    counts = [count for count, irrep in left.product(right) if irrep == out]
    assert paths == sum(counts) * len(out.algebra)


@given(triples(), seeds)
@settings(max_examples=40)
def test_couplings_span_the_null_space_of_the_equations(drawn: tuple, seed: int) -> None:
    group, irreps = drawn
    g = group.elements if group.kind == "finite" else drawn_elements(group, seed)
    tables = coupling(*irreps)
    found = tables.reshape(len(tables), math.prod(irrep.dim for irrep in irreps))
    oracle = null_space_of_equations(*(irrep.matrix(g) for irrep in irreps))
    assert oracle.shape[1] == len(tables)
    np.testing.assert_allclose(found.T @ found, oracle @ oracle.T, atol=1e-10)


@pytest.mark.parametrize("name", ["O", "Th", "D6", "C4", "D3h"])
def test_a_product_is_used_up_by_its_couplings(name: str) -> None:
    """Σ over c of paths·dim c / dim of the algebra is dim a · dim b: the tables hold the whole product."""
    irreps = all_irreps(get_group(name))
    for left in irreps:
        for right in irreps:
            rows = [len(coupling(left, right, out)) * out.dim // len(out.algebra) for out in irreps]
            assert sum(rows) == left.dim * right.dim


@pytest.mark.parametrize("name", ["O(3)", "SO(3)"])
def test_couplings_of_rotations_are_the_clebsch_gordan_coefficients(name: str) -> None:
    irreps = all_irreps(get_group(name), 3)
    for left in irreps[::2]:
        for right in irreps:
            for _, out in left.product(right):
                expected = clebsch_gordan(left.degree, right.degree, out.degree)
                np.testing.assert_array_equal(coupling(left, right, out), expected[None])


def test_parities_multiply() -> None:
    vector, axial = Irrep.parse("1o"), Irrep.parse("1e")
    assert len(coupling(vector, vector, axial)) == 1
    assert len(coupling(vector, vector, vector)) == 0


def test_orders_couple_as_complex_numbers() -> None:
    """z̄1 z2 holds dot and cross product; SO(2) takes its real part and that of i z̄1 z2, O(2) both parts."""
    one, none = Irrep.parse("1", "SO(2)"), Irrep.parse("0", "SO(2)")
    dot, cross = np.eye(2) / 2**0.5, np.array([[0.0, 1.0], [-1.0, 0.0]]) / 2**0.5
    np.testing.assert_allclose(coupling(one, one, none)[..., 0], [dot, -cross], atol=1e-15)
    one, even, odd = (Irrep.parse(label, "O(2)") for label in ("1", "0e", "0o"))
    np.testing.assert_allclose(coupling(one, one, even)[0, ..., 0], dot, atol=1e-15)
    np.testing.assert_allclose(coupling(one, one, odd)[0, ..., 0], cross, atol=1e-15)


@pytest.mark.parametrize("name", POINT_GROUPS)
def test_the_invariant_couples_every_irrep_to_itself(name: str) -> None:
    group = get_group(name)
    for irrep in all_irreps(group):
        first = coupling(group.trivial, irrep, irrep)
        assert len(first) == len(irrep.algebra)
        norms = np.einsum("pij,pkj->pik", first[:, 0], first[:, 0])  # isometries, up to their length
        np.testing.assert_allclose(
            norms, np.tile(np.eye(irrep.dim) / irrep.dim, (len(first), 1, 1)), atol=1e-14
        )


def test_tables_are_shared_and_cannot_be_written_to() -> None:
    E = Irrep.parse("E", "D3")
    table = coupling(E, E, E)
    assert coupling(E, E, Irrep.parse("E", "32")) is table
    with pytest.raises(ValueError, match="read-only"):
        table[0, 0, 0, 0] = 1.0


def test_irreps_of_different_groups_do_not_couple() -> None:
    E = Irrep.parse("E", "D3")
    with pytest.raises(InputError, match="different groups; got: C3v and D3"):
        coupling(E, E, Irrep.parse("E", "C3v"))
