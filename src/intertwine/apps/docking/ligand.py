"""`Ligand`: a small molecule with its hydrogens, a conformer, the bonds it turns about and its symmetries."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from intertwine.apps.docking.chemistry import TypedAtoms
from intertwine.apps.docking.ligand_chemistry import symmetries_of, typed_heavy_atoms
from intertwine.apps.docking.profiles import profiles_of
from intertwine.apps.docking.torsions import torsion_tree
from intertwine.errors import InputError, require

ELEMENTS = (1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 34, 35, 53)
"""Atomic numbers a ligand may have."""


@dataclass(frozen=True)
class Ligand:
    """A molecule to dock. Heavy atoms carry the energy; each hydrogen follows its heavy atom.

    Args:
        name: of the record.
        atoms: the heavy atoms, typed; their hydrogens are all that are attached.
        positions: all atoms with hydrogens, in the order of `molecule`, Å.
        heavy: which of all atoms are the heavy ones.
        parents: of every atom: itself if heavy, else the heavy atom it is bonded to.
        bonds: among heavy atoms, numbered among themselves, i < j.
        orders: 1, 1.5 (aromatic), 2 or 3.
        torsions: rotatable bonds (a, b) of heavy atoms, b farther from the root, ordered from root to leaves.
        moves: which heavy atoms a turn about each moves: those on b's side, with b, which lies on the axis.
        fragments: rigid body of each heavy atom: 0 is the root, t + 1 the one at the far end of torsion t.
        dihedrals: four heavy atoms whose angle θ about each torsion its profile is told by.
        waves: the profile Σₖ cₖ cos kθ of each torsion, from 0 to 1 (`profiles_of`).
        symmetries: permutations of heavy atoms that keep the molecule, the identity first; at most 512.
        notes: what was added to the record, for the person who gave it.
        molecule: RDKit's own.

    >>> methanol = ligand_from(embedded("CO"), "methanol")
    >>> methanol.atoms.donor, len(methanol.torsions), methanol.positions.shape
    (array([False,  True]), 0, (6, 3))
    """

    name: str
    atoms: TypedAtoms
    positions: Float64[np.ndarray, "all 3"]
    heavy: Int64[np.ndarray, " atoms"]
    parents: Int64[np.ndarray, " all"]
    bonds: Int64[np.ndarray, "bonds 2"]
    orders: Float64[np.ndarray, " bonds"]
    torsions: Int64[np.ndarray, "torsions 2"]
    moves: Bool[np.ndarray, "torsions atoms"]
    fragments: Int64[np.ndarray, " atoms"]
    dihedrals: Int64[np.ndarray, "torsions 4"]
    waves: Float64[np.ndarray, "torsions waves"]
    symmetries: Int64[np.ndarray, "symmetries atoms"]
    notes: tuple[str, ...] = ()
    molecule: Any = field(default=None, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.atoms)

    def at(self, positions: Float64[np.ndarray, "all 3"]) -> "Ligand":
        """The same molecule with its atoms elsewhere, Å."""
        chem = require("rdkit.Chem", extra="docking")
        molecule = chem.Mol(self.molecule)
        molecule.GetConformer().SetPositions(positions)
        atoms = replace(self.atoms, positions=positions[self.heavy])
        return replace(self, atoms=atoms, positions=positions, molecule=molecule)


def ligand_from(molecule: Any, name: str = "", notes: tuple[str, ...] = ()) -> Ligand:
    """A ligand from RDKit's molecule, which is not changed.

    Args:
        molecule: sanitised, one piece, with all hydrogens and one conformer in three dimensions.
        name: its title where empty.
        notes: kept with the ligand.

    Raises:
        InputError: hydrogens or coordinates are missing, more than one piece, an element no ligand has, or
            no heavy atom.

    >>> benzoate = ligand_from(embedded("[O-]C(=O)c1ccccc1"))
    >>> benzoate.torsions.tolist(), len(benzoate.symmetries), benzoate.atoms.charge[[0, 2]].tolist()
    ([[3, 1]], 4, [-0.5, -0.5])
    """
    chem = require("rdkit.Chem", extra="docking")
    molecule = chem.Mol(molecule)
    name = name or (molecule.GetProp("_Name").strip() if molecule.HasProp("_Name") else "")
    _check(chem, molecule, name)
    numbers = np.array([atom.GetAtomicNum() for atom in molecule.GetAtoms()], dtype=np.int64)
    positions = np.array(molecule.GetConformer().GetPositions(), dtype=np.float64)
    heavy = np.flatnonzero(numbers != 1)
    bonds, orders = _heavy_bonds(molecule, heavy)
    atoms = typed_heavy_atoms(molecule, heavy, positions[heavy])
    tree = torsion_tree(molecule, heavy, bonds)
    parents = np.array([_parent(atom) for atom in molecule.GetAtoms()], dtype=np.int64)
    symmetries = symmetries_of(molecule, heavy)
    tree += profiles_of(molecule, heavy, tree[0])
    return Ligand(name, atoms, positions, heavy, parents, bonds, orders, *tree, symmetries, notes, molecule)


def embedded(smiles: str, seed: int = 0) -> Any:
    """RDKit's molecule of a SMILES with hydrogens and a conformer by ETKDG and MMFF; protonation as written.

    Raises:
        InputError: not a SMILES, or no conformer could be made.
    """
    chem = require("rdkit.Chem", extra="docking")
    molecule = chem.MolFromSmiles(smiles)
    if molecule is None:
        raise InputError("not a SMILES", got=smiles)
    return with_conformer(chem.AddHs(molecule), seed)


def with_conformer(molecule: Any, seed: int) -> Any:
    """The molecule with one conformer made from its graph alone by ETKDG, then relaxed by MMFF94, else UFF.

    Raises:
        InputError: none could be made.
    """
    all_chem = require("rdkit.Chem.AllChem", extra="docking")
    fresh = require("rdkit.Chem", extra="docking").Mol(molecule)
    fresh.RemoveAllConformers()
    for random in (False, True):
        if all_chem.EmbedMolecule(fresh, randomSeed=seed, useRandomCoords=random) == 0:
            break
    else:
        raise InputError(
            "no conformer could be made", fix="give the ligand with coordinates in three dimensions"
        )
    if all_chem.MMFFHasAllMoleculeParams(fresh):
        all_chem.MMFFOptimizeMolecule(fresh, maxIters=2000)
    elif all_chem.UFFHasAllMoleculeParams(fresh):
        all_chem.UFFOptimizeMolecule(fresh, maxIters=2000)
    return fresh


def fresh_conformer(ligand: Ligand, seed: int) -> Ligand:
    """The same molecule, atoms in the same order, in a conformer that does not know the one it had.

    Configuration at stereocentres and double bonds is kept; bond lengths, angles, rings and torsions are
    those of ETKDG and MMFF94.

    Args:
        ligand: any.
        seed: of ETKDG, which takes 0 for 1.

    Raises:
        InputError: no conformer could be made.
    """
    chem = require("rdkit.Chem", extra="docking")
    molecule = chem.Mol(ligand.molecule)
    chem.AssignStereochemistryFrom3D(molecule)
    return ligand_from(with_conformer(molecule, seed), ligand.name, ligand.notes)


def _check(chem: Any, molecule: Any, name: str) -> None:
    title = name or "the ligand"
    foreign = {a.GetSymbol() for a in molecule.GetAtoms() if a.GetAtomicNum() not in ELEMENTS}
    if foreign:
        table = chem.GetPeriodicTable()
        accepted = " ".join(table.GetElementSymbol(number) for number in ELEMENTS)
        raise InputError(
            f"{title} has an element no ligand has", got=" ".join(sorted(foreign)), accepted=accepted
        )
    if all(atom.GetAtomicNum() == 1 for atom in molecule.GetAtoms()):
        raise InputError(f"{title} has no heavy atom")
    if len(chem.GetMolFrags(molecule)) > 1:
        raise InputError(
            f"{title} is in several pieces", fix="dock one molecule; take counter-ions and water out"
        )
    if any(atom.GetTotalNumHs() for atom in molecule.GetAtoms()):
        raise InputError(f"{title} lacks hydrogens", fix="add them, or read it by read_ligands")
    if not molecule.GetNumConformers():
        raise InputError(f"{title} has no coordinates", fix="make a conformer, or read it by read_ligands")
    if not np.isfinite(molecule.GetConformer().GetPositions()).all():
        raise InputError(f"{title} has a coordinate that is not finite")


def _heavy_bonds(molecule: Any, heavy: Int64[np.ndarray, " n"]) -> tuple[np.ndarray, np.ndarray]:
    place = {int(k): number for number, k in enumerate(heavy)}
    found = sorted(
        (*sorted((place[bond.GetBeginAtomIdx()], place[bond.GetEndAtomIdx()])), bond.GetBondTypeAsDouble())
        for bond in molecule.GetBonds()
        if bond.GetBeginAtomIdx() in place and bond.GetEndAtomIdx() in place
    )
    table = np.array(found, dtype=np.float64).reshape(-1, 3)
    return table[:, :2].astype(np.int64), table[:, 2]


def _parent(atom: Any) -> int:
    return atom.GetIdx() if atom.GetAtomicNum() != 1 else atom.GetNeighbors()[0].GetIdx()
