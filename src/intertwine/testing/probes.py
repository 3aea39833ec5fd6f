"""Systems of every shape that the laws are tried on, made from the species of a model alone."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from ase.data import covalent_radii
from jaxtyping import Bool, Float, Int

from intertwine.data import Structure
from intertwine.graph.neighbours import neighbours
from intertwine.groups import get_group

SPACING = 1.05
"""Atoms start at this many times the sum of their covalent radii."""

SMALLEST_RADIUS = 0.7
"""Å: hydrogen's own 0.31 Å would crowd a random system beyond anything that exists."""


class Probe(NamedTuple):
    """A named system, such as ("molecule", structure)."""

    name: str
    structure: Structure


def probes(species: Collection[int], cutoff: float, rng: np.random.Generator) -> list[Probe]:
    """A molecule, a wire, a slab, a triclinic bulk and a one-atom cell of random composition.

    Atoms are placed at random and pushed apart to 1.05 times the sum of their covalent radii (or 0.7 of the
    cutoff, when that is less, so that every probe has neighbours). None has a symmetry that could hide a
    mistake, except the one-atom cell, which has inversion by nature.

    Args:
        species: atomic numbers to draw from.
        cutoff: of the model, Å.
        rng: source of all randomness.

    >>> [probe.name for probe in probes((1, 8), 5.0, np.random.default_rng(0))]
    ['molecule', 'wire', 'slab', 'triclinic bulk', 'one-atom cell']
    """
    return [
        Probe("molecule", molecule(species, 8, cutoff, rng)),
        Probe("wire", periodic_system(species, 3, (False, False, True), cutoff, rng)),
        Probe("slab", periodic_system(species, 4, (True, True, False), cutoff, rng)),
        Probe("triclinic bulk", periodic_system(species, 4, (True, True, True), cutoff, rng)),
        Probe("one-atom cell", periodic_system(species, 1, (True, True, True), cutoff, rng)),
    ]


def molecule(species: Collection[int], atoms: int, cutoff: float, rng: np.random.Generator) -> Structure:
    """A compact cluster of random composition, without a cell."""
    numbers = _composition(species, atoms, rng)
    radii = _radii(numbers, cutoff)
    start = rng.normal(size=(atoms, 3)) * 0.6 * radii.mean() * atoms ** (1 / 3)
    open_axes = np.zeros(3, dtype=bool)
    return Structure(numbers, _spread(start, radii, np.zeros((3, 3)), open_axes), np.zeros((3, 3)), open_axes)


def periodic_system(
    species: Collection[int], atoms: int, pbc: tuple[bool, ...], cutoff: float, rng: np.random.Generator
) -> Structure:
    """Atoms in a skewed cell of about close-packed density, with vacuum along open axes."""
    numbers, periodic = _composition(species, atoms, rng), np.array(pbc)
    radii = _radii(numbers, cutoff)
    side = 1.12 * float(((2 * radii) ** 3).sum()) ** (1 / 3)
    cell = side * (np.eye(3) + 0.25 * rng.uniform(-1, 1, (3, 3)))
    cell /= abs(np.linalg.det(cell / side)) ** (1 / 3)
    start = (rng.uniform(size=(atoms, 3)) * np.where(periodic, 1.0, 0.3)) @ cell
    cell[~periodic] *= 1.0 + 1.5 * cutoff / side
    return Structure(numbers, _spread(start, radii, cell, periodic), cell, periodic)


def crystal(species: Collection[int], group: str, cutoff: float, rng: np.random.Generator) -> Structure:
    """A crystal of a given class: one atom at the origin, and one orbit x ↦ g x of another.

    The lattice is cubic or, where the group has an axis of order three or six along z, hexagonal. The atom at
    the origin has the whole group for its site symmetry, those of the orbit none.

    Args:
        species: atomic numbers to draw two from.
        group: Schoenflies or Hermann-Mauguin name of a point group, in its standard setting.
        cutoff: of the model, Å.
        rng: source of all randomness.

    >>> len(crystal((1, 8), "Td", 5.0, np.random.default_rng(0)))
    25
    """
    elements = get_group(group).elements
    cell = np.eye(3)
    if not np.allclose(elements, elements.round()):
        cell = np.array([[1.0, 0.0, 0.0], [-0.5, 0.75**0.5, 0.0], [0.0, 0.0, 1.0]])
    numbers = _composition(species, 2, rng)
    numbers = np.repeat(numbers if len(numbers) == 2 else numbers[[0, 0]], [1, len(elements)])
    places = [np.vstack([np.zeros(3), elements @ (rng.uniform(-0.5, 0.5, 3) @ cell)]) for _ in range(50)]
    gaps = [_closest(place, cell) for place in places]
    length = 2 * _radii(numbers, cutoff).mean() / max(gaps)
    return Structure(numbers, length * places[int(np.argmax(gaps))], length * cell, True)


def random_bonds(
    structure: Structure, bonds: int, rng: np.random.Generator
) -> tuple[Int[np.ndarray, "bonds 2"], Int[np.ndarray, "bonds 3"]]:
    """Ordered pairs of atoms, near and far, some of an atom with itself, and their lattice steps.

    >>> random_bonds(Structure([1, 1], [[0, 0, 0], [0, 0, 1]]), 4, np.random.default_rng(0))[0].shape
    (4, 2)
    """
    pairs = rng.integers(len(structure), size=(bonds, 2))
    return pairs, rng.integers(-2, 3, (bonds, 3)) * structure.pbc


def _closest(positions: Float[np.ndarray, "atoms 3"], cell: Float[np.ndarray, "3 3"]) -> float:
    """The shortest distance of two atoms, images among the 26 cells around included."""
    images = positions[:, None] + (np.indices((3, 3, 3)).reshape(3, -1).T - 1) @ cell
    distances = np.linalg.norm(positions[:, None, None] - images, axis=-1)
    return float(distances[distances > 0].min())


def _composition(species: Collection[int], atoms: int, rng: np.random.Generator) -> Int[np.ndarray, " atoms"]:
    """Random elements, each of them at least once where there are places enough."""
    known = rng.permutation(sorted(species))
    rest = rng.choice(known, max(atoms - len(known), 0))
    return np.concatenate([known, rest])[:atoms].astype(np.int64)


def _radii(numbers: Int[np.ndarray, " atoms"], cutoff: float) -> Float[np.ndarray, " atoms"]:
    """Half the distance to keep between equal atoms, Å."""
    return np.minimum(SPACING * np.maximum(covalent_radii[numbers], SMALLEST_RADIUS), 0.35 * cutoff)


def _spread(
    positions: Float[np.ndarray, "atoms 3"],
    radii: Float[np.ndarray, " atoms"],
    cell: Float[np.ndarray, "3 3"],
    pbc: Bool[np.ndarray, "3"],
    rounds: int = 300,
) -> Float[np.ndarray, "atoms 3"]:
    """Push overlapping spheres apart, each pair by a part of its overlap, until none overlap much."""
    for _ in range(rounds):
        i, j, shift = neighbours(positions, cell, pbc, float(2 * radii.max()))
        apart = positions[j] + shift @ cell - positions[i]
        length = np.linalg.norm(apart, axis=1)
        overlap = radii[i] + radii[j] - length
        if len(length) == 0 or overlap.max() < 0.02:
            break
        push = np.where(overlap > 0, 0.3 * overlap / np.maximum(length, 1e-3), 0.0)[:, None] * apart
        positions = positions.copy()
        np.add.at(positions, i, -push)
    return positions
