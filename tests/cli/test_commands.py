"""Each command does what its help says."""

import csv
import json

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.io import read as ase_read
from ase.io import write as ase_write

from intertwine.data import read
from intertwine.engines import Predictor


def test_evaluate_prints_errors_with_units_and_writes_plots(say, model_file, frames, tmp_path):
    said = say("evaluate", model_file, frames, "-o", tmp_path / "out")
    assert said.status == 0
    assert "meV" in said.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "frames.json",
        "frames.png",
        "frames.svg",
    ]
    json.loads((tmp_path / "out" / "frames.json").read_text())
    again = say("evaluate", model_file, frames, "-o", tmp_path / "out", "--overwrite")
    assert again.status == 0


def test_units_and_keys_of_the_file_are_honoured(say, model_file, frames, tmp_path):
    """The same frames in kcal/mol under other keys are still the model's own labels: no error at all."""
    structures = read(frames)
    factor = 23.060547830619026
    for structure in structures:
        atoms = structure.to_ase()
        atoms.calc = None
        atoms.info["E"] = float(structure.labels["energy"]) * factor
        atoms.arrays["F"] = structure.labels["forces"] * factor
        ase_write(tmp_path / "other.xyz", atoms, format="extxyz", append=True)
    words = [
        "--energy-key",
        "E",
        "--forces-key",
        "F",
        "--energy-unit",
        "kcal/mol",
        "--force-unit",
        "kcal/mol/Å",
    ]
    said = say("evaluate", model_file, tmp_path / "other.xyz", "-o", tmp_path / "out", *words)
    assert said.status == 0
    report = (tmp_path / "out" / "other.json").read_text()
    worst = max(value for key, value in _numbers(json.loads(report)) if key == "rmse")
    assert worst < 0.1, "meV: rounding of the file"


def _numbers(tree, key=""):
    if isinstance(tree, dict):
        for name, branch in tree.items():
            yield from _numbers(branch, name)
    elif isinstance(tree, list):
        for branch in tree:
            yield from _numbers(branch, key)
    elif isinstance(tree, int | float):
        yield key, tree


def test_relax_writes_a_structure_whose_forces_vanish(say, model_file, frames, tmp_path):
    said = say("relax", model_file, frames, "-o", tmp_path / "end.extxyz", "--fmax", "0.05")
    assert said.status == 0
    assert said.output.startswith("converged in ")
    (end,) = read(tmp_path / "end.extxyz")
    assert np.linalg.norm(end.labels["forces"], axis=1).max() < 0.05
    assert end.info["converged"]
    (forces,) = (result["forces"] for result in Predictor.load(model_file)([end]))
    assert np.allclose(forces, end.labels["forces"], atol=1e-9)


def test_relax_says_when_it_did_not_converge(say, model_file, frames, tmp_path):
    said = say("relax", model_file, frames, "-o", tmp_path / "end.extxyz", "--fmax", "1e-9", "--steps", "2")
    assert said.status == 1
    assert said.output.startswith("not converged in 2 steps")
    assert not read(tmp_path / "end.extxyz")[0].info["converged"]


def test_relax_moves_a_cell_under_pressure_with_any_calculator(say, tmp_path):
    ase_write(tmp_path / "Cu.cif", bulk("Cu", cubic=True))
    words = ["relax", "emt", tmp_path / "Cu.cif", "-o", tmp_path / "end.extxyz", "--cell", "isotropic"]
    assert say(*words, "--pressure", "10").status == 0
    (end,) = read(tmp_path / "end.extxyz")
    assert np.trace(end.labels["stress"]) / 3 * 160.21766 == pytest.approx(-10.0, abs=0.3)


def test_md_records_and_resumes(say, model_file, frames, tmp_path):
    words = ["md", model_file, frames, "-o", tmp_path / "run", "--every", "2", "--temperature", "100"]
    assert say(*words, "--steps", "4").status == 0
    assert say("md", model_file, "-o", tmp_path / "run", "--resume", "--steps", "8").status == 0
    with (tmp_path / "run" / "log.csv").open(newline="") as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == [0, 2, 4, 6, 8]
    assert len(ase_read(tmp_path / "run" / "trajectory.extxyz", ":")) == 5
    assert (
        "has done 8 steps already"
        in say("md", model_file, "-o", tmp_path / "run", "--resume", "--steps", "8").errors
    )


