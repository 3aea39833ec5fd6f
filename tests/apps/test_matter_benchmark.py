"""The benchmark of learned crystals reads from strained cells what is in them."""

import importlib

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from intertwine.apps.matter.asking import ask, source_from
from intertwine.apps.matter.crystal import strained
from intertwine.data import Structure

matter = importlib.import_module("benchmarks.matter")


def test_constants_and_energy_come_back_from_strained_cells():
    source, a = source_from(EMT()), 3.99438
    start = Structure.from_ase(bulk("Al", a=a, cubic=True))
    cells = []
    for i, j in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)):
        for size in (-0.05, -0.01, 0.01, 0.05):
            strain = np.zeros((3, 3))
            strain[i, j] = size  # a shear that also turns the cell, as in the data
            cells.append(strained(start, strain))
    answers = [ask(source, cell) for cell in cells]
    found = matter.constants(cells, [one.stress for one in answers], [one.energy for one in answers])
    assert (found["c11"], found["c12"], found["c44"]) == pytest.approx((53.3, 32.9, 36.2), rel=0.02)
    assert found["energy"] == pytest.approx(ask(source, start).energy / 4, abs=1e-4)


def test_a_missing_model_is_one_line(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("INTERTWINE_DATA", str(tmp_path))
    assert matter.main(["--model", str(tmp_path / "nowhere.safetensors")]) == 2
    assert capsys.readouterr().err.startswith("matter: error: ")
