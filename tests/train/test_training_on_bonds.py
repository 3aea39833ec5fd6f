"""What belongs to pairs of atoms is learned like any other label."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from intertwine.data import Label, Structure, write
from intertwine.data.labels import declare
from intertwine.errors import InputError
from intertwine.train import RunResult, train
from intertwine.train.config_file import load_config
from intertwine.train.evaluate import evaluate

declare(Label("coupling", "meV", "ij", per="bond"))
COUPLING = {"indices": "ij", "unit": "meV", "per": "bond"}
STRENGTH = {1: 0.5, 8: 1.5}


def chains(count: int, seed: int = 0) -> list[Structure]:
    """Bent chains whose pairs at any distance have couplings of dipoles, 3 r̂r̂ − 1, and a fading exchange.

    The strength belongs to the first atom alone, so that a coupling and its reverse differ.
    """
    rng = np.random.default_rng(seed)
    return [_chain(rng) for _ in range(count)]


def _chain(rng: np.random.Generator) -> Structure:
    numbers = rng.choice([1, 8], size=4)
    places = 1.6 * np.arange(4)[:, None] * np.eye(3)[0] + rng.uniform(-0.4, 0.4, (4, 3))
    places = places @ np.linalg.qr(rng.normal(size=(3, 3)))[0].T
    pairs = np.array([(i, j) for i in range(4) for j in range(4) if i != j])
    pairs = pairs[rng.permutation(len(pairs))[:8]]
    vectors = places[pairs[:, 1]] - places[pairs[:, 0]]
    lengths = np.linalg.norm(vectors, axis=1)[:, None, None]
    axes = vectors[:, :, None] * vectors[:, None] / lengths**2
    strength = np.array([STRENGTH[z] for z in numbers[pairs[:, 0]]])[:, None, None]
    values = strength * ((3 * axes - np.eye(3)) / (1 + lengths) + 0.5 * np.exp(-lengths / 3) * np.eye(3))
    return Structure(numbers, places, labels={"coupling": values}, bonds=pairs)


def fit(folder: Path, frames: list[Structure], **training: Any) -> RunResult:
    write(folder / "train.extxyz", frames)
    tree = {
        "data": {"train": "train.extxyz", "valid": 0.2, "require": []},
        "model": {
            "channels": 8,
            "message_channels": 4,
            "l_max": 2,
            "radial": 4,
            "cutoff": 2.5,
            "energy": False,
            "heads": {"coupling": COUPLING, "dipole": {}},
        },
        "training": {"epochs": 12, "batch_size": 4, "threads": 1, **training},
        "output": str(folder / "run"),
    }
    (folder / "run.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True))
    return train(load_config(folder / "run.yaml"), quiet=True)


def test_couplings_at_any_distance_are_learned_from_frames_of_which_some_have_none(tmp_path: Path) -> None:
    frames = chains(40)
    frames[::5] = [
        frame.replace(labels={"dipole": frame.positions.sum(0)}, bonds=()) for frame in frames[::5]
    ]
    result = fit(tmp_path, frames)
    found = evaluate(result.load_model(), chains(12, seed=1))
    assert found.errors["coupling"].r2 > 0.9, found.errors["coupling"]
    assert found.errors["coupling[2e]"].n == 12 * 8 * 5
    assert found.errors["coupling[0e]"].r2 > 0.5
    assert found.errors["coupling"].unit == result.metrics["valid"]["coupling"]["unit"] == "meV"
    assert result.metrics["valid"]["coupling"]["n"] % 9 == 0


def test_a_file_that_names_no_bonds_is_told_so(tmp_path: Path) -> None:
    frames = [frame.replace(labels={}, bonds=(), info={"coupling_": 1}) for frame in chains(4)]
    write(tmp_path / "train.extxyz", frames)
    text = (tmp_path / "train.extxyz").read_text().replace("coupling_=1", 'coupling="1 0 0 0 1 0 0 0 1"')
    (tmp_path / "train.extxyz").write_text(text)
    tree = {
        "data": {"train": "train.extxyz", "require": ["coupling"]},
        "model": {"energy": False, "heads": {"coupling": COUPLING}},
        "output": str(tmp_path / "run"),
    }
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(tree))
    with pytest.raises(
        InputError, match=r"coupling under the key 'coupling' is a label of bonds, and .* none"
    ):
        train(load_config(tmp_path / "run.yaml"), quiet=True)
