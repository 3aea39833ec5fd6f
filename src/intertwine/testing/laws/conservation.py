"""Laws of conservation: no work from nothing, no force or torque on a whole."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from intertwine.data import Structure
from intertwine.testing.law import Law, Reading, worst
from intertwine.testing.laws.comparison import largest
from intertwine.testing.trial import Trial

FAMILY = "Conservation"

POINTS = 16
"""Points on a loop; the trapezoid rule converges faster than any power on a smooth closed curve."""

AMPLITUDE = 1e-3
"""Å: radius of a loop along every coordinate; small enough for the integral to converge on stiff models."""

FORCE_FLOOR = 0.1
"""eV/Å: where forces are weaker, work is compared with what this force would do along the loop."""


def loop(
    structure: Structure, rng: np.random.Generator, amplitude: float = AMPLITUDE, points: int = POINTS
) -> tuple[list[Structure], Float[np.ndarray, "points atoms 3"]]:
    """A closed curve through configuration space, and its tangent.

        x(t) = x₀ + a (u cos t + v sin t + ½ w sin 2t),   t = 2π k / points

    with normally distributed u, v, w for every coordinate: no symmetry of the system leaves it invariant.

    Args:
        structure: x₀.
        rng: source of u, v, w.
        amplitude: a, Å.
        points: how many frames; the work is ∮F·dx = (2π/points) Σ_k F(x_k) · dx/dt.

    >>> frames, tangent = loop(Structure([1], [[0, 0, 0]]), np.random.default_rng(0), points=8)
    >>> len(frames), bool(np.abs(tangent.sum(0)).max() < 1e-12)
    (8, True)
    """
    u, v, w = amplitude * rng.normal(size=(3, len(structure), 3))
    t = 2 * np.pi * np.arange(points)[:, None, None] / points
    path = u * np.cos(t) + v * np.sin(t) + 0.5 * w * np.sin(2 * t)
    tangent = -u * np.sin(t) + v * np.cos(t) + w * np.cos(2 * t)
    frames = [structure.replace(positions=structure.positions + step, labels={}) for step in path]
    return frames, tangent


def work(trial: Trial) -> Iterator[Reading]:
    """∮ F·dx over ∮ |F·dx|: zero if and only if the force field has no curl within the loop."""
    rng = trial.rng("loop.work")
    figures = []
    for name, structure in trial.small:
        frames, tangent = loop(structure, rng)
        forces = np.stack([p.forces for p in trial.predict(frames, ("forces",))])
        power = (forces * tangent).sum((1, 2))
        effort = np.maximum(np.abs(power).sum(), FORCE_FLOOR * np.linalg.norm(tangent, axis=(1, 2)).sum())
        figures.append((float(abs(power.sum()) / effort), name))
    yield worst("loop.work", figures)


def balance(trial: Trial) -> Iterator[Reading]:
    """Σ F = 0 everywhere; Σ x × F = 0 where no axis is periodic."""
    forces, torques = [], []
    for (name, structure), prediction in zip(
        trial.probes, trial.predict([p.structure for p in trial.probes], ("forces",)), strict=True
    ):
        forces.append((largest(prediction.forces.sum(0)), name))
        if not structure.pbc.any():
            lever = structure.positions - structure.positions.mean(0)
            torques.append((largest(np.cross(lever, prediction.forces).sum(0)), name))
    yield worst("balance.force", forces)
    yield worst("balance.torque", torques)


def substance(trial: Trial) -> Iterator[Reading]:
    """1 meV/Å over the RMS force on the probes: a model without forces keeps all the other laws."""
    forces = [p.forces for p in trial.predict([p.structure for p in trial.probes], ("forces",))]
    rms = float(np.sqrt((np.concatenate(forces) ** 2).mean()))
    figure = 1e-3 / rms if rms > 0 else np.inf
    yield Reading("substance.forces", figure, note=f"RMS force on the probes {rms:.3g} eV/Å")


LOOP = Law(
    "loop.work",
    FAMILY,
    {"loop.work": "Leading the atoms round a closed loop gains no energy (no curl)."},
    work,
)
BALANCE = Law(
    "balance",
    FAMILY,
    {
        "balance.force": "A system does not push itself: its forces add up to zero.",
        "balance.torque": "A molecule does not turn itself: its torques add up to zero.",
    },
    balance,
)
SUBSTANCE = Law(
    "substance.forces",
    FAMILY,
    {"substance.forces": "The model does act: the laws are not kept by silence."},
    substance,
)
