"""Reading a representation on a subgroup: what it contains there, and the change of basis."""

import itertools

import numpy as np
import pytest
from drawn_groups import all_irreps, drawn_elements, groups, irreps_of, representations_of, seeds
from drawn_rotations import haar
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.errors import InputError
from intertwine.groups import (
    GROUP_NAMES,
    Group,
    Irrep,
    Irreps,
    Representation,
    RestrictedRepresentation,
    decompose,
    get_group,
    invariants,
    restrict,
    spherical_harmonics,
)

OH = ["A1g", "T1u", "Eg+T2g", "A2u+T1u+T2u", "A1g+Eg+T1g+T2g", "Eu+2xT1u+T2u", "A1g+A2g+Eg+T1g+2xT2g"]
"""Splitting of the harmonics in a cubic field, as in every book on ligand fields (Bethe 1929)."""

OTHERS = [
    ("Td", "1o", "T2"),
    ("Td", "2e", "E+T2"),
    ("Td", "3o", "A1+T1+T2"),
    ("D4h", "2e", "A1g+B1g+B2g+Eg"),
    ("C3v", "1o", "A1+E"),
    ("D3h", "2e", "A1'+E'+E''"),
    ("C4v", "3o", "A1+B1+B2+2xE"),
    ("D6h", "3o", "A2u+B1u+B2u+E1u+E2u"),
    ("O", "1e", "T1"),
    ("T", "2e", "E+T"),
    ("Ci", "1e", "3xAg"),
    ("O(2)", "2e", "0e+1+2"),
    ("O(2)", "2o", "0o+1+2"),
    ("SO(2)", "3o", "0+1+2+3"),
    ("SO(3)", "3o", "3"),
]


def is_subgroup(part: Group, whole: Group) -> bool:
    try:
        part.require_subgroup_of(whole)
    except InputError:
        return False
    return True


CHAINS = [
    (whole, part)
    for whole, part in itertools.permutations(map(get_group, GROUP_NAMES), 2)
    if is_subgroup(part, whole)
]
"""Every group with every one of its subgroups in the standard setting."""


def check(representation: Representation, group: Group, seed: int) -> None:
    """Q is orthogonal, and Q ρ(g) Qᵀ = irreps.matrix(g) for drawn elements of the group."""
    found = restrict(representation, group)
    Q = found.basis
    np.testing.assert_allclose(Q @ Q.T, np.eye(representation.dim), atol=1e-12)
    for g in drawn_elements(group, seed):
        np.testing.assert_allclose(Q @ representation.matrix(g) @ Q.T, found.irreps.matrix(g), atol=1e-12)
    listed = [irrep for _, irrep in found.irreps]
    assert listed == [irrep for _, irrep in group.irreps(max(representation.degree, 0)) if irrep in listed]


@pytest.mark.parametrize("l", range(7))
def test_harmonics_split_in_a_cubic_field_as_bethe_found(l: int) -> None:
    assert restrict(Irrep.parse(f"{l}y"), get_group("Oh")).irreps == Irreps(OH[l], "Oh")


def test_cubic_invariants_stand_in_degrees_0_4_and_6() -> None:
    Oh = get_group("Oh")
    harmonics = [RestrictedRepresentation(Irrep.parse(f"{l}y"), Oh) for l in range(7)]
    assert [len(invariants(one)) for one in harmonics] == [1, 0, 0, 0, 1, 0, 1]


