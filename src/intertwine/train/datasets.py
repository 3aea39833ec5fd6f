"""The frames of a run: read, set apart, hashed, and turned into graphs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import chemical_symbols
from pydantic import ValidationError

from intertwine.data import (
    LABELS,
    ReferenceEnergies,
    Split,
    Statistics,
    Structure,
    data_hash,
    fit_cohesion,
    fit_reference_energies,
    isolated_energies,
    read,
    split,
    statistics,
    without_isolated_atoms,
)
from intertwine.encoders import BodyOrderedSpec
from intertwine.errors import InputError
from intertwine.graph import Graph, build_graph
from intertwine.observables import ModelSpec
from intertwine.train.config import DataConfig, ReplayConfig, RunConfig
from intertwine.train.isotropic import fitted


@dataclass(frozen=True, eq=False)
class Datasets:
    """Structures by role.

    Args:
        train: to learn from.
        valid: to choose by.
        test: to report on, by name of the file.
        isolated: energies of isolated atoms by atomic number, eV; empty if none were given.
        record: hashes, sizes and indices, enough to make the same sets again.
    """

    train: list[Structure]
    valid: list[Structure]
    test: Mapping[str, list[Structure]]
    isolated: Mapping[int, float]
    record: Mapping[str, Any]


def read_datasets(data: DataConfig, seed: int) -> Datasets:
    """Read every file of a configuration and split.

    Single atoms marked as isolated leave the training frames; unless `isolated_atoms` names a file, their
    energies become the reference energies.

    Raises:
        InputError: a file cannot be used; the message names it and the frame.
    """
    frames = _read(data, data.train)
    isolated = isolated_energies(_single_atoms(data) if data.isolated_atoms else frames)
    frames = without_isolated_atoms(frames)
    if isinstance(data.valid, Path):
        train, valid, how = frames, without_isolated_atoms(_read(data, data.valid)), {"file": str(data.valid)}
    else:
        size = data.valid if data.valid < 1 else int(data.valid)
        parts = split(frames, {"valid": size, "train": None}, seed)
        train, valid, how = parts["train"], parts["valid"], {"split": parts.record()}
    test = {name: _read(data, path) for name, path in _named(data.test).items()}
    _check_species(train, {"validation": valid, **test})
    record = {
        "train": {"file": str(data.train), "frames": len(train), "hash": data_hash(train)},
        "valid": {"frames": len(valid), "hash": data_hash(valid)} | how,
        "test": {name: {"frames": len(part), "hash": data_hash(part)} for name, part in test.items()},
    }
    return Datasets(train, valid, test, isolated, record)


def read_replay(data: DataConfig, replay: ReplayConfig, seed: int) -> Split:
    """Old frames in two parts, `train` and `valid`.

    With file, seed and fraction of an earlier training these are the parts that it had.

    Raises:
        InputError: the file cannot be used, or is too small to be parted.
    """
    old = data.model_copy(update={"keys": replay.keys, "units": replay.units})
    frames = without_isolated_atoms(_read(old, replay.frames))
    return split(frames, {"valid": replay.valid, "train": None}, seed)


def _read(data: DataConfig, path: Path, require: Sequence[str] | None = None) -> list[Structure]:
    if require is None:
        require = ("energy", "forces") if data.require is None else data.require
    return read(path, keys=data.label_keys, units=data.label_units, require=require)


def _single_atoms(data: DataConfig) -> list[Structure]:
    """Frames of the file of isolated atoms, marked as such whether they say so or not."""
    assert data.isolated_atoms is not None
    frames = _read(data, data.isolated_atoms, ("energy",))
    if any(len(frame) != 1 for frame in frames):
        raise InputError(f"data.isolated_atoms: '{data.isolated_atoms}' has frames of more than one atom")
    return [frame.replace(info={**frame.info, "config_type": "isolated_atom"}) for frame in frames]


def _check_species(train: Sequence[Structure], others: Mapping[str, Sequence[Structure]]) -> None:
    """Elements that are only in a validation or test file are refused before hours are spent."""
    known = {z for frame in train for z in frame.species}
    for name, frames in others.items():
        new = sorted({z for frame in frames for z in frame.species} - known)
        if new:
            got = ", ".join(chemical_symbols[z] for z in new)
            raise InputError(f"the {name} frames hold elements that the training frames do not", got=got)


def _named(paths: Iterable[Path]) -> dict[str, Path]:
    """Test files by their stem, numbered where stems repeat."""
    named: dict[str, Path] = {}
    for path in paths:
        name, number = path.stem, 2
        while name in named:
            name, number = f"{path.stem}_{number}", number + 1
        named[name] = path
    return named


def learnable(config: RunConfig, structures: Sequence[Structure], outputs: Sequence[str]) -> tuple[str, ...]:
    """Labels that the model computes, some frame has and some weight prices.

    Raises:
        InputError: there is nothing to learn.
    """
    stages = config.training.weights
    priced = [name for name in LABELS if name in outputs and any(stage.of(name) > 0 for stage in stages)]
    found = [name for name in priced if any(name in structure.labels for structure in structures)]
    if not found:
        raise InputError(
            "nothing to learn: no training frame has a label with a weight",
            accepted=", ".join(name for name in LABELS if name in outputs),
        )
    return tuple(found)


def build_graphs(structures: Sequence[Structure], cutoff: float) -> list[Graph]:
    """One graph per structure."""
    return [build_graph(structure, cutoff) for structure in structures]


def describe(
    config: RunConfig, sets: Datasets, graphs: Sequence[Graph]
) -> tuple[ModelSpec, ReferenceEnergies]:
    """The specification of the model, completed by what the training frames say.

    Species, reference energies, mean cohesion per species, the scale of what is to be learned, and the mean
    number of neighbours.
    """
    sizes = config.model
    species = tuple(sorted({z for frame in sets.train for z in frame.species}))
    told = sizes.energy and any("energy" in frame.labels for frame in sets.train)
    reference, scale = ReferenceEnergies(dict.fromkeys(species, 0.0) if sizes.energy else {}, "none"), 1.0
    if told or (sizes.energy and sets.isolated):
        reference = fit_reference_energies(sets.train, sets.isolated or None)
    if told:
        scale = _scale(sets.train, statistics(sets.train, reference))
    alike = config.training.elements == "shared"
    heads = {
        name: fitted(head.declared(name), sets.train, head.positive, alike)
        for name, head in sizes.heads.items()
    }
    for name, head in heads.items():
        if head.irreps.degree > sizes.l_max:
            raise InputError(
                f"the head '{name}' ({head.irreps}) needs finer surroundings",
                got=f"model.l_max={sizes.l_max}",
                fix=f"set model.l_max={head.irreps.degree}",
            )
    edges = sum(graph.n_edges for graph in graphs) / sum(graph.n_atoms for graph in graphs)
    turning = sizes.forces == "direct" or (sizes.longrange is not None and sizes.longrange.dipoles)
    encoder = BodyOrderedSpec(
        species=species,
        cutoff=sizes.cutoff,
        channels=sizes.channels,
        message_channels=sizes.message_channels,
        layers=sizes.layers,
        l_max=sizes.l_max,
        hidden_l=sizes.hidden_l,
        output_l=max([int(turning), *(head.irreps.degree for head in heads.values())]),
        radial=sizes.radial,
        neighbours=max(edges, 1.0),
        field=sizes.field == "density",
        charge=sizes.charge,
    )
    try:
        spec = ModelSpec(
            encoder=encoder,
            energy=sizes.energy,
            heads=heads,
            field=sizes.field,
            reference_energies={z: reference.energies[z] for z in species if sizes.energy},
            cohesion=fit_cohesion(sets.train, reference) if told and reference.origin == "isolated" else {},
            scale=scale,
            zbl=sizes.zbl,
            forces=sizes.forces,
            longrange=sizes.longrange,
            dispersion=sizes.dispersion,
        )
    except ValidationError as error:
        reason = error.errors()[0].get("ctx", {}).get("error", error)
        raise InputError(f"model: {reason}") from None
    return spec, reference


def _scale(structures: Sequence[Structure], figures: Statistics) -> float:
    """How much the learned energy has to vary: RMS of the forces (over 1 Å), of the virials per atom, or the
    spread of the energies per atom, the largest; for forces and stress may vanish by symmetry.
    """
    virials = [s.labels["stress"] * s.volume / len(s) for s in structures if "stress" in s.labels]
    virial_rms = float(np.sqrt(np.mean(np.square(virials)))) if virials else 0.0
    scale = max(figures.force_rms or 0.0, virial_rms, figures.energy_std_per_atom or 0.0)
    return scale if scale > 1e-6 else 1.0
