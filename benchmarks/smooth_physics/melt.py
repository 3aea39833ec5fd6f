"""Silicon melted, quenched, and left alone at constant energy: 64 atoms in the cell of DFT."""

import argparse
import math
import os
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.neighborlist import neighbor_list
from benchmarks.record import Stopwatch, data_folder
from benchmarks.smooth_physics import plots, stages
from benchmarks.smooth_physics.stages import Stage
from benchmarks.smooth_physics.verdicts import Verdict, conclude, digest
from jaxtyping import Float

from intertwine.data import read
from intertwine.engines import NVE, Langevin

LATTICE: Final = 5.468728
"""Å: cubic cell of diamond silicon in the DFT of mlearn (half the edge of its dynamics)."""

HOT: Final = 3374.0
"""K: the hottest DFT dynamics of mlearn, so that the melt can be held against it."""

CLOSEST: Final = 1.7
"""Å: no two atoms may come nearer; in 20 DFT frames at 3374 K they come as near as 1.83."""

PEAK: Final = (2.3, 2.5)
"""Å: where the first peak of the quenched solid must lie (2.35 in crystal and amorphous silicon)."""

NEIGHBOURS: Final = (3.8, 4.6)
"""Mean coordination of the quenched solid within `SHELL`."""

SHELL: Final = 2.85
"""Å."""

BETWEEN: Final = 3.1
"""Å: halfway between the first and the second shell of the crystal."""

REACH, BIN = 5.4, 0.04
"""Å: half the cell at most, and the width of a bin."""


class Order(NamedTuple):
    """What a set of frames looks like.

    Args:
        r: Å, middle of the bins.
        g: radial distribution function there.
        peak: where g is greatest within `BETWEEN`, Å.
        neighbours: mean number within `SHELL`.
        closest: Å, closest pair of all.
    """

    r: Float[np.ndarray, "bins"]
    g: Float[np.ndarray, "bins"]
    peak: float
    neighbours: float
    closest: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**self._asdict(), "r": self.r.round(4).tolist(), "g": self.g.round(4).tolist()}


def add_options(command: argparse.ArgumentParser) -> None:
    stages.add_options(command, "melt", 1.0)
    command.add_argument("--hot", type=float, default=HOT, help="K, of the melt")
    command.add_argument("--melt-picoseconds", type=float, default=10.0, help="at that temperature")
    command.add_argument("--rate", type=float, default=100.0, help="K per ps, of the quench to 300 K")
    command.add_argument("--hold-picoseconds", type=float, default=5.0, help="at 300 K")
    command.add_argument("--nve-picoseconds", type=float, default=20.0, help="at constant energy")


def plan_of(options: argparse.Namespace) -> list[Stage]:
    """Melt, quench in steps of 100 K, hold, constant energy."""
    heats = np.arange(options.hot - 100.0, 300.0, -100.0)
    quench = [Stage(f"quench-{heat:04.0f}K", Langevin(heat), heat, 100.0 / options.rate) for heat in heats]
    return [
        Stage("melt", Langevin(options.hot), options.hot, options.melt_picoseconds),
        *quench,
        Stage("solid", Langevin(300.0), 300.0, options.hold_picoseconds),
        Stage("constant-energy", NVE(), 300.0, options.nve_picoseconds),
    ]


