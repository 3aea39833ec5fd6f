"""What came of a demonstration, and the figures that matter most."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intertwine.apps.accuracy import figure_text
from intertwine.apps.demo.settings import DemoSettings
from intertwine.apps.ledger import Step
from intertwine.apps.page import Number
from intertwine.testing import Certificate


@dataclass(frozen=True, eq=False)
class Record:
    """All that the page is made from.

    Args:
        output: folder of the demonstration.
        settings: what was done.
        steps: what came of it.
        seed: of everything random.
        cores: used.
    """

    output: Path
    settings: DemoSettings
    steps: Mapping[str, Step]
    seed: int
    cores: int

    def __getitem__(self, step: str) -> Mapping[str, Any]:
        """Results of a step."""
        return self.steps[step].results

    @property
    def method(self) -> str:
        """Who labelled, in short."""
        return self.settings.method.partition(":")[2] or self.settings.method

    @property
    def minutes(self) -> float:
        """Wall time of all steps."""
        return sum(step.seconds for step in self.steps.values()) / 60

    def drift(self, model: str) -> float:
        """Slope of the total energy of a model in free motion, meV/atom in 10 ps."""
        return 10.0 * self["dynamics"][model]["run"]["rate_meV_per_atom_per_ps"]

    @property
    def certificate(self) -> Certificate:
        """Of the conservative model."""
        path = self.output / "certificate" / "certificate.json"
        return Certificate.from_json(path.read_text(encoding="utf-8"))


def headline(record: Record) -> tuple[Number, ...]:
    """The figures that matter most, judged by the goals of the settings."""
    goals, test = record.settings.goals, record["evaluation"]["test"]["conservative"]
    forces, energy = test["forces"]["rmse"], test["energy_per_atom"]["rmse"]
    certificate = record.certificate
    kept = len(certificate.lines) - len(certificate.broken)
    drift, direct = abs(record.drift("conservative")), abs(record.drift("direct"))
    error = record["vibrations"]["mean_absolute_error"]
    return (
        Number(
            "Force error",
            figure_text(forces),
            "meV/Å",
            f"RMSE, goal {goals.forces:g}",
            forces <= goals.forces,
        ),
        Number(
            "Energy error",
            figure_text(energy),
            "meV/atom",
            f"RMSE, goal {goals.energy:g}",
            energy <= goals.energy,
        ),
        Number("Laws kept", f"{kept} of {len(certificate.lines)}", "", "certificate", certificate.passed),
        Number(
            "Energy drift",
            f"{drift:.2g}",
            "meV/atom",
            f"in 10 ps, goal {goals.drift:g}; direct forces {figure_text(direct)}",
            drift <= goals.drift,
        ),
        Number("Vibrations", figure_text(error), "cm⁻¹", f"mean distance from {record.method}"),
        Number("Wall time", f"{record.minutes:.1f}", "min", f"{record.cores} core{'s' * (record.cores > 1)}"),
    )
