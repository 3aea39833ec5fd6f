"""Subgroups by name: which of the named groups stand in a group, how, and how often."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64

from intertwine.errors import InputError
from intertwine.groups.catalogue import GROUP_NAMES, get_group
from intertwine.groups.finite import FiniteGroup
from intertwine.groups.group import Group
from intertwine.groups.point_groups import POINT_GROUPS, PointGroup, point_group
from intertwine.groups.recognition import carrying_rotations

TWELFTHS = 11
"""Degree at which the nodes of SO(2) and O(2) are turns by twelfths: their point groups consist of these."""


def find_subgroup(whole: Group, name: str) -> Group:
    """The subgroup of this name that is turned least from the setting in which `whole` stands.

    Raises:
        InputError: an unknown name, or `whole` has no such subgroup; the message lists those it has.
    """
    standard = get_group(name)
    for R in _orientations(standard, whole):
        return _turned(standard, R)
    names = [other for other in GROUP_NAMES if any(True for _ in _orientations(get_group(other), whole))]
    raise InputError(f"{whole.description} has no subgroup {standard.name}", accepted=", ".join(names))


def subgroup_classes(whole: FiniteGroup) -> list[tuple[Group, int]]:
    """The point groups in `whole` up to conjugation: of each class the one turned least, and their number."""
    found: list[tuple[Group, int]] = []
    for standard in map(point_group, POINT_GROUPS):
        seen: set[frozenset[int]] = set()
        for R in _orientations(standard, whole):
            members = R @ standard.elements @ R.T
            if frozenset(whole.index(members).tolist()) not in seen:
                conjugates = _conjugates(members, whole)
                seen |= conjugates
                found.append((_turned(standard, R), len(conjugates)))
    return found


def _orientations(standard: Group, whole: Group) -> Iterator[Float64[np.ndarray, "3 3"]]:
    """Rotations R for which R G₀ Rᵀ is a subgroup, the smallest turn in the frame of `whole` first."""
    for R in _candidates(standard, whole):
        turn = whole.orientation @ R
        if whole.holds(standard.lie_axes @ turn.T, turn @ standard.generators @ turn.T):
            yield turn


def _candidates(standard: Group, whole: Group) -> list[Float64[np.ndarray, "3 3"]]:
    """Rotations to try: none but the identity where others give the same answer, as in O(3)."""
    if not isinstance(standard, PointGroup) or len(whole.lie_axes) == 3:
        return [np.eye(3)]
    elements = whole.orientation.T @ whole.quadrature(TWELFTHS)[0] @ whole.orientation
    return carrying_rotations(standard, elements)


def _turned(standard: Group, R: Float64[np.ndarray, "3 3"]) -> Group:
    return standard if np.array_equal(R, np.eye(3)) else get_group(standard.name, R)


def _conjugates(members: Float64[np.ndarray, "n 3 3"], whole: FiniteGroup) -> set[frozenset[int]]:
    """Numbers of the elements of g H g⁻¹, for all g."""
    g = whole.elements[:, None]
    return set(map(frozenset, whole.index(g @ members @ g.swapaxes(-1, -2)).tolist()))
