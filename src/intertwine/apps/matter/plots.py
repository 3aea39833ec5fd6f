"""Figures of crystals: energy against volume, bands and their density, what heat does."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from intertwine.apps.matter.expansion import Expansion
from intertwine.apps.matter.phonons import Bands, Phonons
from intertwine.apps.matter.state import EquationOfState
from intertwine.apps.matter.thermal import Thermal
from intertwine.apps.style import COLOURS, INK, MUTED, restyle, styled_figure

GREEK: Final = {"G": "Γ"}
"""Names of points that are written otherwise."""


def state_plot(found: EquationOfState) -> Figure:
    """Energy against volume with the curve through it; beside it the pressure, where it is known.

    >>> from intertwine.apps.matter.crystal import element_crystal
    >>> from intertwine.apps.matter.state import equation_of_state
    >>> from intertwine.engines import oracle
    >>> len(state_plot(equation_of_state(oracle("emt"), element_crystal("Cu"), points=5)).axes)
    2
    """
    atoms, pressures = len(found.ground.structure), found.pressures
    figure, axes = styled_figure(9.6 if pressures is not None else 5.6, 3.4, 1 + (pressures is not None))
    grid = np.linspace(found.volumes[0], found.volumes[-1], 200)
    energies = 1e3 * (found.curve.at(grid) - found.curve.energy) / atoms
    axes[0].plot(grid / atoms, energies, color=COLOURS[0], linewidth=1.6)
    axes[0].plot(
        found.volumes / atoms,
        1e3 * (found.energies - found.curve.energy) / atoms,
        "o",
        color=COLOURS[0],
        markersize=5,
    )
    axes[0].set(xlabel="volume (Å³ per atom)", ylabel="energy (meV per atom)")
    if pressures is not None:
        axes[1].axhline(0.0, color=MUTED, linewidth=0.8)
        axes[1].plot(grid / atoms, found.curve.pressure(grid), color=COLOURS[0], linewidth=1.6)
        axes[1].plot(found.volumes / atoms, pressures, "o", color=COLOURS[1], markersize=5)
        axes[1].set(xlabel="volume (Å³ per atom)", ylabel="pressure (GPa)")
    return figure


def bands_plot(found: Phonons) -> Figure:
    """Frequencies along the path, and beside them their density of states; imaginary ones below zero."""
    figure = Figure(figsize=(9.6, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(4, 1))
    restyle(left)
    restyle(right)
    for distances, frequencies in zip(found.bands.distances, found.bands.frequencies, strict=True):
        left.plot(distances, frequencies, color=COLOURS[0], linewidth=1.3)
    _name_points(left, found.bands)
    left.set_ylabel("frequency (THz)")
    right.fill_betweenx(found.grid, found.density, color=COLOURS[2], alpha=0.16, linewidth=0)
    right.plot(found.density, found.grid, color=COLOURS[2], linewidth=1.3)
    right.set(xlim=(0.0, None), xlabel="states per THz")
    for ax in (left, right):
        ax.axhline(0.0, color=MUTED, linewidth=0.8)
    return figure


def thermal_plot(found: Thermal) -> Figure:
    """Free energy, entropy and heat capacity of the vibrations against temperature.

    >>> T = np.linspace(0.0, 300.0, 7)
    >>> len(thermal_plot(Thermal(T, -T, T, T)).axes)
    3
    """
    figure, axes = styled_figure(9.6, 2.9, 3)
    values = (1e3 * found.free_energy, found.entropy, found.heat_capacity)
    labels = ("free energy (meV per atom)", "entropy (k_B per atom)", "C_V (k_B per atom)")
    for ax, value, label, colour in zip(axes, values, labels, COLOURS, strict=False):
        ax.plot(found.temperatures, value, color=colour, linewidth=1.6)
        ax.set(xlabel="temperature (K)", ylabel=label)
    axes[2].axhline(3.0, color=MUTED, linewidth=0.8, linestyle="--")
    return figure


def expansion_plot(found: Expansion) -> Figure:
    """Volume, expansion and bulk modulus against temperature."""
    figure, axes = styled_figure(9.6, 2.9, 3)
    atoms = len(found.ground.structure)
    values = (found.volume / atoms, 1e6 * found.expansion, found.bulk_modulus)
    labels = ("volume (Å³ per atom)", "expansion of volume (10⁻⁶/K)", "bulk modulus (GPa)")
    for ax, value, label, colour in zip(axes, values, labels, COLOURS, strict=False):
        ax.plot(found.temperatures, value, color=colour, linewidth=1.6)
        ax.set(xlabel="temperature (K)", ylabel=label)
    return figure


def _name_points(ax: Axes, bands: Bands) -> None:
    """Names of the points where lines meet; two where the path jumps."""
    places: dict[float, list[str]] = {}
    for (first, last), distances in zip(bands.lines, bands.distances, strict=True):
        for name, place in ((first, distances[0]), (last, distances[-1])):
            names = places.setdefault(round(float(place), 6), [])
            if GREEK.get(name, name) not in names:
                names.append(GREEK.get(name, name))
    for place in places:
        ax.axvline(place, color=INK, linewidth=0.5)
    ax.set_xticks([*places], ["|".join(names) for names in places.values()])
    ax.set_xlim(min(places), max(places))
