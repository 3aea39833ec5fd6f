"""The marks that stand for axes in a stereogram: lens, triangle, square, hexagon, filled or open."""

import numpy as np
from jaxtyping import Float64
from matplotlib.patches import Circle, Patch, Polygon
from matplotlib.patheffects import withStroke

from intertwine.apps.style import INK
from intertwine.apps.symmetry_elements import Axis, SymmetryElements

SIZE = {2: 0.085, 3: 0.088, 4: 0.078, 6: 0.08}
"""Radius of the corners of each mark; the radius of the projection is 1."""

INSIDE = 0.74
"""Size of the filled mark inside an open one, relative to the circle that the open one contains."""

DOT = 0.021
"""Radius of the open circle that marks a centre of inversion."""

LENS_ANGLE = np.radians(58.0)
"""Half the angle that each of the two arcs of a lens spans."""

LINE = 1.1
"""Width of outlines, points."""

HALO = 3.6
"""Width of the white line around each mark, half of it hidden, points."""


def axis_symbol(axis: Axis, place: Float64[np.ndarray, "2"], upward: float) -> list[Patch]:
    """The mark of one axis, as in the International Tables (volume A, chapter 1.4).

    Proper axes are filled. A rotoinversion axis −4 or −6 is an open square or hexagon with the lens or
    triangle of its proper turns inside, −3 a filled triangle with an open circle.

    Args:
        axis: what to draw.
        place: its centre.
        upward: angle of the direction in which the mark points, radians.

    >>> len(axis_symbol(Axis(np.array([0.0, 0.0, 1.0]), "z", 2, 4), np.zeros(2), np.pi / 2))
    2
    """
    if axis.rotoinversion <= axis.fold:
        mark = _mark(axis.fold, _size(axis.fold), place, upward, facecolor=INK)
        odd = axis.rotoinversion and axis.fold % 2
        return [mark, inversion_centre(place)] if odd else [mark]
    size = 1.16 * _size(axis.rotoinversion)
    contained = size * np.cos(np.pi / axis.rotoinversion)
    inner = INSIDE * contained * (1.1 if axis.fold == 2 else 1.0)
    return [
        _mark(axis.rotoinversion, size, place, upward, facecolor="white"),
        _mark(axis.fold, inner, place, upward, facecolor=INK),
    ]


def inversion_centre(place: Float64[np.ndarray, "2"]) -> Circle:
    """The small open circle of a centre of inversion.

    >>> inversion_centre(np.zeros(2)).get_radius()
    0.021
    """
    return Circle((place[0], place[1]), DOT, facecolor="white", edgecolor=INK, linewidth=LINE)


def pointing(axis: Axis, elements: SymmetryElements, usual: float) -> float:
    """Angle on the page in which the mark of an axis points: along a mirror or two-fold axis if there is one.

    A mark that points along a mirror through its axis has that mirror's symmetry, and one that points along
    a two-fold axis across its own has that turn's; of these directions the one nearest to the usual is taken.

    Args:
        axis: of these elements.
        elements: of the group.
        usual: the angle taken where there is no such direction, radians.

    >>> normals = np.array([[1.0, 0.0, 0.0]])
    >>> axis = Axis(np.array([0.0, 0.0, 1.0]), "z", 2, 0)
    >>> round(float(np.degrees(pointing(axis, SymmetryElements((axis,), normals, False), 1.0))), 6)
    90.0
    """
    through = [np.cross(normal, axis.direction) for normal in elements.mirrors]
    through = [tangent for tangent in through if np.linalg.norm(tangent) > 1 - 1e-9]
    twofold = [other.direction for other in elements.axes if other.fold % 2 == 0]
    across = [direction for direction in twofold if abs(direction @ axis.direction) < 1e-9]
    tangents = through if through and axis.fold % 2 else through + across
    angles = np.array([_on_page(tangent, axis.direction) for tangent in tangents])
    if not len(angles):
        return usual
    apart = (angles - usual + np.pi / 2) % np.pi - np.pi / 2
    return usual + float(apart[np.argmin(np.abs(np.round(apart, 9)))])


def _on_page(tangent: Float64[np.ndarray, "3"], at: Float64[np.ndarray, "3"]) -> float:
    """Angle of a tangent of the sphere after projection, (x, y) / (1 + z)."""
    moved = tangent[:2] * (1 + at[2]) - at[:2] * tangent[2]
    return float(np.arctan2(moved[1], moved[0]))


def _size(fold: int) -> float:
    return SIZE.get(fold, 0.072)


def _mark(fold: int, size: float, place: Float64[np.ndarray, "2"], upward: float, facecolor: str) -> Polygon:
    shape = _lens(size) if fold == 2 else _polygon(fold, size)
    turn = np.array([[np.cos(upward), -np.sin(upward)], [np.sin(upward), np.cos(upward)]])
    corners = shape @ turn.T + place
    mark = Polygon(corners, closed=True, facecolor=facecolor, edgecolor=INK, linewidth=LINE)
    mark.set(joinstyle="miter", path_effects=[withStroke(linewidth=HALO, foreground="white")])
    return mark


def _polygon(fold: int, size: float) -> Float64[np.ndarray, "fold 2"]:
    """A regular polygon with a corner along x; with an edge across x where the number of corners is four."""
    angles = 2 * np.pi * (np.arange(fold) + (0.5 if fold == 4 else 0.0)) / fold
    return size * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _lens(size: float) -> Float64[np.ndarray, "corners 2"]:
    """Two arcs that meet in points at ±`size` along x."""
    radius = size / np.sin(LENS_ANGLE)
    angles = np.linspace(-LENS_ANGLE, LENS_ANGLE, 24)
    arc = np.stack([radius * np.sin(angles), radius * (np.cos(angles) - np.cos(LENS_ANGLE))], axis=1)
    return np.concatenate([arc, -arc])
