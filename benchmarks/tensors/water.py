"""Dipole, polarisability and first hyperpolarisability of water molecules and pairs, held-out frames.

    INTERTWINE_DATA=… python -m benchmarks.tensors water --minutes 5

Frames of github.com/dilkins/TENSOAP: 1000 monomers and 1000 dimers; of each, drawn by the seed, 700 to learn
from, 100 to choose by and 200 to report on. Beside the equivariant model stand

- no network: isotropic tensors that the atoms bring along, fitted;
- invariant: the same encoder, but every component read as a number of its own from distances and angles
  alone, which cannot know how the molecule is turned.
"""

import argparse
from collections.abc import Iterable, Mapping
from itertools import combinations_with_replacement, permutations
from typing import Any

import numpy as np
from benchmarks.fitting import Fitted, cell, fit, options_of
from benchmarks.record import Stopwatch, data_folder, keep, show

from intertwine.data import LABELS, Label, LabelKeys, LabelUnits, Structure, read, split
from intertwine.data.labels import declare
from intertwine.train.evaluate import Errors, irreducible_parts

KEYS = LabelKeys(energy="potential", dipole="mu", polarisability="alpha", hyperpolarisability="beta")
UNITS = LabelUnits(
    energy="hartree",
    dipole="e·bohr",
    polarisability="bohr^3",
    hyperpolarisability="e^3bohr^3/hartree^2",
)
TENSORS = ("dipole", "polarisability", "hyperpolarisability")
TRAINING: dict[str, Any] = {"batch_size": 8, "learning_rate": 0.01, "ema": 0.995}


def add(commands: Any) -> None:
    """The command and its options."""
    options = options_of(commands, "water", 5.0, "dipole, polarisability and hyperpolarisability of water")
    options.set_defaults(do=run)


def parts(name: str, seed: int) -> dict[str, list[Structure]]:
    """Frames of `monomer` or `dimer` by role; without energies."""
    frames = read(data_folder("tensoap_water") / f"{name}.xyz", keys=KEYS, units=UNITS, require=TENSORS)
    bare = [frame.replace(labels={t: frame.labels[t] for t in TENSORS}) for frame in frames]
    return dict(split(bare, {"train": 700, "valid": 100, "test": None}, seed))


def run(options: argparse.Namespace) -> int:
    rows, record = [], {}
    with Stopwatch() as watch:
        for name in ("monomer", "dimer"):
            frames = parts(name, options.seed)
            ours = fit(
                options,
                f"tensors-water-{name}",
                frames,
                {"preset": "small", "l_max": 3, **tensors()},
                TRAINING,
            )
            numbers = {part: [in_numbers(frame) for frame in some] for part, some in frames.items()}
            model = {"preset": "small", "l_max": 3, **components()}
            invariant = fit(options, f"tensors-water-{name}-invariant", numbers, model, TRAINING)
            errors = {
                "no network": no_network(frames),
                "invariant": joined(invariant, frames["test"]),
                "equivariant": ours.errors,
            }
            record[name] = {model: {"errors": found} for model, found in errors.items()}
            record[name]["equivariant"] |= ours.record()
            record[name]["invariant"] |= {"seconds": invariant.seconds, "parameters": invariant.parameters}
            rows += [[f"{name}, {model}", *cells(found)] for model, found in errors.items()]
    path = keep("tensors-water", options.seed, watch, {"test": record}, options.results)
    show(
        "Water, 200 test frames each: R² over all components, and by irreducible part",
        list(PARTS),
        rows,
        watch,
        path,
    )
    return 0


PARTS = {
    "µ": "dipole",
    "α": "polarisability",
    "α 0e": "polarisability[0e]",
    "α 2e": "polarisability[2e]",
    "β": "hyperpolarisability",
    "β 1o": "hyperpolarisability[1o]",
    "β 3o": "hyperpolarisability[3o]",
}
"""Columns of the table."""


def cells(errors: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """R² of every tensor and of its parts."""
    return [cell(errors, quantity, "r2") for quantity in PARTS.values()]


def tensors() -> dict[str, Any]:
    """A head for every tensor."""
    return {"energy": False, "heads": {name: {} for name in TENSORS}}


def names(tensor: str) -> dict[str, tuple[int, ...]]:
    """The independent components of a symmetric tensor as labels of their own, declared."""
    label = LABELS[tensor]
    found = {}
    for indices in combinations_with_replacement(range(3), label.rank):
        name = f"{tensor}_{''.join('xyz'[k] for k in indices)}"
        declare(Label(name, label.unit, extensive=True))
        found[name] = indices
    return found


def components() -> dict[str, Any]:
    """A head for every component, as if it were a number."""
    heads = {}
    for tensor in TENSORS:
        for name in names(tensor):
            heads[name] = {"indices": "", "unit": LABELS[tensor].unit, "extensive": True}
    return {"energy": False, "heads": heads}


def in_numbers(frame: Structure) -> Structure:
    """The frame with every component of its tensors as a number."""
    labels = {
        name: frame.labels[tensor][place] for tensor in TENSORS for name, place in names(tensor).items()
    }
    return frame.replace(labels=labels)


def joined(fitted: Fitted, frames: Iterable[Structure]) -> dict[str, dict[str, Any]]:
    """Errors of tensors put together from their components."""
    from intertwine.engines import Predictor

    frames = list(frames)
    predicted = Predictor(fitted.model)(frames, fitted.model.outputs)
    found = {}
    for tensor in TENSORS:
        label, said = LABELS[tensor], []
        for prediction in predicted:
            value = np.zeros(label.shape)
            for name, place in names(tensor).items():
                for indices in permutations(place):
                    value[indices] = prediction[name]
            said.append(value)
        whole = np.stack(said)
        found |= errors_of(tensor, whole, np.stack([frame.labels[tensor] for frame in frames]))
    return found


def no_network(frames: dict[str, list[Structure]]) -> dict[str, dict[str, Any]]:
    """Errors of the isotropic tensors that were fitted to the training frames."""
    from intertwine.train.isotropic import isotropic

    found = {}
    for tensor in TENSORS:
        said = isotropic(LABELS[tensor], frames["train"], frames["test"])
        found |= errors_of(tensor, said, np.stack([frame.labels[tensor] for frame in frames["test"]]))
    return found


def errors_of(tensor: str, said: np.ndarray, true: np.ndarray) -> dict[str, dict[str, Any]]:
    """Errors over all components, and over the coefficients of each irreducible part."""
    label = LABELS[tensor]
    found = {tensor: Errors.between(said.ravel(), true.ravel(), label.unit)}
    for part, basis in irreducible_parts(label).items():
        sides = ((side.reshape(len(side), -1) @ basis.T).ravel() for side in (said, true))
        found[f"{tensor}[{part}]"] = Errors.between(*sides, label.unit)
    return {name: {k: getattr(e, k) for k in ("mae", "rmse", "r2", "n", "unit")} for name, e in found.items()}
