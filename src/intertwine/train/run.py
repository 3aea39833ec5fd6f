"""`train`: from a configuration to a folder with a model in it."""

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from ase.data import chemical_symbols
from rich.console import Console
from torch import nn

from intertwine.data import LABELS, replacing
from intertwine.errors import InputError
from intertwine.graph import Graph
from intertwine.observables import Model, load_model, save_model
from intertwine.train.config import RunConfig
from intertwine.train.config_file import check_files, with_absolute_paths
from intertwine.train.datasets import Datasets, build_graphs, learnable, read_datasets
from intertwine.train.evaluate import evaluate
from intertwine.train.isotropic import spread
from intertwine.train.loader import GraphLoader, ReplayLoader
from intertwine.train.module import Fit
from intertwine.train.run_folder import RunFolder, surroundings, write_json
from intertwine.train.start import Start, finished, start, with_sizes_of_the_start
from intertwine.train.trainer import guest, make_trainer
from intertwine.typing import PathLike

PRICED = ("energy", "forces", "stress")
"""Labels whose errors are priced in their own units, all others by their spread."""

FINETUNING_RATE = 0.005
"""Learning rate where a trained model is the start and none is given."""


@dataclass(frozen=True, eq=False)
class RunResult:
    """What came of a training.

    Args:
        folder: of the run; see `RunFolder` for what is in it.
        metrics: errors by set (`valid` and the test files) and property: mae, rmse, r2, n, unit.
        epochs: passes over the training frames.
        best_epoch: the one whose averaged weights were kept.
        seconds: spent training, over all interruptions.
        forgetting: errors on the old frames held out, `before` and `after`, where a training that starts from
            a model has some.
    """

    folder: Path
    metrics: Mapping[str, Mapping[str, Mapping[str, Any]]]
    epochs: int
    best_epoch: int
    seconds: float
    forgetting: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def model_path(self) -> Path:
        """The file of the trained model."""
        return RunFolder(self.folder).model

    def load_model(self) -> Model:
        """The trained model."""
        return load_model(self.model_path)


def train(
    config: RunConfig,
    *,
    resume: bool = False,
    quiet: bool = False,
    callbacks: Sequence[lightning.Callback] = (),
) -> RunResult:
    """Fit a potential and leave a folder that says everything needed to do it again.

    A run that was killed goes on with `resume=True`, from at most a minute before; on a CPU it ends with the
    same bits as one that was not. Resuming an empty folder begins; resuming a finished run returns its
    result.

    Args:
        config: from `load_config`, or made in Python.
        resume: go on in the folder of an earlier run of the same configuration and data.
        quiet: show nothing; the log file is written in any case.
        callbacks: of Lightning, to look on; state of theirs that should survive goes into their `state_dict`.

    Raises:
        InputError: a file, a label or the output folder cannot be used; nothing is written then.
        IntertwineError: the loss became infinite.
    """
    check_files(config)
    folder = RunFolder(config.output)
    config = _settled(config, folder)
    training = config.training
    folder.check(config, resume)
    if folder.results.is_file():
        return _result(folder)
    console = Console(stderr=True, quiet=quiet)
    with guest(config.seed, training.threads):
        fit, sets, valid, begun = _prepare(config, folder, console)
        trainer = make_trainer(training, folder, console, partial(_publish, folder), callbacks)
        state = folder.state if folder.state.is_file() else None
        try:
            trainer.fit(fit.train(), fit.loader, valid, ckpt_path=state, weights_only=False)
        except SystemExit:
            fit.say(f"interrupted in epoch {fit.plan.epochs_done + 1}; resume goes on from the last state")
            raise
        return _finish(config, folder, fit, sets, begun)


def resume(folder: PathLike, *, quiet: bool = False) -> RunResult:
    """Go on with the run of a folder, whose configuration is read from it.

    Raises:
        InputError: the folder holds no run.

    >>> resume("nowhere")
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: 'nowhere' is not the folder of a run; got: no config.yaml in it
    """
    tree = RunFolder(Path(folder)).recorded()
    if not tree:
        raise InputError(f"'{folder}' is not the folder of a run", got="no config.yaml in it")
    return train(RunConfig.model_validate(tree | {"output": str(folder)}), resume=True, quiet=quiet)


def _settled(config: RunConfig, folder: RunFolder) -> RunConfig:
    """The configuration with absolute paths, and with what was left to the machine written out.

    A run that goes on keeps the device and the threads that it began with: they decide the last bits.
    """
    before = folder.recorded().get("training", {})
    training = config.training
    device = before.get("device", "auto") if training.device == "auto" else training.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("training.device: no CUDA device is at hand", accepted="auto, cpu")
    threads = training.threads or before.get("threads") or torch.get_num_threads()
    rate = training.learning_rate
    if config.finetune is not None and "learning_rate" not in training.model_fields_set:
        rate = FINETUNING_RATE
    settled = {"device": device, "threads": threads, "learning_rate": rate}
    config = config.model_copy(update={"training": training.model_copy(update=settled)})
    return with_sizes_of_the_start(with_absolute_paths(config))


