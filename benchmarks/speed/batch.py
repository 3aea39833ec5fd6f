"""Many small systems at once against one at a time, and against one large one; neighbour lists included.

    python -m benchmarks.speed.batch PRESET SECONDS

prints one line of JSON: CPU µs per atom on one thread for energy and forces, medians of interleaved repeats.
"""

import json
import sys
import time
from collections.abc import Callable
from statistics import median

import torch
from ase import Atoms
from benchmarks.speed.fresh import fresh_model
from benchmarks.speed.structures import SPECIES, acetylacetone, copper
from rich import box
from rich.table import Table

from intertwine.data import Structure
from intertwine.engines import IntertwineCalculator, Predictor
from intertwine.observables import Model

MOLECULES, CRYSTALS = 512, 32
FEWEST = 3
"""Repeats of each."""

WAYS = {
    "acac batched": f"acetylacetone, {MOLECULES} molecules, batched",
    "acac one by one": f"acetylacetone, {MOLECULES} molecules, one by one through the calculator",
    "Cu108 batched": f"fcc Cu, {CRYSTALS} × 108 atoms, batched",
    "Cu864 batched": "fcc Cu, 864 atoms alone through the same predictor",
    "Cu864 calculator": "fcc Cu, 864 atoms alone through the calculator",
}


def displaced(atoms: Atoms, copies: int) -> list[Atoms]:
    """Copies, each displaced by 0.05 Å, from a fixed seed."""
    made = [atoms.copy() for _ in range(copies)]
    for seed, copy in enumerate(made):
        copy.rattle(0.05, seed=seed)
    return made


def ways(model: Model, molecules: int = MOLECULES, crystals: int = CRYSTALS) -> dict[str, tuple]:
    """What is timed, by the names of `WAYS`, and its number of atoms.

    Every neighbour list is made anew: the predictor always does, the calculator is told to forget.
    """
    small, medium = displaced(acetylacetone(), molecules), displaced(copper(3), crystals)
    large = displaced(copper(6), 1)
    predictor, calculator = Predictor(model), IntertwineCalculator(model)

    def at_once(frames: list[Atoms]) -> Callable[[], object]:
        structures = [Structure(a.numbers, a.positions, a.cell.array, a.pbc) for a in frames]
        return lambda: predictor(structures)

    def in_turn(frames: list[Atoms]) -> Callable[[], object]:
        def run() -> None:
            for atoms in frames:
                calculator.forget()
                calculator.get_property("forces", atoms)

        return run

    def counted(do: Callable[[], object], frames: list[Atoms]) -> tuple[Callable[[], object], int]:
        return do, sum(map(len, frames))

    return {
        "acac batched": counted(at_once(small), small),
        "acac one by one": counted(in_turn(small), small),
        "Cu108 batched": counted(at_once(medium), medium),
        "Cu864 batched": counted(at_once(large), large),
        "Cu864 calculator": counted(in_turn(large), large),
    }


def costs(timed: dict[str, tuple], seconds: float) -> dict[str, float]:
    """CPU µs per atom of each, the median of interleaved repeats that fill at least `seconds` in all."""
    taken: dict[str, list[float]] = {name: [] for name in timed}
    for do, _ in timed.values():
        do()
    begun, rounds = time.process_time(), 0
    while rounds < FEWEST or time.process_time() - begun < seconds:
        for name, (do, atoms) in timed.items():
            start = time.process_time()
            do()
            taken[name].append(1e6 * (time.process_time() - start) / atoms)
        rounds += 1
    return {name: round(median(values), 2) for name, values in taken.items()}


def table(found: dict[str, float], title: str) -> Table:
    """All of them, and how many times the large crystal each costs."""
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    shown.add_column("CPU µs per atom, one thread", no_wrap=True)
    shown.add_column("µs/atom", justify="right")
    shown.add_column("of 864 Cu at once", justify="right")
    for name, value in found.items():
        shown.add_row(WAYS[name], f"{value:.0f}", f"{value / found['Cu864 batched']:.2f}×")
    return shown


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(costs(ways(fresh_model(sys.argv[1], SPECIES)), float(sys.argv[2]))))