def run(options: argparse.Namespace) -> None:
    """Simulate, judge, plot."""
    digest(options.model)
    crystal = bulk("Si", "diamond", a=LATTICE, cubic=True).repeat(2)
    plan = plan_of(options)
    with Stopwatch() as watch:
        progress = stages.simulate(crystal, plan, options)
    ended = progress["ended_early"]
    verdicts = [Verdict("no explosion", ended or "none", "none", not ended)]
    figures, orders = {"simulation": progress}, {}
    if not ended:
        frames = {stage.name: stages.frames_of(options.output / stage.name) for stage in plan}
        orders = {name: order(frames[name][len(frames[name]) // 2 :]) for name in ("melt", "solid")}
        verdicts += structure_verdicts(crystal, frames, orders)
        energy, figures["constant_energy"] = stages.constant_energy(
            stages.log_of(options.output / plan[-1].name, len(crystal))
        )
        verdicts.append(energy)
    orders |= dft_order()
    figures["order"] = {name: value.to_json() for name, value in orders.items()}
    title = f"Silicon, 64 atoms, melted at {options.hot:g} K"
    path = conclude("melt", title, verdicts, figures, watch, options)
    for name, (_, _, peak, neighbours, closest) in orders.items():
        print(f"{name}: first peak {peak:.2f} Å, {neighbours:.2f} neighbours, closest pair {closest:.2f} Å")
    curves = {name: (value.r, value.g) for name, value in orders.items()}
    plots.distributions(curves, path.with_suffix(".png"))


def structure_verdicts(
    crystal: Atoms, frames: dict[str, list[Atoms]], orders: dict[str, Order]
) -> list[Verdict]:
    """It melted, nothing came too close, and the solid looks like silicon."""
    ends = frames["melt"][-1].positions - crystal.positions
    moved = float(np.sqrt((ends**2).sum(1).mean()))
    closest = min(closest_pair(frame) for stage in frames.values() for frame in stage)
    solid = orders["solid"]
    low, high = NEIGHBOURS
    return [
        Verdict("it melted: atoms moved, rms Å", f"{moved:.2f}", "≥ 2.35, a bond", moved >= 2.35),
        Verdict("closest pair of all, Å", f"{closest:.2f}", f"≥ {CLOSEST:g}", closest >= CLOSEST),
        Verdict(
            "first peak of the solid, Å",
            f"{solid.peak:.2f}",
            f"{PEAK[0]:g} to {PEAK[1]:g}",
            PEAK[0] <= solid.peak <= PEAK[1],
        ),
        Verdict(
            f"neighbours within {SHELL:g} Å in the solid",
            f"{solid.neighbours:.2f}",
            f"{low:g} to {high:g}",
            low <= solid.neighbours <= high,
        ),
    ]


def order(frames: Sequence[Atoms]) -> Order:
    """Radial distribution function g(r) = n(r) / (N ρ 4π r² dr), averaged over frames of equal atoms.

    >>> crystal = order([bulk("Si", "diamond", a=5.43, cubic=True)])
    >>> round(crystal.peak, 2), crystal.neighbours, round(crystal.closest, 3)
    (2.34, 4.0, 2.351)
    """
    edges = np.linspace(0.0, REACH, round(REACH / BIN) + 1)
    r, counts, near, closest = (edges[1:] + edges[:-1]) / 2, np.zeros(len(edges) - 1), 0, math.inf
    for frame in frames:
        distances = neighbor_list("d", frame, REACH)
        counts += np.histogram(distances, edges)[0] * frame.get_volume() / len(frame) ** 2
        near += int((distances < SHELL).sum())
        closest = min(closest, float(distances.min()))
    g = counts / len(frames) / (4 / 3 * np.pi * np.diff(edges**3))
    atoms = len(frames) * len(frames[0])
    return Order(r, g, float(r[np.where(r < BETWEEN, g, 0.0).argmax()]), near / atoms, closest)


def closest_pair(frame: Atoms) -> float:
    """Å; infinite where no two atoms are within a bond of `SHELL`."""
    return float(neighbor_list("d", frame, SHELL).min(initial=math.inf))


def dft_order() -> dict[str, Order]:
    """The DFT dynamics of mlearn at `HOT`, where its data are at hand."""
    if not os.environ.get("INTERTWINE_DATA"):
        return {}
    files = [data_folder("mlearn") / f"Si_{part}.extxyz" for part in ("train", "test")]
    frames = [frame for file in files for frame in read(file, require=())]
    hot = [
        frame.to_ase()
        for frame in frames
        if frame.info.get("config_type") == "AIMD-NVT" and f"{HOT:g} K" in str(frame.info.get("description"))
    ]
    return {f"DFT at {HOT:g} K": order(hot)} if hot else {}
