"""Laws of distance: nothing jumps when atoms lose sight of each other, and then nothing is left."""

from collections.abc import Iterator
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from intertwine.data import Structure
from intertwine.testing.interface import has_dispersion, reaches_far, reference_energies
from intertwine.testing.law import Law, Omission, Reading, worst
from intertwine.testing.laws.comparison import energy_gap, largest
from intertwine.testing.probes import molecule
from intertwine.testing.trial import Trial

FAMILY = "Locality"

FAR = "molecules of this model feel each other beyond its cutoff, by charges or dispersion"
"""Why what is far apart does not simply add up."""

SIDE = 8
"""Energies on each side of the cutoff, through which a polynomial is laid."""

SPACES = (2e-2, 6e-3, 2e-3)
"""Å between them: wide for quiet energies, narrow for steep ones."""


def cutoff(trial: Trial) -> Iterator[Reading]:
    """Jumps of E, E′ and E″ along a pair distance at r_c, from one-sided extrapolations of exact energies.

    On each side the energies at r_c ± k·δ, k = 1…8, determine a polynomial of degree 7 and with it the value
    and the first two derivatives at r_c. A model is C² there if both sides agree. A true jump is seen with
    every spacing δ, errors of extrapolation or rounding are not: the smallest of three counts.
    """
    rng = trial.rng("cutoff")
    found = [(_jumps(trial, scene), scene.name) for scene in (*_pairs(trial, rng), *_newcomers(trial, rng))]
    for order, line in enumerate(("cutoff.value", "cutoff.slope", "cutoff.curvature")):
        yield worst(line, [(float(jumps[order]), name) for jumps, name in found])


class Scene(NamedTuple):
    """A structure whose last atom crosses the cutoff of atom 0 along a direction."""

    name: str
    still: Structure
    direction: Float[np.ndarray, "3"]


def _jumps(trial: Trial, scene: Scene) -> Float[np.ndarray, "3"]:
    """|Jump| of value, slope and curvature at the cutoff, each by the spacing that shows least."""
    steps = np.arange(1, SIDE + 1)
    sides = [sign * space * steps for space in SPACES for sign in (-1, 1)]
    radius = trial.exact.cutoff
    energies = trial.energies([_at(scene, radius + t) for side in sides for t in side])
    expansions = [
        _taylor(side, part) for side, part in zip(sides, energies.reshape(len(sides), SIDE), strict=True)
    ]
    return np.min(
        [np.abs(left - right) for left, right in zip(expansions[::2], expansions[1::2], strict=True)], axis=0
    )


def _taylor(t: Float[np.ndarray, " points"], energy: Float[np.ndarray, " points"]) -> Float[np.ndarray, "3"]:
    """Value, slope and curvature at t = 0 of the polynomial through all points."""
    scale = np.abs(t).max()
    coefficients = np.linalg.solve(np.vander(t / scale, increasing=True), energy - energy[0])
    return coefficients[:3] / scale ** np.arange(3) * np.array([1, 1, 2]) + np.array([energy[0], 0, 0])


def _at(scene: Scene, distance: float) -> Structure:
    """The last atom placed at a distance from atom 0."""
    positions = scene.still.positions.copy()
    positions[-1] = positions[0] + distance * scene.direction
    return scene.still.replace(positions=positions)


def _pairs(trial: Trial, rng: np.random.Generator) -> Iterator[Scene]:
    """Up to six pairs of species, alone."""
    kinds = list(combinations_with_replacement(sorted(int(z) for z in trial.exact.species), 2))
    for index in rng.permutation(len(kinds))[:6]:
        still = Structure(list(kinds[index]), np.zeros((2, 3)))
        yield Scene(f"pair Z = {kinds[index]}", still, _direction(rng))


