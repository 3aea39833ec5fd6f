"""Beside the fitting: the state is kept, the epochs are written down, somebody may be watching."""

import csv
import importlib.util
import io
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from intertwine.data import LABELS
from intertwine.data.atomic import replacing
from intertwine.train.module import Fit
from intertwine.train.tally import unit_of


class Listener:
    """Hears how a training goes; every method may be left out."""

    def begin(self, fit: Fit) -> None:
        """Before the first step, or the first after a resumption."""

    def step(self, fit: Fit, last: bool) -> None:
        """After each step; `last` if it ends an epoch, whose validation is still to come."""

    def epoch(self, fit: Fit, last: bool) -> None:
        """After each epoch and its validation; `last` if the training ends with it."""

    def end(self, fit: Fit) -> None:
        """When the training is over, for whatever reason; possibly twice."""


class Listeners(lightning.Callback):
    """One callback of Lightning for all listeners, in their order: each callback more costs every step."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self.listeners = list(listeners)

    def on_train_start(self, trainer: lightning.Trainer, fit: Any) -> None:
        for listener in self.listeners:
            listener.begin(fit)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, fit: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        last = batch_idx + 1 == trainer.num_training_batches
        for listener in self.listeners:
            listener.step(fit, last)

    def on_train_epoch_end(self, trainer: lightning.Trainer, fit: Any) -> None:
        for listener in self.listeners:
            listener.epoch(fit, trainer.should_stop)

    def on_exception(self, trainer: lightning.Trainer, fit: Any, exception: BaseException) -> None:
        self._end(fit)

    def on_train_end(self, trainer: lightning.Trainer, fit: Any) -> None:
        self._end(fit)

    def _end(self, fit: Fit) -> None:
        for listener in self.listeners:
            listener.end(fit)


class KeepState(Listener):
    """Saves the whole state after every epoch and, within long ones, before a minute of work is at stake.

    Epochs shorter than `rest` seconds are not all saved: the state is then at most `rest` old. Together with
    the state of an epoch the best model so far is published.

    Lightning resumes exactly from two kinds of places: between two batches of an epoch, and after an epoch
    with its validation. The gap between the last batch and the end of the validation is not one of them, so
    nothing is saved there.

    Args:
        path: of the state.
        publish: called when there is a better model and its state is safe.
    """

    every = 50.0
    """Seconds after which a state is due within an epoch."""
    rest = 5.0
    """Seconds that pass at least between two states of epochs."""

    def __init__(self, path: Path, publish: Callable[[Fit], None]) -> None:
        self.path, self.publish = path, publish
        self.saved, self.published = time.monotonic(), 0

    def step(self, fit: Fit, last: bool) -> None:
        if not last and time.monotonic() - self.saved >= self.every and fit.healthy:
            self._save(fit)

    def epoch(self, fit: Fit, last: bool) -> None:
        if last or time.monotonic() - self.saved >= self.rest:
            self._save(fit)
            if fit.kept["epoch"] != self.published:
                self.publish(fit)
                self.published = fit.kept["epoch"]

    def _save(self, fit: Fit) -> None:
        fit.trainer.save_checkpoint(self.path, weights_only=False)
        self.saved = time.monotonic()


class EpochTable(Listener):
    """One line of `metrics.csv` per epoch; lines that a resumed run will write again are taken out first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: list[str] = []

    def begin(self, fit: Fit) -> None:
        if not self.path.exists():
            return
        kept = [row for row in read_table(self.path) if int(row["epoch"]) <= fit.plan.epochs_done]
        self.columns = list(kept[0]) if kept else []
        lines = [_line(self.columns), *(_line(row.values()) for row in kept)] if kept else []
        with replacing(self.path) as scratch:
            scratch.write_text("".join(lines), encoding="utf-8")

    def epoch(self, fit: Fit, last: bool) -> None:
        with self.path.open("a", encoding="utf-8", newline="") as file:
            if not self.columns:
                self.columns = list(fit.row)
                file.write(_line(self.columns))
            file.write(_line(fit.row.get(name, "") for name in self.columns))


