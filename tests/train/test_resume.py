"""A run that was killed, at any place where its state was kept or by SIGKILL at any moment, ends the same."""

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lightning.pytorch as lightning
import pytest
import torch
from copper import clusters, crystals, small_run
from safetensors.torch import load_file
from test_checkpoint import unpickles

from intertwine.errors import InputError
from intertwine.train import RunConfig, RunFolder, resume, to_yaml, train
from intertwine.train.callbacks import KeepState
from intertwine.train.module import Fit


def remains(folder: Path) -> tuple[dict[str, torch.Tensor], list[dict[str, str]], dict]:
    """Everything that a run leaves, without the times."""
    run = RunFolder(folder)
    with run.metrics.open(encoding="utf-8") as file:
        rows = [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]
    results = json.loads(run.results.read_text(encoding="utf-8"))
    return load_file(run.model), rows, {k: v for k, v in results.items() if k != "seconds"}


@contextmanager
def copies_of_every_state(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """Run folders as they were each time a state was kept, which inside is after every batch."""
    copies: list[Path] = []

    def keep_a_copy(self: KeepState, fit: Fit) -> None:
        fit.trainer.save_checkpoint(self.path, weights_only=False)
        copies.append(folder / f"copy_{len(copies)}")
        shutil.copytree(self.path.parents[1], copies[-1])

    monkeypatch.setattr(KeepState, "every", 0.0)
    monkeypatch.setattr(KeepState, "rest", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(KeepState, "_save", keep_a_copy)
        yield copies


def assert_same_end(one: Path, other: Path) -> None:
    (weights, rows, results), (weights_too, rows_too, results_too) = remains(one), remains(other)
    assert weights.keys() == weights_too.keys()
    assert all(torch.equal(weights[name], weights_too[name]) for name in weights)
    assert rows == rows_too
    assert results == results_too


def test_a_run_ends_the_same_from_every_state_that_it_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two batches and after any epoch; partly labelled data, patience and stages included."""
    frames = [
        frame.replace(labels=dict(list(frame.labels.items())[: 3 - i % 2]))
        for i, frame in enumerate(crystals(12))
    ]
    weights = [{"forces": 10.0}, {"at": 0.5, "energy": 50.0}]
    config = small_run(tmp_path, frames, epochs=4, patience=3, weights=weights)
    with copies_of_every_state(tmp_path, monkeypatch) as copies:
        train(config, quiet=True)
    assert len(copies) == 12  # three batches in each of four epochs
    for copy in copies[::2] + copies[-3:]:
        train(config.model_copy(update={"output": copy}), resume=True, quiet=True)
        assert_same_end(copy, config.output)
        assert not [path for path in copy.rglob("*") if path.is_file() and unpickles(path)]


CHILD = """
import sys
from intertwine.train import load_config, train
from intertwine.train.callbacks import KeepState
from intertwine.train.module import Fit
KeepState.every = KeepState.rest = 0.0
train(load_config(sys.argv[1]), quiet=True)
"""


def test_a_run_that_was_killed_ends_as_one_that_was_not(tmp_path: Path) -> None:
    config = small_run(tmp_path, clusters(16), epochs=40)
    file = tmp_path / "config.yaml"
    file.write_text(to_yaml(config), encoding="utf-8")
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(file)])
    folder = RunFolder(config.output)
    wait_until(lambda: folder.metrics.is_file() and folder.metrics.read_text().count("\n") > 4, child)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert not folder.results.exists()
    killed_at = folder.metrics.read_text().count("\n") - 1
    resume(config.output, quiet=True)
    assert len(remains(config.output)[1]) == 40 > killed_at
    assert "resumed after" in folder.log.read_text()
    whole = config.model_copy(update={"output": tmp_path / "whole"})
    train(whole, quiet=True)
    assert_same_end(config.output, whole.output)


class PressControlC(lightning.Callback):
    """Somebody does, after a few batches."""

    def on_train_batch_start(self, trainer, fit, batch, batch_idx: int) -> None:
        if trainer.global_step == 5:
            raise KeyboardInterrupt


def test_control_c_stops_a_run_that_can_then_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeepState, "every", 0.0)
    config = small_run(tmp_path, clusters(12), epochs=4)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(config, quiet=True, callbacks=[PressControlC()])
    assert signal.getsignal(signal.SIGINT) is handler
    assert "interrupted in epoch 2; resume goes on" in RunFolder(config.output).log.read_text()
    resume(config.output, quiet=True)
    whole = config.model_copy(update={"output": tmp_path / "whole"})
    train(whole, quiet=True)
    assert_same_end(config.output, whole.output)


def wait_until(ready, child: subprocess.Popen, seconds: float = 100.0) -> None:
    start = time.monotonic()
    while not ready():
        assert child.poll() is None, "the child ended by itself"
        assert time.monotonic() - start < seconds
        time.sleep(0.005)


@pytest.fixture
def finished(tmp_path: Path) -> RunConfig:
    config = small_run(tmp_path, clusters(8), epochs=1)
    train(config, quiet=True)
    return config


def test_resuming_a_finished_run_returns_its_result(finished: RunConfig) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.output.rglob("*")}
    result = resume(finished.output, quiet=True)
    assert result.epochs == 1
    assert result.metrics["valid"]["forces"]["unit"] == "eV/Å"
    assert {path: path.stat().st_mtime_ns for path in finished.output.rglob("*")} == before


def test_a_run_that_is_older_than_a_setting_goes_on_with_its_default(finished: RunConfig) -> None:
    folder = RunFolder(finished.output)
    told = folder.config.read_text(encoding="utf-8")
    older = "".join(line for line in told.splitlines(keepends=True) if "longrange" not in line)
    assert older != told
    folder.config.write_text(older, encoding="utf-8")
    assert train(finished, resume=True, quiet=True).epochs == 1


def test_a_run_is_not_resumed_with_other_settings_or_other_data(finished: RunConfig) -> None:
    RunFolder(finished.output).results.unlink()
    other = finished.model_copy(update={"seed": 1})
    with pytest.raises(InputError, match=r"cannot resume .* seed differs; got: 1; accepted: 0"):
        train(other, resume=True, quiet=True)
    small_run(finished.output.parent, clusters(8, seed=5))  # overwrites the file of the frames
    with pytest.raises(InputError, match=r"cannot resume .*the data are not those it began with"):
        train(finished, resume=True, quiet=True)


def test_what_was_never_a_run_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not the folder of a run"):
        resume(tmp_path)


def test_the_last_weights_are_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    config = small_run(tmp_path, clusters(8), epochs=3)
    best = train(config, quiet=True)
    last = config.model_copy(
        update={
            "training": config.training.model_copy(update={"keep": "last"}),
            "output": tmp_path / "last",
        }
    )
    model = train(last, quiet=True).load_model()
    assert model.metadata["training"]["epoch"] == 3
    assert best.load_model().metadata["training"]["epoch"] == best.best_epoch
