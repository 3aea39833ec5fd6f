"""1 ns of acetylacetone at 300 K, then dynamics at constant energy."""

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms, units
from benchmarks.record import Stopwatch
from benchmarks.smooth_physics import molecule, plots, stages
from benchmarks.smooth_physics.scans import start
from benchmarks.smooth_physics.stages import Stage
from benchmarks.smooth_physics.verdicts import Verdict, conclude, digest
from jaxtyping import Float

from intertwine.engines import NVE, IntertwineCalculator, Langevin

WINDOW: Final = (0.8, 1.3)
"""Bond lengths that count as whole, as shares of the relaxed ones.

A hydrogen on oxygen is measured to the nearest oxygen, since the proton may hop.
"""

SIGMAS: Final = 3.0
"""Standard errors that the mean temperature may be off."""


def add_options(command: argparse.ArgumentParser) -> None:
    stages.add_options(command, "md", 0.5)
    command.add_argument("--temperature", type=float, default=300.0, help="K")
    command.add_argument("--picoseconds", type=float, default=1000.0, help="at constant temperature")
    command.add_argument("--nve-picoseconds", type=float, default=100.0, help="at constant energy")


def run(options: argparse.Namespace) -> None:
    """Simulate, judge, plot."""
    digest(options.model)
    atoms, heat = start(options.model), options.temperature
    plan = [
        Stage("constant-temperature", Langevin(heat), heat, options.picoseconds),
        Stage("constant-energy", NVE(), heat, options.nve_picoseconds),
    ]
    with Stopwatch() as watch:
        progress = stages.simulate(atoms, plan, options)
    warm, free = (options.output / stage.name for stage in plan)
    ended = progress["ended_early"]
    verdicts = [Verdict("no explosion", ended or "none", "none", not ended), *bond_verdicts(atoms, warm)]
    figures = {"simulation": progress}
    if not ended:
        hessian = IntertwineCalculator(options.model).get_hessian(atoms)
        expected = expected_temperature(hessian, atoms.get_masses(), heat, options.time_step)
        thermal, figures["temperature"] = temperature_verdict(stages.log_of(warm, len(atoms)), expected)
        energy, figures["constant_energy"] = stages.constant_energy(stages.log_of(free, len(atoms)))
        verdicts += [thermal, energy]
    title = f"Acetylacetone at {heat:g} K, {options.picoseconds:g} ps by {options.time_step:g} fs, float32"
    path = conclude("md", title, verdicts, figures, watch, options)
    if not ended:
        plots.drift(stages.log_of(free, len(atoms)), path.with_suffix(".png"))


def bond_verdicts(atoms: Atoms, folder: Path) -> list[Verdict]:
    """One row per bond that was there at the start: its shortest and longest in all frames."""
    pairs = molecule.bonds(atoms)
    frames = np.stack([frame.positions for frame in stages.frames_of(folder)])
    relaxed = molecule.nearest_lengths(atoms, pairs, atoms.positions[None])[0]
    shares = molecule.nearest_lengths(atoms, pairs, frames) / relaxed
    demanded = f"{WINDOW[0]:g} to {WINDOW[1]:g} of it"
    rows = []
    for pair, length, values in zip(pairs, relaxed, shares.T, strict=True):
        low, high = float(values.min()), float(values.max())
        claim = f"{molecule.name(atoms, pair)} whole, relaxed {length:.3f} Å, {len(frames)} frames"
        measured = f"{low:.3f} to {high:.3f} of it"
        rows.append(Verdict(claim, measured, demanded, WINDOW[0] <= low and high <= WINDOW[1]))
    return rows


def expected_temperature(
    hessian: Float[np.ndarray, "coordinates coordinates"],
    masses: Float[np.ndarray, "atoms"],
    temperature: float,
    time_step: float,
) -> float:
    """What the kinetic energy shows where configurations have temperature T: T (1 − ⟨ω²⟩ dt²/4), K.

    In the BAOAB scheme this is exact for harmonic modes of frequency ω; ⟨ω²⟩ is their mean square, the trace
    of the mass-weighted Hessian (eV/Å², masses in u, time step in fs) over 3N.
    """
    squares = np.diag(hessian) / np.repeat(masses, 3)
    return temperature * float(1 - squares.mean() * (time_step * units.fs) ** 2 / 4)


def temperature_verdict(log: stages.Log, expected: float) -> tuple[Verdict, dict[str, Any]]:
    """Mean temperature beside what the integrator should show."""
    values = log.settled().temperature
    mean, error = float(values.mean()), stages.error_of_mean(values)
    figures = {"mean_K": mean, "standard_error_K": error, "expected_K": expected}
    holds = abs(mean - expected) <= SIGMAS * error
    demanded = f"{expected:.2f} within {SIGMAS:g} errors"
    return Verdict("mean temperature, K", f"{mean:.2f} ± {error:.2f}", demanded, holds), figures
