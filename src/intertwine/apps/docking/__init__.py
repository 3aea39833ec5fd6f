"""Docking: how a ligand sits in a pocket. Input as users have it, in Å, becomes typed atoms."""

from intertwine.apps.docking.chemistry import TypedAtoms
from intertwine.apps.docking.ligand import Ligand, fresh_conformer, ligand_from
from intertwine.apps.docking.ligand_files import read_ligands, write_poses
from intertwine.apps.docking.pocket import Box, box_around, box_of_residues, pocket_of
from intertwine.apps.docking.receptor import Receptor, read_receptor

__all__ = [
    "Box",
    "Ligand",
    "Receptor",
    "TypedAtoms",
    "box_around",
    "box_of_residues",
    "fresh_conformer",
    "ligand_from",
    "pocket_of",
    "read_ligands",
    "read_receptor",
    "write_poses",
]
