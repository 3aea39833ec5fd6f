"""`intertwine properties`: what it prints, what it writes, and what it refuses."""

import json

import numpy as np
import pytest
import torch
from ase.build import bulk, molecule
from ase.io import write as ase_write
from command_line import complaint

from intertwine.data import LABELS
from intertwine.encoders import BodyOrderedSpec
from intertwine.heads.tensor import TensorSpec
from intertwine.observables import Model, ModelSpec, save_model

NAMES = ("elastic", "dielectric", "piezoelectric", "dipole", "polarisability", "charges", "born_charges")


def drawn(path, *names):
    """A model of these tensors, never trained: no symmetry that it keeps was learned."""
    torch.manual_seed(0)
    encoder = BodyOrderedSpec(
        species=(1, 8, 30), channels=6, message_channels=4, l_max=4, output_l=4, radial=4
    )
    heads = {name: TensorSpec.of(LABELS[name], positive=name == "elastic") for name in names}
    return save_model(Model(ModelSpec(encoder=encoder, energy=False, heads=heads)), path)


@pytest.fixture(scope="module")
def tensors(tmp_path_factory):
    return drawn(tmp_path_factory.mktemp("model") / "tensors.safetensors", *NAMES)


@pytest.fixture(scope="module")
def dipoles(tmp_path_factory):
    return drawn(tmp_path_factory.mktemp("model") / "dipoles.safetensors", "dipole")


@pytest.fixture
def zincite(tmp_path):
    path = tmp_path / "ZnO.cif"
    ase_write(path, bulk("ZnO", "wurtzite", a=3.25, c=5.2, u=0.38))
    return path


def test_every_tensor_of_a_crystal_is_told_and_obeys_its_class(say, tensors, zincite, tmp_path):
    output = tmp_path / "sheet"
    said = say("properties", tensors, zincite, "--dtype", "float64", "--output", output)
    assert said.status == 0, said.errors
    assert max(map(len, said.output.splitlines())) <= 100
    (sheet,) = json.loads((output / "properties.json").read_text())["structures"]
    assert list(sheet["tensors"]) == list(NAMES)
    assert sheet["symmetry"]["hermann_mauguin"] == "6mm"
    forbidden = sheet["symmetry"]["forbidden"]
    assert set(forbidden) == {"elastic", "dielectric", "piezoelectric", "polarisability"}
    assert max(one["relative"] for one in forbidden.values()) < 1e-10
    assert np.abs(sheet["tensors"]["piezoelectric"]["value"]).max() > 1e-6
    assert "Elastic stiffness" in (output / "properties.html").read_text()


def test_frames_of_files_and_molecules_stand_side_by_side(say, dipoles, zincite, tmp_path):
    ase_write(tmp_path / "two.extxyz", [molecule("H2O"), molecule("H2")])
    said = say("properties", dipoles, tmp_path / "two.extxyz", zincite, "--output", tmp_path / "all")
    assert said.status == 0, said.errors
    names = [s["name"] for s in json.loads((tmp_path / "all" / "properties.json").read_text())["structures"]]
    assert names == ["two.extxyz[0]", "two.extxyz[1]", "ZnO.cif"]
    one = say("properties", dipoles, tmp_path / "two.extxyz", "--index", "1", "--output", tmp_path / "one")
    assert "two.extxyz" in one.output
    assert "[0]" not in one.output


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["{model}", "missing.cif"], "no such file"),
        (["missing.safetensors", "{crystal}"], "no model at 'missing.safetensors'"),
        (["{model}", "{crystal}", "--dtype", "float16"], "unknown precision 'float16'; accepted: float32"),
        (
            ["{model}", "{crystal}", "--tolerance", "0"],
            "Invalid value for '--tolerance': Input should be greater than",
        ),
        (["{model}", "{copper}"], "the model has never seen the element Cu; got: Cu.cif (Cu)"),
        (["{potential}", "{crystal}"], "the model predicts no tensor; got: energy, energies, forces"),
        (["{model}", "{crystal}", "--device", "abacus"], "cannot compute on 'abacus'"),
    ],
)
def test_one_line_says_what_is_wrong(say, dipoles, zincite, model_file, tmp_path, monkeypatch, words, text):
    monkeypatch.chdir(tmp_path)
    ase_write("Cu.cif", bulk("Cu"))
    ase_write("water.xyz", molecule("H2O"))
    places = {"model": dipoles, "crystal": zincite, "copper": "Cu.cif", "potential": model_file}
    if "{potential}" in words:
        places["crystal"] = "water.xyz"
    assert text in complaint(say("properties", *(word.format(**places) for word in words)))
    assert not (tmp_path / "properties").exists()


def test_what_is_there_is_not_replaced_unasked(say, dipoles, zincite, tmp_path):
    words = ["properties", dipoles, zincite, "--output", tmp_path / "sheet"]
    assert say(*words).status == 0
    assert "properties.json' exists already" in complaint(say(*words))
    assert say(*words, "--overwrite").status == 0
