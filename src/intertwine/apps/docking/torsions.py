"""Rotatable bonds of a molecule as a tree of rigid fragments."""

from collections import deque
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64

from intertwine.errors import require

Tree = tuple[Int64[np.ndarray, "torsions 2"], Bool[np.ndarray, "torsions atoms"], Int64[np.ndarray, " atoms"]]
Links = dict[int, list[tuple[int, int]]]
"""From each fragment, the bonds (near, far) that lead out of it."""

_AMIDE = "[NX3]-[CX3]=[O,N,S]"
_TERTIARY = "[NX3]([!#1])([!#1])-[CX3]=[O,N,S]"
_TO_LINEAR = "[*]-[*]#[*]"
_ALKYNE = "[!#1]-[*]#[*]-[!#1]"


def rotatable_bonds(molecule: Any) -> set[frozenset[int]]:
    """Single bonds outside rings between atoms that both hold another heavy atom, save stiff and idle ones.

    Stiff are amides, thioamides and amidines, unless their nitrogen holds two different groups, where both
    isomers occur; idle are bonds to a nitrile, and one of the two beside an alkyne: they share a line.

    Args:
        molecule: RDKit's, sanitised, with hydrogens.

    >>> from intertwine.apps.docking.ligand import embedded
    >>> sorted(map(sorted, rotatable_bonds(embedded("CCCC(=O)NCC#N"))))
    [[1, 2], [2, 3], [5, 6]]
    """
    chem = require("rdkit.Chem", extra="docking")
    free = {
        frozenset((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))
        for bond in molecule.GetBonds()
        if bond.GetBondType() == chem.BondType.SINGLE and not bond.IsInRing() and _turns_something(bond)
    }

    def matches(smarts: str) -> tuple[tuple[int, ...], ...]:
        return molecule.GetSubstructMatches(chem.MolFromSmarts(smarts), maxMatches=10**5)

    rank = list(chem.CanonicalRankAtoms(molecule, breakTies=False))
    amides = {frozenset(match[:2]) for match in matches(_AMIDE)}
    amides -= {frozenset((n, c)) for n, one, two, c, *_ in matches(_TERTIARY) if rank[one] != rank[two]}
    idle = {frozenset(match[:2]) for match in matches(_TO_LINEAR)}
    idle -= {frozenset(match[:2]) for match in matches(_ALKYNE)}
    return free - amides - idle


def _turns_something(bond: Any) -> bool:
    ends = (bond.GetBeginAtom(), bond.GetEndAtom())
    return all(sum(n.GetAtomicNum() != 1 for n in end.GetNeighbors()) > 1 for end in ends)


def torsion_tree(
    molecule: Any, heavy: Int64[np.ndarray, " atoms"], bonds: Int64[np.ndarray, "bonds 2"]
) -> Tree:
    """Torsions from root to leaves, the atoms each moves, and the rigid fragment of every heavy atom.

    The root is the fragment from which the largest branch is smallest, and of such the largest.

    Args:
        molecule: RDKit's, in one piece.
        heavy: indices of its heavy atoms.
        bonds: among these, numbered among themselves.
    """
    place = {int(k): number for number, k in enumerate(heavy)}
    cut = {frozenset(place[k] for k in bond) for bond in rotatable_bonds(molecule)}
    stiff = [[int(i), int(j)] for i, j in bonds if frozenset((int(i), int(j))) not in cut]
    fragment = _components(len(heavy), stiff)
    links: dict[int, list[tuple[int, int]]] = {}
    for bond in sorted(sorted(pair) for pair in cut):
        for a, b in (bond, bond[::-1]):
            links.setdefault(int(fragment[a]), []).append((a, b))
    sizes = np.bincount(fragment)
    trees = [_walk(root, fragment, links) for root in range(len(sizes))]
    torsions, moves = min(trees, key=lambda tree: _largest_branch(*tree, fragment, sizes))
    bodies = np.zeros(len(heavy), dtype=np.int64)
    for number, (_, far) in enumerate(torsions):
        bodies[fragment == fragment[far]] = number + 1
    return torsions, moves, bodies


def _walk(root: int, fragment: Int64[np.ndarray, " atoms"], links: Links) -> tuple[np.ndarray, np.ndarray]:
    """Torsions and what they move, breadth first from a root."""
    torsions: list[tuple[int, int]] = []
    queue, seen = deque([root]), {root}
    while queue:
        for near, far in links.get(queue.popleft(), []):
            if (body := int(fragment[far])) not in seen:
                seen.add(body)
                queue.append(body)
                torsions.append((near, far))
    table = np.array(torsions, dtype=np.int64).reshape(-1, 2)
    ends = fragment[table]
    moves = fragment[None] == ends[:, 1:]
    for number in reversed(range(len(table))):
        moves[number] |= moves[ends[:, 0] == ends[number, 1]].any(axis=0)
    return table, moves


def _largest_branch(
    torsions: Int64[np.ndarray, "torsions 2"],
    moves: Bool[np.ndarray, "torsions atoms"],
    fragment: Int64[np.ndarray, " atoms"],
    sizes: Int64[np.ndarray, " fragments"],
) -> tuple[int, int]:
    still = ~moves.any(axis=0)
    return int(moves.sum(axis=1).max(initial=0)), -int(sizes[fragment[still][0]])


def _components(count: int, pairs: list[list[int]]) -> Int64[np.ndarray, " atoms"]:
    label = np.arange(count)
    for i, j in pairs:
        label[label == label[j]] = label[i]
    return np.unique(label, return_inverse=True)[1].astype(np.int64)
