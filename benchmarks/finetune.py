"""What is learned and what is forgotten: a model of acetylacetone goes on to 50 frames of ethanol.

    INTERTWINE_DATA=… python -m benchmarks.finetune

The base learns 450 frames of acetylacetone (PBE-D3, 300 K). The new task is another molecule at another
level, with another zero of energy: revised MD17 ethanol (PBE/def2-SVP), 40 frames to learn from and 10 to
choose by; the 1000 test frames are read at the end. The old task is judged by the 50 frames that the base
held out. Every row takes as many passes over the new frames; with replay two of five frames in a batch are
old, and a pass has more steps.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from benchmarks.recipe import RECIPE
from benchmarks.record import RESULTS, Stopwatch, data_folder, keep, show
from benchmarks.rmd17 import drawn, frames

from intertwine.data import write
from intertwine.observables import Model
from intertwine.train import RunConfig, evaluate, train

ROWS: dict[str, dict[str, Any]] = {
    "from scratch": {},
    "all weights": {"method": "full"},
    "heads": {"method": "heads"},
    "adapters": {"method": "adapters"},
    "all weights, replay": {"method": "full", "share": 0.4},
    "adapters, replay": {"method": "adapters", "share": 0.4},
}
HELD_OUT = 0.1
"""Part of the old frames that nobody learns from, the same for the base and for every row."""

COLUMNS = ("new energy", "new forces", "old energy", "old forces")


def learn(options: argparse.Namespace, data: dict, epochs: int, output: Path, **sections: Any):
    """A training; the recipe of the other benchmarks."""
    training = {**RECIPE, "epochs": epochs, "threads": options.threads}
    if "finetune" in sections:
        del training["learning_rate"]  # the default of fine-tuning is half of it
    training |= sections.pop("training", {})
    config = {"data": data, "training": training, "seed": options.seed, "output": output}
    return train(RunConfig.model_validate(config | sections), quiet=True)


def base_of(options: argparse.Namespace, folder: Path):
    """The model that has learned the old task."""
    old = data_folder("acac")
    data = {
        "train": old / "train_300K.xyz",
        "valid": HELD_OUT,
        "isolated_atoms": old / "isolated_atoms.xyz",
    }
    return learn(options, data, options.base_epochs, folder / "base", model={"preset": options.preset})


def row_of(name: str, base: Path, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Errors of one row on the new task and, before and after, on the old one."""
    choice = dict(ROWS[name])
    replay = {
        "frames": data_folder("acac") / "train_300K.xyz",
        "share": choice.pop("share", 0.0),
        "valid": HELD_OUT,
    }
    sections: dict[str, Any] = {"model": {"preset": options.preset}}
    if choice:
        sections = {"finetune": {"model": base, "rank": options.rank, "replay": replay} | choice}
        if options.learning_rate is not None:
            sections["training"] = {"learning_rate": options.learning_rate}
    data = {"train": folder / "new.extxyz", "valid": 10}
    with Stopwatch() as watch:
        result = learn(options, data, options.epochs, folder / name.replace(", ", "-"), **sections)
    new = evaluate(result.load_model(), frames("ethanol", "test")).record()
    return {
        "new": new,
        "old": dict(result.forgetting),
        "valid": dict(result.metrics["valid"]),
        "cpu_seconds": watch.cpu_seconds,
    }


def untouched(model: Model) -> dict[str, float]:
    """RMSE of the base on the new task, energies up to a constant: eV, eV/Å."""
    found = evaluate(model, frames("ethanol", "test"))
    deviation = found.predicted["energy"] - found.reference["energy"]
    return {"energy": float(np.std(deviation)), "forces": found.errors["forces"].rmse}


def cells(name: str, new: dict[str, float], old: dict[str, float]) -> list[str]:
    """RMSE of energies (meV per molecule) and forces (meV/Å) on both tasks."""
    sides = [
        f"{1e3 * side[label]:.1f}" if side else "–" for side in (new, old) for label in ("energy", "forces")
    ]
    return [name, *sides]


def rmse(errors: dict[str, Any]) -> dict[str, float]:
    """The RMSE of energies and forces among all errors."""
    return {label: errors[label]["rmse"] for label in ("energy", "forces")} if errors else {}


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    options = argparse.ArgumentParser(description="What fine-tuning learns and forgets")
    options.add_argument("--preset", default="medium", choices=("small", "medium", "large"))
    options.add_argument("--base-epochs", type=int, default=40)
    options.add_argument("--epochs", type=int, default=100, help="of every row, over the new frames")
    options.add_argument("--samples", type=int, default=50, help="new frames, validation included")
    options.add_argument("--rank", type=int, default=4, help="of the adapters")
    options.add_argument("--learning-rate", type=float, help="in place of the default of a fine-tuning")
    options.add_argument("--row", action="append", choices=tuple(ROWS), help="only this row; repeat")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--results", type=Path, default=RESULTS, help="where the JSON goes")
    return options.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options = options_of(arguments)
    with TemporaryDirectory() as place, Stopwatch() as watch:
        folder = Path(place)
        write(folder / "new.extxyz", drawn("ethanol", options.samples, options.seed))
        base = base_of(options, folder)
        found = {name: row_of(name, base.model_path, options, folder) for name in options.row or ROWS}
        before = {"new": untouched(base.load_model()), "old": rmse(base.metrics["valid"])}
    settings = {name: value for name, value in vars(options).items() if name not in ("results", "row")}
    figures = {"unit": "eV per molecule, eV/Å", "settings": settings, "base": before, "rows": found}
    path = keep("finetune", options.seed, watch, figures, options.results)
    rows = [cells("the base, untouched", before["new"], before["old"])]
    rows += [cells(name, rmse(row["new"]), rmse(row["old"].get("after"))) for name, row in found.items()]
    show("RMSE on both tasks: energy meV per molecule, forces meV/Å", COLUMNS, rows, watch, path)


if __name__ == "__main__":
    main()
