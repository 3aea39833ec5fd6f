"""What a training starts from: random weights shaped by the data, or a model that was trained before."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from ase.data import chemical_symbols
from jaxtyping import Float64
from torch import Tensor, nn

from intertwine.data import ReferenceEnergies, Structure, fit_cohesion, fit_reference_energies
from intertwine.encoders import SharedElements
from intertwine.errors import InputError
from intertwine.graph import Graph
from intertwine.heads import TensorSpec
from intertwine.nn import LowRankAdapters
from intertwine.observables import Model, ModelSpec, load_model
from intertwine.train.config import FinetuneConfig, HeadConfig, ModelConfig, RunConfig
from intertwine.train.datasets import Datasets, build_graphs, describe, read_replay
from intertwine.train.evaluate import evaluate
from intertwine.train.loader import GraphLoader


@dataclass(frozen=True, eq=False)
class Start:
    """A model ready to be fitted, and what is known of it.

    Args:
        model: to fit; a `Model`, or one inside `LowRankAdapters` or `SharedElements`.
        reference: its energies per element.
        replay: old frames to learn beside the new ones.
        held_out: old frames that tell what is forgotten; energies of both count from the zero of `reference`.
        before: errors of the trained model on `held_out`, as `evaluate` records them.
        record: hashes and indices, for the provenance.
    """

    model: nn.Module
    reference: ReferenceEnergies
    replay: Sequence[Structure] = ()
    held_out: Sequence[Structure] = ()
    before: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)


def start(config: RunConfig, sets: Datasets, graphs: Sequence[Graph]) -> Start:
    """The model that a configuration asks for, before its first step.

    Args:
        config: settled; its sizes are those of the model to start from.
        sets: the frames.
        graphs: of the training frames.

    Raises:
        InputError: the trained model does not fit the frames or the precision; tables to share in it.
    """
    dtype = torch.float64 if config.training.precision == "float64" else torch.float32
    if config.finetune is not None:
        if config.training.elements == "shared":
            raise InputError(
                "training.elements = shared is for random weights", fix="leave it out, or leave out finetune"
            )
        return _from_a_model(config, config.finetune, dtype, sets, graphs)
    spec, reference = describe(config, sets, graphs)
    model = Model(spec).start_from_reference()
    learner = SharedElements(model, model.species) if config.training.elements == "shared" else model
    return Start(learner.to(dtype), reference)


def finished(model: nn.Module) -> Model:
    """A plain `Model` of what was fitted: low-rank changes and shared tables become part of the weights."""
    model = model.merged() if isinstance(model, LowRankAdapters | SharedElements) else model
    assert isinstance(model, Model)
    return model


def with_sizes_of_the_start(config: RunConfig) -> RunConfig:
    """The configuration with the sizes of the model to start from, if there is one.

    Raises:
        InputError: other sizes were given.
    """
    if config.finetune is None:
        return config
    with torch.random.fork_rng(devices=[]):
        spec = load_model(config.finetune.model).spec
    heads = {name: _head(head) for name, head in spec.heads.items()}
    kept = ("zbl", "forces", "energy", "field", "longrange", "dispersion")
    own = spec.encoder.model_dump() | {name: getattr(spec, name) for name in kept} | {"heads": heads}
    sizes = {name: own[name] for name in ModelConfig.model_fields if name in own}
    for name, size in sizes.items():
        given = getattr(config.model, name)
        if "model" in config.model_fields_set and given != size:
            raise InputError(
                f"model.{name} is not that of finetune.model",
                got=given,
                accepted=size,
                fix="leave 'model' out: a trained model brings its sizes",
            )
    return config.model_copy(update={"model": ModelConfig.model_validate(sizes)})


def _head(spec: TensorSpec) -> HeadConfig:
    kept = {"indices", "unit", "per", "extensive", "axial", "positive"}
    return HeadConfig.model_validate(spec.model_dump(include=kept))


def _from_a_model(
    config: RunConfig, finetune: FinetuneConfig, dtype: torch.dtype, sets: Datasets, graphs: Sequence[Graph]
) -> Start:
    base = load_model(finetune.model)
    if torch.finfo(dtype).bits < torch.finfo(base.dtype).bits:
        raise InputError(
            "training.precision would round the weights of finetune.model",
            got=config.training.precision,
            fix="set training.precision=float64",
        )
    _check_elements(finetune, base.to(dtype), sets.train)
    spec, reference = _references(finetune, base, sets, graphs)
    model = Model(spec).to(dtype)
    model.load_state_dict(base.state_dict())
    digest = hashlib.sha256(finetune.model.read_bytes()).hexdigest()
    record: dict[str, Any] = {"start": {"file": str(finetune.model), "hash": digest}}
    learner = _freed(model, finetune)
    if finetune.replay is None:
        return Start(learner, reference, record=record)
    old = read_replay(config.data, finetune.replay, config.seed)
    for part in old.values():
        _check_elements(finetune, base, part)
    return Start(
        learner,
        reference,
        replay=_from_the_new_zero(old["train"], base, model) if finetune.replay.share else (),
        held_out=_from_the_new_zero(old["valid"], base, model),
        before=evaluate(base, old["valid"]).record(),
        record=record | {"replay": {"file": str(finetune.replay.frames), "split": old.record()}},
    )


def _check_elements(finetune: FinetuneConfig, base: Model, frames: Sequence[Structure]) -> None:
    new = sorted({z for frame in frames for z in frame.species} - set(base.species))
    if new:
        raise InputError(
            f"'{finetune.model}' has never seen the element {', '.join(chemical_symbols[z] for z in new)}",
            accepted=", ".join(chemical_symbols[z] for z in base.species),
            fix="leave these frames out, or train a new model",
        )


def _references(
    finetune: FinetuneConfig, base: Model, sets: Datasets, graphs: Sequence[Graph]
) -> tuple[ModelSpec, ReferenceEnergies]:
    """Energies per element at the level of the new frames, fitted to what the base says of their bonds.

    With E − (E_base − Σ E⁰_base) in place of E, these are the fits of a training from scratch. Elements that
    the new frames lack keep their energies.
    """
    spec = base.spec
    if not spec.energy:
        return spec, ReferenceEnergies({}, "none")
    if finetune.references == "keep":
        return spec, ReferenceEnergies(dict(sorted(spec.reference_energies.items())), "model")
    old = ReferenceEnergies(spec.reference_energies, "model")
    beyond = [
        frame.replace(labels={"energy": frame.labels["energy"] - said + old.of(frame)})
        for frame, said in zip(sets.train, _energies(base, graphs).tolist(), strict=True)
        if "energy" in frame.labels
    ]
    reference = fit_reference_energies(beyond, sets.isolated or None)
    gained = fit_cohesion(beyond, reference) if reference.origin == "isolated" else {}
    energies = {z: reference.energies.get(z, energy) for z, energy in spec.reference_energies.items()}
    cohesion = dict(spec.cohesion) | {z: spec.cohesion.get(z, 0.0) + more for z, more in gained.items()}
    return spec.model_copy(update={"reference_energies": energies, "cohesion": cohesion}), reference


def _from_the_new_zero(frames: Sequence[Structure], base: Model, model: Model) -> list[Structure]:
    """Old frames whose energies moved as those of the model did when it got new references."""
    if not model.spec.energy:
        return list(frames)
    graphs = build_graphs(frames, base.cutoff)
    moved = (_energies(model, graphs) - _energies(base, graphs)).tolist()
    return [
        frame.replace(labels={**frame.labels, "energy": frame.labels["energy"] + by})
        if "energy" in frame.labels
        else frame
        for frame, by in zip(frames, moved, strict=True)
    ]


@torch.no_grad()
def _energies(model: Model, graphs: Sequence[Graph]) -> Float64[Tensor, " frames"]:
    batches = GraphLoader(graphs, batch_size=32, shuffle=False)
    return torch.cat([model(batch, outputs=("energy",))["energy"] for batch in batches])


def _freed(model: Model, finetune: FinetuneConfig) -> nn.Module:
    """The model with that part of its weights free to change which the method allows."""
    if finetune.method == "adapters":
        return LowRankAdapters(model, finetune.rank)
    if finetune.method == "heads":
        model.encoder.requires_grad_(False)
    return model
