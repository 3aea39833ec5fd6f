"""Files to work on: a small model of water and labelled frames."""

import sys
from pathlib import Path

import pytest
from ase.build import molecule

from intertwine.data import Structure, write
from intertwine.engines import Predictor
from intertwine.observables import save_model

sys.path.insert(0, str(Path(__file__).parents[1] / "engines"))
from command_line import say  # noqa: F401 (a fixture)
from small_potentials import small_model


@pytest.fixture(scope="session")
def model_file(tmp_path_factory) -> Path:
    """A model that knows H and O."""
    return save_model(small_model(1, 8), tmp_path_factory.mktemp("model") / "water.safetensors")


@pytest.fixture
def frames(tmp_path, model_file) -> Path:
    """Four frames of water that the model itself has labelled."""
    bare = []
    for seed in range(4):
        atoms = molecule("H2O")
        atoms.rattle(0.05, seed=seed)
        bare.append(Structure.from_ase(atoms))
    labels = Predictor.load(model_file)(bare, ("energy", "forces"))
    path = tmp_path / "frames.extxyz"
    write(path, [frame.replace(labels=known) for frame, known in zip(bare, labels, strict=True)])
    return path
