"""From nothing to a report in three commands, and one line for what cannot be used."""

import json

import numpy as np
import pytest
from command_line import complaint

pytest.importorskip("h5py")


@pytest.fixture
def flow(say, tmp_path):
    path = tmp_path / "flow.h5"
    said = say("jets", "generate", "--process", "flow", "-n", 40, "--multiplicity", 30, "-o", path)
    assert said.status == 0, said
    assert "wrote 40 events" in said.output
    return path


def test_generate_train_evaluate(say, tmp_path, flow):
    folder = tmp_path / "plane"
    words = ("jets", "train", flow, "--task", "event-plane", "--group", "O(2)", "-o", folder, "--epochs", 2)
    said = say(*words)
    assert said.status == 0, said
    assert "event-plane-2 under O(2)" in said.output
    assert "'jets.safetensors' exists already" in complaint(say(*words)).replace(f"{folder}/", "")
    said = say("jets", "evaluate", folder / "jets.safetensors", flow, "-o", tmp_path / "told")
    assert said.status == 0, said
    told = json.loads((tmp_path / "told" / "evaluation.json").read_text())
    assert told["equivariance_error"] < 1e-12
    assert "resolution ⟨cos 2ΔΨ⟩" in said.output
    assert "Weights" in (tmp_path / "told" / "evaluation.html").read_text()


def test_a_finished_training_resumes_to_itself(say, tmp_path, flow):
    words = ("jets", "train", flow, "--task", "event-plane", "-o", tmp_path / "a", "--epochs", 1)
    first = say(*words).output
    assert say(*words, "--resume").output == first
    assert "another training" in complaint(say(*words, "--resume", "--rate", 0.1))


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("generate", "--process", "toop"), "no process 'toop'"),
        (("generate", "--process", "flow", "--multiplicity", "-1"), "--multiplicity"),
        (("train", "nowhere.h5"), "no events at 'nowhere.h5'"),
        (("evaluate", "nowhere.safetensors", "nowhere.h5"), "no model at 'nowhere.safetensors'"),
    ],
)
def test_one_line_for_what_cannot_be_used(say, tmp_path, monkeypatch, words, line):
    monkeypatch.chdir(tmp_path)
    assert line in complaint(say("jets", *words))


def test_one_line_for_events_of_another_kind(say, tmp_path, flow):
    assert "do not say their 'label'" in complaint(say("jets", "train", flow, "--task", "tag"))
    assert "no group" in complaint(say("jets", "train", flow, "--task", "event-plane", "--group", "O(3)"))
    np.savez(tmp_path / "a.npz", offsets=[0, 2], pt=[900.0, 800.0], eta=[0.0, 0.1], phi=[0.0, 0.1])
    assert "looks like MeV" in complaint(say("jets", "train", tmp_path / "a.npz"))
