"""The command that cross-validates tensors of crystals, on stand-ins for the public data."""

import importlib
import json
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from tensor_models import BondSums

from intertwine.data import Structure, crystal_point_group

sys.path.insert(0, str(Path(__file__).parents[2]))
data = importlib.import_module("benchmarks.tensors.crystal_data")
model = importlib.import_module("benchmarks.tensors.crystal_model")
command = importlib.import_module("benchmarks.tensors.crystals")

PAIRS = [(a, b) for a in ("Na", "K", "Ag") for b in ("Cl", "Br", "I", "F")]


@cache
def crystal(quantity: str, pair: tuple[str, str], size: float):
    """Zinc blende with a tensor of its own, lying askew."""
    atoms = bulk("".join(pair), "zincblende", a=size)
    atoms.rotate(25, (1, 2, 3), rotate_cell=True)
    structure = Structure.from_ase(atoms)
    tensor = BondSums()([structure], (quantity,))[0][quantity]
    group = crystal_point_group(structure)
    return data.Crystal(
        "".join(pair), "".join(pair), structure.replace(labels={quantity: tensor}), group, 0.0
    )


@pytest.fixture
def small(monkeypatch):
    """A dozen crystals of each quantity in two folds, and models that learn them in a second."""
    monkeypatch.setattr(command, "FOLDS", 2)
    monkeypatch.setattr(command, "ROUNDS", {"baseline": 1, "network": 1})
    for quantity in data.SETS:
        crystals = tuple(crystal(quantity, pair, 5.0 + 0.1 * k) for k, pair in enumerate(PAIRS))
        read = lambda quantity=quantity, crystals=crystals: data.CrystalSet(quantity, crystals, {})  # noqa: E731
        monkeypatch.setitem(data.SETS, quantity, read)
    sizes = {"channels": 4, "message_channels": 2, "layers": 1, "l_max": 4, "radial": 3, "cutoff": 3.5}
    for module in (model, command):
        monkeypatch.setattr(module, "ENCODER", sizes)


@pytest.mark.parametrize("quantity", data.SETS)
def test_all_roads_are_run_once_and_shown(small, quantity, tmp_path, capsys, monkeypatch):
    words = ["--quantity", quantity, "--output", str(tmp_path)]
    assert command.main(["run", *words, "--epochs", "1", "--members", "1"]) == 0
    assert f"{quantity}, fold 1, equivariant: MAE" in capsys.readouterr().out
    monkeypatch.setattr(command.Fold, "learn", None)  # nothing is learned twice
    assert command.main(["run", *words, "--epochs", "1", "--members", "1"]) == 0
    assert command.main(["show", *words, "--results", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    (file,) = tmp_path.glob("*.json")
    record = json.loads(file.read_text())
    assert record["command"].startswith("python -m benchmarks.tensors.crystals")
    rows = record["rows"]
    assert set(rows) == set(command.ROADS) - (
        {"line through composition"} if quantity == "piezoelectric" else set()
    )
    assert all(road in said for road in rows)
    assert rows["equivariant"]["forbidden"] < 1e-10
    assert rows["same invariants, not equivariant"]["forbidden"] > 1e-4
    assert len(rows["equivariant"]["r2_of_folds"]) == 2
    assert "r2_where_crystals_are_turned" in rows["same invariants, not equivariant"]
    assert np.isfinite(rows["equivariant"]["untouched"]["mae"])


def test_what_is_not_complete_is_not_scored(small, tmp_path, capsys):
    words = ["--quantity", "dielectric", "--output", str(tmp_path)]
    roads = ["--roads", "mean tensor of the class", "line through composition"]
    assert command.main(["run", *words, *roads, "--folds", "0"]) == 0
    assert command.main(["show", *words, "--results", str(tmp_path)]) == 2
    assert "no road is through all folds of the dielectric tensors" in capsys.readouterr().err


def test_without_the_data_one_line_says_so(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("INTERTWINE_DATA", raising=False)
    assert command.main(["run", "--output", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("crystals: error: the environment variable INTERTWINE_DATA")