def test_md_overwrites_its_own_files_only_when_told(say, tmp_path):
    ase_write(tmp_path / "Cu.xyz", bulk("Cu", cubic=True), format="extxyz")
    words = ["md", "emt", tmp_path / "Cu.xyz", "-o", tmp_path / "run", "--steps", "3", "--ensemble", "npt"]
    assert say(*words).status == 0
    (tmp_path / "run" / "notes.txt").write_text("mine")
    assert say(*words).status == 2
    assert say(*words, "--overwrite", "--cell", "full", "--pressure", "1").status == 0
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"


def test_certify_writes_both_pages_and_exits_with_the_verdict(say, monkeypatch, model_file, tmp_path):
    """The laws themselves are tried elsewhere; here one that holds and one that is broken."""
    from intertwine import testing

    verdicts = iter([True, False])

    class Certificate:
        def __init__(self):
            self.passed = next(verdicts)

        def to_json(self, path):
            path.write_text("{}")

        def to_html(self, path):
            path.write_text("<html>")

        def table(self):
            return "a table"

    def certify(model, frames, *, seed, budget, progress):
        progress("a law", 1, 2)
        assert (model.species, frames, seed, budget) == ((1, 8), None, 0, 20.0)
        return Certificate()

    monkeypatch.setattr(testing, "certify", certify)
    assert say("certify", model_file, "-o", tmp_path / "good").status == 0
    assert sorted(path.name for path in (tmp_path / "good").iterdir()) == [
        "certificate.html",
        "certificate.json",
    ]
    assert say("certify", model_file, "-o", tmp_path / "bad").status == 1


def test_label_writes_frames_and_leaves_no_pieces(say, tmp_path):
    ase_write(tmp_path / "Cu.cif", bulk("Cu", cubic=True))
    words = [
        "label",
        tmp_path / "Cu.cif",
        "-c",
        "emt",
        "-o",
        tmp_path / "cu.extxyz",
        "--frames",
        "3",
        "--isolated",
    ]
    said = say(*words, "--rattle", "0.05", "--workers", "1")
    assert said.status == 0
    assert said.output == f"wrote 4 frames to {tmp_path / 'cu.extxyz'}\n"
    frames = read(tmp_path / "cu.extxyz", require=("energy", "forces"))
    assert [frame.info["config_type"] for frame in frames] == ["isolated_atom"] + ["perturbed"] * 3
    assert not (tmp_path / "cu.extxyz.parts").exists()


def test_label_adds_electric_properties(say, tmp_path):
    pytest.importorskip("tblite")
    ase_write(tmp_path / "N2.xyz", molecule("N2"), format="extxyz")
    words = ["label", tmp_path / "N2.xyz", "-c", "tblite", "-o", tmp_path / "n2.extxyz", "--workers", "1"]
    assert say(*words, "--properties", "polarisability, dipole").status == 0
    (frame,) = read(tmp_path / "n2.extxyz", require=("energy", "forces", "dipole", "polarisability"))
    assert np.abs(frame.labels["dipole"]).max() < 1e-6
    assert frame.labels["polarisability"][2, 2] > frame.labels["polarisability"][0, 0] > 0


def test_options_of_the_calculator_are_read_as_numbers(say, tmp_path):
    ase_write(tmp_path / "N2.xyz", molecule("N2"), format="extxyz")
    words = ["label", tmp_path / "N2.xyz", "-c", "lj", "-o", tmp_path / "n2.extxyz", "--workers", "1"]
    assert say(*words, "--option", "epsilon=2.0", "--option", "smooth=true").status == 0
    (frame,) = read(tmp_path / "n2.extxyz")
    assert frame.info["calculator_options"] == "epsilon=2.0 smooth=True"


def test_train_hands_the_configuration_over_and_exits_with_the_verdict(say, monkeypatch, frames, tmp_path):
    from types import SimpleNamespace

    from intertwine.apps import potential

    (tmp_path / "config.yaml").write_text(f"data: {{train: {frames.name}}}\n")
    seen = []

    def train_and_certify(config, *, resume):
        seen.append((config.training.epochs, resume))
        return SimpleNamespace(passed=resume)

    monkeypatch.setattr(potential, "train_and_certify", train_and_certify)
    assert say("train", tmp_path / "config.yaml", "training.epochs=7").status == 1
    assert say("train", tmp_path / "config.yaml", "training.epochs=7", "--resume").status == 0
    assert seen == [(7, False), (7, True)]
    assert "unknown key 'training.epoch'" in say("train", tmp_path / "config.yaml", "training.epoch=7").errors
