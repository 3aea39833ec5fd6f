"""One number for all tables of a group, for test_stable_tables.py; run as a program it prints them."""

import hashlib
import itertools
import json

import numpy as np

from intertwine.groups import GROUP_NAMES, Group, Irrep, coupling, get_group, restrict

GRAIN = 1e-9
"""Tables are rounded to this before they are hashed; a negative zero becomes zero."""


def digest(group: Group) -> str:
    """Hash of labels, matrices of irreps, couplings of neighbours, restrictions of the harmonics to l = 4."""
    found = hashlib.sha256()
    irreps = [irrep for _, irrep in group.irreps(3)]
    for irrep in irreps:
        found.update(irrep.label.encode())
        add(found, irrep.generators())
        add(found, irrep.matrix(group.elements if group.kind == "finite" else group.generators))
    for left, right in itertools.pairwise(irreps[-4:]):
        for out in irreps:
            add(found, coupling(left, right, out))
    for l in range(5):
        restricted = restrict(Irrep.parse(f"{l}y"), group)
        found.update(str(restricted.irreps).encode())
        add(found, restricted.basis)
    return found.hexdigest()[:16]


def add(found: "hashlib._Hash", table: np.ndarray) -> None:
    found.update(str(table.shape).encode())
    found.update(np.round(table / GRAIN).astype("<i8").tobytes())


if __name__ == "__main__":
    print(json.dumps({name: digest(get_group(name)) for name in GROUP_NAMES}))
