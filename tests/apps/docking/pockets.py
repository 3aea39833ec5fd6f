"""A pocket of one serine and an ion, a small library, and a docking that takes no time."""

import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from intertwine.apps.docking import Box, Ligand, Receptor, ligand_from, write_poses
from intertwine.apps.docking.ligand import embedded
from intertwine.errors import InputError

POCKET = """\
ATOM      1  N   SER A   1       1.458   0.000   0.000  1.00 10.00           N
ATOM      2  CA  SER A   1       0.000   0.000   0.000  1.00 10.00           C
ATOM      3  C   SER A   1      -0.551   1.420   0.000  1.00 10.00           C
ATOM      4  O   SER A   1       0.198   2.396   0.000  1.00 10.00           O
ATOM      5  CB  SER A   1      -0.530  -0.775  -1.207  1.00 10.00           C
ATOM      6  OG  SER A   1      -0.060  -2.110  -1.200  1.00 10.00           O
HETATM    7 ZN    ZN A 101       4.500   0.000   0.000  1.00 10.00          ZN
END
"""
LIBRARY = "CCO ethanol\nCC(=O)[O-] acetate\nC1CC\nCCN.Cl salt\nc1ccccc1O phenol\nCC#N acetonitrile\n"
MEMBERS = {"one": "CC(=O)[O-]", "two": "CCO", "three": "CCN"}


def write_table(folder: Path) -> Path:
    """Three complexes of two families as a table."""
    (folder / "receptor.pdb").write_text(POCKET)
    lines = ["name,receptor,ligand,family"]
    for name, smiles in MEMBERS.items():
        ligand = ligand_from(embedded(smiles), name)
        write_poses(folder / f"{name}.sdf", ligand, ligand.positions[None] + np.array([2.0, 0.0, 6.0]))
        lines.append(f"{name},receptor.pdb,{name}.sdf,{'kinase' if name == 'one' else 'protease'}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return folder / "table.csv"


def dock_at_once(
    receptor: Receptor, ligand: Ligand, box: Box, model: Any, plan: Any, flexible: bool = True
) -> SimpleNamespace:
    """Poses near the middle of the box that depend on ligand and plan alone; no energy is computed."""
    if ligand.name == "acetonitrile":
        raise InputError("acetonitrile does not fit")
    rng = np.random.default_rng([plan.seed, len(ligand)])
    centred = ligand.positions - ligand.positions.mean(axis=0) + box.centre
    positions = centred + rng.normal(size=(plan.poses, 1, 3))
    energies = np.sort(rng.normal(-6.0, 1.0, plan.poses))
    parts = np.outer(energies, np.full(len(ligand), 1 / len(ligand)))
    return SimpleNamespace(
        positions=positions,
        energies=energies,
        prior=0.8 * energies,
        inner=0.1 * energies,
        learned=0.1 * energies,
        gradient_norms=np.full(plan.poses, 1e-3),
        contributions=parts,
        by_residue=dict.fromkeys(receptor.residues, energies / 2),
        seconds=0.5,
    )


def dock_and_die_once(
    receptor: Receptor, ligand: Ligand, box: Box, model: Any, plan: Any, flexible: bool
) -> SimpleNamespace:
    """As `dock_at_once`, but the first worker to have phenol is killed; `model` is a folder."""
    scar = Path(model) / "killed"
    if ligand.name == "phenol" and not scar.exists():
        scar.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return dock_at_once(receptor, ligand, box, None, plan)
