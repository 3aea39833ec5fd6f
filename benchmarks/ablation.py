"""What each choice of encoder and recipe is worth: acac, equal epochs, one change per row.

    INTERTWINE_DATA=… python -m benchmarks.ablation run                # every row that has no result yet
    INTERTWINE_DATA=… python -m benchmarks.ablation run --row "128 channels" --epochs 60
    python -m benchmarks.ablation table

Each row is the base with one change, trained on 450 of the 500 training frames at 300 K and judged by the 50
held out: choices are made here, so no test file is opened. A row whose result is there is not run again.
"""

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.recipe import RECIPE
from benchmarks.record import Stopwatch, data_folder, keep, parser, run_folder
from rich import box
from rich.console import Console
from rich.table import Table

from intertwine.train import RunConfig, train

BASE: dict[str, dict[str, Any]] = {
    "model": {"preset": "medium"},
    "training": RECIPE,
}
ROWS: dict[str, dict[str, dict[str, Any]]] = {
    "base": {},
    "32 channels": {"model": {"channels": 32}},
    "128 channels": {"model": {"channels": 128}},
    "128 channels, 64 in messages": {"model": {"channels": 128, "message_channels": 64}},
    "16 in messages": {"model": {"message_channels": 16}},
    "only scalars in messages": {"model": {"hidden_l": 0}},
    "one layer": {"model": {"layers": 1}},
    "three layers": {"model": {"layers": 3}},
    "l ≤ 2": {"model": {"l_max": 2}},
    "l ≤ 4": {"model": {"l_max": 4}},
    "6 radial functions": {"model": {"radial": 6}},
    "12 radial functions": {"model": {"radial": 12}},
    "squares instead of lengths": {
        "training": {"loss": "mse", "weights": ({"energy": 30.0, "forces": 1.0},)}
    },
    "Huber's loss": {"training": {"loss": "huber", "weights": ({"energy": 30.0, "forces": 1.0},)}},
    "energy weight constant": {"training": {"weights": ({"energy": 3.0, "forces": 1.0},)}},
    "no averaging of weights": {"training": {"ema": 0.0}},
    "batches of 2": {"training": {"batch_size": 2}},
    "batches of 10": {"training": {"batch_size": 10}},
    "Adam": {"training": {"optimizer": "adam"}},
    "Adam, twice the learning rate": {"training": {"optimizer": "adam", "learning_rate": 0.02}},
    "half the learning rate": {"training": {"learning_rate": 0.005}},
    "twice the learning rate": {"training": {"learning_rate": 0.02}},
}


def configuration(row: str, options: argparse.Namespace) -> RunConfig:
    """The base with the change of a row."""
    data = data_folder("acac")
    files = {
        "train": data / "train_300K.xyz",
        "valid": 50,
        "isolated_atoms": data / "isolated_atoms.xyz",
    }
    length = {"epochs": options.epochs, "threads": options.threads}
    return RunConfig.model_validate(
        {
            "data": files,
            "model": BASE["model"] | ROWS[row].get("model", {}),
            "training": BASE["training"] | length | ROWS[row].get("training", {}),
            "seed": options.seed,
            "output": run_folder(options, f"ablation-{_slug(row)}"),
        }
    )


def _slug(row: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", row.lower().replace("≤", "up to")).strip("-")


def run(row: str, options: argparse.Namespace) -> None:
    """Train one row and keep its figures."""
    config = configuration(row, options)
    with Stopwatch() as watch:
        result = train(config, quiet=options.quiet)
    parameters = sum(parameter.numel() for parameter in result.load_model().parameters())
    figures = {
        "row": row,
        "change": ROWS[row],
        "epochs": result.epochs,
        "parameters": parameters,
        "valid": result.metrics["valid"],
        "config": config.model_dump(mode="json", include={"model", "training", "seed"}),
    }
    keep(f"ablation-{_slug(row)}", options.seed, watch, figures, options.results)


def results(folder: Path, epochs: int, seed: int) -> dict[str, dict[str, Any]]:
    """The newest result of every row that was run for as many epochs."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("ablation-*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["epochs"] == epochs and record["seed"] == seed:
            found[record["row"]] = record
    return found


def table(found: dict[str, dict[str, Any]], epochs: int) -> Table:
    """Validation errors, size and cost of the rows that have a result."""
    shown = Table(title=f"acac, {epochs} epochs: RMSE on the 50 frames held out", box=box.SIMPLE_HEAD)
    shown.add_column("change")
    for column in ("energy, meV", "forces, meV/Å", "parameters", "CPU s per epoch"):
        shown.add_column(column, justify="right")
    for row in (row for row in ROWS if row in found):
        record = found[row]
        valid = record["valid"]
        seconds = record["training"]["cpu_seconds"] / record["epochs"]
        figures = (
            f"{1e3 * valid[name]['rmse']:.{digits}f}" for name, digits in (("energy", 2), ("forces", 1))
        )
        shown.add_row(row, *figures, f"{record['parameters']:,}", f"{seconds:.1f}")
    return shown


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser("What each choice of encoder and recipe is worth")
    options.add_argument("action", choices=("run", "table"))
    options.add_argument("--row", action="append", choices=tuple(ROWS), help="only this row; repeat")
    options.add_argument("--quiet", action="store_true", help="no progress bars")
    options.set_defaults(epochs=60, threads=1)
    options = options.parse_args(arguments)
    if options.action == "run":
        for row in options.row or ROWS:
            if row not in results(options.results, options.epochs, options.seed):
                run(row, options)
    Console(width=110).print(table(results(options.results, options.epochs, options.seed), options.epochs))


if __name__ == "__main__":
    main()