def read_table(path: Path) -> list[dict[str, str]]:
    """Complete lines of a `metrics.csv`; one that a crash cut short is left out."""
    text = path.read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(text[: text.rfind("\n") + 1]))
    return [row for row in rows if None not in row and None not in row.values()]


def _line(values: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()


class TensorBoard(Listener):
    """The same figures for TensorBoard; only where it is installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writer: Any = None

    @staticmethod
    def installed() -> bool:
        """Whether tensorboard can be imported, found out without importing it."""
        return importlib.util.find_spec("tensorboard") is not None

    def begin(self, fit: Fit) -> None:
        from torch.utils.tensorboard.writer import SummaryWriter

        self.writer = SummaryWriter(str(self.folder), purge_step=fit.plan.epochs_done + 1)

    def epoch(self, fit: Fit, last: bool) -> None:
        for name, figure in fit.row.items():
            self.writer.add_scalar(name.replace("_", "/", 1), figure, int(fit.row["epoch"]))

    def end(self, fit: Fit) -> None:
        if self.writer is not None:
            self.writer.close()


class Watch(Listener):
    """A progress bar on a terminal; a line now and then elsewhere."""

    pause = 10.0
    """Seconds between lines."""
    blink = 0.25
    """Seconds between drawings of the bar."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.progress: Progress | None = None
        self.shown = -self.pause

    def begin(self, fit: Fit) -> None:
        if not self.console.is_terminal:
            return
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, console=self.console, auto_refresh=False, transient=True)
        self.task = self.progress.add_task("training", total=None)
        self.progress.start()

    def step(self, fit: Fit, last: bool) -> None:
        if self.progress is not None and time.monotonic() - self.shown >= self.blink:
            self._draw(self.progress, fit)

    def epoch(self, fit: Fit, last: bool) -> None:
        if self.progress is None and (last or time.monotonic() - self.shown >= self.pause):
            self._line(fit)
            self.shown = time.monotonic()

    def end(self, fit: Fit) -> None:
        if self.progress is not None:
            self.progress.stop()
            self.progress = None
            self._line(fit)

    def _line(self, fit: Fit) -> None:
        if fit.row:
            self.console.print(sentence(fit.row), highlight=False, soft_wrap=True)

    def _draw(self, progress: Progress, fit: Fit) -> None:
        plan = fit.plan
        planned = fit.row or plan.schedule.max_seconds is None  # a budget is planned after the first epoch
        progress.update(
            self.task,
            completed=plan.step,
            total=plan.epochs * plan.schedule.steps if planned else None,
            description=sentence(fit.row) if fit.row else f"epoch {plan.epochs_done + 1}",
            refresh=True,
        )
        self.shown = time.monotonic()


def sentence(row: Mapping[str, float | int]) -> str:
    """An epoch in words.

    >>> sentence({"epoch": 3, "epochs": 9, "valid_energy_rmse": 0.00123, "best_epoch": 3})
    'epoch 3/9: energy 1.23 meV/atom (best)'
    >>> sentence({"epoch": 3, "epochs": 9, "valid_dipole_rmse": 0.0123, "best_epoch": 1})
    'epoch 3/9: dipole 0.0123 e·Å/atom'
    """
    parts = []
    for label in LABELS:
        if (key := f"valid_{label}_rmse") in row:
            unit = unit_of(label)
            thousandth = 1000.0 if unit.startswith("eV") else 1.0
            milli = "m" if unit.startswith("eV") else ""
            parts.append(f"{label} {thousandth * row[key]:.3g} {milli}{unit}".replace("e+0", "e"))
    best = " (best)" if row["best_epoch"] == row["epoch"] else ""
    return f"epoch {row['epoch']:g}/{row['epochs']:g}: {', '.join(parts)}{best}"
