"""Whatever is wrong with a fine-tuning: one line, before anything is written."""

from pathlib import Path

import pytest
import torch
import yaml
from copper import clusters
from finetuning import from_base, replay_of

from intertwine.data import write
from intertwine.errors import InputError
from intertwine.observables import load_model, save_model
from intertwine.train import load_config, train


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model": {"cutoff": 5.0}},
            r"model.cutoff is not that of finetune.model; got: 5.0; accepted: 4.0; do: leave",
        ),
        ({"training": {"batch_size": 1}}, "training.batch_size leaves no place for old frames; got: 1"),
        ({"finetune": {"model": "nothing"}}, "finetune.model: no file '.*nothing'"),
        ({"finetune": {"model": "new.xyz"}}, "new.xyz' is not a model file"),
        (
            {"finetune": {"rank": 0}},
            "'finetune.rank' cannot be used; got: 0; accepted: greater than or equal to 1",
        ),
        ({"finetune": {"method": "lora"}}, "'finetune.method' .*accepted: 'full', 'heads' or 'adapters'"),
        ({"finetune": {"modell": "x"}}, "unknown key 'finetune.modell'.*; do: write 'finetune.model'"),
        ({"finetune": {"replay": {"share": 1}}}, "'finetune.replay.share' cannot be used; got: 1"),
        (
            {"finetune": {"replay": {"frames": "ol.xyz"}}},
            "finetune.replay.frames: no file '.*do: did you mean '.*old.xyz'",
        ),
        ({"finetune": {"replay": {"share": 0.5, "shares": 1}}}, "unknown key 'finetune.replay.shares'"),
        ({"finetune": {"replay": {"keys": {"energy": "E"}}}}, "no energy under the key 'E'"),
    ],
)
def test_each_mistake_is_one_line_and_leaves_no_folder(
    base: Path, tmp_path: Path, changes: dict, message: str
) -> None:
    """Read as a file, as a user writes it: paths are relative to it."""
    write(tmp_path / "new.xyz", clusters(7))
    write(tmp_path / "old.xyz", clusters(7, seed=5))
    tree = {
        "data": {"train": "new.xyz", "valid": 3},
        "finetune": {"model": str(base), "replay": {"frames": "old.xyz"}},
        "output": str(tmp_path / "run"),
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(merged(tree, changes)))
    with pytest.raises(InputError, match=message) as error:
        train(load_config(tmp_path / "config.yaml"), quiet=True)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def merged(tree: dict, changes: dict) -> dict:
    """Nested settings, some of them changed."""
    inner = {
        key: merged(tree.get(key, {}), value) if isinstance(value, dict) else value
        for key, value in changes.items()
    }
    return tree | inner


@pytest.mark.parametrize("old", [True, False])
def test_elements_that_the_model_never_saw_are_refused(base: Path, tmp_path: Path, old: bool) -> None:
    frames, strange = clusters(7), [frame.replace(numbers=[78] * 4) for frame in clusters(7)]
    replay = replay_of(tmp_path, strange if old else frames)
    config = from_base(base, tmp_path, frames if old else strange, replay=replay)
    with pytest.raises(InputError, match="has never seen the element Pt; accepted: Cu, Au; do: leave these"):
        train(config, quiet=True)
    assert not config.output.exists()


def test_weights_are_never_rounded(base: Path, tmp_path: Path) -> None:
    own = save_model(load_model(base, dtype=torch.float64), tmp_path / "double.safetensors")
    with pytest.raises(
        InputError, match=r"would round the weights .*got: float32; do: set training.precision"
    ):
        train(from_base(own, tmp_path, clusters(7)), quiet=True)
