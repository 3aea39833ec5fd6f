"""Training with dispersion: it is there before the first step, learned around, and carried along."""

import sys
from pathlib import Path

import pytest
import torch
from copper import clusters, crystals, small_run
from finetuning import from_base

from intertwine.dispersion import Dispersion, DispersionSpec
from intertwine.engines.export import export_model
from intertwine.errors import InputError, MissingExtraError
from intertwine.graph import build_graph
from intertwine.observables import Model, load_model
from intertwine.train import RunConfig, train
from intertwine.train.start import with_sizes_of_the_start

pytest.importorskip("dftd3")
pytest.importorskip("dftd4")

SPEC = DispersionSpec(method="d3bj", functional="pbe")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that learned clusters and crystals, stress among them, in three epochs."""
    folder = tmp_path_factory.mktemp("trained")
    config = small_run(folder, clusters(7) + crystals(5))
    sizes = config.model.model_copy(update={"dispersion": SPEC})
    train(config.model_copy(update={"model": sizes}))
    return folder / "run" / "model.safetensors"


def test_a_trained_model_has_learned_around_it(trained: Path) -> None:
    model, (crystal,) = load_model(trained, dtype=torch.float64), crystals(1, seed=5)
    assert model.spec.dispersion == SPEC
    graph = build_graph(crystal, model.cutoff)
    whole = model(graph)["energy"].item()
    model.energy.dispersion = None
    part = model(graph)["energy"].item()
    assert whole - part == pytest.approx(Dispersion(SPEC)(graph).sum().item(), abs=1e-10)
    assert whole - part < -0.1


def test_fine_tuning_brings_it_along(trained: Path, tmp_path: Path) -> None:
    config = with_sizes_of_the_start(from_base(trained, tmp_path, clusters(7)))
    assert config.model.dispersion == SPEC
    again = RunConfig.model_validate({**config.model_dump(), "finetune": {"model": trained}})
    assert with_sizes_of_the_start(again).model.dispersion == SPEC
    other = {**config.model.model_dump(), "dispersion": {"functional": "blyp"}}
    with pytest.raises(InputError, match=r"model\.dispersion is not that of finetune\.model"):
        with_sizes_of_the_start(RunConfig.model_validate({**config.model_dump(), "model": other}))


def test_it_can_be_added_to_a_model_that_was_trained_without(base: Path) -> None:
    plain, (crystal,) = load_model(base, dtype=torch.float64), crystals(1)
    model = Model(plain.spec.model_copy(update={"dispersion": SPEC})).double()
    model.load_state_dict(plain.state_dict())
    graph = build_graph(crystal, model.cutoff)
    added = model(graph)["energy"].item() - plain(graph)["energy"].item()
    assert added == pytest.approx(Dispersion(SPEC)(graph).sum().item(), abs=1e-10)


def test_it_is_not_exported(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="dispersion is not exported"):
        export_model(trained, tmp_path / "model.pt2")


def test_a_model_file_needs_the_package(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dftd3.interface", None)
    with pytest.raises(MissingExtraError, match=r"intertwine\[dispersion\]"):
        load_model(trained)
