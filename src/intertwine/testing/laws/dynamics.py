"""Laws of motion: left to itself, a system keeps its energy."""

import math
import os
import time
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from ase import Atoms, units
from ase.calculators.calculator import Calculator, all_changes
from ase.md.verlet import VelocityVerlet
from ase.optimize import FIRE
from jaxtyping import Float

from intertwine.data import Structure
from intertwine.engines.calculator import IntertwineCalculator
from intertwine.errors import InputError
from intertwine.graph import NeighbourList
from intertwine.observables import Model
from intertwine.testing.interface import Potential, in_precision
from intertwine.testing.law import Law, Reading
from intertwine.testing.laws.periodic import repeated
from intertwine.testing.prediction import Prediction
from intertwine.testing.trial import Trial

FAMILY = "Dynamics"

TEMPERATURE, PROBE_TEMPERATURE = 300.0, 100.0
"""K at the start: of the user's frames, and of a relaxed probe (its chemistry is nobody's: keep it calm)."""

LEAST_SHARE = 0.3
"""The trajectory gets what the other laws leave of the budget, but this part of it at least."""

FEWEST_STEPS, LONGEST = 200, 10.0
"""A trajectory has at least so many steps, and at most so many ps."""

RUNAWAY = 1e6
"""K: at this temperature the energy is lost and the run ends."""


class Trajectory(NamedTuple):
    """Energies along a run.

    Args:
        time: fs, `(steps,)`.
        total: potential plus kinetic energy per atom, meV, `(steps,)`.
        shadow: the energy that velocity Verlet conserves, per atom, meV, `(steps,)`.
        temperature: K, `(steps,)`.
    """

    time: Float[np.ndarray, " steps"]
    total: Float[np.ndarray, " steps"]
    shadow: Float[np.ndarray, " steps"]
    temperature: Float[np.ndarray, " steps"]


class PotentialCalculator(Calculator):
    """ASE calculator (energy, forces) of any `Potential`, with a neighbour list that keeps a skin of 1 Å."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def __init__(self, model: Potential) -> None:
        super().__init__()
        self.model = model
        self.neighbours = NeighbourList(model.cutoff, skin=1.0)

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Evaluate the model; ASE calls this when it has no valid result. Fills `results`."""
        super().calculate(atoms, properties, system_changes)
        assert self.atoms is not None
        graph = self.neighbours.graph(Structure.from_ase(self.atoms))
        out = self.model(graph, outputs=("energy", "forces"))
        self.results = {
            "energy": float(out["energy"][0]),
            "forces": out["forces"].detach().cpu().numpy().astype(np.float64),
        }


def nve(trial: Trial) -> Iterator[Reading]:
    """Drift and ripple of the energy in a free run by velocity Verlet, in float32 where the model can.

    The run is as long as the budget allows, so the drift is a linear fit, scaled to 10 ps. It is fitted to
    the shadow energy, which the integrator itself conserves: its slope is that of the total energy without
    the ripple that would hide it in a short run (Engle, Skeel & Drees, J. Comput. Phys. 206, 432, 2005).
    """
    atoms, name = _start(trial)
    atoms.calc = _calculator(trial.model)
    step = time_step(atoms)
    run = trajectory(atoms, step, max(trial.seconds_left, LEAST_SHARE * trial.budget))
    slope = float(np.polyfit(run.time, run.shadow, 1)[0])
    ripple = float((run.total - np.polyval(np.polyfit(run.time, run.total, 1), run.time)).std())
    note = (
        f"{run.time[-1] / 1000:.2f} ps in steps of {step:g} fs at {run.temperature.mean():.0f} K, "
        f"drift ± {_uncertainty(run) * 1e4:.2g}"
    )
    yield Reading("nve.drift", abs(slope) * 1e4, name, note, series=_curve(run))
    yield Reading("nve.fluctuation", ripple, name)


def time_step(atoms: Atoms) -> float:
    """0.5 fs with hydrogen, 1 fs with other light atoms, 2 fs when all are heavier than 25 u."""
    lightest = float(atoms.get_masses().min())
    return 0.5 if lightest < 5 else 1.0 if lightest < 25 else 2.0


