"""Laws of space: nothing depends on where a system is, how it is turned, or how its atoms are counted."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float

from intertwine.data import Structure
from intertwine.groups import random_rotation
from intertwine.testing.law import Law, Reading
from intertwine.testing.laws.comparison import Expected, compare
from intertwine.testing.trial import Prediction, Trial

Action = Callable[[Structure, Prediction, np.random.Generator], Expected]

FAMILY = "Symmetry"


def _turned(structure: Structure, before: Prediction, matrix: Float[np.ndarray, "3 3"]) -> Expected:
    """The system under x → Q x and what it must then be: E, Q F and Q σ Qᵀ."""
    moved = structure.replace(
        positions=structure.positions @ matrix.T, cell=structure.cell @ matrix.T, labels={}
    )
    after = Prediction(before.energy, before.forces @ matrix.T, matrix @ before.stress @ matrix.T)
    return Expected(moved, after)


def rotated(structure: Structure, before: Prediction, rng: np.random.Generator) -> Expected:
    """Turned by a rotation drawn from the Haar measure of SO(3)."""
    return _turned(structure, before, random_rotation(rng))


def reflected(structure: Structure, before: Prediction, rng: np.random.Generator) -> Expected:
    """Turned by an improper element of O(3), drawn from its Haar measure."""
    return _turned(structure, before, -random_rotation(rng))


def translated(structure: Structure, before: Prediction, rng: np.random.Generator) -> Expected:
    """Shifted by up to 10 Å along every axis."""
    shift = rng.uniform(-10, 10, 3)
    return Expected(structure.replace(positions=structure.positions + shift, labels={}), before)


def permuted(structure: Structure, before: Prediction, rng: np.random.Generator) -> Expected:
    """Atoms listed in another order."""
    order = rng.permutation(len(structure))
    moved = structure.replace(
        numbers=structure.numbers[order], positions=structure.positions[order], labels={}
    )
    return Expected(moved, before._replace(forces=before.forces[order]))


def _measure(name: str, action: Action) -> Callable[[Trial], Iterator[Reading]]:
    def measure(trial: Trial) -> Iterator[Reading]:
        rng = trial.rng(name)
        before = trial.predict([probe.structure for probe in trial.probes])
        expected = [
            action(probe.structure, prediction, rng)
            for probe, prediction in zip(trial.probes, before, strict=True)
            for _ in range(2)
        ]
        yield from compare(name, trial, expected, [p.name for p in trial.probes for _ in range(2)])

    return measure


ROTATION = Law(
    "rotation",
    FAMILY,
    {
        "rotation.energy": "Turning a system leaves its energy unchanged.",
        "rotation.forces": "Forces turn with the system.",
        "rotation.stress": "The stress tensor turns with the system.",
    },
    _measure("rotation", rotated),
)
REFLECTION = Law(
    "reflection",
    FAMILY,
    {
        "reflection.energy": "A mirror image has the same energy.",
        "reflection.forces": "Forces are mirrored with the system.",
        "reflection.stress": "The stress tensor is mirrored with the system.",
    },
    _measure("reflection", reflected),
)
TRANSLATION = Law(
    "translation",
    FAMILY,
    {
        "translation.energy": "Moving the whole system leaves its energy unchanged.",
        "translation.forces": "Moving the whole system leaves its forces unchanged.",
        "translation.stress": "Moving the whole system leaves its stress unchanged.",
    },
    _measure("translation", translated),
)
PERMUTATION = Law(
    "permutation",
    FAMILY,
    {
        "permutation.energy": "The order in which atoms are listed does not change the energy.",
        "permutation.forces": "Forces follow their atoms when the list is reordered.",
        "permutation.stress": "The order in which atoms are listed does not change the stress.",
    },
    _measure("permutation", permuted),
)
