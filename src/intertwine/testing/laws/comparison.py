"""Comparing what a model says with what it must say."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from intertwine.data import Structure
from intertwine.testing.law import Reading, worst
from intertwine.testing.prediction import Prediction
from intertwine.testing.trial import Trial


class Expected(NamedTuple):
    """A structure, what the model must say of it, and by how much what is extensive is to be divided."""

    structure: Structure
    prediction: Prediction
    parts: int = 1


def energy_gap(energy: float, expected: float) -> float:
    """|E − E'| in eV, less what rounding alone explains in totals beyond 10⁴ eV.

    Energies that count core electrons reach 10⁶ eV, and float64 holds 10⁻¹⁰ of that: four units in the last
    place of the larger total are forgiven, less those of 10⁴ eV.

    >>> energy_gap(1.0 + 1e-8, 1.0)
    9.99999...e-09
    """
    rounding = 4 * float(np.spacing(max(abs(energy), abs(expected), 1e4)) - np.spacing(1e4))
    return float(np.maximum(abs(energy - expected) - rounding, 0.0))


def largest(values: Float[np.ndarray, "..."]) -> float:
    """The largest absolute value; 0 of nothing, NaN where there is one."""
    return float(np.abs(values).max()) if values.size else 0.0


def compare(name: str, trial: Trial, expected: Sequence[Expected], where: Sequence[str]) -> Iterator[Reading]:
    """Readings `name.energy`, `name.forces` and `name.stress`: the worst of all cases.

    Stress is compared on systems with a periodic axis only; elsewhere it has no meaning.
    """
    found = trial.predict([case.structure for case in expected])
    cases = list(zip(expected, found, where, strict=True))
    yield worst(
        f"{name}.energy",
        [
            (energy_gap(after.energy / case.parts, case.prediction.energy), place)
            for case, after, place in cases
        ],
    )
    yield worst(
        f"{name}.forces",
        [(largest(after.forces - case.prediction.forces), place) for case, after, place in cases],
    )
    periodic = [
        (largest(after.stress - case.prediction.stress), place)
        for case, after, place in cases
        if case.structure.pbc.any()
    ]
    yield worst(f"{name}.stress", periodic)
