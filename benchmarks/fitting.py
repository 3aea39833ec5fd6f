"""One training of a comparison: frames to files, a resumable run, errors on test frames."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.record import RESULTS

from intertwine.apps.accuracy import figure_text
from intertwine.apps.evaluate import evaluate_report
from intertwine.data import Structure, write
from intertwine.observables import Model
from intertwine.train import RunConfig, train


class Fitted(NamedTuple):
    """What came of a training.

    Args:
        model: with the best weights.
        errors: on the test frames, by quantity: mae, rmse, r2, unit, n.
        seconds: of the training, on the clock.
        epochs: of the training.
        parameters: of the model.
    """

    model: Model
    errors: Mapping[str, Mapping[str, Any]]
    seconds: float
    epochs: int
    parameters: int

    def record(self) -> dict[str, Any]:
        """Everything but the model."""
        return {name: getattr(self, name) for name in ("errors", "seconds", "epochs", "parameters")}


def options_of(commands: Any, name: str, minutes: float, help: str) -> argparse.ArgumentParser:
    """A command with what all trainings here share."""
    options = commands.add_parser(name, help=help)
    options.add_argument("--minutes", type=float, default=minutes, help="wall-clock budget of each training")
    options.add_argument("--threads", type=int, default=1, help="CPU threads of each training")
    options.add_argument("--seed", type=int, default=0, help="of the split and of the weights")
    options.add_argument("--output", type=Path, default=Path("runs"), help="where the run folders go")
    options.add_argument("--results", type=Path, default=RESULTS, help="where the JSON goes")
    return options


def fit(
    options: argparse.Namespace,
    name: str,
    frames: Mapping[str, Sequence[Structure]],
    model: Mapping[str, Any],
    training: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
) -> Fitted:
    """Train on `frames["train"]`, choose by `frames["valid"]`, report on `frames["test"]`.

    A run that was cut off goes on where it was; a finished one is read.
    """
    folder = options.output / f"{name}-seed{options.seed}"
    files = {part: folder.with_name(f"{folder.name}-{part}.extxyz") for part in ("train", "valid")}
    options.output.mkdir(parents=True, exist_ok=True)
    for part, file in files.items():
        if not file.is_file():
            write(file, frames[part])
    budget = {"max_minutes": options.minutes, "threads": options.threads}
    config = RunConfig.model_validate(
        {
            "data": {**files, **(data or {})},
            "model": model,
            "training": {"epochs": 100_000, **budget, **training},
            "seed": options.seed,
            "output": folder,
        }
    )
    result = train(config, resume=True)
    trained = result.load_model().requires_grad_(False)
    report = evaluate_report(trained, frames["test"], folder / "evaluation", name="test")
    size = sum(parameter.numel() for parameter in trained.parameters())
    errors = {name: accuracy.to_json() for name, accuracy in report.accuracy.items()}
    return Fitted(trained, errors, result.seconds, result.epochs, size)


def cell(errors: Mapping[str, Mapping[str, Any]], quantity: str, figure: str = "rmse") -> str:
    """One figure of one quantity as text; a dash where the model does not give it."""
    if quantity not in errors:
        return "–"
    value = errors[quantity][figure]
    return f"{value:.5f}" if figure == "r2" else figure_text(value)
