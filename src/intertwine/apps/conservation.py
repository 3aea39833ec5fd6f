"""What a field of forces does with energy: work round closed loops, curl, and drift in free motion."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Float

from intertwine.data import Structure
from intertwine.engines import NVE, ExplosionError, IntertwineCalculator, Motion, Predictor
from intertwine.engines.velocities import thermalise
from intertwine.observables import Model
from intertwine.testing.laws.conservation import loop

STEP: Final = 1e-4
"""Å: of the differences of forces; in float64 their error is then about 1e-8, relative."""

AMPLITUDE, POINTS = 0.01, 32
"""Å, and number: radius of a loop along every coordinate, and points on it."""

BLOCK: Final = 20
"""Atoms at most whose block of the Jacobian is formed."""

ROWS: Final = 400
"""Points of a drift curve, at most."""


@dataclass(frozen=True, eq=False)
class Loops:
    """Work done by the forces round closed loops in configuration space.

    Args:
        relative: |∮F·dx| / ∮|F·dx| of each loop: 0 where forces are the derivative of an energy, 1 where all
            the work is gained, `(loops,)`.
        gained: |∮F·dx|, meV, `(loops,)`.
    """

    relative: Float[np.ndarray, "loops"]
    gained: Float[np.ndarray, "loops"]


@dataclass(frozen=True, eq=False)
class FreeRun:
    """Constant-energy dynamics of one model.

    Args:
        times: ps, `(rows,)`.
        drift: total energy minus that of the start, meV/atom, `(rows,)`.
        temperature: K, `(rows,)`.
        cpu_ms: CPU time of one step, ms.
        ended: why the run stopped early; empty when it did not.
    """

    times: Float[np.ndarray, "rows"]
    drift: Float[np.ndarray, "rows"]
    temperature: Float[np.ndarray, "rows"]
    cpu_ms: float
    ended: str = ""

    @property
    def rate(self) -> float:
        """Slope of the straight line through the drift, meV/atom/ps; NaN for fewer than two rows."""
        if len(self.times) < 2:
            return math.nan
        return float(np.polyfit(self.times, self.drift, 1)[0])

    @property
    def worst(self) -> float:
        """Largest |E(t) − E(0)|, meV/atom."""
        return float(np.abs(self.drift).max())

    def to_json(self) -> dict[str, Any]:
        """Plain values, the curves included."""
        return {
            "rate_meV_per_atom_per_ps": self.rate,
            "worst_meV_per_atom": self.worst,
            "cpu_ms_per_step": self.cpu_ms,
            "ended": self.ended,
            "time_ps": self.times.tolist(),
            "drift_meV_per_atom": self.drift.tolist(),
            "temperature_K": self.temperature.tolist(),
        }


def loop_work(model: Model, structures: Sequence[Structure], rng: np.random.Generator) -> Loops:
    """Lead each structure once round a random closed loop of about 0.05 Å and add up the work, in float64.

    The integral is a trapezoid sum over a smooth periodic curve, which converges faster than any power of the
    number of points: what is left for a derivative of an energy is rounding.

    >>> from intertwine.encoders.body_ordered import BodyOrderedSpec
    >>> from intertwine.observables import ModelSpec
    >>> spec = ModelSpec(encoder=BodyOrderedSpec(species=(6,), channels=4), reference_energies={6: 0.0})
    >>> frame = Structure([6, 6, 6], [[0, 0, 0], [1.5, 0, 0], [0, 1.6, 0]])
    >>> bool(loop_work(Model(spec), [frame], np.random.default_rng(0)).relative[0] < 1e-6)
    True
    """
    predictor = Predictor.load(model, dtype=torch.float64)
    relative, gained = [], []
    for structure in structures:
        frames, tangent = loop(structure, rng, AMPLITUDE, POINTS)
        forces = np.stack([prediction["forces"] for prediction in predictor(frames, outputs=("forces",))])
        power = (forces * tangent).sum((1, 2))
        effort = max(float(np.abs(power).sum()), 1e-300)
        relative.append(abs(float(power.sum())) / effort)
        gained.append(abs(float(power.sum())) * 2 * math.pi / POINTS * 1e3)
    return Loops(np.array(relative), np.array(gained))


def jacobian_asymmetry(model: Model, structure: Structure, rng: np.random.Generator) -> float:
    """Share of the force Jacobian that no energy can have.

        ‖(J − Jᵀ)/2‖ / ‖J‖,    J_kl = ∂F_k/∂x_l

    in the Frobenius norm: 0 for the derivative of an energy, 0.71 for a matrix of random numbers. J is formed
    by central differences of forces in float64; of more than 20 atoms, the block of a random one and its
    nearest neighbours is taken, so that the cost stays 120 force calls.

    >>> from intertwine.encoders.body_ordered import BodyOrderedSpec
    >>> from intertwine.observables import ModelSpec
    >>> spec = ModelSpec(encoder=BodyOrderedSpec(species=(6,), channels=4), reference_energies={6: 0.0})
    >>> frame = Structure([6, 6, 6], [[0, 0, 0], [1.5, 0, 0], [0, 1.6, 0]])
    >>> jacobian_asymmetry(Model(spec), frame, np.random.default_rng(0)) < 1e-6
    True
    """
    predictor = Predictor.load(model, dtype=torch.float64)
    coordinates = _block(structure, rng)
    moved = [_moved(structure, int(k), sign * STEP) for k in coordinates for sign in (1.0, -1.0)]
    forces = np.stack([out["forces"].ravel()[coordinates] for out in predictor(moved, outputs=("forces",))])
    jacobian = (forces[0::2] - forces[1::2]).T / (2 * STEP)
    size = float(np.linalg.norm(jacobian))
    return float(np.linalg.norm(jacobian - jacobian.T)) / 2 / size if size > 0 else 0.0


def free_run(
    model: Model,
    structure: Structure,
    *,
    picoseconds: float = 5.0,
    time_step: float = 0.5,
    temperature: float = 300.0,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> FreeRun:
    """Constant-energy dynamics from a structure, with velocities drawn at a temperature.

    Two models with the same seed start from the same positions and velocities. The energy is the model's own:
    potential plus kinetic, which stays constant if and only if forces are its derivative. A run that explodes
    ends there and says so.

    Args:
        model: in the precision that it has.
        structure: where it starts.
        picoseconds: length.
        time_step: fs.
        temperature: K, of the velocities.
        seed: of the velocities.
        progress: called with the part done, 0 to 1.
    """
    rng = np.random.default_rng(seed)
    atoms = structure.replace(labels={}).to_ase()
    atoms.calc = IntertwineCalculator(model)
    thermalise(atoms, temperature, rng, still=True)
    motion = Motion(atoms, NVE(), time_step, rng)
    steps = max(1, round(1000.0 * picoseconds / time_step))
    every = max(1, steps // ROWS)
    rows, ended, begun = [_row(motion)], "", time.process_time()
    try:
        for step in range(1, steps + 1):
            motion.advance()
            if step % every == 0 or step == steps:
                rows.append(_row(motion))
                if progress is not None:
                    progress(step / steps)
    except ExplosionError as error:
        ended = str(error).split(";")[0]
    cpu_ms = 1e3 * (time.process_time() - begun) / max(1, motion.step)
    times, drift, heat = np.array(rows).T
    return FreeRun(times, drift, heat, cpu_ms, ended)


def _row(motion: Motion) -> tuple[float, float, float]:
    snapshot = motion.snapshot()
    return snapshot.time / 1000.0, snapshot.drift, snapshot.temperature


def _block(structure: Structure, rng: np.random.Generator) -> np.ndarray:
    """Coordinates of the atoms whose block is formed: all, or one at random and its nearest."""
    atoms = structure.to_ase()
    centre, mic = int(rng.integers(len(atoms))), bool(structure.pbc.any())
    order = np.argsort(atoms.get_distances(centre, range(len(atoms)), mic=mic), kind="stable")
    return (3 * np.sort(order[:BLOCK])[:, None] + np.arange(3)).ravel()


def _moved(structure: Structure, coordinate: int, distance: float) -> Structure:
    positions = structure.positions.copy()
    positions.flat[coordinate] += distance
    return structure.replace(positions=positions, labels={})
