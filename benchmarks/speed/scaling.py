"""How time and memory grow with the number of atoms: fcc Cu from a hundred to a hundred thousand."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.record import Stopwatch, keep
from benchmarks.speed.rounds import Opener
from benchmarks.speed.structures import copper, written
from matplotlib.figure import Figure
from rich import box
from rich.table import Table

from intertwine.apps.style import COLOURS, INK, styled_figure
from intertwine.errors import InputError, IntertwineError

REPEATS = (3, 4, 6, 9, 13, 19, 29)
"""Cubic cells along an edge: 108 to 97 556 atoms."""


def sizes(largest: int) -> list[int]:
    """Those of `REPEATS` with at most so many atoms.

    >>> sizes(1000)
    [3, 4, 6]
    """
    return [repeats for repeats in REPEATS if 4 * repeats**3 <= largest]


def grow(name: str, largest: int, seconds: float, start: Opener, folder: Path) -> list[dict[str, Any]]:
    """Each size in a process of its own, on one thread; ends at the first that does not fit into memory.

    Memory counts from the imported package with its model loaded, so that it is what the atoms need.
    """
    found = []
    for repeats in sizes(largest):
        atoms = copper(repeats)
        (path,) = written({f"copper-{len(atoms)}": atoms}, folder).values()
        point: dict[str, Any] = {"atoms": len(atoms)}
        try:
            with start(name, 1) as companion:
                companion.load(sample=path)
                point |= companion.visit(path, seconds)
        except IntertwineError as error:
            point["error"] = str(error)
        found.append(point)
        print(f"{len(atoms)} atoms: {_said(point)}", flush=True)
        if "error" in point:
            break
    return found


def _said(point: dict[str, Any]) -> str:
    if "error" in point:
        return point["error"]
    return f"{point['cpu']:.1f} µs per atom, {point['above_before_mib']:.0f} MiB"


def exponent(atoms: Sequence[float], values: Sequence[float]) -> float:
    """p of the power law values ∝ atoms^p that fits best in logarithms.

    >>> round(exponent([10, 100, 1000], [3, 30, 300]), 6)
    1.0
    """
    if len(atoms) < 2:
        return math.nan
    return float(np.polyfit(np.log(atoms), np.log(values), 1)[0])


def fits(points: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Exponents of CPU time and of memory against the number of atoms, over the sizes that ran.

    Raises:
        InputError: fewer than two ran.
    """
    ran = [point for point in points if "error" not in point]
    if len(ran) < 2:
        raise InputError("no growth can be fitted", got=f"{len(ran)} sizes", fix="a larger --largest")
    atoms = [point["atoms"] for point in ran]
    return {
        "time": exponent(atoms, [point["atoms"] * point["cpu"] for point in ran]),
        "memory": exponent(atoms, [max(point["above_before_mib"], 0.1) for point in ran]),
    }


def kept(points: list[dict[str, Any]], preset: str, watch: Stopwatch, results: Path) -> Path:
    """Write the record."""
    figures = {
        "preset": preset,
        "unit": "CPU µs per atom, one thread; MiB above the process with its model",
        "points": points,
        "exponents": fits(points),
    }
    return keep(f"speed-scaling-{preset}", 0, watch, figures, results, what="measuring")


def table(points: Sequence[dict[str, Any]], title: str) -> Table:
    """Atoms, time and memory per atom, the exponents below."""
    found = fits(points)
    shown = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        caption=f"time grows as N^{found['time']:.3f}, memory as N^{found['memory']:.3f}",
        caption_justify="left",
    )
    for column in ("atoms", "CPU µs/atom", "with a new list", "peak MiB", "KiB/atom"):
        shown.add_column(column, justify="right")
    for point in points:
        if "error" in point:
            shown.add_row(str(point["atoms"]), f"— {point['error'][:60]}")
            continue
        per_atom = 1024 * point["above_before_mib"] / point["atoms"]
        times = (f"{point[clock]:.1f}" for clock in ("cpu", "first"))
        shown.add_row(str(point["atoms"]), *times, f"{point['peak_mib']:.0f}", f"{per_atom:.1f}")
    return shown


def figure(points: Sequence[dict[str, Any]]) -> Figure:
    """CPU time and memory per atom against the number of atoms."""
    ran = [point for point in points if "error" not in point]
    atoms, found = [point["atoms"] for point in ran], fits(points)
    drawn, (time, memory) = styled_figure(8.6, 3.3, columns=2)
    per_atom = [1024 * point["above_before_mib"] / point["atoms"] for point in ran]
    panels = (
        (time, "time", [point["cpu"] for point in ran], "CPU µs per atom, one thread"),
        (memory, "memory", per_atom, "KiB per atom"),
    )
    for ax, what, values, label in panels:
        ax.plot(atoms, values, color=COLOURS[0], marker="o", markersize=4.5, linewidth=1.4)
        ax.set_xscale("log")
        ax.set_ylim(0, 1.25 * max(values))
        ax.set_xlabel("atoms (fcc Cu)")
        ax.set_ylabel(label)
        ax.set_title(f"{what} ∝ N^{found[what]:.2f}", fontsize=9.5, color=INK, loc="left")
    return drawn