def trajectory(atoms: Atoms, step: float, seconds: float) -> Trajectory:
    """Run `atoms` freely by velocity Verlet and record the energies of every step.

    The shadow energy of a step h is, with masses M and V″v = −dF/dt from the steps before and after,

        H + h² (vᵀ V″ v / 12 − Fᵀ M⁻¹ F / 24) + O(h⁴).

    Args:
        atoms: with a calculator and momenta.
        step: h, fs.
        seconds: wall time to spend; the run has 200 steps at least and lasts 10 ps at most.
    """
    masses, h = atoms.get_masses()[:, None], step * units.fs
    dynamics = VelocityVerlet(atoms, timestep=h, logfile=None)
    records, previous, stop = [], [], time.perf_counter() + seconds
    count = 0
    while count < FEWEST_STEPS or (time.perf_counter() < stop and count * step < LONGEST * 1000):
        forces, velocities = atoms.get_forces(), atoms.get_velocities()
        previous = [*previous[-2:], (forces, velocities, atoms.get_total_energy(), atoms.get_temperature())]
        if len(previous) == 3:
            (before, *_), (now, speed, total, kelvin), (after, *_) = previous
            bend = -float((speed * (after - before)).sum()) / (2 * h)
            shadow = total + h * h * (bend / 12 - float((now * now / masses).sum()) / 24)
            records.append(((count - 1) * step, total, shadow, kelvin))
            if kelvin > RUNAWAY:
                break
        dynamics.step(forces)
        count += 1
    times, total, shadow, kelvin = np.array(records).T
    scale = 1000.0 / len(atoms)
    return Trajectory(times, scale * (total - total[0]), scale * (shadow - shadow[0]), kelvin)


def _uncertainty(run: Trajectory, blocks: int = 10) -> float:
    """Standard error of the slope, from the scatter of block means, meV/fs per atom; of a few steps none."""
    if len(run.time) < 2 * blocks:
        return math.nan
    t = np.array([part.mean() for part in np.array_split(run.time, blocks)])
    y = np.array([part.mean() for part in np.array_split(run.shadow, blocks)])
    residual = y - np.polyval(np.polyfit(t, y, 1), t)
    return float(np.sqrt((residual**2).sum() / (blocks - 2) / ((t - t.mean()) ** 2).sum()))


def _curve(run: Trajectory) -> dict[str, Any]:
    every = max(1, len(run.time) // 150)
    return {
        "x": (run.time[::every] / 1000).round(5).tolist(),
        "y": run.total[::every].round(6).tolist(),
        "smooth": run.shadow[::every].round(6).tolist(),
        "x_label": "time, ps",
        "y_label": "total energy, meV/atom",
        "smooth_label": "the energy that the integrator conserves, to which the line is fitted",
    }


def _calculator(model: Potential) -> Calculator:
    try:
        single = in_precision(model, torch.float32)
    except InputError:
        single = model
    return IntertwineCalculator(single) if isinstance(single, Model) else PotentialCalculator(single)


def _start(trial: Trial) -> tuple[Atoms, str]:
    """A frame of the user's at 300 K or, without one, the molecule among the probes, relaxed, at 100 K."""
    rng = trial.rng("nve")
    chosen = _frame(trial, rng)
    atoms = (chosen or trial.probes[0].structure).replace(labels={}, info={}).to_ase()
    if chosen is None:
        atoms.calc = _calculator(trial.model)
        FIRE(atoms, logfile=os.devnull, maxstep=0.05).run(fmax=0.05, steps=200)
    heat(atoms, PROBE_TEMPERATURE if chosen is None else TEMPERATURE, rng)
    return atoms, "molecule, relaxed" if chosen is None else f"{chosen.formula} (yours)"


def _frame(trial: Trial, rng: np.random.Generator) -> Structure | None:
    """One of the smaller frames of 3 to 100 atoms, or else a supercell of a crystal with fewer."""
    suitable = [frame for frame in trial.frames if 3 <= len(frame) <= 100]
    if suitable:
        smallest = min(map(len, suitable))
        near = [frame for frame in suitable if len(frame) <= 1.5 * smallest]
        return near[int(rng.integers(len(near)))]
    for frame in trial.frames:
        if frame.pbc.any() and len(frame) <= 100:
            return repeated(frame, Prediction({}), rng).structure
    return None


def heat(atoms: Atoms, temperature: float, rng: np.random.Generator) -> None:
    """Draw momenta from the Maxwell-Boltzmann distribution at `temperature` (K), then stop the whole."""
    masses = atoms.get_masses()[:, None]
    velocities = rng.normal(size=(len(atoms), 3)) * np.sqrt(units.kB * temperature / masses)
    atoms.set_velocities(velocities - (masses * velocities).sum(0) / masses.sum())


NVE = Law(
    "nve",
    FAMILY,
    {
        "nve.drift": "Left to itself, a system keeps its energy (drift of a linear fit).",
        "nve.fluctuation": "Meanwhile its energy only ripples about that line (RMS).",
    },
    nve,
)
