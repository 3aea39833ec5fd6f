"""The moves of a molecule: bonds, what may turn about them, and rigid paths that change one coordinate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.neighborlist import natural_cutoffs, neighbor_list
from jaxtyping import Float
from scipy.spatial.transform import Rotation

Bond = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Path:
    """Atoms on one side of a bond move rigidly: along it or about it.

    Args:
        bond: (a, b); b's side moves.
        moving: which atoms move, `(atoms,)`.
        place: positions at a value of the coordinate, Å, `(atoms, 3)`.
        tangent: their derivative there.
    """

    bond: Bond
    moving: np.ndarray
    place: Callable[[float], np.ndarray]
    tangent: Callable[[float], np.ndarray]


def bonds(atoms: Atoms) -> list[Bond]:
    """Pairs closer than 1.2 times the sum of their covalent radii.

    >>> from ase.build import molecule
    >>> bonds(molecule("H2O"))
    [(0, 1), (0, 2)]
    """
    first, second = neighbor_list("ij", atoms, natural_cutoffs(atoms, mult=1.2))
    return sorted({(int(i), int(j)) for i, j in zip(first, second, strict=True) if i < j})


def name(atoms: Atoms, bond: Bond) -> str:
    """Such as C0–C1."""
    return "–".join(f"{atoms.symbols[k]}{k}" for k in bond)


def beyond(pairs: Sequence[Bond], bond: Bond) -> set[int]:
    """Atoms that hang on the second end of a bond when it is cut; the first is among them in a ring."""
    cut = [set(pair) for pair in pairs if set(pair) != set(bond)]
    found, last = set(), {bond[1]}
    while last:
        found |= last
        last = {atom for pair in cut if pair & last for atom in pair} - found
    return found


def rotors(pairs: Sequence[Bond]) -> list[Bond]:
    """Bonds about which something turns: in no ring, and with more atoms on both sides.

    >>> rotors([(0, 1), (1, 2), (2, 3)])
    [(1, 2)]
    """
    return [
        bond
        for bond in pairs
        if bond[0] not in beyond(pairs, bond) and min(len(beyond(pairs, b)) for b in (bond, bond[::-1])) > 1
    ]


def methyls(atoms: Atoms) -> dict[Bond, list[int]]:
    """The three hydrogens of every methyl group, by the bond (elsewhere, carbon) about which it turns."""
    pairs, found = bonds(atoms), {}
    for carbon in np.flatnonzero(atoms.numbers == 6).tolist():
        ends = [j if i == carbon else i for i, j in pairs if carbon in (i, j)]
        hydrogens = [k for k in ends if atoms.numbers[k] == 1]
        if len(ends) == 4 and len(hydrogens) == 3:
            (elsewhere,) = set(ends) - set(hydrogens)
            found[elsewhere, carbon] = hydrogens
    return found


def regular(atoms: Atoms) -> Atoms:
    """A copy whose methyl groups have an exact threefold axis: their hydrogens' mean over it."""
    result = atoms.copy()
    for (elsewhere, carbon), hydrogens in methyls(atoms).items():
        axis = _direction(atoms, (elsewhere, carbon))
        arms = atoms.positions[hydrogens] - atoms.positions[carbon]
        third = Rotation.from_rotvec(2 * np.pi / 3 * axis)
        if axis @ np.cross(arms[0], arms[1]) < 0:
            third = third.inv()
        powers = [third**0, third, third**2]
        mean = sum(power.inv().apply(arm) for power, arm in zip(powers, arms, strict=True)) / 3
        result.positions[hydrogens] = atoms.positions[carbon] + [power.apply(mean) for power in powers]
    return result


def turning(atoms: Atoms, bond: Bond) -> Path:
    """Rotation of b's side about the bond, by radians."""
    axis, moving = _direction(atoms, bond), _mask(atoms, bond)
    start, origin = atoms.positions.copy(), atoms.positions[bond[1]].copy()

    def place(angle: float) -> np.ndarray:
        turned = origin + Rotation.from_rotvec(angle * axis).apply(start - origin)
        return np.where(moving[:, None], turned, start)

    return Path(bond, moving, place, lambda angle: np.cross(axis, place(angle) - origin) * moving[:, None])


def stretching(atoms: Atoms, bond: Bond) -> Path:
    """b's side moves away along the bond; the coordinate is its length, Å."""
    axis, moving = _direction(atoms, bond), _mask(atoms, bond)
    start, length = atoms.positions.copy(), atoms.get_distance(*bond)
    along = axis * moving[:, None]
    return Path(bond, moving, lambda x: start + (x - length) * along, lambda x: along)


def across(path: Path, x: float) -> Float[np.ndarray, "moving resting"]:
    """Distances from the atoms that move to those that do not, Å."""
    positions = path.place(x)
    return np.linalg.norm(positions[path.moving, None] - positions[None, ~path.moving], axis=2)


def nearest_lengths(
    atoms: Atoms, pairs: Sequence[Bond], frames: Float[np.ndarray, "frames atoms 3"]
) -> Float[np.ndarray, "frames bonds"]:
    """Lengths of bonds in every frame, Å; a hydrogen on oxygen is measured to the nearest oxygen.

    So a proton that hops from one oxygen to another has broken nothing.
    """
    oxygens = np.flatnonzero(atoms.numbers == 8)
    lengths = []
    for a, b in pairs:
        ends = sorted((a, b), key=lambda k: atoms.numbers[k])
        others = oxygens if atoms.numbers[ends].tolist() == [1, 8] else ends[1:]
        apart = frames[:, others] - frames[:, ends[:1]]
        lengths.append(np.linalg.norm(apart, axis=2).min(axis=1))
    return np.stack(lengths, axis=1)


def _direction(atoms: Atoms, bond: Bond) -> np.ndarray:
    axis = atoms.positions[bond[1]] - atoms.positions[bond[0]]
    return axis / np.linalg.norm(axis)


def _mask(atoms: Atoms, bond: Bond) -> np.ndarray:
    moving = np.zeros(len(atoms), dtype=bool)
    moving[sorted(beyond(bonds(atoms), bond))] = True
    return moving