def test_the_cubic_harmonic_of_degree_4_is_the_known_polynomial() -> None:
    """On the sphere it is x⁴ + y⁴ + z⁴ − 3/5, up to its length (von der Lage & Bethe 1947)."""
    fixed = invariants(RestrictedRepresentation(Irrep.parse("4e"), get_group("m-3m")))[0]
    points = np.random.default_rng(0).standard_normal((50, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    values = spherical_harmonics(4, points) @ fixed
    known = np.sum(points**4, axis=1) - 0.6
    np.testing.assert_allclose(values * known[0], known * values[0], atol=1e-13)


@pytest.mark.parametrize(("name", "label", "irreps"), OTHERS)
def test_branchings_are_those_of_the_tables(name: str, label: str, irreps: str) -> None:
    assert restrict(Irrep.parse(label), get_group(name)).irreps == Irreps(irreps, name)


@given(st.data(), groups, seeds)
@settings(max_examples=20)
def test_a_restricted_sum_is_block_diagonal_in_its_basis(
    data: st.DataObject, group: Group, seed: int
) -> None:
    check(data.draw(irreps_of(get_group("O(3)"), 3, 2)), group, seed)


@given(st.sampled_from(CHAINS), st.data(), seeds)
@settings(max_examples=20)
def test_groups_restrict_to_their_subgroups(
    chain: tuple[Group, Group], data: st.DataObject, seed: int
) -> None:
    whole, part = chain
    check(data.draw(irreps_of(whole)), part, seed)


@given(st.data(), groups, seeds)
@settings(max_examples=20)
def test_any_representation_decomposes(data: st.DataObject, group: Group, seed: int) -> None:
    representation = data.draw(representations_of(group))
    check(representation, group, seed)
    assert decompose(representation).irreps == restrict(representation, group).irreps


@given(st.integers(0, 4), st.sampled_from("eo"), haar, st.sampled_from(["SO(2)", "C3v", "C2v", "C6", "Cs"]))
@settings(max_examples=20)
def test_restricting_twice_is_restricting_once(l: int, parity: str, R: np.ndarray, name: str) -> None:
    """O(3) → O(2) → a subgroup of O(2), all turned alike, contains what O(3) → the subgroup contains."""
    middle = get_group("O(2)", R)
    # mirrors of O(2) hold the axis, that of Cs is level: its normal is turned across the axis
    across = R @ np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    last = get_group(name, across if name == "Cs" else R)
    irrep = Irrep.parse(f"{l}{parity}")
    first = restrict(irrep, middle)
    twice, once = restrict(first.irreps, last), restrict(irrep, last)
    assert twice.irreps == once.irreps
    for g in drawn_elements(last, l):
        Q = twice.basis @ first.basis
        np.testing.assert_allclose(Q @ irrep.matrix(g) @ Q.T, once.irreps.matrix(g), atol=1e-12)


@given(st.sampled_from(CHAINS), st.integers(0, 3), st.sampled_from("eo"))
@settings(max_examples=25)
def test_an_irrep_contains_the_same_over_every_road(chain: tuple[Group, Group], l: int, parity: str) -> None:
    """O(3) → G → H is O(3) → H, for every G between."""
    (middle, last), irrep = chain, Irrep.parse(f"{l}{parity}")
    assert restrict(restrict(irrep, middle).irreps, last).irreps == restrict(irrep, last).irreps


def test_a_vector_knows_its_axis() -> None:
    """O(2) about n keeps the component along n and turns the two across it."""
    R = get_group("SO(3)").sample(np.random.default_rng(1), 1)[0]
    found = restrict(Irrep.parse("1o"), get_group("O(2)", R))
    assert found.irreps == Irreps("0e+1", get_group("O(2)", R))
    np.testing.assert_allclose(np.abs(found.basis[0] @ R[:, 2]), 1.0, atol=1e-14)


def test_what_is_no_subgroup_is_refused() -> None:
    for part, whole in [("Oh", "D4h"), ("C3", "C4v"), ("O(2)", "SO(3)"), ("D3", "O(2)")]:
        with pytest.raises(InputError, match=r"is not a subgroup of"):
            restrict(all_irreps(get_group(whole))[-1], get_group(part))
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert is_subgroup(get_group("D4", quarter), get_group("D4"))
    assert not is_subgroup(get_group("D3", quarter), get_group("D6h", np.eye(3)[[1, 2, 0]]))
