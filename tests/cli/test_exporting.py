"""What cannot be exported is said in one line, before anything is compiled."""

import pytest
from command_line import complaint
from torch._inductor.exc import InvalidCxxCompiler

from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.engines import export
from intertwine.observables import Model, ModelSpec, save_model


@pytest.fixture(autouse=True)
def nothing_is_traced(monkeypatch):
    def traced(model: Model) -> None:
        raise AssertionError("it was not refused in time")

    monkeypatch.setattr(export, "traced", traced)


def test_help_has_examples(say):
    said = say("export", "--help")
    assert said.status == 0
    assert "intertwine export run/model.safetensors" in " ".join(said.output.split())


def test_a_missing_or_foreign_model(say, tmp_path):
    assert "no model at" in complaint(say("export", tmp_path / "model.safetensors"))
    (tmp_path / "text.safetensors").write_text("no model")
    assert "is not a model file" in complaint(say("export", tmp_path / "text.safetensors"))
    assert [path.name for path in tmp_path.iterdir()] == ["text.safetensors"]


def test_names_that_cannot_be_written(say, model_file, tmp_path):
    assert "accepted: a name that ends in .pt2" in complaint(
        say("export", model_file, "-o", tmp_path / "a.zip")
    )
    (tmp_path / "there.pt2").touch()
    assert "exists already" in complaint(say("export", model_file, "-o", tmp_path / "there.pt2"))
    assert "cannot write" in complaint(say("export", model_file, "-o", tmp_path / "no" / "folder.pt2"))


def test_devices_and_precisions_that_are_not_there(say, model_file, tmp_path):
    words = ["export", model_file, "-o", tmp_path / "a.pt2"]
    assert "cannot compute on 'nowhere'" in complaint(say(*words, "--device", "nowhere"))
    assert "unknown precision 'float16'" in complaint(say(*words, "--dtype", "float16"))
    assert list(tmp_path.iterdir()) == []


def test_no_compiler(say, model_file, tmp_path, monkeypatch):
    def search() -> str:
        raise InvalidCxxCompiler

    monkeypatch.setattr("torch._inductor.cpp_builder.get_cpp_compiler", search)
    line = complaint(say("export", model_file, "-o", tmp_path / "a.pt2"))
    assert line == (
        "export needs a C++ compiler and finds none; do: install g++, or name one in the variable CXX"
    )
    assert list(tmp_path.iterdir()) == []


def test_direct_forces(say, tmp_path):
    encoder = BodyOrderedSpec(species=(1,), channels=4, output_l=1)
    spec = ModelSpec(encoder=encoder, reference_energies={1: -13.6}, forces="direct")
    path = save_model(Model(spec), tmp_path / "direct.safetensors")
    assert "direct forces are not exported" in complaint(say("export", path))
    assert [file.name for file in tmp_path.iterdir()] == ["direct.safetensors"]


def test_a_package_is_no_model_to_train_or_judge(say, tmp_path, frames):
    (tmp_path / "model.pt2").write_bytes(b"PK")
    for words in (["certify", tmp_path / "model.pt2"], ["evaluate", tmp_path / "model.pt2", frames]):
        assert "model.pt2' is not" in complaint(say(*words))
