"""From frames to a folder: what is in it, what was learned, what is refused before anything is written."""

import itertools
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml
from copper import clusters, crystals, small_run

from intertwine.data import data_hash, read
from intertwine.errors import InputError, IntertwineError
from intertwine.train import RunConfig, RunFolder, evaluate, train
from intertwine.train.callbacks import TensorBoard, read_table
from intertwine.train.config import WeightsConfig


def with_(config: RunConfig, section: str, **changes: object) -> RunConfig:
    return config.model_copy(update={section: getattr(config, section).model_copy(update=changes)})


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunConfig, RunFolder]:
    folder = tmp_path_factory.mktemp("ran")
    config = small_run(folder, crystals(19), epochs=12, learning_rate=0.03)
    config = with_(config, "data", test=(folder / "train.xyz",))
    train(config, quiet=True)
    return config, RunFolder(config.output)


def test_training_learns(ran: tuple[RunConfig, RunFolder]) -> None:
    rows = read_table(ran[1].metrics)
    assert len(rows) == 12
    for name in ("train_loss", "valid_stress_rmse"):
        assert float(rows[-1][name]) < 0.5 * float(rows[0][name]), name


def test_the_folder_says_everything_needed_to_repeat_the_run(
    ran: tuple[RunConfig, RunFolder], tmp_path: Path
) -> None:
    config, folder = ran
    names = {path.name for path in folder.path.iterdir()}
    assert names >= {"config.yaml", "provenance.json", "metrics.csv", "train.log", "checkpoints"}
    assert names >= {"model.safetensors", "results.json"} | (
        {"tensorboard"} if TensorBoard.installed() else set()
    )
    provenance = json.loads(folder.provenance.read_text(encoding="utf-8"))
    assert provenance["reference_origin"] == "least squares"
    assert provenance["versions"].keys() >= {"intertwine", "torch", "numpy", "lightning"}
    frames = read(config.data.train)
    chosen = provenance["data"]["valid"]["split"]["parts"]["valid"]
    assert data_hash([frames[index] for index in chosen["indices"]]) == chosen["hash"]
    repeated = RunConfig.model_validate(yaml.safe_load(folder.config.read_text(encoding="utf-8")))
    again = train(repeated.model_copy(update={"output": tmp_path / "again"}), quiet=True)
    first, second = torch_weights(folder), torch_weights(RunFolder(again.folder))
    assert all(torch.equal(first[name], second[name]) for name in first)


def torch_weights(folder: RunFolder) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder.model)


def test_the_model_in_the_folder_is_the_one_that_was_validated_best(ran: tuple[RunConfig, RunFolder]) -> None:
    config, folder = ran
    from intertwine.observables import load_model

    rows = read_table(folder.metrics)
    best = min(rows, key=lambda row: float(row["valid_score"]))
    results = json.loads(folder.results.read_text(encoding="utf-8"))
    assert results["best_epoch"] == int(best["epoch"])
    found = results["metrics"]["valid"]
    for name, key in (("energy_per_atom", "energy"), ("forces", "forces"), ("stress", "stress")):
        assert found[name]["rmse"] == pytest.approx(float(best[f"valid_{key}_rmse"]), rel=1e-5, abs=1e-12)
    model = load_model(folder.model)
    assert model.metadata["provenance"]["seed"] == config.seed
    test = evaluate(model, read(config.data.train)).record()["energy"]
    assert results["metrics"]["train"]["energy"]["rmse"] == pytest.approx(test["rmse"], rel=1e-6)


