"""Long dynamics as a row of stages, each a recorded run, that goes on where it was stopped."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from ase import Atoms
from ase.io import read
from benchmarks.record import Stopwatch
from benchmarks.smooth_physics.verdicts import Verdict, digest
from jaxtyping import Float

from intertwine.apps.conservation import FreeRun
from intertwine.cli.progress import progress
from intertwine.engines import ExplosionError, IntertwineCalculator, Snapshot, resume_dynamics, run_dynamics
from intertwine.engines.ensembles import Ensemble
from intertwine.engines.restart import NAME, atoms_from, read_state
from intertwine.errors import InputError

DRIFT: Final = 1.0
"""meV/atom per 100 ps: what the total energy may drift at constant energy."""

BLOCKS: Final = 20
"""Pieces of a run whose means give the error of its mean."""


class Stage(NamedTuple):
    """One piece of a simulation.

    Args:
        name: of its folder.
        sample: ensemble.
        temperature: of the velocities drawn at its start, K.
        picoseconds: length.
    """

    name: str
    sample: Ensemble
    temperature: float
    picoseconds: float


@dataclass(frozen=True, eq=False)
class Log:
    """The log of a stage.

    Args:
        time: ps, `(rows,)`.
        temperature: K, `(rows,)`.
        total: potential plus kinetic energy, meV/atom, `(rows,)`.
    """

    time: Float[np.ndarray, "rows"]
    temperature: Float[np.ndarray, "rows"]
    total: Float[np.ndarray, "rows"]

    def settled(self) -> "Log":
        """Without its first twentieth, in which velocities drawn afresh share their energy out."""
        first = len(self.time) // BLOCKS
        return Log(self.time[first:], self.temperature[first:], self.total[first:])


def add_options(command: argparse.ArgumentParser, name: str, time_step: float) -> None:
    """What every simulation can be told."""
    command.add_argument("--time-step", type=float, default=time_step, help="fs")
    command.add_argument("--every", type=int, default=100, help="steps between rows of the log and frames")
    command.add_argument(
        "--output", type=Path, default=Path("runs") / f"smooth_physics-{name}", help="folder of the runs"
    )


def simulate(atoms: Atoms, stages: Sequence[Stage], options: argparse.Namespace) -> dict[str, Any]:
    """Run what is still missing of the stages, each from where the last one ended.

    Returns:
        Number of steps done now, CPU time of one (ms; None when all was there), and why it ended early.

    Raises:
        InputError: the folder holds a simulation of another model or with other options.
    """
    _claim(options)
    calculator = IntertwineCalculator(options.model)
    done, ended = 0, ""
    with Stopwatch() as watch:
        for number, stage in enumerate(stages):
            folder = options.output / stage.name
            try:
                done += _run(atoms, calculator, stage, folder, options, options.seed + number)
            except ExplosionError as error:
                ended = f"{stage.name}: {error}"
                break
            atoms = atoms_from(read_state(folder).arrays)
    each = round(1e3 * watch.cpu_seconds / done, 3) if done else None
    return {"steps_now": done, "cpu_ms_per_step": each, "ended_early": ended}


def _claim(options: argparse.Namespace) -> None:
    plan = {"model_sha256": digest(options.model), "time_step_fs": options.time_step, "seed": options.seed}
    file = options.output / "plan.json"
    if file.is_file() and json.loads(file.read_text(encoding="utf-8")) != plan:
        fix = "give another folder by --output, or the same model, time step and seed"
        raise InputError(f"'{options.output}' holds another simulation", fix=fix)
    options.output.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(plan), encoding="utf-8")


def _run(
    atoms: Atoms,
    calculator: IntertwineCalculator,
    stage: Stage,
    folder: Path,
    options: argparse.Namespace,
    seed: int,
) -> int:
    """Steps that had to be done."""
    steps = max(1, round(1000 * stage.picoseconds / options.time_step))
    begun = read_state(folder).header["step"] if (folder / NAME).is_file() else 0
    if begun >= steps:
        return 0
    with progress(stage.name, steps, "steps") as advance:

        def observe(now: Snapshot) -> None:
            advance(now.step, f"{now.time / 1000:.2f} ps, {now.temperature:.0f} K")

        if begun:
            resume_dynamics(folder, calculator, steps=steps, observe=observe)
            return steps - begun
        for file in folder.glob("*"):
            file.unlink()  # of a run stopped before its first restart file
        start = atoms.copy()
        start.calc = calculator
        run_dynamics(
            start,
            stage.sample,
            folder,
            steps=steps,
            time_step=options.time_step,
            seed=seed,
            temperature=stage.temperature,
            every=options.every,
            observe=observe,
        )
    return steps


def log_of(folder: Path, atoms: int) -> Log:
    """Read the log of a stage."""
    rows = np.genfromtxt(folder / "log.csv", delimiter=",", names=True)
    time, heat, total = (rows[name] for name in ("time_fs", "temperature_K", "total_energy_eV"))
    return Log(time / 1000, heat, 1000 * total / atoms)


def frames_of(folder: Path) -> list[Atoms]:
    """Every recorded frame of a stage."""
    frames = read(folder / "trajectory.extxyz", index=":")
    return frames if isinstance(frames, list) else [frames]


def error_of_mean(values: Float[np.ndarray, "rows"]) -> float:
    """Standard error of the mean of a correlated series, from the means of `BLOCKS` blocks.

    >>> abs(error_of_mean(np.tile([1.0, -1.0], 500))) < 1e-12
    True
    """
    means = [block.mean() for block in np.array_split(values, BLOCKS)]
    return float(np.std(means, ddof=1) / np.sqrt(BLOCKS))


def constant_energy(log: Log) -> tuple[Verdict, dict[str, float]]:
    """Drift of the total energy by a straight line, and what it fluctuates about that line."""
    log = log.settled()
    change = log.total - log.total[0]
    rate = FreeRun(log.time, change, log.temperature, 0.0).rate
    fluctuation = float(np.std(change - np.polyval(np.polyfit(log.time, change, 1), log.time)))
    figures = {
        "picoseconds": float(log.time[-1]),
        "mean_temperature_K": float(log.temperature.mean()),
        "drift_meV_per_atom_per_ns": 1000 * rate,
        "fluctuation_meV_per_atom": fluctuation,
    }
    measured = f"{100 * rate:+.3f} (fluctuates by {fluctuation:.3f}; {log.temperature.mean():.0f} K)"
    claim = f"drift at constant energy, meV/atom per 100 ps, over {log.time[-1]:g} ps"
    return Verdict(claim, measured, f"|…| ≤ {DRIFT:g}", abs(100 * rate) <= DRIFT), figures
