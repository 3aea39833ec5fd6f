"""A group finds its subgroups by name: those of the International Tables, all of them, where they stand."""

import itertools

import numpy as np
import pytest
from drawn_rotations import haar, rotations, seeds
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.errors import InputError
from intertwine.groups import (
    POINT_GROUPS,
    FiniteGroup,
    axis_angle_to_rotation,
    get_group,
)

MAXIMAL = {
    "1": [],
    "-1": ["1"],
    "2": ["1"],
    "m": ["1"],
    "2/m": ["2", "m", "-1"],
    "222": ["2"],
    "mm2": ["2", "m"],
    "mmm": ["222", "mm2", "2/m"],
    "4": ["2"],
    "-4": ["2"],
    "4/m": ["4", "-4", "2/m"],
    "422": ["4", "222"],
    "4mm": ["4", "mm2"],
    "-42m": ["-4", "222", "mm2"],
    "4/mmm": ["4/m", "422", "4mm", "-42m", "mmm"],
    "3": ["1"],
    "-3": ["3", "-1"],
    "32": ["3", "2"],
    "3m": ["3", "m"],
    "-3m": ["-3", "32", "3m", "2/m"],
    "6": ["3", "2"],
    "-6": ["3", "m"],
    "6/m": ["6", "-6", "-3", "2/m"],
    "622": ["6", "32", "222"],
    "6mm": ["6", "3m", "mm2"],
    "-6m2": ["-6", "32", "3m", "mm2"],
    "6/mmm": ["6/m", "622", "6mm", "-6m2", "-3m", "mmm"],
    "23": ["222", "3"],
    "m-3": ["23", "mmm", "-3"],
    "432": ["23", "422", "32"],
    "-43m": ["23", "-42m", "3m"],
    "m-3m": ["m-3", "432", "-43m", "4/mmm", "-3m"],
}
"""Types of maximal subgroups of the point groups (International Tables A, figure 10.1.3.2)."""

COUNTS = {"Oh": (98, 33), "O": (30, 11), "Th": (26, 12), "T": (10, 5), "D6h": (54, 32), "D4h": (35, 27)}
"""Known numbers of subgroups and of their classes: S4×C2, S4, A4×C2, A4, D6×C2, D4×C2."""

PLANAR = {
    "SO(2)": ["SO(2)", "C1", "C2", "C4", "C3", "C6"],
    "O(2)": ["O(2)", "SO(2)", "C1", "C2", "Cs", "C2v", "C4", "C4v", "C3", "C3v", "C6", "C6v"],
}


def types_in(symbol: str) -> set[str]:
    """Schoenflies names of a group's subgroups: itself, and those of its maximal subgroups."""
    inside = {get_group(symbol).name}
    return inside.union(*map(types_in, MAXIMAL[symbol]))


FINITE = {get_group(symbol).name: sorted(types_in(symbol)) for symbol in MAXIMAL}
pairs = st.sampled_from([(whole, part) for whole, parts in FINITE.items() for part in parts])
pairs_with_an_axis = st.one_of(
    pairs, st.sampled_from([(whole, part) for whole, parts in PLANAR.items() for part in parts])
)


def brute_force(whole: FiniteGroup) -> set[frozenset[int]]:
    """All subgroups as numbers of elements: add an element to one that is known, close, and begin again."""
    found, grown = set(), {frozenset([0])}
    while grown:
        found |= grown
        wider = {part | {g} for part in grown for g in set(range(whole.order)) - part}
        grown = {closed(part, whole.table) for part in wider} - found
    return found


def closed(part: frozenset[int], table: np.ndarray) -> frozenset[int]:
    while True:
        products = frozenset(np.unique(table[np.ix_(list(part), list(part))]).tolist())
        if products == part:
            return part
        part = products


@pytest.mark.parametrize("name", POINT_GROUPS)
def test_types_of_subgroups_are_those_of_the_international_tables(name: str) -> None:
    whole = get_group(name)
    assert sorted({part.name for part, _ in whole.subgroups()}) == FINITE[name]
    for part in FINITE[name]:
        found = whole.subgroup(part)
        assert found.name == part
        assert whole.order % found.order == 0  # Lagrange
        assert np.all(whole.contains(found.elements))


@pytest.mark.parametrize("name", POINT_GROUPS)
def test_every_subgroup_is_counted_once(name: str) -> None:
    whole = get_group(name)
    everything = brute_force(whole)
    classes = {
        frozenset(frozenset(whole.index(g @ part.elements @ g.T).tolist()) for g in whole.elements): count
        for part, count in whole.subgroups()
    }
    assert len(classes) == len(whole.subgroups())
    assert all(len(members) == count for members, count in classes.items())
    assert set(itertools.chain(*classes)) == everything
    assert (len(everything), len(classes)) == COUNTS.get(name, (len(everything), len(classes)))


