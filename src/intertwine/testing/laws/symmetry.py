"""Laws of space: nothing depends on where a system is, how it is turned, or how its atoms are counted."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float

from intertwine.data import Label, Structure
from intertwine.graph import reordered
from intertwine.groups import random_rotation
from intertwine.testing.law import Law, Reading
from intertwine.testing.laws.comparison import Expected, compare
from intertwine.testing.prediction import Prediction
from intertwine.testing.trial import Trial

Action = Callable[[Structure, Prediction, np.random.Generator], Expected]

FAMILY = "Symmetry"


def turned(
    value: Float[np.ndarray, "..."], matrix: Float[np.ndarray, "3 3"], label: Label
) -> Float[np.ndarray, "..."]:
    """T_ij… → Q_ia Q_jb … T_ab… over the indices of a label; an axial one takes the sign of det Q.

    >>> from intertwine.data import LABELS
    >>> turned(np.diag([1.0, 2.0, 3.0]), np.eye(3)[[1, 0, 2]], LABELS["stress"]).diagonal().tolist()
    [2.0, 1.0, 3.0]
    """
    for axis in range(value.ndim - label.rank, value.ndim):
        value = np.moveaxis(np.tensordot(value, matrix, axes=(axis, 1)), -1, axis)
    return np.asarray(np.sign(np.linalg.det(matrix)) * value) if label.axial else value


def _turned(structure: Structure, before: Prediction, matrix: Float[np.ndarray, "3 3"]) -> Expected:
    """The system and its field under x → Q x and what it must then be: E, Q F, Q σ Qᵀ, …"""
    moved = structure.replace(
        positions=structure.positions @ matrix.T,
        cell=structure.cell @ matrix.T,
        electric_field=matrix @ structure.electric_field,
        labels={},
    )
    return Expected(moved, before.changed(lambda label, value: turned(value, matrix, label)))


def rotated(structure: Structure, before: Prediction, rng: np.random.Generator) -> Expected:
    """Turned by a rotation drawn from the Haar measure of SO(3)."""
    return _turned(structure, before, random_rotation(rng))


def reflected(structure: Structure, before: Prediction, rng: np.random.Generator) -> Expected:
    """Turned by an improper element of O(3), drawn from its Haar measure."""
    return _turned(structure, before, -random_rotation(rng))


def translated(structure: Structure, before: Prediction, rng: np.random.Generator) -> Expected:
    """Shifted by up to 10 Å along every axis; the dipole of a charge Q by Q times that."""
    shift = rng.uniform(-10, 10, 3)
    moved = structure.replace(positions=structure.positions + shift, labels={})
    gain = structure.charge * shift
    return Expected(
        moved, before.changed(lambda label, value: value + gain if label.name == "dipole" else value)
    )


def permuted(structure: Structure, before: Prediction, rng: np.random.Generator) -> Expected:
    """Atoms listed in another order."""
    order = rng.permutation(len(structure))
    return Expected(
        reordered(structure.replace(labels={}), order),
        before.changed(lambda label, value: value[order] if label.per == "atom" else value),
    )


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
