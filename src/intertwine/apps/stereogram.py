"""Stereograms of the point groups: symmetry elements on the left, general positions on the right."""

from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from intertwine.apps.axis_symbols import axis_symbol, inversion_centre, pointing
from intertwine.apps.style import COLOURS, INK, MUTED, RULE, styled_figure
from intertwine.apps.symmetry_elements import SymmetryElements, symmetry_elements
from intertwine.errors import InputError
from intertwine.groups import Group, PointGroup, get_group

BOLD: Final = 2.2
"""Width of a mirror plane, points."""

ABOVE: Final = 0.024
"""Radius of the filled dot of a position above the plane."""

BELOW: Final = 0.042
"""Radius of the open circle of one below."""

APART: Final = 2.1 * BELOW
"""Distance of two positions in one hemisphere at which their marks do not touch."""

RIM: Final = 1e-9
"""A direction closer to the plane of projection than this lies in it."""


def project(directions: Float[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch 2"]:
    """Stereographic projection of unit vectors along z, seen from above: x to the right, y up.

    The upper half of the sphere is projected from the south pole and the lower half from the north pole, so
    that both fill the disc of radius 1:  (x, y, z) → (x, y) / (1 + |z|). Angles and circles stay what they
    are.

    >>> project(np.array([[0.0, 0.0, -1.0], [0.6, 0.0, 0.8]])).round(6)
    array([[0.      , 0.      ],
           [0.333333, 0.      ]])
    """
    directions = np.asarray(directions, dtype=np.float64)
    return directions[..., :2] / (1.0 + np.abs(directions[..., 2:]))


def stereogram(group: Group | str) -> Figure:
    """The stereogram of a finite group in its orientation, as in the International Tables (volume A, 10.1.2).

    Left: axes as filled marks (lens 2, triangle 3, square 4, hexagon 6), rotoinversion axes −3, −4 and −6
    with open marks, mirror planes as bold great circles (the horizontal one is the outer circle), a centre of
    inversion as a small open circle. Right: the images of one direction in general position, filled above the
    plane, open below; those that an improper element makes, mirror images, are of the second colour.

    Args:
        group: a point group or another finite group, by name or itself.

    Raises:
        InputError: the group is not finite, or unknown.

    >>> len(stereogram("m-3m").axes)
    2
    """
    group = get_group(group)
    if group.order is None:
        raise InputError(
            f"{group.name} has no stereogram, its positions fill circles or the sphere",
            accepted="a finite group, such as Oh",
        )
    elements = symmetry_elements(group)
    figure, (left, right) = styled_figure(8.4, 4.9, columns=2)
    for ax, caption in ((left, "symmetry elements"), (right, "general positions")):
        _disc(ax, caption)
    _draw_elements(left, elements, _page_angle(group))
    _draw_positions(right, group, elements)
    figure.suptitle(_title(group), fontsize=14, color=INK)
    return figure


def general_positions(group: Group) -> Float64[np.ndarray, "order 3"]:
    """The images of one direction that only the identity keeps, well apart when projected.

    The direction stands off the centre of the region that the mirrors and axes bound, lest the positions
    look more symmetric than they are. The first of a fixed list that keeps all marks apart is taken, or else
    the one that keeps them farthest apart.

    Args:
        group: finite.

    >>> len(general_positions(get_group("Oh")))
    48
    """
    starts = _starts() @ group.orientation.T
    images = np.einsum("gij,sj->sgi", group.elements, starts)
    spread = np.array([_spread(image) for image in images])
    return images[int(np.argmax(spread > APART)) if np.any(spread > APART) else int(np.argmax(spread))]


def _starts() -> Float64[np.ndarray, "starts 3"]:
    """Directions to try in the standard setting: a usual one, then many over a quarter of the sphere."""
    azimuth = np.radians(np.concatenate([[9.0, 19.0], np.arange(4.0, 90.0, 5.3)]))
    polar = np.radians(np.concatenate([[61.0, 40.0], np.arange(17.0, 84.0, 5.7)]))
    polar, azimuth = (grid.reshape(-1) for grid in np.meshgrid(polar, azimuth, indexing="ij"))
    rows = [np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)]
    return np.stack(rows, axis=1)


def _spread(directions: Float64[np.ndarray, "order 3"]) -> float:
    """Least distance between marks: of one hemisphere, of two unless they coincide, and from the rim."""
    places, above = project(directions), directions[:, 2] > 0
    distance = np.linalg.norm(places[:, None] - places, axis=-1)
    same = above[:, None] == above
    distance[(~same & (distance < 1e-6)) | np.eye(len(places), dtype=bool)] = np.inf
    rim = 2 * (1 - np.linalg.norm(places, axis=1).max())
    return float(min(distance.min(), rim))


def _disc(ax: Axes, caption: str) -> None:
    ax.set(xlim=(-1.24, 1.24), ylim=(-1.3, 1.22), aspect="equal")
    ax.set_axis_off()
    ax.add_patch(Circle((0, 0), 1.0, facecolor="none", edgecolor=MUTED, linewidth=0.8))
    for name, place in (("x", (1.17, 0.0)), ("y", (0.0, 1.17))):
        ax.text(*place, name, ha="center", va="center", color=MUTED, fontsize=9, style="italic")
    ax.text(0.0, -1.24, caption, ha="center", va="center", color=MUTED, fontsize=9.5)


def _draw_elements(ax: Axes, elements: SymmetryElements, page_angle: float) -> None:
    for number, normal in enumerate(elements.mirrors):
        x, y = _great_circle(normal).T
        (curve,) = ax.plot(x, y, color=INK, linewidth=BOLD, solid_capstyle="butt", zorder=2)
        curve.set_gid(f"mirror-{number}")
    for number, axis in enumerate(elements.axes):
        place = project(axis.direction)
        level = abs(axis.direction[2]) < RIM
        if level:
            ax.plot(*np.stack([-place, place], axis=1), color=MUTED, linewidth=0.7, zorder=1)
        outward = np.arctan2(place[1], place[0]) if np.linalg.norm(place) > 1e-6 else page_angle
        outward = pointing(axis, elements, float(outward))
        for end, (sign, turn) in enumerate([(1, 0.0), (-1, np.pi)] if level else [(1, 0.0)]):
            for part, patch in enumerate(axis_symbol(axis, sign * place, outward + turn)):
                patch.set(zorder=4 + 0.1 * part, clip_on=False)
                patch.set_gid(f"axis-{number}-end-{end}-part-{part}")
                ax.add_patch(patch)
    if elements.inversion:
        centre = inversion_centre(np.zeros(2))
        centre.set(zorder=5, gid="inversion")
        ax.add_patch(centre)


def _draw_positions(ax: Axes, group: Group, elements: SymmetryElements) -> None:
    for normal in elements.mirrors:
        ax.plot(*_great_circle(normal).T, color=RULE, linewidth=1.2, zorder=1)
    for axis in elements.axes:
        if abs(axis.direction[2]) < RIM:
            place = project(axis.direction)
            ax.plot(*np.stack([-place, place], axis=1), color=RULE, linewidth=0.7, zorder=1)
    positions = general_positions(group)
    improper = np.linalg.det(group.elements) < 0
    _draw_dots(ax, positions, improper)
    _key(ax, bool((positions[:, 2] < 0).any()), bool(improper.any()))


def _draw_dots(
    ax: Axes, positions: Float64[np.ndarray, "order 3"], improper: Bool[np.ndarray, " order"]
) -> None:
    for number, (place, above, reversed_hand) in enumerate(
        zip(project(positions), positions[:, 2] > 0, improper, strict=True)
    ):
        _dot(ax, place, bool(above), bool(reversed_hand)).set_gid(f"position-{number}")


def _dot(ax: Axes, place: Float64[np.ndarray, "2"], above: bool, reversed_hand: bool) -> Circle:
    colour = COLOURS[int(reversed_hand)]
    dot = Circle((place[0], place[1]), ABOVE if above else BELOW, edgecolor=colour)
    dot.set(facecolor=colour if above else "none", linewidth=0.0 if above else 1.3, zorder=4 if above else 3)
    ax.add_patch(dot)
    return dot


def _key(ax: Axes, below: bool, reversed_hand: bool) -> None:
    """Say in the corners what the marks mean, as far as they occur."""
    words = [("above", True, False)]
    words += [("below", False, False)] if below else []
    words += [("mirror image", True, True)] if reversed_hand else []
    for row, (word, above, reversed_mark) in enumerate(words):
        height = 1.17 - 0.105 * row
        _dot(ax, np.array([-1.17, height]), above, reversed_mark)
        ax.text(-1.1, height, word, va="center", color=MUTED, fontsize=8)


def _great_circle(normal: Float64[np.ndarray, "3"]) -> Float64[np.ndarray, "points 2"]:
    """The upper half of the plane across a normal, projected: an arc, a diameter or the whole rim."""
    level = np.hypot(normal[0], normal[1]) < RIM
    along = np.array([1.0, 0.0, 0.0]) if level else np.array([-normal[1], normal[0], 0.0])
    along /= np.linalg.norm(along)
    steep = np.cross(along, normal)
    steep *= -1.0 if steep[2] < 0 else 1.0
    angle = np.linspace(0.0, 2 * np.pi if level else np.pi, 181)[:, None]
    return project(np.cos(angle) * along + np.sin(angle) * steep)


def _page_angle(group: Group) -> float:
    """Direction on the page in which marks at the centre point: that of y of the standard setting."""
    for axis in (group.orientation[:, 1], group.orientation[:, 0]):
        if np.hypot(axis[0], axis[1]) > 0.5:
            return float(np.arctan2(axis[1], axis[0]))
    return np.pi / 2


def _title(group: Group) -> str:
    """Both names and the order: letters as subscripts, bars over numbers."""
    schoenflies = f"$\\mathregular{{{group.name[0]}_{{{group.name[1:]}}}}}$" if group.name[1:] else group.name
    names = [schoenflies]
    if isinstance(group, PointGroup):
        names.append(_barred(group.hermann_mauguin))
    return "   ·   ".join([*names, f"order {group.order}"])


def _barred(hermann_mauguin: str) -> str:
    """-3 as a 3 with a bar, in matplotlib's mathematical text."""
    parts = hermann_mauguin.split("-")
    barred = parts[0] + "".join(f"\\bar{{{part[0]}}}{part[1:]}" for part in parts[1:])
    return f"$\\mathregular{{{barred}}}$"