@given(pairs)
@settings(max_examples=40)
def test_no_conjugate_is_turned_less(pair: tuple[str, str]) -> None:
    whole, part = get_group(pair[0]), get_group(pair[0]).subgroup(pair[1])
    g, h = (group.elements[np.linalg.det(group.elements) > 0] for group in (whole, get_group(pair[1])))
    traces = np.trace(g[:, None] @ part.orientation @ h, axis1=-2, axis2=-1)
    assert traces.max() <= np.trace(part.orientation) + 1e-9


@pytest.mark.parametrize(("whole", "parts"), [*FINITE.items(), *PLANAR.items()])
def test_the_standard_setting_is_taken_where_it_fits(whole: str, parts: list[str]) -> None:
    for part in parts:
        standing = get_group(part)
        fits = get_group(whole).holds(standing.lie_axes, standing.generators)
        assert (get_group(whole).subgroup(part) is standing) == fits


@pytest.mark.parametrize(
    ("whole", "part", "z"),
    [
        ("Oh", "C3v", [1, 1, 1]),
        ("Oh", "D3d", [1, 1, 1]),
        ("T", "C3", [1, 1, 1]),
        ("C2v", "Cs", [1, 0, 0]),
        ("Td", "Cs", [1, 0, 1]),
        ("O(2)", "Cs", [1, 0, 0]),
        ("D4", "D2", [0, 0, 1]),
        ("Td", "C2", [0, 0, 1]),
    ],
)
def test_axes_stand_where_a_crystallographer_looks_first(whole: str, part: str, z: list[int]) -> None:
    axis = get_group(whole).subgroup(part).orientation[:, 2]
    np.testing.assert_allclose(axis, np.array(z) / np.linalg.norm(z), atol=1e-12)


@given(pairs_with_an_axis, rotations, seeds)
@settings(max_examples=60)
def test_a_turned_group_has_the_turned_subgroups(pair: tuple[str, str], R: np.ndarray, seed: int) -> None:
    before, after = get_group(pair[0]).subgroup(pair[1]), get_group(pair[0], R).subgroup(pair[1])
    np.testing.assert_allclose(after.orientation, R @ before.orientation, rtol=0, atol=1e-12)
    assert np.all(after.contains(R @ before.sample(np.random.default_rng(seed), 5) @ R.T))
    after.require_subgroup_of(get_group(pair[0], R))


@pytest.mark.parametrize("whole", ["O(3)", "SO(3)"])
def test_point_groups_of_space_are_found_as_they_stand(whole: str) -> None:
    proper = [name for name in POINT_GROUPS if np.all(np.linalg.det(get_group(name).elements) > 0)]
    for name in POINT_GROUPS if whole == "O(3)" else proper:
        assert get_group(whole).subgroup(name) is get_group(name)
    for name in ["SO(2)", "SO(3)"]:
        assert get_group(whole).subgroup(name) == get_group(name)


@given(haar)
@settings(max_examples=10)
def test_a_given_orientation_is_kept_or_refused(R: np.ndarray) -> None:
    assert get_group("O(3)").subgroup("D3", R) == get_group("D3", R)
    assert get_group("Oh", R).subgroup("D4", R) == get_group("D4", R)
    with pytest.raises(InputError, match=r"D4 turned by .* is not a subgroup of Oh; do: .*Group.subgroup"):
        get_group("Oh").subgroup("D4", R)


def test_the_icosahedral_group_has_five_tetrahedra() -> None:
    five_fold = axis_angle_to_rotation(np.array([0.0, 1.0, (1 + 5**0.5) / 2]), 2 * np.pi / 5)
    icosahedral = FiniteGroup("I", np.array([five_fold, np.eye(3)[[2, 0, 1]]]))
    counts = {part.name: count for part, count in icosahedral.subgroups()}
    assert counts == {"C1": 1, "C2": 15, "D2": 5, "C3": 10, "D3": 10, "T": 5}


@pytest.mark.parametrize(
    ("whole", "part", "line"),
    [
        ("Td", "4", "Td has no subgroup C4; accepted: C1, C2, Cs, D2, C2v, S4, D2d, C3, C3v, T, Td"),
        ("O(2)", "Oh", f"O(2) has no subgroup Oh; accepted: {', '.join(PLANAR['O(2)'])}"),
        ("C1", "SO(2)", "C1 has no subgroup SO(2); accepted: C1"),
        (
            "SO(3)",
            "Ci",
            "SO(3) has no subgroup Ci; accepted: SO(3), SO(2), C1, C2, D2, C4, D4, C3, D3, C6, D6, T, O",
        ),
    ],
)
def test_what_is_no_subgroup_is_answered_with_those_that_are(whole: str, part: str, line: str) -> None:
    with pytest.raises(InputError) as caught:
        get_group(whole).subgroup(part)
    assert str(caught.value) == line


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="no group is named 'C3w'"):
        get_group("Oh").subgroup("C3w")
