"""Which of the 32 crystallographic point groups a set of matrices is, and how it stands."""

import itertools
from collections import Counter
from collections.abc import Callable
from functools import cache

import numpy as np
from jaxtyping import Float, Float64, Int64

from intertwine.errors import InputError
from intertwine.groups.point_groups import POINT_GROUPS, PointGroup, point_group
from intertwine.groups.rotations import quaternion_to_rotation, require_orthogonal, rotation_to_quaternion
from intertwine.groups.subduction import settle

SAME_ANGLE = 1e-5
"""Largest difference of cosines, or of traces from integers, that elements given to about 1e-6 can have."""

Images = Callable[[int], Float64[np.ndarray, "images 3"]]
"""Where the axis of a generator, given by its number, may have gone."""


def match_point_group(elements: Float[np.ndarray, "order 3 3"]) -> PointGroup:
    """The point group that has exactly these elements, of its orientations the one nearest to the standard.

    How many elements there are of each determinant and trace tells the 32 groups apart. A rotation R with
    G = R G₀ Rᵀ carries the axes of two generators to axes of the same kinds at the same angle, so that few
    have to be tried. Several fit where G₀ is normal in a larger group: 32 is turned into itself by 622.
    Entries of R within 1e-12 of 0, ±1/2, ±√3/2 or ±1 are taken to be these.

    Args:
        elements: every element once, in any order, to about 1e-6.

    Raises:
        InputError: not orthogonal matrices, or not the elements of one of the 32 groups.

    >>> from intertwine.groups import axis_angle_to_rotation, get_group
    >>> turn = axis_angle_to_rotation(np.array([0.0, 1.0, 2.0]), 0.3)
    >>> found = match_point_group(turn @ get_group("-62m").elements @ turn.T)
    >>> found.name, bool(np.allclose(found.orientation, turn))
    ('D3h', True)
    """
    given = np.asarray(elements, dtype=np.float64)
    if given.ndim != 3 or given.shape[1:] != (3, 3):
        raise InputError("the elements are no list of 3x3 matrices", got=f"shape {given.shape}")
    require_orthogonal(given)
    standard = _by_census().get(_census(given))
    if standard is not None:
        for R in carrying_rotations(standard, given):
            back = R.T @ given @ R
            if np.all(standard.contains(back)) and len(np.unique(standard.index(back))) == standard.order:
                return standard if np.array_equal(R, np.eye(3)) else point_group(standard.name, R)
    raise InputError(
        "the matrices are not a crystallographic point group",
        got=f"{len(given)} matrices",
        accepted="every element of one of the 32 groups, once",
        fix="close them with FiniteGroup(name, generators)",
    )


def carrying_rotations(
    standard: PointGroup, given: Float64[np.ndarray, "order 3 3"]
) -> list[Float64[np.ndarray, "3 3"]]:
    """Rotations that may carry the standard group into the given elements, the smallest turn first.

    Every place the group can have is among them. Of equally small turns that comes first which carries z, and
    then x, most along x, y and z: [111] before [1-11].
    """
    kinds, axes, wanted = _kinds(given), _axes(given), _kinds(standard.generators)

    def images(generator: int) -> Float64[np.ndarray, "images 3"]:
        alike = axes[np.all(kinds == wanted[generator], axis=1)]
        return np.concatenate([alike, -alike])

    found = [settle(R) for R in _carrying(_axes(standard.generators), images)]
    return sorted(
        found, key=lambda R: (round(np.trace(R), 6), R.T[[2, 0, 1]].round(6).tolist()), reverse=True
    )


@cache
def _by_census() -> dict[frozenset, PointGroup]:
    return {_census(group.elements): group for group in map(point_group, POINT_GROUPS)}


def _census(elements: Float64[np.ndarray, "order 3 3"]) -> frozenset:
    """How many elements there are of each kind."""
    return frozenset(Counter(map(tuple, _kinds(elements).tolist())).items())


def _kinds(elements: Float64[np.ndarray, "order 3 3"]) -> Int64[np.ndarray, "order 2"]:
    """Determinant and trace of each element; trace 9, which no element has, where it is no integer."""
    trace = elements.trace(axis1=1, axis2=2)
    whole = np.where(np.abs(trace - np.round(trace)) < SAME_ANGLE, np.round(trace), 9)
    return np.stack([np.round(np.linalg.det(elements)), whole], axis=1).astype(np.int64)


def _axes(elements: Float64[np.ndarray, "order 3 3"]) -> Float64[np.ndarray, "order 3"]:
    """Unit vectors along the axes; zero for the identity and the inversion."""
    proper = elements * np.sign(np.linalg.det(elements))[:, None, None]
    axes = rotation_to_quaternion(proper)[:, 1:]
    length = np.linalg.norm(axes, axis=1, keepdims=True)
    return np.where(length > SAME_ANGLE, axes / np.maximum(length, SAME_ANGLE), 0.0)


def _carrying(axes: Float64[np.ndarray, "generators 3"], images: Images) -> list[Float64[np.ndarray, "3 3"]]:
    """Rotations of the first two different axes to any of their images, of one axis the shortest ones."""
    turning = [k for k, axis in enumerate(axes) if np.any(axis)]
    if not turning:
        return [np.eye(3)]
    first, z = turning[0], axes[turning[0]]
    second = next((k for k in turning if abs(axes[k] @ z) < 1 - SAME_ANGLE), None)
    if second is None:
        near = [image for image in images(first) if image @ z > -0.5]  # its opposite is an image too
        return [quaternion_to_rotation(np.array([1 + z @ image, *np.cross(z, image)])) for image in near]
    back = _frame(z, axes[second]).T
    pairs = itertools.product(images(first), images(second))
    return [_frame(u, v) @ back for u, v in pairs if abs(u @ v - z @ axes[second]) < SAME_ANGLE]


def _frame(u: Float64[np.ndarray, "3"], v: Float64[np.ndarray, "3"]) -> Float64[np.ndarray, "3 3"]:
    """Right-handed orthonormal columns: along u, towards v, across both."""
    across = np.cross(u, v)
    across = across / np.linalg.norm(across)
    return np.stack([u, np.cross(across, u), across], axis=1)
