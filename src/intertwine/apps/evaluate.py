"""How wrong is a model on these frames? Errors per property with units, parity plots, one JSON file."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from rich import box
from rich.markup import escape
from rich.table import Table

from intertwine.apps.accuracy import Accuracy, quantity
from intertwine.apps.calibration import design
from intertwine.apps.plots import Parity, parity_plot, save
from intertwine.apps.reliability import Reliability, reliabilities, reliability_plot, reliability_table
from intertwine.data import LABELS, LabelKeys, LabelUnits, Structure, read, replacing
from intertwine.engines.predictor import placed
from intertwine.errors import InputError
from intertwine.observables import Model
from intertwine.observables.uncertainty import LastLayerPosterior
from intertwine.train.evaluate import evaluate
from intertwine.typing import PathLike

ATOMS_AT_ONCE = 2000
"""Structures are evaluated in batches of about this many atoms."""


@dataclass(frozen=True, eq=False)
class EvaluationReport:
    """Errors of one model on one set of frames, and the values behind them.

    Args:
        name: of the set.
        frames: number of structures.
        atoms: number of atoms in all of them.
        reference: labels by quantity (`energy`, `energy_per_atom`, `forces`, `stress`), flat, in our units.
        predicted: predictions, in the same order.
        accuracy: by quantity.
        groups: accuracy by `config_type` of the frames, where they have several.
        seconds: CPU time of the predictions.
        reliability: predicted errors beside those made, by quantity, where an uncertainty was given.
    """

    name: str
    frames: int
    atoms: int
    reference: Mapping[str, Float[np.ndarray, "_"]]
    predicted: Mapping[str, Float[np.ndarray, "_"]]
    accuracy: Mapping[str, Accuracy]
    groups: Mapping[str, Mapping[str, Accuracy]] = field(default_factory=dict)
    seconds: float = 0.0
    reliability: Mapping[str, Reliability] = field(default_factory=dict)

    def table(self) -> Table:
        """Errors as a table for the terminal, one row a property, then the same for every group."""
        table = accuracy_table(f"{self.name}: {self.frames} frames, {self.atoms} atoms", "property")
        for name, accuracy in self.accuracy.items():
            table.add_row(quantity(name).title, *accuracy.cells())
        for group, rows in self.groups.items():
            table.add_section()
            for name, accuracy in rows.items():
                table.add_row(f"[dim]{escape(group)}[/] {quantity(name).title}", *accuracy.cells())
        return table

    def tables(self) -> list[Table]:
        """`table`, and below it the predicted errors where there are any."""
        return [self.table(), *([reliability_table(self.reliability)] if self.reliability else [])]

    def figure(self) -> Figure:
        """Parity plots, one panel a label; energies per atom."""
        panels = []
        for label in LABELS:
            name = f"{label}_per_atom" if f"{label}_per_atom" in self.reference else label
            if name in self.reference:
                shown = quantity(name)
                sides = self.reference[name] * shown.scale, self.predicted[name] * shown.scale
                panels.append(Parity(shown.title, shown.unit, *sides, note=self.accuracy[name].note()))
        return parity_plot(panels)

    def to_json(self) -> dict[str, Any]:
        """Everything but the values themselves."""
        groups = {group: _plain(rows) for group, rows in self.groups.items()}
        trust = {name: one.to_json() for name, one in self.reliability.items()}
        return {
            "name": self.name,
            "frames": self.frames,
            "atoms": self.atoms,
            "errors": _plain(self.accuracy),
            "groups": groups,
            "cpu_seconds": round(self.seconds, 3),
            **({"uncertainty": trust} if trust else {}),
        }

    def write(self, folder: PathLike) -> list[Path]:
        """`NAME.json`, `NAME.svg` and `NAME.png`, in a folder that is made if need be.

        With predicted errors also `NAME_uncertainty.svg` and `.png`.

        Raises:
            InputError: the folder cannot be written.
        """
        figures = save(self.figure(), Path(folder) / self.name)
        if self.reliability:
            figures += save(reliability_plot(self.reliability), Path(folder) / f"{self.name}_uncertainty")
        path = Path(folder) / f"{self.name}.json"
        with replacing(path) as scratch:
            text = json.dumps(self.to_json(), indent=1, ensure_ascii=False)
            scratch.write_text(text + "\n", encoding="utf-8")
        return [path, *figures]


def evaluate_report(
    model: Model | PathLike,
    data: PathLike | Sequence[Structure],
    output: PathLike | None = None,
    *,
    keys: LabelKeys = LabelKeys(),  # noqa: B008 (frozen)
    units: LabelUnits = LabelUnits(),  # noqa: B008 (frozen)
    name: str | None = None,
    device: str | None = None,
    uncertainty: LastLayerPosterior | None = None,
) -> EvaluationReport:
    """Errors of a model on labelled frames, per property, with units.

    Energies count once a frame (in total and per atom), forces once a Cartesian component, stress once each
    of nine components. A frame counts for the labels that it has.

    Args:
        model: a `Model` or the path of one.
        data: a file that ASE reads, or structures with labels.
        output: folder for `NAME.json` and the parity plots `NAME.svg` and `NAME.png`; without it nothing is
            written.
        keys: under which keys the file keeps its labels.
        units: in which units the file keeps them.
        name: of the set; by default that of the file.
        device: where to run.
        uncertainty: of this model, from `apps.calibration`; its predicted errors are then compared with those
            made.

    Raises:
        InputError: an unreadable model or file, an element that the model does not know, no label at all.

    >>> from intertwine.encoders.body_ordered import BodyOrderedSpec
    >>> from intertwine.observables import ModelSpec
    >>> spec = ModelSpec(encoder=BodyOrderedSpec(species=(1,), channels=4), reference_energies={1: -13.6})
    >>> frames = [Structure([1], [[0, 0, 0]], labels={"energy": -13.5})]
    >>> round(evaluate_report(Model(spec), frames).accuracy["energy"].mae, 6)
    100.0
    """
    if isinstance(data, str | Path):
        structures = read(data, keys=keys, units=units, require=())
        name = name or Path(data).stem
    else:
        structures = list(data)
    model = placed(model, device)
    report = _report(model, structures, name or "frames")
    if uncertainty is not None:
        found = reliabilities(uncertainty.check(model), design(model, structures))
        report = replace(report, reliability=found)
    if output is not None:
        report.write(output)
    return report


def accuracy_table(title: str, *heads: str) -> Table:
    """An empty table for rows of `Accuracy.cells`, which follow columns of text with these heads."""
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD)
    for head in heads:
        table.add_column(head, no_wrap=True)
    for column in ("MAE", "RMSE", "max", "unit", "R²", "n"):
        table.add_column(column, justify="left" if column == "unit" else "right", no_wrap=True)
    return table


def _report(model: Model, structures: Sequence[Structure], name: str) -> EvaluationReport:
    if not any(structure.labels for structure in structures):
        accepted = f"frames with any of {', '.join(LABELS)}"
        fix = "name the keys under which the file keeps its labels"
        raise InputError(f"nothing to compare with in '{name}'", accepted=accepted, fix=fix)
    begun = time.process_time()
    batch_size = max(1, ATOMS_AT_ONCE * len(structures) // sum(map(len, structures)))
    groups = {kind: evaluate(model, members, batch_size) for kind, members in _kinds(structures).items()}
    seconds = time.process_time() - begun
    reference, predicted = (_joined([getattr(group, side) for group in groups.values()]) for side in _SIDES)
    return EvaluationReport(
        name=name,
        frames=len(structures),
        atoms=sum(map(len, structures)),
        reference=reference,
        predicted=predicted,
        accuracy=_accuracies(reference, predicted),
        groups={k: _accuracies(g.reference, g.predicted) for k, g in groups.items()}
        if len(groups) > 1
        else {},
        seconds=seconds,
    )


_SIDES = ("reference", "predicted")


def _kinds(structures: Sequence[Structure]) -> dict[str, list[Structure]]:
    """Structures by their `config_type`, in order of appearance."""
    kinds: dict[str, list[Structure]] = {}
    for structure in structures:
        kinds.setdefault(str(structure.info.get("config_type", "other")), []).append(structure)
    return kinds


def _joined(parts: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Values of all groups by quantity, energies per atom and in total next to each other."""
    names = _ordered({name for part in parts for name in part})
    return {name: np.concatenate([part[name] for part in parts if name in part]) for name in names}


def _accuracies(
    reference: Mapping[str, np.ndarray], predicted: Mapping[str, np.ndarray]
) -> dict[str, Accuracy]:
    return {name: Accuracy.of(name, reference[name], predicted[name]) for name in _ordered(reference)}


def _ordered(names: Iterable[str]) -> list[str]:
    """Quantities in the order of the label table: per atom, in total, part by part."""
    rows = list(LABELS)
    return sorted(
        names, key=lambda name: (rows.index(_label(name)), "[" in name, not _is_per_atom(name), name)
    )


def _label(name: str) -> str:
    return name.partition("[")[0].removesuffix("_per_atom")


def _is_per_atom(name: str) -> bool:
    return name.endswith("_per_atom")


def _plain(rows: Mapping[str, Accuracy]) -> dict[str, Any]:
    return {name: accuracy.to_json() for name, accuracy in rows.items()}
