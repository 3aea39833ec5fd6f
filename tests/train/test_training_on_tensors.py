"""Many tasks on one encoder: learned together, with labels missing, refused where they make no sense."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from polar_water import waters

from intertwine.data import LABELS, Structure, write
from intertwine.errors import InputError
from intertwine.train import RunConfig, RunResult, train
from intertwine.train.config_file import load_config
from intertwine.train.evaluate import evaluate
from intertwine.train.isotropic import fitted, isotropic, spread

TINY = {"channels": 8, "message_channels": 4, "l_max": 2, "radial": 4, "cutoff": 3.0}
HEADS = {"dipole": {}, "polarisability": {}}


def configured(folder: Path, frames: list[Structure], model: dict[str, Any], **training: Any) -> RunConfig:
    """As a user would write it, in a file."""
    write(folder / "train.extxyz", frames)
    tree = {
        "data": {"train": "train.extxyz", "valid": 0.25, **training.pop("data", {})},
        "model": {**TINY, **model},
        "training": {"epochs": 10, "batch_size": 4, "threads": 1, **training},
        "output": str(folder / "run"),
    }
    (folder / "run.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True))
    return load_config(folder / "run.yaml")


def fit(folder: Path, frames: list[Structure], model: dict[str, Any], **training: Any) -> RunResult:
    return train(configured(folder, frames, model, **training), quiet=True)


@pytest.mark.parametrize(
    "model",
    [
        {"heads": {**HEADS, "born_charges": {}}},
        {"heads": HEADS, "field": "expansion"},
        {"heads": HEADS, "energy": False},
    ],
    ids=["heads", "expansion", "tensors only"],
)
def test_every_road_learns_every_label_that_it_has(tmp_path: Path, model: dict[str, Any]) -> None:
    result = fit(tmp_path, waters(20), model)
    fresh = evaluate(result.load_model(), waters(12, seed=1)).errors
    for name in ("dipole", "polarisability[2e]"):
        assert fresh[name].r2 > 0.5, (name, fresh[name])
    assert {"energy", "forces"} <= set(fresh) or not model.get("energy", True)
    assert ("born_charges" in fresh) == model.get("energy", True)


def test_an_energy_that_feels_the_field_learns_its_derivatives(tmp_path: Path) -> None:
    frames = [f.replace(labels={n: f.labels[n] for n in ("energy", "dipole")}) for f in waters(20)]
    result = fit(tmp_path, frames, {"field": "density"}, data={"require": ["energy", "dipole"]}, epochs=20)
    fresh = evaluate(result.load_model(), waters(12, seed=1)).errors
    assert fresh["dipole"].r2 > 0.5
    assert {"energy", "forces", "polarisability", "born_charges"} <= set(fresh)


def test_frames_may_lack_any_label(tmp_path: Path) -> None:
    """Dipoles on some frames, polarisabilities on others, energies on none but a few: all are learned."""
    names = ("energy", "dipole", "polarisability")
    frames = [
        frame.replace(labels={n: frame.labels[n] for k, n in enumerate(names) if number % 3 == k})
        for number, frame in enumerate(waters(24))
    ]
    result = fit(tmp_path, frames, {"heads": HEADS}, data={"require": ()}, balance="uncertainty")
    fresh = evaluate(result.load_model(), waters(12, seed=1)).errors
    assert fresh["dipole"].r2 > 0.5


def test_a_new_label_takes_one_line(tmp_path: Path) -> None:
    frames = [f.replace(labels={}, info={"spin": f.labels["dipole"].tolist()}) for f in waters(8)]
    heads = {"twist": {"indices": "i", "unit": "µB", "axial": True}}
    result = fit(
        tmp_path, frames, {"heads": heads, "energy": False}, data={"keys": {"twist": "spin"}}, epochs=1
    )
    assert result.metrics["valid"]["twist"]["unit"] == "µB"
    assert LABELS["twist"].axial


@pytest.mark.parametrize(
    ("model", "data", "message"),
    [
        ({"heads": {"dipol": {}}}, {}, "unknown label 'dipol'.*write 'dipole'"),
        ({"heads": {"mine": {"indices": "ij=ji"}}}, {}, "half described.*both its indices and its unit"),
        ({"heads": {"mine": {"indices": "ij=kl", "unit": "1"}}}, {}, "does not permute the indices"),
        ({"heads": {"dipole": {"indices": "ij", "unit": "e·Å"}}}, {}, "means something else"),
        ({"heads": HEADS}, {"units": {"dipole": "debey"}}, "unknown dipole unit 'debey'.*write 'debye'"),
        (
            {"heads": HEADS},
            {"keys": {"dipole": "forces"}},
            r"dipole under the key 'forces' has a wrong shape",
        ),
        ({"heads": {"elastic": {}}}, {"require": ()}, r"'elastic' .*needs finer.*set model.l_max=4"),
        ({"heads": HEADS}, {"require": ["elastic"]}, "no elastic under the key 'elastic'"),
        ({"field": "expansion"}, {}, "field = expansion needs a head for the dipole"),
        ({"field": "expansion", "heads": {"polarisability": {}}}, {}, "needs a head for the dipole"),
        ({"field": "density", "heads": HEADS}, {}, "follow from the energy; leave their heads out"),
    ],
)
def test_each_mistake_is_one_line(
    tmp_path: Path, model: dict[str, Any], data: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        fit(tmp_path, waters(8), model, data=data)
    assert "\n" not in str(caught.value)


def test_isotropic_parts_come_from_the_elements() -> None:
    """A polarisability of atoms that only add up is found exactly, and nothing is left of it."""
    rng = np.random.default_rng(0)
    frames = []
    for _ in range(20):
        numbers = rng.choice([1, 8], size=rng.integers(1, 6))
        alpha = np.where(numbers == 8, 0.7, 0.2).sum() * np.eye(3)
        frames.append(
            Structure(numbers, rng.normal(size=(len(numbers), 3)), labels={"polarisability": alpha})
        )
    label = LABELS["polarisability"]
    said = isotropic(label, frames, frames)
    np.testing.assert_allclose(said, [frame.labels["polarisability"] for frame in frames], atol=1e-3)
    assert spread(label, frames) < 1e-3
    assert fitted(label, frames).reference[8][0] == pytest.approx(0.7 * 3**0.5, rel=1e-3)
    together = fitted(label, frames, alike=True)
    assert together.reference[8] == together.reference[1]
    assert 0.2 < together.reference[1][0] / 3**0.5 < 0.7
