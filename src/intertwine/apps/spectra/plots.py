"""Figures of vibrations: spectra over each other or as mirror images, a density of states with its lines."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from intertwine.apps.spectra.modes import broadened
from intertwine.apps.style import COLOURS, INK, MUTED, colours, styled_figure

WIDTH: Final = 20.0
"""Full width at half maximum of a drawn line, cm⁻¹."""


def spectrum_plot(
    reference: Float[np.ndarray, " modes"], model: Float[np.ndarray, " modes"], name: str
) -> Figure:
    """Harmonic modes of two force fields, each a Lorentzian of 20 cm⁻¹: one upwards, one downwards.

    Where they agree the figure is symmetric. Modes of a poor model far beyond the reference are left out.

    Args:
        reference: wavenumbers, cm⁻¹, drawn upwards.
        model: the same of the model, drawn downwards.
        name: of the reference.

    >>> len(spectrum_plot(np.array([1000.0, 3000.0]), np.array([1010.0, 2990.0]), "GFN2-xTB").axes)
    1
    """
    figure, (ax,) = styled_figure(9.6, 3.3)
    grid = _grid(min(max(reference.max(), model.max()), 1.2 * reference.max()))
    for sign, values, label, colour in ((1, reference, name, COLOURS[0]), (-1, model, "model", COLOURS[1])):
        curve = sign * broadened(values, grid, WIDTH)
        ax.fill_between(grid, curve, color=colour, alpha=0.16, linewidth=0)
        ax.plot(grid, curve, color=colour, linewidth=1.3)
        ax.vlines(values, 0.0, sign * 0.35 / WIDTH, color=colour, linewidth=0.8)
        ax.text(
            grid[0] + 15, sign * 0.8, label, color=colour, fontsize=10, transform=_across(ax), va="center"
        )
    ax.axhline(0.0, color=MUTED, linewidth=0.8)
    reach = 1.12 * max(broadened(values, grid, WIDTH).max() for values in (reference, model))
    ax.set(ylim=(-reach, reach), xlim=(grid[0], grid[-1]), xlabel="wavenumber (cm⁻¹)")
    ax.set_ylabel("density of modes")
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    return figure


def curves_plot(
    grid: Float[np.ndarray, " points"], curves: Mapping[str, Float[np.ndarray, " points"]], ylabel: str
) -> Figure:
    """Spectra of one quantity over each other, each with its name in its colour.

    Args:
        grid: wavenumbers, cm⁻¹.
        curves: on the grid, by name.
        ylabel: quantity and unit.

    >>> grid = np.linspace(0.0, 4000.0, 50)
    >>> len(curves_plot(grid, {"harmonic": 1e-6 * grid, "300 K": 2e-6 * grid}, "km/mol").axes[0].lines)
    2
    """
    figure, (ax,) = styled_figure(9.6, 2.9)
    for row, ((name, curve), colour) in enumerate(zip(curves.items(), colours(len(curves)), strict=True)):
        ax.fill_between(grid, curve, color=colour, alpha=0.12, linewidth=0)
        ax.plot(grid, curve, color=colour, linewidth=1.3)
        ax.text(0.012, 0.93 - 0.1 * row, name, color=colour, fontsize=10, transform=ax.transAxes, va="top")
    ax.set(xlim=(grid[0], grid[-1]), ylim=(0.0, None), xlabel="wavenumber (cm⁻¹)", ylabel=ylabel)
    return figure


def states_plot(
    wavenumbers: Float[np.ndarray, " points"],
    density: Float[np.ndarray, " points"],
    modes: Float[np.ndarray, " modes"],
) -> Figure:
    """Vibrational density of states of a trajectory, with harmonic modes as ticks below.

    Args:
        wavenumbers: cm⁻¹.
        density: per cm⁻¹.
        modes: wavenumbers of the harmonic modes, cm⁻¹.

    >>> grid = np.linspace(0.0, 4000.0, 50)
    >>> states_plot(grid, np.exp(-((grid - 2000.0) / 300.0) ** 2), np.array([2000.0])).axes[0].get_xlabel()
    'wavenumber (cm⁻¹)'
    """
    figure, (ax,) = styled_figure(9.6, 2.6)
    ax.fill_between(wavenumbers, density, color=COLOURS[2], alpha=0.16, linewidth=0)
    ax.plot(wavenumbers, density, color=COLOURS[2], linewidth=1.3)
    height = 0.07 * float(density.max())
    ax.vlines(modes, -1.6 * height, -0.6 * height, color=INK, linewidth=0.9)
    ax.set(xlim=(0.0, float(_grid(modes.max())[-1])), ylim=(-2.2 * height, None), xlabel="wavenumber (cm⁻¹)")
    ax.set_ylabel("density of states")
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    return figure


def _grid(largest: float) -> Float[np.ndarray, " points"]:
    return np.arange(0.0, 100.0 * np.ceil(largest / 100.0) + 201.0, 4.0)


def _across(ax: Axes):
    """x in data, y in half heights of the axes, −1 to 1."""
    from matplotlib.transforms import Affine2D, blended_transform_factory

    return blended_transform_factory(ax.transData, Affine2D().scale(1, 0.5).translate(0, 0.5) + ax.transAxes)
