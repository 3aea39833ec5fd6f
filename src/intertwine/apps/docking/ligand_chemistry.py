"""What RDKit knows of a ligand, as typed atoms and as permutations that keep it."""

from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from intertwine.apps.docking.chemistry import HALOGENS, HYDROPHOBIC_NEIGHBOURS, TypedAtoms
from intertwine.errors import require

MOST_SYMMETRIES = 512


def typed_heavy_atoms(
    molecule: Any, heavy: Int64[np.ndarray, " atoms"], positions: Float64[np.ndarray, "atoms 3"]
) -> TypedAtoms:
    """The heavy atoms of RDKit's molecule, typed.

    Args:
        molecule: sanitised, with hydrogens.
        heavy: indices of its heavy atoms.
        positions: theirs, Å.
    """
    atoms = [molecule.GetAtomWithIdx(int(k)) for k in heavy]
    hydrogens = np.array([atom.GetTotalNumHs(includeNeighbors=True) for atom in atoms], dtype=np.int64)
    polar = np.array([atom.GetAtomicNum() in (7, 8) for atom in atoms], dtype=bool)
    return TypedAtoms(
        numbers=np.array([atom.GetAtomicNum() for atom in atoms], dtype=np.int64),
        positions=positions,
        donor=polar & (hydrogens > 0),
        acceptor=np.array([_accepts(atom) for atom in atoms], dtype=bool),
        hydrophobic=np.array([_is_hydrophobic(atom) for atom in atoms], dtype=bool),
        aromatic=np.array([atom.GetIsAromatic() for atom in atoms], dtype=bool),
        charge=shared_charges(molecule)[heavy],
        hydrogens=hydrogens,
        degree=np.array([atom.GetTotalDegree() for atom in atoms], dtype=np.int64) - hydrogens,
        names=tuple(f"{atom.GetSymbol()}{atom.GetIdx() + 1}" for atom in atoms),
    )


def _accepts(atom: Any) -> bool:
    """Oxygen, and nitrogen whose lone pair is neither protonated nor lent to a double bond."""
    if atom.GetAtomicNum() == 8:
        return atom.GetFormalCharge() <= 0
    if atom.GetAtomicNum() != 7 or atom.GetFormalCharge() > 0:
        return False
    return atom.GetTotalDegree() < 3 or not _lends_its_pair(atom)


def _lends_its_pair(nitrogen: Any) -> bool:
    """To a double bond beside it, of a sulphonamide or phosphoramide too."""
    return any(
        bond.GetIsConjugated() or bond.GetOtherAtom(nitrogen).GetAtomicNum() in (15, 16)
        for bond in nitrogen.GetBonds()
    )


def _is_hydrophobic(atom: Any) -> bool:
    if atom.GetAtomicNum() in HALOGENS:
        return True
    around = (neighbour.GetAtomicNum() for neighbour in atom.GetNeighbors())
    return atom.GetAtomicNum() == 6 and all(number in HYDROPHOBIC_NEIGHBOURS for number in around)


def shared_charges(molecule: Any) -> Float64[np.ndarray, " all"]:
    """Formal charges, e, shared among the terminal atoms, or planar nitrogens, that resonance makes equal."""
    charges = np.array([atom.GetFormalCharge() for atom in molecule.GetAtoms()], dtype=np.float64)
    for centre in molecule.GetAtoms():
        for alike in (_terminal(centre), _amidinium(centre)):
            if len(alike) > 1 and any(charges[k] for k in alike):
                charges[alike] = charges[alike].mean()
    return charges


def _terminal(centre: Any) -> list[int]:
    """Oxygens or sulphurs bonded to nothing but a centre that has a double bond to one of them."""
    ends = [
        (neighbour.GetIdx(), bond.GetBondTypeAsDouble())
        for bond in centre.GetBonds()
        for neighbour in [bond.GetOtherAtom(centre)]
        if neighbour.GetAtomicNum() in (8, 16) and neighbour.GetTotalDegree() == 1
    ]
    return [k for k, _ in ends] if any(order == 2 for _, order in ends) else []


def _amidinium(centre: Any) -> list[int]:
    """Nitrogens of an amidinium, guanidinium or imidazolium about this carbon."""
    if centre.GetAtomicNum() != 6 or centre.GetTotalDegree() != 3:
        return []
    around = [n for n in centre.GetNeighbors() if n.GetAtomicNum() == 7 and n.GetTotalDegree() == 3]
    planar = [n for n in around if _lends_its_pair(n)]
    return [n.GetIdx() for n in planar] if any(n.GetFormalCharge() == 1 for n in planar) else []


def symmetries_of(molecule: Any, heavy: Int64[np.ndarray, " atoms"]) -> Int64[np.ndarray, "symmetries atoms"]:
    """Permutations of the heavy atoms that keep elements and bonds, the identity first; at most 512.

    Ends that resonance makes equal count as equal: both oxygens of a carboxylate or of an acid, both
    nitrogens of an amidinium, the three of a phosphate. Chirality is not looked at: a pose is not mirrored.
    """
    graph = _tolerant_graph(molecule, heavy)
    found = graph.GetSubstructMatches(graph.GetMol(), uniquify=False, maxMatches=MOST_SYMMETRIES)
    identity = tuple(range(len(heavy)))
    others = sorted(set(found) - {identity})[: MOST_SYMMETRIES - 1]
    return np.array([identity, *others], dtype=np.int64)


def same_atoms(
    molecule: Any, heavy: Int64[np.ndarray, " atoms"], other: Any, others: Int64[np.ndarray, " others"]
) -> Int64[np.ndarray, " atoms"] | None:
    """For each heavy atom of a molecule that of another with the same graph, or None if the graphs differ."""
    graphs = (_tolerant_graph(molecule, heavy), _tolerant_graph(other, others))
    if len({(graph.GetNumAtoms(), graph.GetNumBonds()) for graph in graphs}) > 1:
        return None
    match = graphs[1].GetSubstructMatch(graphs[0].GetMol())
    return np.array(match, dtype=np.int64) if match else None


def _tolerant_graph(molecule: Any, heavy: Int64[np.ndarray, " atoms"]) -> Any:
    """Elements and bonds of the heavy atoms, without charges, bonds to equal ends all of one kind."""
    chem = require("rdkit.Chem", extra="docking")
    graph = chem.RWMol()
    for k in heavy:
        graph.AddAtom(chem.Atom(molecule.GetAtomWithIdx(int(k)).GetAtomicNum()))
    place = {int(k): number for number, k in enumerate(heavy)}
    for bond in molecule.GetBonds():
        i, j = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if i in place and j in place:
            graph.AddBond(place[i], place[j], _tolerant_type(chem, bond))
    graph.UpdatePropertyCache(strict=False)
    return graph


def _tolerant_type(chem: Any, bond: Any) -> Any:
    for centre, end in ((bond.GetBeginAtom(), bond.GetEndAtom()), (bond.GetEndAtom(), bond.GetBeginAtom())):
        if _is_end(end) and any(
            other.GetBondType() == chem.BondType.DOUBLE
            for other in centre.GetBonds()
            if _is_end(other.GetOtherAtom(centre))
            and other.GetOtherAtom(centre).GetAtomicNum() == end.GetAtomicNum()
        ):
            return chem.BondType.ONEANDAHALF
    return bond.GetBondType()


def _is_end(atom: Any) -> bool:
    heavy = sum(neighbour.GetAtomicNum() != 1 for neighbour in atom.GetNeighbors())
    return atom.GetAtomicNum() in (7, 8, 16) and heavy == 1
