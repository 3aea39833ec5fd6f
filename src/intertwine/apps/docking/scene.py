"""The pocket and the poses in it, as a reader turns them on a page."""

import numpy as np
from ase.data import covalent_radii
from jaxtyping import Float64
from scipy.spatial import KDTree

from intertwine.apps.docking.bonds import bonded_pairs
from intertwine.apps.docking.ligand import Ligand
from intertwine.apps.docking.outcome import Outcome, Setting
from intertwine.apps.docking.receptor import Receptor
from intertwine.apps.page import Scene

SHOWN = 6.0
"""Å; residues with an atom nearer than that to the best pose are drawn whole."""
NAMED = 4.0
"""Å; of those nearer than that the name is written."""


def scene_of(
    outcome: Outcome, ligand: Ligand, setting: Setting, reference: Float64[np.ndarray, "atoms 3"] | None
) -> Scene:
    """Heavy atoms of each pose, about them the residues of the pocket.

    Args:
        outcome: with poses.
        ligand: theirs.
        setting: in which they were found.
        reference: heavy atoms of the ligand where a reference has them, Å; drawn thin.
    """
    poses = np.array(outcome.positions, dtype=np.float64)[:, ligand.heavy]
    around = setting.receptor.select(_near(setting.receptor, poses[0]))
    distance, _ = KDTree(poses[0]).query(around.atoms.positions)
    names = tuple(f"{k}: {energy:.2f} kcal/mol" for k, energy in enumerate(outcome.energies, 1))
    compared = "" if reference is None else ", thin and yellow where the reference is"
    return Scene(
        title=f"{outcome.name} in {setting.receptor.source}{compared}. Residues within {SHOWN:.0f} Å",
        numbers=ligand.atoms.numbers,
        bonds=ligand.bonds,
        poses=poses,
        names=names,
        around=around.atoms.numbers,
        places=around.atoms.positions,
        links=_links(around),
        tags=_tags(around, distance),
        ghost=reference,
    )


def _near(receptor: Receptor, pose: Float64[np.ndarray, "atoms 3"]) -> np.ndarray:
    distance, _ = KDTree(pose).query(receptor.atoms.positions)
    labels = np.array(receptor.residues)
    return np.isin(labels, np.unique(labels[distance < SHOWN]))


def _links(around: Receptor) -> np.ndarray:
    _, residue = np.unique(np.array(around.residues), return_inverse=True)
    linked = np.array([name in ("N", "C", "SG") for name in around.atoms.names], dtype=bool)
    pairs = bonded_pairs(around.atoms.numbers, around.atoms.positions, residue.astype(np.int64), linked)
    ions = (around.atoms.degree == 0) & (covalent_radii[around.atoms.numbers] > 1.1)
    return pairs[~ions[pairs].any(axis=1)]


def _tags(around: Receptor, distance: np.ndarray) -> tuple[tuple[str, tuple[float, float, float]], ...]:
    """Name of each residue in contact, at its atom nearest to the ligand."""
    nearest: dict[str, int] = {}
    for k in np.argsort(distance):
        if distance[k] < NAMED:
            nearest.setdefault(around.residues[k], int(k))
    places = around.atoms.positions
    return tuple((label.partition(":")[2], tuple(places[k].tolist())) for label, k in nearest.items())
