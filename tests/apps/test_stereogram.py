"""Symmetry elements and their picture: nothing missing, nothing added, everything where it belongs."""

import numpy as np
import pytest
import spglib
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.patches import Patch

from intertwine.apps.stereogram import general_positions, project, stereogram
from intertwine.apps.style import png, svg
from intertwine.apps.symmetry_elements import Axis, symmetry_elements
from intertwine.errors import InputError
from intertwine.groups import POINT_GROUPS, FiniteGroup, axis_angle_to_rotation, get_group, random_rotation

rotations = st.integers(0, 2**32 - 1).map(lambda seed: random_rotation(np.random.default_rng(seed)))
turned = st.builds(get_group, st.sampled_from(list(POINT_GROUPS)), rotations)

SYMBOLS = {
    "C1": ([], 0),
    "Ci": ([], 0),
    "Cs": ([], 1),
    "C2h": (["2/m"], 1),
    "D2": (["2", "2", "2"], 0),
    "S4": (["-4"], 0),
    "D2d": (["-4", "2", "2"], 2),
    "C3h": (["-6"], 1),
    "D3h": (["-6", "2", "2", "2"], 4),
    "D3d": (["-3", "2/m", "2/m", "2/m"], 3),
    "C6v": (["6"], 6),
    "Th": (["-3"] * 4 + ["2/m"] * 3, 3),
    "O": (["4"] * 3 + ["3"] * 4 + ["2"] * 6, 0),
    "Td": (["-4"] * 3 + ["3"] * 4, 6),
    "Oh": (["4/m"] * 3 + ["-3"] * 4 + ["2/m"] * 6, 9),
}
"""Axes and number of mirrors, from the diagrams of the International Tables, volume A, table 10.1.2.2."""

OTHER_SETTINGS = {"-4m2": "-42m", "-62m": "-6m2", "-31m": "-3m", "312": "32"}

icosahedron = FiniteGroup(
    "Ih",
    [
        axis_angle_to_rotation(np.array([0.0, 1.0, (1 + 5**0.5) / 2]), 2 * np.pi / 5),
        np.eye(3)[[2, 0, 1]],
        -np.eye(3),
    ],
)


@pytest.mark.parametrize("name", SYMBOLS)
def test_axes_and_mirrors_are_those_of_the_international_tables(name):
    axes, mirrors = SYMBOLS[name]
    found = symmetry_elements(get_group(name))
    assert sorted(axis.symbol for axis in found.axes) == sorted(axes)
    assert len(found.mirrors) == mirrors


def elements_about(axis: Axis) -> int:
    """Turns and rotoinversions about an axis, without the identity, the inversion and a mirror."""
    proper = axis.fold - 1
    if axis.rotoinversion == 0:
        return proper
    improper = axis.fold  # as many as there are proper ones
    holds_inversion = axis.rotoinversion == axis.fold
    holds_mirror = axis.fold % 2 != holds_inversion
    return proper + improper - holds_inversion - holds_mirror


@given(turned)
def test_the_order_is_recovered_from_axes_mirrors_and_centre(group):
    found = symmetry_elements(group)
    assert group.order == 1 + found.inversion + len(found.mirrors) + sum(map(elements_about, found.axes))


@given(turned)
def test_every_axis_and_mirror_is_an_element(group):
    found = symmetry_elements(group)
    for axis in found.axes:
        assert group.contains(axis_angle_to_rotation(axis.direction, 2 * np.pi / axis.fold))
        if axis.rotoinversion:
            assert group.contains(-axis_angle_to_rotation(axis.direction, 2 * np.pi / axis.rotoinversion))
    for normal in found.mirrors:
        assert group.contains(np.eye(3) - 2 * np.outer(normal, normal))


