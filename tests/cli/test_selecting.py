"""`intertwine select`, and `intertwine evaluate --uncertainty`, which learn from the training frames."""

import json
from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule
from command_line import complaint

from intertwine.data import Structure, read, split, write
from intertwine.observables import load_model, save_model


def water(number: int, seed: int) -> list[Structure]:
    """Rattled water molecules with made-up labels."""
    rng, frames = np.random.default_rng(seed), []
    for _ in range(number):
        atoms = molecule("H2O")
        atoms.rattle(0.1, rng=rng)
        labels = {"energy": -2070.0 + 0.1 * rng.normal(), "forces": rng.normal(size=(3, 3))}
        frames.append(Structure.from_ase(atoms).replace(labels=labels))
    return frames


@pytest.fixture
def files(tmp_path: Path, model_file: Path) -> dict[str, Path]:
    """A model that says which frames of `train` its training held out, `train`, `pool` and `test`."""
    sets = {"train": water(20, 0), "pool": water(10, 1), "test": water(10, 2)}
    places = {name: tmp_path / f"{name}.extxyz" for name in sets}
    for name, frames in sets.items():
        write(places[name], frames)
    model = load_model(model_file)
    record = split(read(places["train"]), {"valid": 5, "train": None}, seed=0).record()
    metadata = {"provenance": {"data": {"valid": {"split": record}}}}
    return places | {"model": save_model(model, tmp_path / "model.safetensors", metadata)}


def test_select_writes_marked_frames_ready_to_be_labelled(say, files, tmp_path):
    words = ["select", files["model"], files["pool"], "--train", files["train"], "-n", "4"]
    said = say(*words, "-o", tmp_path / "chosen.extxyz")
    assert said.status == 0, said.errors
    assert said.output.startswith(f"wrote 4 frames to {tmp_path / 'chosen.extxyz'}; σ ")
    chosen, pool = read(tmp_path / "chosen.extxyz"), read(files["pool"])
    for frame in chosen:
        assert frame.info["uncertainty"] > 0
        np.testing.assert_array_equal(frame.positions, pool[int(frame.info["pool_index"])].positions)
    assert "exists already" in complaint(say(*words, "-o", tmp_path / "chosen.extxyz"))
    said = say("label", tmp_path / "chosen.extxyz", "-c", files["model"], "-o", tmp_path / "new.extxyz")
    assert said.status == 0
    assert len(read(tmp_path / "new.extxyz", require=("energy", "forces"))) == 4


def test_evaluate_compares_predicted_errors_and_leaves_what_select_can_read(say, files, tmp_path):
    words = ["evaluate", files["model"], files["test"], "--uncertainty", files["train"]]
    said = say(*words, "-o", tmp_path / "out")
    assert said.status == 0, said.errors
    assert "errors within σ" in said.output
    names = {file.name for file in (tmp_path / "out").iterdir()}
    drawn = {"test_uncertainty.svg", "test_uncertainty.png", "uncertainty.safetensors"}
    assert names == {"test.json", "test.svg", "test.png"} | drawn
    trust = json.loads((tmp_path / "out" / "test.json").read_text())["uncertainty"]
    assert set(trust) == {"energy_per_atom", "forces"}
    stored = tmp_path / "out" / "uncertainty.safetensors"
    assert say(*words, "-o", tmp_path / "out").status == 2
    chosen = [tmp_path / name for name in ("a.extxyz", "b.extxyz")]
    for train, place in zip((files["train"], stored), chosen, strict=True):
        words = ["select", files["model"], files["pool"], "--train", train, "-n", "3", "-o", place]
        assert say(*words).status == 0
    assert chosen[0].read_text() == chosen[1].read_text()


def test_other_frames_can_calibrate(say, files, model_file, tmp_path):
    words = ["select", model_file, files["pool"], "--train", files["train"], "-o", tmp_path / "a.extxyz"]
    assert "does not say which of these training frames" in complaint(say(*words, "-n", "3"))
    assert say(*words, "-n", "3", "--calibration", files["test"]).status == 0
    words = ["evaluate", model_file, files["test"], "--uncertainty", files["train"], "-o", tmp_path / "out"]
    assert say(*words, "--calibration", files["pool"]).status == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--method", "dobt"],
            "unknown method 'dobt'; accepted: dopt, uncertainty, random; do: write 'dopt'",
        ),
        (["-n", "11"], "11 frames cannot be chosen; got: 10 of 10"),
        (["--max-uncertainty", "0"], "50 frames cannot be chosen; got: 0 of 10"),
        (["-n", "0"], "Invalid value for '--count'"),
        (["--device", "quantum"], "cannot compute on 'quantum'"),
        (["--energy-key", "REF"], "does not say which of these training frames"),
        (["--calibration", "nowhere.xyz"], "no such file"),
        (["--train", "nowhere.xyz"], "no such file"),
        (["--train", "nowhere.safetensors"], "no uncertainty at 'nowhere.safetensors'"),
        (["-n", "3", "--output", "chosen.csv"], "accepted: a name that ends in .extxyz or .xyz"),
    ],
)
def test_what_select_cannot_do_is_one_line(say, files, tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert said in complaint(
        say("select", files["model"], files["pool"], "--train", files["train"], *options)
    )
    assert sorted(tmp_path.iterdir()) == before


def test_a_model_is_no_uncertainty(say, files, tmp_path):
    words = ["select", files["model"], files["pool"], "--train", files["model"], "-o", tmp_path / "a.extxyz"]
    assert "is not an uncertainty of a model" in complaint(say(*words))


def test_the_calibration_needs_something_to_calibrate(say, files, tmp_path):
    words = [
        "evaluate",
        files["model"],
        files["test"],
        "--calibration",
        files["pool"],
        "-o",
        tmp_path / "out",
    ]
    assert "--calibration is of use only beside --uncertainty" in complaint(say(*words))
