"""Figures of what depends on direction: cuts through the planes of the axes, and surfaces in space."""

from typing import Final

import numpy as np
from jaxtyping import Float, Float64
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D

from intertwine.apps.elasticity import young_modulus
from intertwine.apps.properties.extremes import sphere
from intertwine.apps.style import COLOURS, INK, MUTED, styled_figure

PLANES: Final = ("xy", "xz", "yz")
_SEQUENTIAL: Final = LinearSegmentedColormap.from_list("modulus", ["#e4ebfd", "#8fb0f5", "#2f5fd0"])
_SIGNED: Final = LinearSegmentedColormap.from_list("signed", [COLOURS[1], "#f1f1f4", COLOURS[0]])


def young_cuts(compliance: Float[np.ndarray, "3 3 3 3"]) -> Figure:
    """Young's modulus in the planes xy, xz and yz: the distance of the curve from the middle, GPa.

    Args:
        compliance: S of a stable crystal, 1/GPa.

    >>> isotropic = 0.5 * np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))
    >>> len(young_cuts(isotropic).axes)
    3
    """
    figure, axes = styled_figure(9.6, 3.4, columns=3)
    angles = np.radians(np.arange(0, 361, 2))
    cuts = [young_modulus(compliance, _plane(plane, angles)) for plane in PLANES]
    reach = 1.08 * max(float(np.max(cut)) for cut in cuts)
    for ax, plane, cut in zip(axes, PLANES, cuts, strict=True):
        ax.plot(cut * np.cos(angles), cut * np.sin(angles), color=COLOURS[0], linewidth=1.8)
        ax.fill(cut * np.cos(angles), cut * np.sin(angles), color=COLOURS[0], alpha=0.12, linewidth=0)
        ax.axhline(0.0, color=MUTED, linewidth=0.6)
        ax.axvline(0.0, color=MUTED, linewidth=0.6)
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        ax.set_xlabel(f"E along {plane[0]} (GPa)")
        ax.set_ylabel(f"E along {plane[1]} (GPa)")
    return figure


def young_surface(compliance: Float[np.ndarray, "3 3 3 3"]) -> Figure:
    """Young's modulus in every direction: distance from the middle and colour, GPa.

    Args:
        compliance: S of a stable crystal, 1/GPa.

    >>> isotropic = 0.5 * np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))
    >>> len(young_surface(isotropic).axes)
    2
    """
    directions = sphere(4)
    modulus = np.asarray(young_modulus(compliance, directions))
    low, high = float(modulus.min()), float(modulus.max())
    margin = 0.02 * high if high - low < 0.01 * high else 0.0
    return _surface(directions, modulus, Normalize(low - margin, high + margin), _SEQUENTIAL, "E (GPa)")


def longitudinal(
    piezoelectric: Float[np.ndarray, "3 3 3"], directions: Float[np.ndarray, "*points 3"]
) -> Float64[np.ndarray, "*points"] | np.float64:
    """e(n) = e_ijk n_i n_j n_k, the charge on the faces of a plate across n that is strained along n, C/m².

    >>> e = np.zeros((3, 3, 3))
    >>> e[2, 2, 2] = 1.5
    >>> longitudinal(e, np.array([0.0, 0.0, -2.0])).item()
    -1.5
    """
    n = directions / np.linalg.norm(directions, axis=-1, keepdims=True)
    return np.einsum("ijk,...i,...j,...k->...", piezoelectric, n, n, n, optimize=True)


def longitudinal_surface(piezoelectric: Float[np.ndarray, "3 3 3"]) -> Figure:
    """`longitudinal` in every direction: |e(n)| is the distance from the middle, the colour has the sign.

    >>> len(longitudinal_surface(np.ones((3, 3, 3))).axes)
    2
    """
    directions = sphere(4)
    response = np.asarray(longitudinal(piezoelectric, directions))
    reach = float(np.abs(response).max()) or 1.0
    return _surface(directions, response, TwoSlopeNorm(0.0, -reach, reach), _SIGNED, "e(n) (C/m²)")


def _plane(plane: str, angles: Float64[np.ndarray, " angles"]) -> Float64[np.ndarray, "angles 3"]:
    axes = np.eye(3)[["xyz".index(axis) for axis in plane]]
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1) @ axes


def _surface(
    directions: Float64[np.ndarray, "polar azimuth 3"],
    values: Float64[np.ndarray, "polar azimuth"],
    norm: Normalize,
    colours: LinearSegmentedColormap,
    label: str,
) -> Figure:
    """|value| along each direction, as an image inside the SVG; axes of the frame beside it."""
    figure = Figure(figsize=(5.2, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.add_subplot(projection="3d", computed_zorder=False)
    assert isinstance(ax, Axes3D)
    points = directions * np.abs(values)[..., None]
    drawn = ax.plot_surface(
        *np.moveaxis(points, -1, 0),
        facecolors=colours(norm(values)),
        rstride=1,
        cstride=1,
        linewidth=0,
        antialiased=False,
    )
    drawn.set_rasterized(True)
    reach = float(np.abs(points).max()) or 1.0
    for axis, name in zip(1.45 * reach * np.eye(3), "xyz", strict=True):
        ax.plot(*np.stack([0.7 * axis, axis], axis=1), color=MUTED, linewidth=1.0)
        x, y, z = 1.08 * axis
        ax.text(x, y, z, name, color=INK, fontsize=9, ha="center", va="center")
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), zlim=(-reach, reach))
    ax.set_box_aspect((1, 1, 1))
    ax.set_axis_off()
    _colour_bar(figure, ax, norm, colours, label)
    return figure


def _colour_bar(
    figure: Figure, ax: Axes3D, norm: Normalize, colours: LinearSegmentedColormap, label: str
) -> None:
    bar = figure.colorbar(ScalarMappable(norm, colours), ax=ax, shrink=0.7, pad=0.02)
    bar.set_label(label, color=INK, fontsize=9.5)
    bar.ax.tick_params(labelsize=8.5, colors=MUTED, labelcolor=INK)
    bar.outline.set_visible(False)
