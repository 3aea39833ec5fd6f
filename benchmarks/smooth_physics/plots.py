"""What was scanned and what ran, drawn."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.smooth_physics.curves import Curve
from benchmarks.smooth_physics.stages import Log

from intertwine.apps.style import COLOURS, INK, MUTED, name_curves, png, styled_figure


def scans(curves: Sequence[Curve], others: Mapping[str, Mapping[str, Any]], file: Path) -> None:
    """Energy and slope of every curve, cut 1 eV below the start; points of another calculator, if any."""
    figure, (energy, slope) = styled_figure(12.0, 4.6, 2)
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        clear = np.where(curve.clear() & (curve.energy > curve.start - 1.0), 1.0, np.nan)
        label = curve.name.partition(" ")[2]
        energy.plot(curve.x, (curve.energy - curve.start) * clear, color=colour, linewidth=1.3, label=label)
        slope.plot(curve.x, curve.slope * clear, color=colour, linewidth=1.3, label=label)
        if curve.name in others:
            points = others[curve.name]
            lowest = points["at"][int(np.argmin(points["energy_eV"]))]
            values = np.array(points["energy_eV"]) + np.interp(lowest, curve.x, curve.energy) - curve.start
            energy.plot(points["at"], values, "o", color=colour, markersize=2.2, alpha=0.6)
    unit = curves[0].unit
    for ax, what in ((energy, "energy (eV)"), (slope, f"dE/dx (eV/{unit})")):
        ax.set_xlabel("angle (°)" if unit == "°" else f"length ({unit})")
        ax.set_ylabel(what)
        name_curves(ax)
    file.write_bytes(png(figure))


def path(name: str, values: Mapping[str, Any], file: Path) -> None:
    """Energy of the model beside DFT along a path of the data set."""
    figure, (ax,) = styled_figure(6.4, 3.8)
    ax.plot(values["at"], values["dft_eV"], "o", color=INK, markersize=3.5, label="DFT")
    ax.plot(values["at"], values["model_eV"], color=COLOURS[0], linewidth=1.6, label="model")
    ax.set_xlabel(f"{name}: angle (°) or frame")
    ax.set_ylabel("energy (eV)")
    ax.legend(frameon=False)
    file.write_bytes(png(figure))


def distributions(curves: Mapping[str, tuple[np.ndarray, np.ndarray]], file: Path) -> None:
    """Radial distribution functions by name."""
    figure, (ax,) = styled_figure(6.8, 3.8)
    ax.axhline(1.0, color=MUTED, linewidth=0.8)
    for (name, (r, g)), colour in zip(curves.items(), COLOURS, strict=False):
        ax.plot(r, g, color=colour, linewidth=1.5, label=name)
    ax.set_xlabel("distance (Å)")
    ax.set_ylabel("g(r)")
    ax.legend(frameon=False)
    file.write_bytes(png(figure))


def drift(log: Log, file: Path) -> None:
    """Total energy at constant energy, and the temperature meanwhile."""
    figure, (energy, heat) = styled_figure(10.0, 3.6, 2)
    energy.plot(log.time, log.total - log.total[0], color=COLOURS[0], linewidth=0.7)
    energy.set_ylabel("total energy − start (meV/atom)")
    heat.plot(log.time, log.temperature, color=COLOURS[1], linewidth=0.5)
    heat.set_ylabel("temperature (K)")
    for ax in (energy, heat):
        ax.set_xlabel("time (ps)")
    file.write_bytes(png(figure))