def test_a_run_leaves_no_trace_in_the_process(tmp_path: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    train(small_run(tmp_path, clusters(8), epochs=1, precision="float64"), quiet=True)
    assert torch.equal(torch.rand(4), expected)
    assert (torch.get_num_threads(), torch.get_default_dtype()) == (threads, dtype)
    assert torch.is_grad_enabled()


def test_nobody_hears_lightning(
    tmp_path: Path, capfd: pytest.CaptureFixture, caplog: pytest.LogCaptureFixture
) -> None:
    train(small_run(tmp_path, clusters(8), epochs=2))
    said = capfd.readouterr()
    assert said.out == ""
    lines = said.err.strip().splitlines()
    assert lines[0] == "5 frames to learn energy, forces from, 3 to validate"
    assert lines[1].startswith("reference energies by least squares over 5 frames: Cu ")
    assert all(
        line.startswith(("5 frames", "reference", "valid:", "epoch ")) or "parameters" in line
        for line in lines
    )
    assert not caplog.records


@pytest.mark.parametrize("forces", ["derivative", "direct"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("loss", ["norm", "huber"])
def test_forces_are_learned_in_every_way(tmp_path: Path, forces: str, precision: str, loss: str) -> None:
    config = small_run(tmp_path, clusters(16), epochs=16, precision=precision, loss=loss, learning_rate=0.03)
    result = train(with_(config, "model", forces=forces), quiet=True)
    rows = read_table(RunFolder(result.folder).metrics)
    assert float(rows[-1]["valid_forces_rmse"]) < 0.6 * float(rows[0]["valid_forces_rmse"])
    model = result.load_model()
    assert (model.direct is not None) == (forces == "direct")
    assert model.dtype == getattr(torch, precision)


def test_stress_is_learned_only_where_it_is_known(tmp_path: Path) -> None:
    frames = crystals(6) + clusters(6)
    result = train(small_run(tmp_path, frames, epochs=2), quiet=True)
    labelled = sum("stress" in frame.labels for frame in frames)
    rows = read_table(RunFolder(result.folder).metrics)
    assert 0 < labelled < len(frames)
    assert "train_stress_rmse" in rows[0]


def test_a_budget_of_time_plans_the_epochs_and_anneals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()  # a clock that is read at an even pace, however busy the machine is
    clock = SimpleNamespace(monotonic=lambda: 0.01 * next(ticks))
    monkeypatch.setattr("intertwine.train.module.time", clock)
    config = small_run(tmp_path, clusters(8), epochs=100_000, max_minutes=0.02, warmup=0.0)
    result = train(config, quiet=True)
    assert 1 < result.epochs < 100_000
    assert "epochs fit into 0.02 min" in RunFolder(result.folder).log.read_text()
    rates = [float(row["learning_rate"]) for row in read_table(RunFolder(result.folder).metrics)]
    assert rates[-1] < 0.1 * rates[0]


def test_patience_ends_a_run_that_no_longer_improves(tmp_path: Path) -> None:
    config = small_run(
        tmp_path, clusters(8), epochs=30, patience=3, learning_rate=1e-30, ema=0.0, schedule="constant"
    )
    result = train(config, quiet=True)
    assert result.epochs < 30
    assert "stopped: no improvement in 3 epochs" in RunFolder(result.folder).log.read_text()


def test_divergence_is_said_and_the_last_good_state_stays(tmp_path: Path) -> None:
    config = small_run(tmp_path, clusters(8), epochs=5, learning_rate=1e30, warmup=0.0, clip=None)
    with pytest.raises(IntertwineError, match=r"diverged in epoch .*lower training.learning_rate"):
        train(config, quiet=True)
    assert not RunFolder(config.output).results.exists()


def test_isolated_atoms_become_the_reference(tmp_path: Path) -> None:
    from intertwine.data import write

    frames = clusters(8)
    atom = frames[0].replace(numbers=[29], positions=np.zeros((1, 3)), labels={"energy": -1.5}, info={})
    config = small_run(tmp_path, frames, epochs=1)
    write(tmp_path / "atoms.xyz", [atom])
    result = train(with_(config, "data", isolated_atoms=tmp_path / "atoms.xyz"), quiet=True)
    assert "reference energies from isolated atoms: Cu -1.5000 eV" in RunFolder(result.folder).log.read_text()
    alone = evaluate(result.load_model(), [atom])
    assert alone.errors["energy"].mae < 1e-12


def nothing_written(config: RunConfig) -> bool:
    return not config.output.exists()


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    config = small_run(tmp_path, clusters(6))
    config.output.mkdir()
    (config.output / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="is not empty; accepted: a new or an empty folder; do: resume it"):
        train(config, quiet=True)
    with pytest.raises(InputError, match="is not the folder of a run"):
        train(config, resume=True, quiet=True)
    assert [path.name for path in config.output.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("output", ["train.xyz", "train.xyz/run", "/proc/nowhere/run"])
def test_a_place_that_cannot_be_a_folder_is_refused_at_once(tmp_path: Path, output: str) -> None:
    config = small_run(tmp_path, clusters(6)).model_copy(update={"output": tmp_path / output})
    with pytest.raises(InputError, match=r"output '.*' (is not a folder|cannot be made)|cannot write '/proc"):
        train(config, quiet=True)
    assert {path.name for path in tmp_path.iterdir()} == {"train.xyz"}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: with_(c, "data", valid=100.0), "6 frames cannot be split"),
        (lambda c: with_(c, "data", require=("energy", "forces", "stress")), "stress"),
        (
            lambda c: with_(c, "training", weights=(WeightsConfig(energy=0.0, forces=0.0),)),
            "nothing to learn: no training frame has a label with a weight",
        ),
        (lambda c: with_(c, "training", device="cuda"), "no CUDA device is at hand"),
    ],
)
def test_what_cannot_be_trained_leaves_no_folder(tmp_path: Path, spoil, message: str) -> None:
    if torch.cuda.is_available() and "CUDA" in message:
        pytest.skip("there is one")
    config = spoil(small_run(tmp_path, clusters(6)))
    with pytest.raises(InputError, match=message):
        train(config, quiet=True)
    assert nothing_written(config)


def test_elements_only_met_in_a_test_file_are_refused(tmp_path: Path) -> None:
    from intertwine.data import write

    config = small_run(tmp_path, clusters(6))
    write(tmp_path / "gold.xyz", [frame.replace(numbers=[79] * 4) for frame in clusters(1)])
    with pytest.raises(
        InputError, match="gold frames hold elements that the training frames do not; got: Au"
    ):
        train(with_(config, "data", test=(tmp_path / "gold.xyz",)), quiet=True)
    assert nothing_written(config)
