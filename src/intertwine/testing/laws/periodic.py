"""Laws of the lattice: a crystal is the same whichever of its descriptions is written down."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Bool, Int

from intertwine.data import Label, Structure
from intertwine.graph import recelled, reimaged, supercell
from intertwine.testing.law import Law, Reading
from intertwine.testing.laws.comparison import Expected, compare
from intertwine.testing.prediction import Prediction
from intertwine.testing.trial import Trial

FAMILY = "Periodicity"

Action = Callable[[Structure, Prediction, np.random.Generator], Expected]


def repeated(structure: Structure, before: Prediction, rng: np.random.Generator) -> Expected:
    """Two or three copies along each periodic axis: what is extensive in proportion, all else the same.

    Large cells (20 atoms or more) are only doubled, along one axis.
    """
    copies = np.ones(3, dtype=int)
    copies[structure.pbc] = 2 if len(structure) < 20 else 1
    copies[rng.choice(np.flatnonzero(structure.pbc))] += 1
    a, b, c = copies.tolist()
    images = a * b * c

    def tiled(label: Label, value: np.ndarray) -> np.ndarray:
        return value if label.per == "system" else np.concatenate([value] * images)

    larger = supercell(structure.replace(labels={}), (a, b, c))
    return Expected(larger, before.changed(tiled), parts=images)


def unwrapped(structure: Structure, before: Prediction, rng: np.random.Generator) -> Expected:
    """Every atom moved to another of its lattice images, up to three cells away."""
    cells = rng.integers(-3, 4, (len(structure), 3)) * structure.pbc
    return Expected(reimaged(structure.replace(labels={}), cells), before)


def rewritten(structure: Structure, before: Prediction, rng: np.random.Generator) -> Expected:
    """Other lattice vectors that span the same lattice, possibly of the other hand."""
    change = unimodular(structure.pbc, rng)
    return Expected(recelled(structure.replace(labels={}), change), before)


def unimodular(pbc: Bool[np.ndarray, "3"], rng: np.random.Generator) -> Int[np.ndarray, "3 3"]:
    """A random integer matrix of determinant ±1 that mixes periodic axes only.

    >>> matrix = unimodular(np.array([True, True, False]), np.random.default_rng(0))
    >>> round(abs(np.linalg.det(matrix))), matrix[2].tolist()
    (1, [0, 0, 1])
    """
    axes = np.flatnonzero(pbc)
    matrix = np.diag(np.where(pbc, rng.choice([-1, 1], 3), 1))
    if len(axes) > 1:
        for _ in range(2):
            target, source = rng.permutation(axes)[:2]
            matrix[target] += int(rng.choice([-1, 1])) * matrix[source]
    return matrix


def _measure(name: str, action: Action) -> Callable[[Trial], Iterator[Reading]]:
    def measure(trial: Trial) -> Iterator[Reading]:
        rng = trial.rng(name)
        before = trial.predict([probe.structure for probe in trial.periodic])
        pairs = list(zip(trial.periodic, before, strict=True))
        expected = [action(probe.structure, prediction, rng) for probe, prediction in pairs]
        yield from compare(name, trial, expected, [probe.name for probe in trial.periodic])

    return measure


SUPERCELL = Law(
    "supercell",
    FAMILY,
    {
        "supercell.energy": "A supercell has as many times the energy as it has cells.",
        "supercell.forces": "Every copy of an atom in a supercell feels the same force.",
        "supercell.stress": "A supercell has the stress of its cell.",
    },
    _measure("supercell", repeated),
)
WRAPPING = Law(
    "wrapping",
    FAMILY,
    {
        "wrapping.energy": "It does not matter in which cell an atom is written: energy.",
        "wrapping.forces": "It does not matter in which cell an atom is written: forces.",
        "wrapping.stress": "It does not matter in which cell an atom is written: stress.",
    },
    _measure("wrapping", unwrapped),
)
LATTICE = Law(
    "lattice",
    FAMILY,
    {
        "lattice.energy": "Any choice of vectors for one lattice gives the same energy.",
        "lattice.forces": "Any choice of vectors for one lattice gives the same forces.",
        "lattice.stress": "Any choice of vectors for one lattice gives the same stress.",
    },
    _measure("lattice", rewritten),
)
