"""From a configuration to a potential that has been measured and certified, in one call."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure
from rich.console import Console, Group
from rich.markup import escape
from rich.text import Text

from intertwine.apps.accuracy import quantity
from intertwine.apps.evaluate import EvaluationReport, accuracy_table, evaluate_report
from intertwine.apps.plots import learning_curve, save
from intertwine.data import LABELS
from intertwine.errors import InputError
from intertwine.observables import Model
from intertwine.testing import Certificate, certify
from intertwine.train.callbacks import read_table
from intertwine.train.config import RunConfig
from intertwine.train.datasets import Datasets, read_datasets
from intertwine.train.run import RunResult, train
from intertwine.train.run_folder import RunFolder
from intertwine.train.tally import unit_of
from intertwine.typing import PathLike

FRAMES: Final = 8
"""Validation frames offered to the certificate, which picks among them."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of training a potential: the run, its errors on every set, its certificate.

    Args:
        run: of the training.
        reports: errors by set, `valid` and each test file.
        certificate: the laws that the saved model keeps, or does not.
    """

    run: RunResult
    reports: Mapping[str, EvaluationReport]
    certificate: Certificate

    @property
    def passed(self) -> bool:
        """Whether the model keeps every law."""
        return self.certificate.passed

    @property
    def folder(self) -> Path:
        """Where everything is."""
        return self.run.folder

    def load_model(self) -> Model:
        """The trained model."""
        return self.run.load_model()

    def summary(self) -> Group:
        """Errors and verdict for the terminal; broken laws are named one by one."""
        minutes = self.run.seconds / 60
        head = f"{self.run.epochs} epochs in {minutes:.3g} min, best epoch {self.run.best_epoch}"
        table = accuracy_table(f"{self.run.model_path}: {head}", "set", "property")
        for name, report in self.reports.items():
            for number, (label, accuracy) in enumerate(report.accuracy.items()):
                table.add_row("" if number else escape(name), quantity(label).title, *accuracy.cells())
            table.add_section()
        return Group(table, *verdict(self.certificate))


def verdict(certificate: Certificate) -> list[Text]:
    """The certificate in a line, and one line more for every law that is broken.

    >>> from intertwine.testing import Certificate
    >>> [line.plain for line in verdict(Certificate((), (), {}, seed=0, seconds=1.0))]
    ['certificate: 0 of 0 laws kept in 1 s']
    """
    style = "bold green" if certificate.passed else "bold red"
    lines = [Text(f"certificate: {certificate.summary}", style=style)]
    return lines + [Text(f"  {line}", style="red") for line in certificate.broken]


def train_and_certify(
    config: RunConfig, *, resume: bool = False, quiet: bool = False, budget: float = 20.0
) -> Outcome:
    """Train, evaluate on the validation frames and every test file, and try every law on the saved model.

    Beside what `train` leaves, the run folder then holds `certificate.json` and `certificate.html`,
    `evaluation/NAME.json` with parity plots for every set, and `learning_curve.svg` and `.png`. A broken law
    is no error: the outcome says so, in its summary and by `passed`.

    Args:
        config: from `load_config`, or made in Python.
        resume: go on where the run in this folder stopped; a finished run is evaluated and certified again.
        quiet: print nothing.
        budget: seconds for the certificate, roughly.

    Raises:
        InputError: a file, a label or the output folder cannot be used.
        IntertwineError: the training diverged.
    """
    run = train(config, resume=resume, quiet=quiet)
    sets = read_datasets(config.data, config.seed)
    model = run.load_model().requires_grad_(False)
    reports = _evaluated(model, sets, run.folder / "evaluation")
    save(training_figure(run.folder), run.folder / "learning_curve")
    console = Console(quiet=quiet)
    with console.status("certifying") as status:
        certificate = certify(
            model,
            sets.valid[:FRAMES],
            seed=config.seed,
            budget=budget,
            progress=lambda law, done, total: status.update(f"certifying: {law} ({done} of {total})"),
        )
    certificate.to_json(run.folder / "certificate.json")
    certificate.to_html(run.folder / "certificate.html")
    outcome = Outcome(run, reports, certificate)
    console.print(outcome.summary())
    return outcome


def _evaluated(model: Model, sets: Datasets, folder: Path) -> dict[str, EvaluationReport]:
    """Errors on every set that has a label, written into `folder`."""
    frames = {"valid": sets.valid, **sets.test}
    return {
        name: evaluate_report(model, structures, folder, name=name)
        for name, structures in frames.items()
        if any(structure.labels for structure in structures)
    }


def training_figure(folder: PathLike) -> Figure:
    """Learning curve of a run: errors of forces (of energies, where there are no forces) against epochs.

    Raises:
        InputError: the folder holds no finished epoch.
    """
    table = RunFolder(Path(folder)).metrics
    rows = read_table(table) if table.is_file() else []
    if not rows:
        raise InputError(f"'{folder}' holds no finished epoch", accepted="the folder of a run")
    learned = [name for name in ("forces", "energy", *LABELS) if f"valid_{name}_rmse" in rows[0]]
    label = learned[0]
    unit, scale = unit_of(label), 1.0
    if unit.startswith("eV"):
        unit, scale = f"m{unit}", 1e3
    epochs = [float(row["epoch"]) for row in rows]
    curves = {
        name: [scale * float(row.get(f"{part}_{label}_rmse") or "nan") for row in rows]
        for name, part in (("training", "train"), ("validation", "valid"))
    }
    return learning_curve(epochs, curves, f"{label.removesuffix('s')} RMSE ({unit})")
