"""Elastic, dielectric and piezoelectric tensors of real crystals, five-fold cross-validated.

    INTERTWINE_DATA=… python -m benchmarks.tensors.crystals run --quantity elastic --folds 0 1
    INTERTWINE_DATA=… python -m benchmarks.tensors.crystals show

`run` predicts every fold from the other four by each road and keeps the predictions in OUTPUT; what is there
is not done again, an interrupted training goes on, and folds may run in several processes. `show` scores what
is complete, all folds pooled, prints it and keeps it as JSON. Three roads have no network, one has our
encoder but no equivariance, the last is ours; all learn from the same crystals. Polymorphs of one formula are
never in two folds. Sizes and recipe were chosen on fold 0: scores of the others stand on their own as well.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from benchmarks.record import RESULTS, Spent, Stopwatch, answer, keep
from benchmarks.tensors.crystal_baselines import BASELINES, Learned
from benchmarks.tensors.crystal_data import FOLDS, SETS, Crystal, CrystalSet, folds
from benchmarks.tensors.crystal_direct import DirectFit, learn_directly
from benchmarks.tensors.crystal_model import ENCODER, TRAINING, learn_equivariantly
from benchmarks.tensors.crystal_scores import component_scores
from benchmarks.tensors.crystal_table import scores_of, table, turned_r2
from benchmarks.tensors.settings import chosen_alike
from rich.console import Console

from intertwine.errors import InputError

DIRECT: Final = "same invariants, not equivariant"
OURS: Final = "equivariant"
ROADS: Final = (*BASELINES, DIRECT, OURS)
ROUNDS: Final = {"baseline": 10, "network": 2}
"""How often the settings of piezoelectric tensors are chosen anew, by what the last choice taught."""
QUICK: Final = 60
"""Crystals of a quick look."""


class Fold(NamedTuple):
    """One road through one fold.

    Args:
        quantity: whose tensors.
        number: of the fold that is predicted.
        road: by which.
        options: of the command.
    """

    quantity: str
    number: int
    road: str
    options: argparse.Namespace

    @property
    def home(self) -> Path:
        """Folder of what belongs to it."""
        return self.options.output / self.quantity / f"fold-{self.number}" / self.road.replace(" ", "-")

    @property
    def file(self) -> Path:
        """Its predictions."""
        return self.home / "predictions.npz"

    def learn(self, crystals: Sequence[Crystal]) -> Learned:
        """Train, where there is something to train; where signs are open, first choose them alike."""
        if self.quantity == "piezoelectric":
            turns = iter(range(99))
            crystals = chosen_alike(
                lambda some: self.learn_once(some, self.home / f"choice-{next(turns)}", members=1),
                crystals,
                ROUNDS["baseline" if self.road in BASELINES else "network"],
            )
        return self.learn_once(crystals, self.home, self.options.members)

    def learn_once(self, crystals: Sequence[Crystal], home: Path, members: int) -> Learned:
        """By this road, from the tensors as they are."""
        options = self.options
        if self.road in BASELINES:
            return BASELINES[self.road](self.quantity, crystals)
        epochs = options.epochs or (2 if options.quick else TRAINING["epochs"])
        if self.road == DIRECT:
            settings = (TRAINING[name] for name in ("batch_size", "learning_rate", "weight_decay"))
            fit = DirectFit(epochs, *settings, options.seed)
            return learn_directly(self.quantity, crystals, ENCODER, fit)
        return learn_equivariantly(self.quantity, crystals, home, options.seed, members, epochs=epochs)


def run(options: argparse.Namespace) -> int:
    """Predict what is not predicted yet."""
    torch.set_num_threads(1)
    for quantity in options.quantity:
        found = _read(quantity, options)
        print(found.counts(), flush=True)
        parts = folds(found.crystals, options.seed, FOLDS)
        for number in options.folds:
            for road in options.roads:
                _predict(Fold(quantity, number, road, options), found, parts)
    return 0


def _predict(fold: Fold, found: CrystalSet, parts: list[list[int]]) -> None:
    if not _fits(fold) or fold.file.exists():
        return
    test = [found.crystals[k] for k in parts[fold.number]]
    known = [found.crystals[k] for j, part in enumerate(parts) if j != fold.number for k in part]
    with Stopwatch() as watch:
        predicted = fold.learn(known)(test)
    fold.home.mkdir(parents=True, exist_ok=True)
    spent = np.array([watch.cpu_seconds, watch.wall_seconds])
    scratch = fold.file.with_suffix(".part.npz")
    np.savez(scratch, names=[c.name for c in test], predicted=predicted, spent=spent)
    scratch.rename(fold.file)
    score = component_scores(fold.quantity, np.array([c.tensor(fold.quantity) for c in test]), predicted)
    line = f"{fold.quantity}, fold {fold.number}, {fold.road}: MAE {score['mae']:.3f}, R² {score['r2']:.3f}"
    print(f"{line}, {watch.cpu_seconds:.0f} CPU s", flush=True)


def _fits(fold: Fold) -> bool:
    """A piezoelectric tensor has no isotropic part for a line to go through."""
    return not (fold.quantity == "piezoelectric" and fold.road == "line through composition")


def _read(quantity: str, options: argparse.Namespace) -> CrystalSet:
    found = SETS[quantity]()
    return found.few(QUICK) if options.quick else found


def show(options: argparse.Namespace) -> int:
    """Score what is complete."""
    for quantity in options.quantity:
        found = _read(quantity, options)
        parts = folds(found.crystals, options.seed, FOLDS)
        rows: dict[str, dict[str, Any]] = {}
        spent = np.zeros(2)
        for road in ROADS:
            files = [Fold(quantity, number, road, options).file for number in range(FOLDS)]
            if all(file.exists() for file in files):
                predicted, seconds = _pooled(files, parts, found)
                rows[road] = scores_of(found, predicted, parts) | {"cpu_seconds": float(seconds[0])}
                if road == DIRECT:
                    rows[road]["r2_where_crystals_are_turned"] = turned_r2(found, predicted)
                spent += seconds
        if not rows:
            raise InputError(
                f"no road is through all folds of the {quantity} tensors", got=options.output, fix="run first"
            )
        figures = {"data": found.counts(), "left_out": dict(found.left_out), "rows": rows}
        figures |= {"encoder": ENCODER, "training": TRAINING}
        path = keep(f"tensors.crystals-{quantity}", options.seed, Spent(*spent), figures, options.results)
        Console(width=170).print(table(quantity, found.counts(), rows))
        print(path.name)
    return 0


def _pooled(
    files: Sequence[Path], parts: list[list[int]], found: CrystalSet
) -> tuple[np.ndarray, np.ndarray]:
    """Predictions of all folds in the order of the crystals, and the seconds that they took."""
    predicted, spent = np.zeros_like(found.tensors()), np.zeros(2)
    for file, part in zip(files, parts, strict=True):
        with np.load(file) as kept:
            if kept["names"].tolist() != [found.crystals[k].name for k in part]:
                raise InputError(f"'{file}' holds other crystals", fix="delete it, and run again")
            predicted[part] = kept["predicted"]
            spent += kept["spent"]
    return predicted, spent


def options_of() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tensors.crystals",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    commands = parser.add_subparsers(required=True)
    runs = commands.add_parser("run", help="predict what is not predicted yet")
    runs.add_argument("--folds", type=int, nargs="+", choices=range(FOLDS), default=list(range(FOLDS)))
    runs.add_argument("--roads", nargs="+", choices=ROADS, default=list(ROADS))
    runs.add_argument("--epochs", type=int, help=f"of a training; {TRAINING['epochs']} if not given")
    runs.add_argument("--members", type=int, default=3, help="equivariant models whose mean is taken")
    runs.set_defaults(do=run)
    shows = commands.add_parser("show", help="score, print and keep what is complete")
    shows.add_argument("--results", type=Path, default=RESULTS, help="where the JSON goes")
    shows.set_defaults(do=show)
    for command in (runs, shows):
        command.add_argument("--quantity", nargs="+", choices=tuple(SETS), default=list(SETS))
        command.add_argument("--seed", type=int, default=0, help="of folds and weights")
        command.add_argument("--output", type=Path, default=Path("runs") / "tensors", help="of predictions")
        command.add_argument("--quick", action="store_true", help="a few crystals and epochs, to see it run")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 2 the input cannot be used."""
    return answer(options_of(), arguments)


if __name__ == "__main__":
    sys.exit(main())
