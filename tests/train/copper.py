"""Data for the tests of training: small copper clusters and crystals that EMT labels in milliseconds."""

from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from intertwine.data import Structure, write
from intertwine.train import RunConfig


def clusters(count: int, seed: int = 0) -> list[Structure]:
    """Tetrahedra, rattled, with energy and forces."""
    rng = np.random.default_rng(seed)
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * 0.85
    frames = (Atoms("Cu4", positions=corners + rng.normal(scale=0.08, size=(4, 3))) for _ in range(count))
    return [labelled(atoms) for atoms in frames]


def crystals(count: int, seed: int = 0) -> list[Structure]:
    """One-atom cells, strained at random, with energy, forces and stress."""
    rng = np.random.default_rng(seed)
    frames = [bulk("Cu") for _ in range(count)]
    for atoms in frames:
        atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(scale=0.03, size=(3, 3))), scale_atoms=True)
    return [labelled(atoms, stress=True) for atoms in frames]


def labelled(atoms: Atoms, stress: bool = False) -> Structure:
    atoms.calc = EMT()
    labels = {"energy": np.array(atoms.get_potential_energy()), "forces": atoms.get_forces()}
    if stress:
        labels["stress"] = atoms.get_stress(voigt=False)
    return Structure(atoms.numbers, atoms.positions, np.asarray(atoms.cell), atoms.pbc, labels)


def small_run(folder: Path, frames: list[Structure], **training: object) -> RunConfig:
    """A configuration that trains in about a second on one thread."""
    write(folder / "train.xyz", frames)
    sizes = {"channels": 4, "layers": 1, "l_max": 1, "hidden_l": 0, "radial": 4, "cutoff": 4.0}
    settings = {"epochs": 3, "batch_size": 4, "threads": 1, "device": "cpu"} | training
    return RunConfig.model_validate(
        {
            "data": {"train": folder / "train.xyz", "valid": 3},
            "model": sizes,
            "training": settings,
            "output": folder / "run",
        }
    )