def _newcomers(trial: Trial, rng: np.random.Generator) -> Iterator[Scene]:
    """A fifth atom that comes into sight of one atom of four, while the others see each other."""
    radius = trial.exact.cutoff
    for _ in range(2):
        still = molecule(trial.exact.species, 5, radius, rng)
        for _ in range(200):
            direction = _direction(rng)
            last = still.positions[0] + radius * direction
            others = np.linalg.norm(still.positions[1:-1] - last, axis=1)
            apart = np.abs(others - radius).min() > 3 * SIDE * max(SPACES)
            if apart and others.min() < radius and others.min() > 0.3 * radius:
                yield Scene("newcomer", still, direction)
                break


def _direction(rng: np.random.Generator) -> Float[np.ndarray, "3"]:
    vector = rng.normal(size=3)
    return vector / np.linalg.norm(vector)


def isolated(trial: Trial) -> Iterator[Reading | Omission]:
    """One atom: its reference energy and no force. In empty space, and in a box larger than the cutoff but
    where its images attract it by dispersion.
    """
    side, rng = 1.25 * trial.exact.cutoff, trial.rng("isolated")
    species = sorted(int(z) for z in trial.exact.species)
    box = side * np.eye(3) + 0.1 * side * rng.uniform(-1, 1, (3, 3))
    atoms = [Structure([z], rng.uniform(-1, 1, (1, 3))) for z in species]
    boxed = [atom.replace(cell=box * 1.2, pbc=np.ones(3, bool)) for atom in atoms]
    boxed = [] if has_dispersion(trial.model) else boxed
    names = [f"Z = {z}, {place}" for place in ("alone", "in a box") for z in species][: len(atoms + boxed)]
    found = trial.predict([*atoms, *boxed], ("energy", "forces"))
    references = reference_energies(trial.exact)
    if references is None:
        yield Omission("isolated.energy", "the model declares no reference energies of isolated atoms")
    else:
        gaps = [energy_gap(p.energy, references[z]) for p, z in zip(found, species * 2, strict=False)]
        yield worst("isolated.energy", list(zip(gaps, names, strict=True)))
    yield worst("isolated.forces", [(largest(p.forces), n) for p, n in zip(found, names, strict=True)])


def extensivity(trial: Trial) -> Iterator[Reading | Omission]:
    """E(A + B) = E(A) + E(B), and the same forces, from just beyond the cutoff on."""
    if reaches_far(trial.model):
        yield from (Omission(line, FAR) for line in ("extensivity.energy", "extensivity.forces"))
        return
    rng = trial.rng("extensivity")
    energies, forces = [], []
    for gap in (1.02 * trial.exact.cutoff, 5 * trial.exact.cutoff):
        first, second = (molecule(trial.exact.species, atoms, trial.exact.cutoff, rng) for atoms in (5, 4))
        step = first.positions[:, 0].max() - second.positions[:, 0].min() + gap
        second = second.replace(positions=second.positions + step * np.eye(3)[0])
        both = Structure(
            np.concatenate([first.numbers, second.numbers]),
            np.concatenate([first.positions, second.positions]),
        )
        a, b, union = trial.predict([first, second, both], ("energy", "forces"))
        place = f"{gap:.1f} Å apart"
        energies.append((energy_gap(union.energy, a.energy + b.energy), place))
        forces.append((largest(union.forces - np.concatenate([a.forces, b.forces])), place))
    yield worst("extensivity.energy", energies)
    yield worst("extensivity.forces", forces)


CUTOFF = Law(
    "cutoff",
    FAMILY,
    {
        "cutoff.value": "The energy is continuous where two atoms lose sight of each other.",
        "cutoff.slope": "The slope of the energy is continuous there: forces do not jump at the cutoff.",
        "cutoff.curvature": "The curvature of the energy is continuous there: vibrations do not jump (C²).",
    },
    cutoff,
)
ISOLATED = Law(
    "isolated",
    FAMILY,
    {
        "isolated.energy": "An atom alone has exactly the energy of reference of its element.",
        "isolated.forces": "An atom alone feels no force.",
    },
    isolated,
)
EXTENSIVITY = Law(
    "extensivity",
    FAMILY,
    {
        "extensivity.energy": "Two molecules far apart have the sum of their energies.",
        "extensivity.forces": "Two molecules far apart do not feel each other.",
    },
    extensivity,
)
