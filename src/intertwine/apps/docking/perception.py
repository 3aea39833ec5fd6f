"""From records of a receptor to typed atoms: by residue where its name is known, by distance elsewhere."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from ase.data import atomic_numbers
from jaxtyping import Bool, Float64, Int64

from intertwine.apps.docking.bonds import bonded_pairs
from intertwine.apps.docking.chemistry import (
    HALOGENS,
    HYDROPHOBIC_NEIGHBOURS,
    ION_CHARGES,
    OTHER_ION_CHARGE,
    TypedAtoms,
    are_metals,
)
from intertwine.apps.docking.receptor_files import Record
from intertwine.apps.docking.residues import Role, canonical, in_ring, role
from intertwine.apps.docking.rings import flat_rings
from intertwine.errors import InputError

CARBONYL = 1.30
"""Å; a terminal oxygen nearer to its carbon has no hydrogen."""
_BACKBONE = {"N", "CA", "C", "O"}


@dataclass(frozen=True)
class _Heavy:
    """Heavy atoms, their bonds, and the hydrogens that the file shows on each."""

    records: list[Record]
    numbers: Int64[np.ndarray, " atoms"]
    positions: Float64[np.ndarray, "atoms 3"]
    neighbours: list[list[int]]
    hydrogens: Int64[np.ndarray, " atoms"]
    seen: bool
    """Whether the file has hydrogens at all."""


def perceive(records: Sequence[Record]) -> TypedAtoms:
    """Typed heavy atoms, in the order of the records.

    Raises:
        InputError: an unknown element, or a coordinate that is not finite.
    """
    atoms = _heavy_atoms(records)
    roles: list[Role] = [Role()] * len(atoms.records)
    aromatic = np.zeros(len(atoms.records), dtype=bool)
    for members in _residues(atoms.records):
        _by_residue(atoms, members, roles, aromatic)
    acceptor = np.array([part.acceptor for part in roles], dtype=bool)
    given = np.array([part.hydrogens for part in roles], dtype=np.int64)
    metal = are_metals(atoms.numbers)
    polar = np.isin(atoms.numbers, (7, 8))
    hydrogens = np.where(polar & (atoms.hydrogens > 0), atoms.hydrogens, given)
    return TypedAtoms(
        numbers=atoms.numbers,
        positions=atoms.positions,
        donor=(hydrogens > 0) | metal,
        acceptor=acceptor,
        hydrophobic=_hydrophobic(atoms),
        aromatic=aromatic,
        charge=np.array([part.charge for part in roles], dtype=np.float64),
        hydrogens=hydrogens,
        degree=np.array([len(around) for around in atoms.neighbours], dtype=np.int64),
        names=tuple(record.name for record in atoms.records),
    )


def _heavy_atoms(records: Sequence[Record]) -> _Heavy:
    numbers = np.array([_atomic_number(record) for record in records], dtype=np.int64)
    positions = np.array([record.position for record in records], dtype=np.float64).reshape(-1, 3)
    if not np.isfinite(positions).all():
        record = records[int(np.argmin(np.isfinite(positions).all(axis=1)))]
        raise InputError(f"atom {record.name} of {record.label} has no finite place", got=record.position)
    labels: dict[str, int] = {}
    residue = np.array([labels.setdefault(record.label, len(labels)) for record in records], dtype=np.int64)
    bonds = bonded_pairs(
        numbers, positions, residue, np.array([_may_link(record) for record in records], dtype=bool)
    )
    heavy = numbers != 1
    place = np.cumsum(heavy) - 1
    neighbours: list[list[int]] = [[] for _ in range(int(heavy.sum()))]
    hydrogens = np.zeros(len(neighbours), dtype=np.int64)
    bare = ~are_metals(numbers)
    for i, j in bonds[bare[bonds].all(axis=1)].tolist():
        if heavy[i] and heavy[j]:
            neighbours[place[i]].append(int(place[j]))
            neighbours[place[j]].append(int(place[i]))
        else:
            hydrogens[place[i if heavy[i] else j]] += 1
    kept = [record for record, yes in zip(records, heavy, strict=True) if yes]
    return _Heavy(kept, numbers[heavy], positions[heavy], neighbours, hydrogens, bool((~heavy).any()))


def _atomic_number(record: Record) -> int:
    symbol = "H" if record.element == "D" else record.element
    if atomic_numbers.get(symbol, 0) < 1:
        raise InputError(
            f"atom {record.name} of {record.label} is of no known element",
            got=record.element,
            fix="write the element in columns 77-78 of the PDB file",
        )
    return atomic_numbers[symbol]


def _may_link(record: Record) -> bool:
    """Peptide bonds, disulfide bridges, and whatever is no standard residue."""
    return record.name in ("N", "C", "SG") or canonical(record.residue, {}) is None


def _residues(records: list[Record]) -> Iterator[list[int]]:
    members: dict[str, list[int]] = defaultdict(list)
    for number, record in enumerate(records):
        members[record.label].append(number)
    yield from members.values()


def _by_residue(
    atoms: _Heavy, members: list[int], roles: list[Role], aromatic: Bool[np.ndarray, " n"]
) -> None:
    names = {atoms.records[k].name: k for k in members}
    seen = {name: int(atoms.hydrogens[k]) for name, k in names.items()}
    known = canonical(atoms.records[members[0]].residue, seen)
    peptide = names.keys() >= _BACKBONE
    for k in members:
        name = atoms.records[k].name
        if known or (peptide and name in _BACKBONE):
            roles[k] = role(known or "GLY", name, "OXT" in names)
            aromatic[k] = known is not None and in_ring(known, name)
        else:
            roles[k] = _by_distance(atoms, k)
        if atoms.numbers[k] == 7 and len(atoms.neighbours[k]) + atoms.hydrogens[k] == 4:
            roles[k] = Role(int(atoms.hydrogens[k]), charge=1.0)
    if known is None:
        for ring in flat_rings(members, atoms.neighbours, atoms.positions):
            aromatic[list(ring)] = True


def _by_distance(atoms: _Heavy, k: int) -> Role:
    number, around, shown = int(atoms.numbers[k]), atoms.neighbours[k], int(atoms.hydrogens[k])
    if are_metals(atoms.numbers[[k]])[0]:
        return Role(charge=float(ION_CHARGES.get(number, OTHER_ION_CHARGE)))
    if number == 7:
        implied = max(3 - len(around), 0)
        if atoms.seen:
            return Role(shown, acceptor=not shown and len(around) < 3)
        return Role(implied, acceptor=implied == 1)
    if number == 8:
        bare = _is_terminal_oxide(atoms, k) or len(around) > 1
        return Role(0 if bare else 1, acceptor=True, charge=_shared_charge(atoms, around, bare))
    return Role()


def _is_terminal_oxide(atoms: _Heavy, k: int) -> bool:
    if atoms.numbers[k] != 8 or len(atoms.neighbours[k]) != 1:
        return False
    if atoms.seen:
        return bool(atoms.hydrogens[k] == 0)
    centre = atoms.neighbours[k][0]
    distance = np.linalg.norm(atoms.positions[k] - atoms.positions[centre])
    return atoms.numbers[centre] != 6 or bool(distance < CARBONYL)


_NEUTRAL_OXIDES = {6: 1, 7: 2, 15: 1, 16: 2}
"""Terminal oxygens that a centre holds without charge; every further one brings −1."""


def _shared_charge(atoms: _Heavy, around: list[int], bare: bool) -> float:
    if len(around) != 1 or not bare:
        return 0.0
    centre = around[0]
    oxides = sum(_is_terminal_oxide(atoms, k) for k in atoms.neighbours[centre])
    return -max(oxides - _NEUTRAL_OXIDES.get(int(atoms.numbers[centre]), oxides), 0) / oxides


def _hydrophobic(atoms: _Heavy) -> Bool[np.ndarray, " n"]:
    plain = np.isin(atoms.numbers, HYDROPHOBIC_NEIGHBOURS)
    return np.array(
        [
            number in HALOGENS or (number == 6 and all(plain[k] for k in around))
            for number, around in zip(atoms.numbers.tolist(), atoms.neighbours, strict=True)
        ],
        dtype=bool,
    )
