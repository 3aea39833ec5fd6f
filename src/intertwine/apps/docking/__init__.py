"""Docking: how a ligand sits in a pocket, as the minimum of one invariant energy over poses.

Input as users have it becomes typed atoms (`receptor`, `ligand`, `pocket`); a pose becomes positions
(`kinematics`), those an energy (`prior`, `energy`), which is searched (`search`), refined (`refine`) and
learned (`cases`, `training`).
"""

from intertwine.apps.docking.archive import load_docking_model, save_docking_model
from intertwine.apps.docking.cases import Case, Complex, case_of
from intertwine.apps.docking.chemistry import TypedAtoms
from intertwine.apps.docking.dock import Docking, dock_ligand
from intertwine.apps.docking.energy import PoseEnergy, PoseEnergySpec
from intertwine.apps.docking.ligand import Ligand, fresh_conformer, ligand_from
from intertwine.apps.docking.ligand_files import read_ligands, write_poses
from intertwine.apps.docking.pocket import Box, box_around, box_of_residues, pocket_of
from intertwine.apps.docking.receptor import Receptor, read_receptor
from intertwine.apps.docking.search import SearchPlan
from intertwine.apps.docking.training import DockingTraining, train

__all__ = [
    "Box",
    "Case",
    "Complex",
    "Docking",
    "DockingTraining",
    "Ligand",
    "PoseEnergy",
    "PoseEnergySpec",
    "Receptor",
    "SearchPlan",
    "TypedAtoms",
    "box_around",
    "box_of_residues",
    "case_of",
    "dock_ligand",
    "fresh_conformer",
    "ligand_from",
    "load_docking_model",
    "pocket_of",
    "read_ligands",
    "read_receptor",
    "save_docking_model",
    "train",
    "write_poses",
]
