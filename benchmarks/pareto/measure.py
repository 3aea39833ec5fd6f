"""What every package is asked, in its own environment: fit these files for so many epochs; then be judged.

    PYTHON -m benchmarks.pareto.by_PACKAGE JOB.json

This file and the `by_` file of a peer need NumPy, ASE and the peer, and nothing of Intertwine. The answer of
a job stands beside it in `answer.json`.
"""

import importlib.metadata
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

Job = Mapping[str, Any]
"""`action`; to fit: `folder`, `train`, `valid`, `epochs`, `settings`; to judge: `model`, a fitted folder."""

WARM_UP = 10
"""Evaluations before the clock is read."""


class Clock:
    """CPU time of this process, all threads, when training began and at the end of every epoch.

    An epoch is its steps and the validation that follows, for all packages alike.
    """

    def __init__(self) -> None:
        self.parameters = 0
        self.ticks: list[float] = []
        self.walls: list[float] = []

    def tick(self) -> None:
        """The first step comes next, or an epoch and its validation are over."""
        self.ticks.append(time.process_time())
        self.walls.append(time.perf_counter())

    def answer(self) -> dict[str, Any]:
        """Size of the model, CPU time at each tick, seconds on the wall from the first to the last."""
        wall = self.walls[-1] - self.walls[0]
        return {"parameters": self.parameters, "ticks": self.ticks, "wall_seconds": wall}


CLOCK = Clock()
"""Of the training in this process."""


def main(
    fit: Callable[[Job], None], calculator: Callable[[Job], Calculator], distributions: tuple[str, ...]
) -> None:
    """Do the job that the command line names."""
    path = Path(sys.argv[1])
    job = json.loads(path.read_text(encoding="utf-8"))
    answer: dict[str, Any] = {"versions": {name: importlib.metadata.version(name) for name in distributions}}
    if job["action"] == "fit":
        fit(job)
        answer |= CLOCK.answer()
    else:
        ready = calculator(job)
        answer |= {
            "tests": {name: judge(ready, ase.io.read(file, ":")) for name, file in job["tests"].items()}
        }
    scratch = path.with_name("answer.json.part")
    scratch.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
    scratch.rename(path.with_name("answer.json"))


def judge(calculator: Calculator, frames: list[Atoms]) -> dict[str, float]:
    """RMSE of energies (meV per molecule) and forces (meV/Å), and CPU time of one call (µs per atom, median).

    One call gives energy and forces of one molecule, neighbours included, as a simulation asks for them.
    """
    costs, energies, forces = [], [], []
    for frame in frames[:WARM_UP] + frames:
        atoms = Atoms(frame.numbers, frame.positions)
        atoms.calc = calculator
        begun = time.process_time()
        force, energy = atoms.get_forces(), atoms.get_potential_energy()
        costs.append(1e6 * (time.process_time() - begun) / len(atoms))
        energies.append(energy - frame.get_potential_energy())
        forces.append(force - frame.get_forces())
    rmse = [1e3 * float(np.sqrt(np.mean(np.square(error[-len(frames) :])))) for error in (energies, forces)]
    return {"energy": rmse[0], "forces": rmse[1], "us_per_atom": float(np.median(costs[-len(frames) :]))}
