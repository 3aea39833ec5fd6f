"""Copper clusters with EMT labels: a whole potential can be trained on them in seconds."""

from pathlib import Path

import numpy as np
import torch
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from intertwine.data import Structure, write
from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.observables import Model, ModelSpec
from intertwine.train.config import RunConfig


def clusters(number: int, seed: int = 0, atoms: int = 8, amplitude: float = 0.15) -> list[Structure]:
    """Rattled pieces of fcc copper with energy and forces."""
    rng = np.random.default_rng(seed)
    return [_labelled(atoms, amplitude, rng) for _ in range(number)]


def cluster(size: int, amplitude: float, rng: np.random.Generator) -> Atoms:
    """One of them with its calculator, computed."""
    atoms = bulk("Cu", cubic=True).repeat(2)[:size]
    atoms.pbc, atoms.cell = False, None
    atoms.rattle(amplitude, rng=rng)
    atoms.calc = EMT()
    atoms.get_forces()
    return atoms


def _labelled(size: int, amplitude: float, rng: np.random.Generator) -> Structure:
    atoms = cluster(size, amplitude, rng)
    labels = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
    return Structure(atoms.numbers, atoms.positions, labels=labels)


def crystal(repeat: int = 2, seed: int = 0) -> Structure:
    """A rattled, strained copper crystal with energy, forces and stress."""
    atoms = bulk("Cu", cubic=True).repeat(repeat)
    atoms.set_cell(
        atoms.cell.array @ [[1.02, 0.03, 0.0], [0.0, 0.98, 0.01], [0.0, 0.0, 1.0]], scale_atoms=True
    )
    atoms.rattle(0.05, seed=seed)
    atoms.calc = EMT()
    labels = {
        "energy": atoms.get_potential_energy(),
        "forces": atoms.get_forces(),
        "stress": atoms.get_stress(voigt=False),
    }
    return Structure(atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc, labels=labels)


def random_model(forces: str = "derivative", seed: int = 0) -> Model:
    """An untrained copper potential, float64."""
    spec = BodyOrderedSpec(
        species=(29,), cutoff=4.0, channels=4, l_max=2, radial=4, output_l=int(forces == "direct")
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Model(ModelSpec(encoder=spec, reference_energies={29: 3.0}, scale=0.2, forces=forces))
    return model.to(torch.float64).eval().requires_grad_(False)


def tiny_config(folder: Path, forces: str = "derivative", epochs: int = 2) -> RunConfig:
    """A training of seconds on 16 clusters, with a test file of 4."""
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "train.extxyz", clusters(16))
    write(folder / "test.extxyz", clusters(4, seed=1))
    return RunConfig.model_validate(
        {
            "data": {"train": folder / "train.extxyz", "valid": 4, "test": (folder / "test.extxyz",)},
            "model": {"preset": "small", "channels": 4, "cutoff": 4.0, "forces": forces},
            "training": {"epochs": epochs, "batch_size": 4, "threads": 1},
            "output": folder / "run",
        }
    )