def _prepare(
    config: RunConfig, folder: RunFolder, console: Console
) -> tuple[Fit, Datasets, GraphLoader, Start]:
    """Everything before the first step; the folder is made when all of it went well."""
    training, cutoff = config.training, config.model.cutoff
    sets = read_datasets(config.data, config.seed)
    graphs = build_graphs(sets.train, cutoff)
    begun = start(config, sets, graphs)
    labels = learnable(config, sets.train, finished(begun.model).outputs)
    valid = GraphLoader(build_graphs(sets.valid, cutoff), 4 * training.batch_size, shuffle=False)
    spreads = {name: spread(LABELS[name], sets.train) for name in labels if name not in PRICED}
    remainder = "remainder" in finished(begun.model).outputs
    fit = Fit(begun.model, training, _loader(config, graphs, begun), labels, spreads, remainder)
    folder.begin(config, _provenance(config, sets, labels, begun))
    fit.say = partial(_say, folder.log, console)
    fit.say(f"{len(sets.train)} frames to learn {', '.join(labels)} from, {len(sets.valid)} to validate")
    if config.finetune is not None:
        with replacing(folder.base) as scratch:
            scratch.write_bytes(config.finetune.model.read_bytes())
        free = _size(weight for weight in begun.model.parameters() if weight.requires_grad)
        fit.say(f"start from {config.finetune.model}: {config.finetune.method}, {free} parameters free")
    if begun.reference.energies:
        fit.say(begun.reference.sentence())
    size = _size(finished(begun.model).parameters())
    fit.say(f"{size} parameters, {training.precision}, {training.device}; folder {folder.path}")
    return fit, sets, valid, begun


def _loader(config: RunConfig, graphs: Sequence[Graph], begun: Start) -> GraphLoader | ReplayLoader:
    """Batches of the new frames, with their share of old ones where some are replayed."""
    size = config.training.batch_size
    replay = config.finetune.replay if config.finetune is not None else None
    if replay is None or not begun.replay:
        return GraphLoader(graphs, size, seed=config.seed)
    if size < 2:
        raise InputError("training.batch_size leaves no place for old frames", got=size, accepted="2 or more")
    old = min(max(1, round(replay.share * size)), size - 1)
    rehearsed = GraphLoader(build_graphs(begun.replay, config.model.cutoff), old, seed=config.seed)
    return ReplayLoader(GraphLoader(graphs, size - old, seed=config.seed), rehearsed)


def _provenance(config: RunConfig, sets: Datasets, labels: tuple[str, ...], begun: Start) -> dict[str, Any]:
    model = finished(begun.model)
    return {
        **surroundings(),
        "seed": config.seed,
        "device": config.training.device,
        "threads": config.training.threads,
        "data": {**sets.record, **begun.record},
        "labels": list(labels),
        "reference_energies": {chemical_symbols[z]: e for z, e in begun.reference.energies.items()},
        "reference_origin": begun.reference.origin,
        "model": model.spec.model_dump(mode="json"),
        "parameters": _size(model.parameters()),
    }


def _size(parameters: Iterable[nn.Parameter]) -> int:
    return sum(parameter.numel() for parameter in parameters)


def _publish(folder: RunFolder, fit: Fit) -> None:
    """Write the weights to keep, as they are so far, as a finished model."""
    model = copy.deepcopy(fit.average.model)
    model.load_state_dict(fit.kept["weights"])
    provenance = json.loads(folder.provenance.read_text(encoding="utf-8"))
    training = {"epoch": fit.kept["epoch"], "epochs": fit.plan.epochs}
    save_model(finished(model).cpu(), folder.model, metadata={"provenance": provenance, "training": training})


def _finish(config: RunConfig, folder: RunFolder, fit: Fit, sets: Datasets, begun: Start) -> RunResult:
    _publish(folder, fit)
    if fit.stopped:
        fit.say(f"stopped: {fit.stopped}")
    model = load_model(folder.model, device=config.training.device)
    metrics: dict[str, Any] = {}
    for name, frames in {"valid": sets.valid, **sets.test}.items():
        metrics[name] = evaluate(model, frames, batch_size=4 * config.training.batch_size).record()
        for label, errors in metrics[name].items():
            fit.say(f"{name}: {label} MAE {errors['mae']:.4g}, RMSE {errors['rmse']:.4g} {errors['unit']}")
    results = {"epochs": fit.plan.epochs_done, "best_epoch": fit.best["epoch"], "seconds": fit.plan.seconds}
    write_json(folder.results, results | {"metrics": metrics, **_forgetting(model, fit, begun)})
    return _result(folder)


def _forgetting(model: Model, fit: Fit, begun: Start) -> dict[str, Any]:
    """Errors on old frames before and after, empty where there are none."""
    if not begun.held_out:
        return {}
    after = evaluate(model, begun.held_out).record()
    for label, errors in after.items():
        was, unit = begun.before[label]["rmse"], errors["unit"]
        fit.say(f"old frames: {label} RMSE {was:.4g} before, {errors['rmse']:.4g} {unit} after")
    return {"forgetting": {"before": dict(begun.before), "after": after}}


def _result(folder: RunFolder) -> RunResult:
    return RunResult(folder.path, **json.loads(folder.results.read_text(encoding="utf-8")))


def _say(log: Path, console: Console, line: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    console.print(line, highlight=False, markup=False, soft_wrap=True)
