"""A training that starts from a model: what it begins as, what stays, what is remembered, what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from copper import clusters, crystals, small_run
from finetuning import elsewhere, from_base, replay_of
from safetensors.torch import load_file
from test_resume import assert_same_end, copies_of_every_state

from intertwine.data import Structure
from intertwine.errors import InputError
from intertwine.graph import build_graph
from intertwine.nn import LowRankAdapters
from intertwine.observables import load_model, save_model
from intertwine.train import RunConfig, RunFolder, evaluate, train
from intertwine.train.datasets import build_graphs, read_datasets, read_replay
from intertwine.train.start import Start, finished, start, with_sizes_of_the_start

METHODS = ("full", "heads", "adapters")


def begun(config: RunConfig) -> Start:
    config = with_sizes_of_the_start(config)
    sets = read_datasets(config.data, config.seed)
    return start(config, sets, build_graphs(sets.train, config.model.cutoff))


@pytest.mark.parametrize("method", METHODS)
def test_before_the_first_step_every_force_is_that_of_the_base(
    base: Path, tmp_path: Path, method: str
) -> None:
    """And every energy, up to what the references moved by."""
    frames = elsewhere(clusters(9))
    model, old = begun(from_base(base, tmp_path, frames, method=method)).model, load_model(base)
    for frame in frames:
        graph = build_graph(frame, old.cutoff)
        before, after = old(graph), model(graph, outputs=("energy", "forces"))
        assert torch.equal(before["forces"], after["forces"])
        shift = finished(model).spec.reference_energies[29] - old.spec.reference_energies[29]
        assert float(after["energy"] - before["energy"]) == pytest.approx(4 * shift, abs=1e-10)


def test_references_are_fitted_to_what_the_base_leaves_unsaid(base: Path, tmp_path: Path) -> None:
    """No mean error is left; an element that the new frames lack keeps its energy."""
    config = from_base(base, tmp_path, elsewhere(clusters(9)))
    model = finished(begun(config).model)
    found = evaluate(model, read_datasets(config.data, config.seed).train)
    deviation = found.predicted["energy_per_atom"] - found.reference["energy_per_atom"]
    assert abs(deviation.mean()) < 1e-9
    assert model.spec.reference_energies[79] == -4.0
    assert model.spec.scale == load_model(base).spec.scale


def test_isolated_atoms_of_the_new_level_become_the_reference(base: Path, tmp_path: Path) -> None:
    frames = elsewhere(clusters(9))
    atom = Structure([29], np.zeros((1, 3)), labels={"energy": -1.5}, info={"config_type": "isolated_atom"})
    config = from_base(base, tmp_path, [*(frame.replace(info={}) for frame in frames), atom])
    config = config.model_copy(update={"data": config.data.model_copy(update={"require": ("energy",)})})
    model = finished(begun(config).model)
    assert evaluate(model, [atom]).errors["energy"].mae < 1e-12
    found = evaluate(model, read_datasets(config.data, config.seed).train)
    deviation = found.predicted["energy_per_atom"] - found.reference["energy_per_atom"]
    assert abs(deviation.mean()) < 1e-3, "up to e^-8 of the cohesion"


def test_references_of_the_same_level_can_be_kept(base: Path, tmp_path: Path) -> None:
    made = begun(from_base(base, tmp_path, clusters(9), references="keep"))
    assert finished(made.model).spec == load_model(base).spec
    assert made.reference.sentence().startswith("reference energies of the model it starts from: Cu -3.0000")


@pytest.mark.parametrize("references", ["refit", "keep"])
def test_before_the_first_step_nothing_is_forgotten(base: Path, tmp_path: Path, references: str) -> None:
    """Old energies are counted from the new zero, so that both levels agree on what they mean."""
    replay = replay_of(tmp_path, clusters(8, seed=5))
    config = from_base(base, tmp_path, elsewhere(clusters(9)), replay=replay, references=references)
    made = begun(config)
    now = evaluate(finished(made.model), made.held_out).record()
    assert (len(made.replay), len(made.held_out)) == (6, 2)
    for label in ("energy", "forces"):
        assert now[label]["rmse"] == pytest.approx(made.before[label]["rmse"], rel=1e-9)


def test_what_an_earlier_run_held_out_is_not_rehearsed(base: Path, tmp_path: Path) -> None:
    earlier = small_run(tmp_path, clusters(12)).data.model_copy(update={"valid": 0.25})
    replay = {"frames": tmp_path / "train.xyz", "valid": 0.25}
    config = from_base(base, tmp_path, elsewhere(clusters(9)), replay=replay)
    record = read_replay(config.data, config.finetune.replay, seed=0).record()
    assert record == read_datasets(earlier, seed=0).record["valid"]["split"]


@pytest.fixture(scope="module", params=METHODS)
def tuned(request, base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, RunFolder]:
    folder = tmp_path_factory.mktemp("tuned")
    config = from_base(base, folder, elsewhere(clusters(12)), method=request.param)
    train(config, quiet=True)
    return request.param, RunFolder(config.output)


def test_what_is_frozen_is_the_same_to_the_last_bit(tuned: tuple[str, RunFolder], base: Path) -> None:
    method, folder = tuned
    old, new = load_file(base), load_file(folder.model)
    moved = {name for name in old if not torch.equal(old[name], new[name])}
    heads = {name for name in old if not name.startswith("encoder.")}
    assert old.keys() == new.keys()
    assert moved, "nothing was learned"
    assert moved <= heads if method == "heads" else moved - heads


def test_adapters_change_the_saved_weights_by_their_rank(tuned: tuple[str, RunFolder], base: Path) -> None:
    """Up to the rounding of float32; other methods change them by more."""
    method, folder = tuned
    if method == "heads":
        pytest.skip("the encoder is frozen")
    old, new = load_file(base)["encoder.layers.0.mix.weight"], load_file(folder.model)
    values = torch.linalg.svdvals((new["encoder.layers.0.mix.weight"] - old).double())
    assert bool((values[..., 1] < 1e-4 * values[..., 0]).all()) == (method == "adapters")


def test_the_old_model_stays_beside_the_new_one(tuned: tuple[str, RunFolder], base: Path) -> None:
    """On the encoder of the new model, too, where that was frozen: two energies of one pass."""
    method, folder = tuned
    assert folder.base.read_bytes() == base.read_bytes()
    old, new = load_model(folder.base), load_model(folder.model)
    assert not isinstance(new, LowRankAdapters)
    if method == "heads":
        graph = build_graph(clusters(1)[0], old.cutoff)
        assert torch.equal(old.energy(graph, new.encoder(graph)), old(graph, ("energies",))["energies"])


def test_the_folder_says_where_the_training_started(tuned: tuple[str, RunFolder], base: Path) -> None:
    method, folder = tuned
    record = json.loads(folder.provenance.read_text(encoding="utf-8"))["data"]["start"]
    assert record["file"] == str(base)
    assert len(record["hash"]) == 64
    assert f"start from {base}: {method}" in folder.log.read_text(encoding="utf-8")
    config = RunConfig.model_validate(folder.recorded())
    assert (config.model.channels, config.training.learning_rate) == (8, 0.005)


def test_a_finetuning_ends_the_same_from_every_state_that_it_kept(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay = replay_of(tmp_path, clusters(7, seed=5))
    config = from_base(base, tmp_path, elsewhere(clusters(7)), method="adapters", replay=replay)
    with copies_of_every_state(tmp_path, monkeypatch) as copies:
        whole = train(config, quiet=True)
    assert len(copies) == 6  # two batches in each of three epochs
    for copy in copies[1:5]:
        again = train(config.model_copy(update={"output": copy}), resume=True, quiet=True)
        assert_same_end(copy, config.output)
        assert again.forgetting == whole.forgetting


def test_a_finetuning_is_not_resumed_from_another_model(base: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.safetensors"
    own.write_bytes(base.read_bytes())
    config = from_base(own, tmp_path, elsewhere(clusters(7)))
    train(config, quiet=True)
    RunFolder(config.output).results.unlink()
    save_model(load_model(base), own, metadata={"trained": "again"})
    with pytest.raises(InputError, match=r"cannot resume .* the data are not those it began with"):
        train(config, resume=True, quiet=True)


def test_replay_keeps_what_was_learned(tmp_path: Path) -> None:
    """Clusters first, then crystals: without replay the clusters are forgotten."""
    (tmp_path / "first").mkdir()
    model = train(
        small_run(tmp_path / "first", clusters(24), epochs=25, learning_rate=0.03), quiet=True
    ).model_path
    grown = {}
    for share in (0.0, 0.5):
        folder = tmp_path / str(share)
        folder.mkdir()
        config = from_base(model, folder, crystals(12), replay=replay_of(folder, clusters(24), share=share))
        training = config.training.model_copy(update={"epochs": 10, "learning_rate": 0.02})
        forgetting = train(config.model_copy(update={"training": training}), quiet=True).forgetting
        before, after = (forgetting[time]["forces"]["rmse"] for time in ("before", "after"))
        grown[share] = after / before
        log = (config.output / "train.log").read_text(encoding="utf-8")
        assert f"old frames: forces RMSE {before:.4g} before, {after:.4g} eV/Å after" in log
    assert grown[0.0] > 2.0
    assert grown[0.5] < 0.6 * grown[0.0]
