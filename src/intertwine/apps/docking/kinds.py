"""What kinds of atoms a learned energy tells apart."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int64

if TYPE_CHECKING:
    from intertwine.apps.docking.chemistry import TypedAtoms

KINDS = (
    *("aliphatic carbon", "polar carbon", "aromatic carbon", "polar aromatic carbon"),
    *(
        "charged nitrogen",
        "nitrogen that gives and takes",
        "nitrogen that gives",
        "nitrogen that takes",
        "nitrogen",
    ),
    *("charged oxygen", "oxygen that gives and takes", "oxygen"),
    *("sulphur", "phosphorus", "fluorine", "chlorine", "bromine", "iodine", "metal", "other"),
)
"""Number k of the list is kind k + 1: an encoder of atoms takes it for an atomic number."""

ELEMENTS = {16: 13, 15: 14, 9: 15, 17: 16, 35: 17, 53: 18}
METAL, OTHER = 19, 20


def kinds_of_atoms(atoms: "TypedAtoms") -> Int64[np.ndarray, "atoms"]:
    """The kind of each atom, from 1 to 20."""
    z = atoms.numbers
    kinds = np.array([ELEMENTS.get(int(number), OTHER) for number in z], dtype=np.int64)
    kinds[atoms.metal] = METAL
    carbon = np.where(atoms.aromatic, 3, 1) + ~atoms.hydrophobic
    both = atoms.donor & atoms.acceptor
    ways = [atoms.charge > 0.1, both, atoms.donor, atoms.acceptor]
    nitrogen = np.select(ways, [5, 6, 7, 8], default=9)
    oxygen = np.select([atoms.charge < -0.1, atoms.donor], [10, 11], default=12)
    return np.select([z == 6, z == 7, z == 8], [carbon, nitrogen, oxygen], default=kinds).astype(np.int64)
