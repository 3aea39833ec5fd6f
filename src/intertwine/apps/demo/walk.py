"""`run`: the steps of the demonstration in order, each done once, then the page."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from rich.console import Console

from intertwine.apps.demo.page import demo_page
from intertwine.apps.demo.record import Record, headline
from intertwine.apps.demo.settings import FULL, QUICK, DemoSettings
from intertwine.apps.demo.steps import (
    certify_model,
    evaluate_models,
    label_frames,
    move_molecule,
    train_models,
    vibrate,
)
from intertwine.apps.ledger import Ledger, Step
from intertwine.apps.page import Number
from intertwine.apps.report import write_page
from intertwine.apps.twins import TWINS
from intertwine.apps.workers import single_threaded
from intertwine.data import read
from intertwine.errors import InputError, require
from intertwine.typing import PathLike

LABELLING: Final = {
    "method", "temperature", "hot", "train", "valid", "test", "interval", "equilibration", "labelling_step",
    "fmax",
}  # fmt: skip
MOTION: Final = {
    "temperature", "room", "time_step", "free_picoseconds", "loops", "thermostat_picoseconds",
    "thermostat_time",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class DemoResult:
    """What came of a demonstration.

    Args:
        report: the page.
        model: the file of the trained, conservative model.
        numbers: the figures at the head of the page.
        steps: what was done, by name, with seconds and results.
        certified: every law is kept.
    """

    report: Path
    model: Path
    numbers: tuple[Number, ...]
    steps: Mapping[str, Step]
    certified: bool

    @property
    def passed(self) -> bool:
        """Certified, and every goal met."""
        return self.certified and all(number.passed is not False for number in self.numbers)


def run(
    output: PathLike,
    *,
    quick: bool = False,
    minutes: float | None = None,
    seed: int = 0,
    threads: int | None = None,
    settings: DemoSettings | None = None,
    console: Console | None = None,
) -> DemoResult:
    """Label ethanol with quantum chemistry, train, evaluate, certify, move, compare vibrations, and report.

    Leaves one folder per step below `output` (`data`, `models`, `evaluation`, `certificate`, `dynamics`,
    `vibrations`) and `report.html`. A step that is there already, done with the same settings, is not done
    again; a training that was interrupted goes on.

    Args:
        output: folder of all results, made when absent.
        quick: the same road with tiny numbers, in well under a minute; the model is poor.
        minutes: budget of the training instead of the settings' own.
        seed: of everything random.
        threads: cores to use; at most two are of use, and all of the machine by default.
        settings: instead of `FULL` or `QUICK`.
        console: where to tell of the progress; standard output by default.

    Raises:
        InputError: the folder cannot be used.
        MissingExtraError: the extra `label` (tblite) is not installed.
        IntertwineError: the training diverged.
    """
    require("tblite", extra="label")
    chosen = settings or (QUICK if quick else FULL)
    if minutes is not None:
        if not minutes > 0:
            raise InputError(
                "the budget of the training cannot be used", got=minutes, accepted="minutes above 0"
            )
        chosen = chosen.with_minutes(minutes)
    cores = 1 if quick and threads is None else min(2, threads or os.cpu_count() or 1)
    with single_threaded(), _one_thread():
        return _Walk(Path(output).resolve(), chosen, seed, cores, console or Console()).walk()


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread for PyTorch, and so for all that shares its OpenMP: tblite is ten times slower with two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Walk:
    """One demonstration under way."""

    def __init__(self, output: Path, settings: DemoSettings, seed: int, cores: int, console: Console) -> None:
        self.settings, self.seed, self.cores, self.console = settings, seed, cores, console
        self.output, self.ledger = output, Ledger(output)
        self.data, self.models = output / "data", output / "models"
        self.configs = {
            name: settings.run_config(self.data, self.models / name, name, seed) for name in TWINS
        }
        self.files = {name: self.models / name / "model.safetensors" for name in TWINS}

    def walk(self) -> DemoResult:
        """Every step in order, then the page."""
        method = self.settings.method.partition(":")[2] or self.settings.method
        say = self.console.print
        say(
            f"[bold]Ethanol, from {method} labels to a certified potential[/]  [dim]{self.output}[/]",
            soft_wrap=True,
        )
        steps: dict[str, Step] = {}
        for name, title, done in (
            ("data", "labels by quantum chemistry", self.label),
            ("models", "training, conservative and direct", self.train),
            ("evaluation", "errors on frames never seen", self.evaluate),
            ("certificate", "the laws, tried on the model", self.certify),
            ("dynamics", "molecular dynamics", self.move),
            ("vibrations", "vibrations, beside quantum chemistry", self.vibrate),
        ):
            steps[name] = done(steps)
            again = " [dim](done before)[/]" if steps[name].reused else ""
            say(
                f"  [green]✓[/] {title:<40}{steps[name].seconds:7.1f} s{again}",
                highlight=False,
                soft_wrap=True,
            )
        return self.report(steps)

    def label(self, done: Mapping[str, Step]) -> Step:
        """Frames of ethanol with energies and forces."""
        return self._step(
            "data", LABELLING, lambda at: label_frames(at, self.settings, self.seed, self.cores, self.console)
        )

    def train(self, done: Mapping[str, Step]) -> Step:
        """Both models."""
        return self._step(
            "models",
            {"model", "training"},
            lambda at: train_models(self.configs, self.cores, self.console),
            done["data"],
        )

    def evaluate(self, done: Mapping[str, Step]) -> Step:
        """Errors of both."""
        return self._step(
            "evaluation", set(), lambda at: evaluate_models(at, self.files, self.data), done["models"]
        )

    def certify(self, done: Mapping[str, Step]) -> Step:
        """The certificate of the conservative model."""
        return self._step(
            "certificate",
            {"certificate_budget"},
            lambda at: certify_model(
                at,
                self.files["conservative"],
                read(self.data / "test.extxyz"),
                self.settings.certificate_budget,
                self.seed,
                self.console,
            ),
            done["models"],
        )

    def move(self, done: Mapping[str, Step]) -> Step:
        """Constant energy with both models; room temperature with the conservative one."""
        return self._step(
            "dynamics",
            MOTION,
            lambda at: move_molecule(
                at, self.files, self.data, self.settings, self.seed, self.cores, self.console
            ),
            done["models"],
        )

    def vibrate(self, done: Mapping[str, Step]) -> Step:
        """Modes and density of states."""
        start = read(self.data / "start.extxyz")[0]
        trajectory = self.output / "dynamics" / "langevin" / "trajectory.extxyz"
        return self._step(
            "vibrations",
            {"method", "fmax"},
            lambda at: vibrate(self.files["conservative"], start, trajectory, self.settings),
            done["dynamics"],
        )

    def report(self, steps: Mapping[str, Step]) -> DemoResult:
        """The page, and its figures in the terminal."""
        record = Record(self.output, self.settings, steps, self.seed, self.cores)
        path = write_page(demo_page(record), self.output / "report.html")
        numbers = headline(record)
        for number in numbers:
            mark = {None: " ", True: "[green]✓[/]", False: "[red]✗[/]"}[number.passed]
            value = f"{number.value} {number.unit}"
            self.console.print(
                f"  {mark} {number.label:<18}{value:<20}[dim]{number.note}[/]", highlight=False
            )
        self.console.print(f"[bold]open[/] {path}", highlight=False, soft_wrap=True)
        certified = bool(steps["certificate"].results["passed"])
        return DemoResult(path, self.files["conservative"], numbers, steps, certified)

    def _step(self, name: str, depends: set[str], action: Callable[[Path], Any], *needs: Step) -> Step:
        settings = self.settings.model_dump(mode="json", include=depends) | {"seed": self.seed}
        return self.ledger.step(name, settings, action, needs)
