"""`TypedAtoms`: what an energy of protein and ligand has to know of each heavy atom."""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float64, Int64

RADII = {6: 1.9, 7: 1.8, 8: 1.7, 9: 1.5, 14: 2.2, 15: 2.1, 16: 2.0, 17: 1.8, 35: 2.0, 53: 2.2}
RADII |= {5: 2.1, 10: 1.7, 18: 2.1, 32: 2.3, 33: 2.1, 34: 2.1, 36: 2.2, 52: 2.3, 54: 2.4}
"""Å, by atomic number. The first ten as AutoDock Vina takes them; the others, which it has not, are Bondi's
and 0.2 Å, by which Vina's exceed his. What is neither here nor hydrogen is a metal."""

METAL_RADIUS = 1.2
"""Å."""

ION_CHARGES = {3: 1, 11: 1, 12: 2, 13: 3, 19: 1, 20: 2, 25: 2, 26: 2, 27: 2, 28: 2, 29: 2, 30: 2}
ION_CHARGES |= {37: 1, 38: 2, 42: 2, 44: 2, 47: 1, 48: 2, 55: 1, 56: 2, 63: 3, 64: 3, 70: 3, 78: 2, 79: 1}
ION_CHARGES |= {80: 2, 81: 1, 82: 2}
"""Charge, e, of metals as ions in a protein; wrong for some, for a file does not say it."""

OTHER_ION_CHARGE = 2
"""e, of every other metal."""

HALOGENS = (9, 17, 35, 53)
HYDROPHOBIC_NEIGHBOURS = (1, 6, 16)
"""A carbon bonded to nothing else is hydrophobic."""


@dataclass(frozen=True)
class TypedAtoms:
    """Atoms and the part each can take in binding; one entry per atom.

    Args:
        numbers: atomic numbers Z.
        positions: Å.
        donor: has a hydrogen to give to a hydrogen bond, or is a metal ion.
        acceptor: has a lone pair to receive one.
        hydrophobic: a halogen, or a carbon bonded to carbon, hydrogen and sulphur only.
        aromatic: member of an aromatic ring.
        charge: formal charge, e, shared among the atoms that resonance makes equal: −1/2 on each oxygen of
            a carboxylate, +1/3 on each nitrogen of a guanidinium.
        hydrogens: hydrogens attached; in a receptor those on N and O only, which any file of one has.
        degree: heavy neighbours, not counting metals.
        names: what the file calls them, or element and number.

    >>> no, zero = np.zeros(2, dtype=bool), np.zeros(2, dtype=int)
    >>> parts = (no, ~no, no, no, 0.0 * zero, zero, zero + 1)
    >>> pair = TypedAtoms(np.array([6, 8]), np.eye(2, 3), *parts, names=("C", "O"))
    >>> pair.select(pair.numbers == 8).names
    ('O',)
    """

    numbers: Int64[np.ndarray, " atoms"]
    positions: Float64[np.ndarray, "atoms 3"]
    donor: Bool[np.ndarray, " atoms"]
    acceptor: Bool[np.ndarray, " atoms"]
    hydrophobic: Bool[np.ndarray, " atoms"]
    aromatic: Bool[np.ndarray, " atoms"]
    charge: Float64[np.ndarray, " atoms"]
    hydrogens: Int64[np.ndarray, " atoms"]
    degree: Int64[np.ndarray, " atoms"]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def metal(self) -> Bool[np.ndarray, " atoms"]:
        """Whether each is a metal ion."""
        return are_metals(self.numbers)

    def select(self, mask: Bool[np.ndarray, " atoms"]) -> "TypedAtoms":
        """The atoms where `mask` holds, in the same order."""
        arrays = {field.name: getattr(self, field.name)[mask] for field in fields(self)[:-1]}
        return TypedAtoms(**arrays, names=tuple(np.array(self.names, dtype=object)[mask]))


def are_metals(numbers: Int64[np.ndarray, " atoms"]) -> Bool[np.ndarray, " atoms"]:
    """Whether atoms of some atomic numbers are metals.

    >>> are_metals(np.array([1, 6, 22, 34]))
    array([False, False,  True, False])
    """
    return ~np.isin(numbers, [1, *RADII])