def spglib_systems() -> dict[str, str]:
    """Crystal system of each class, from spglib's table of space groups."""
    limits = {2: "triclinic", 15: "monoclinic", 74: "orthorhombic", 142: "tetragonal", 167: "trigonal"}
    limits |= {194: "hexagonal", 230: "cubic"}
    systems = {}
    for hall_number in range(1, 531):
        kind = spglib.get_spacegroup_type(hall_number)
        system = next(name for last, name in limits.items() if kind.number <= last)
        symbol = kind.pointgroup_international
        assert systems.setdefault(OTHER_SETTINGS.get(symbol, symbol), system) == system
    return systems


@pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")
def test_crystal_systems_agree_with_spglib():
    systems = spglib_systems()
    ours = {get_group(name).hermann_mauguin: symmetry_elements(get_group(name)) for name in POINT_GROUPS}
    assert {symbol: found.crystal_system for symbol, found in ours.items()} == systems


def test_no_lattice_has_five_fold_axes():
    found = symmetry_elements(icosahedron)
    assert found.crystal_system is None
    assert len(found.mirrors) == 15
    assert sorted(axis.fold for axis in found.axes) == [2] * 15 + [3] * 10 + [5] * 6


@given(rotations, st.integers(0, 100))
def test_projection_keeps_hemispheres_apart_from_nothing_but_height(rotation, seed):
    """(x, y)/(1+|z|) has the inverse (2x, 2y, ±(1−r²)) / (1+r²)."""
    direction = rotation @ np.array([0.0, 0.0, 1.0])
    x, y = project(direction)
    square = x * x + y * y
    back = np.array([2 * x, 2 * y, (1 - square) * np.sign(direction[2])]) / (1 + square)
    assert np.allclose(back, direction, atol=1e-9)


def by_name(axes, start: str) -> dict[str, Patch]:
    return {a.get_gid(): a for a in axes.get_children() if str(a.get_gid()).startswith(start)}


@settings(max_examples=25)
@given(turned)
def test_every_position_is_drawn_in_its_place(group):
    _, right = stereogram(group).axes
    marks = by_name(right, "position-")
    places = project(general_positions(group))
    assert len(marks) == group.order
    for number, place in enumerate(places):
        assert np.allclose(marks[f"position-{number}"].get_center(), place)


@pytest.mark.parametrize("name", POINT_GROUPS)
def test_positions_are_one_orbit_and_do_not_touch(name):
    group = get_group(name)
    positions = general_positions(group)
    assert np.allclose(np.einsum("gij,j->gi", group.elements, positions[0]), positions)
    places, above = project(positions), positions[:, 2] > 0
    for i in range(len(places)):
        for j in range(i):
            apart = np.linalg.norm(places[i] - places[j])
            assert apart > 0.085 or (apart < 1e-9 and above[i] != above[j])


@settings(max_examples=25)
@given(turned)
def test_every_element_is_drawn_and_mirrors_lie_in_their_planes(group):
    left, _ = stereogram(group).axes
    found = symmetry_elements(group)
    curves, marks = by_name(left, "mirror-"), by_name(left, "axis-")
    assert len(curves) == len(found.mirrors)
    assert {name.split("-")[1] for name in marks} == {str(number) for number in range(len(found.axes))}
    assert len(by_name(left, "inversion")) == found.inversion
    for number, normal in enumerate(found.mirrors):
        x, y = curves[f"mirror-{number}"].get_data()
        square = x * x + y * y
        on_sphere = np.stack([2 * x, 2 * y, 1 - square], axis=1) / (1 + square)[:, None]
        assert np.abs(on_sphere @ normal).max() < 1e-9


def test_an_axis_in_the_plane_is_marked_at_both_ends():
    marks = by_name(stereogram("D3").axes[0], "axis-")
    assert sum("end-1" in name for name in marks) == 3


def test_a_picture_is_drawn_of_any_finite_group_and_is_the_same_twice():
    assert svg(stereogram(icosahedron)) == svg(stereogram(icosahedron))
    assert png(stereogram("C1")).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["O(3)", "SO(2)"])
def test_a_compact_group_has_no_stereogram(name):
    with pytest.raises(InputError, match=r"has no stereogram.*a finite group, such as Oh"):
        stereogram(name)
