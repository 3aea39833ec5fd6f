"""`Law`: a claim about a model that can be measured, and the verdict on it."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from intertwine.data import Structure
from intertwine.errors import IntertwineError
from intertwine.testing.interface import Potential
from intertwine.testing.tolerances import TOLERANCES
from intertwine.testing.trial import Trial, prepare


class Reading(NamedTuple):
    """What was measured for one line of the certificate.

    Args:
        line: its name, a key of `TOLERANCES`.
        figure: what was measured, in the unit of the tolerance; the smaller the better.
        where: the probe on which it was worst.
        note: circumstances worth telling.
        series: a curve that belongs to it, `{"x": [...], "y": [...], "x_label": ..., "y_label": ...}`, and
            where there is a calmer version of y, `"smooth"` and `"smooth_label"`.
    """

    line: str
    figure: float
    where: str = ""
    note: str = ""
    series: Mapping[str, Any] | None = None


class Omission(NamedTuple):
    """A line that does not apply to this model, and why."""

    line: str
    reason: str


@dataclass(frozen=True)
class LawResult:
    """One line of a certificate: a claim, the figure measured, the tolerance, the verdict."""

    name: str
    family: str
    claim: str
    figure: float
    tolerance: float
    unit: str
    passed: bool
    seconds: float
    dtype: str = "float64"
    where: str = ""
    note: str = ""
    reason: str = ""
    series: Mapping[str, Any] | None = field(default=None, repr=False)

    def __str__(self) -> str:
        verdict = "kept" if self.passed else "BROKEN"
        place = f" on {self.where}" if self.where else ""
        note = f" ({self.note})" if self.note else ""
        return (
            f"{self.name} {verdict}: {self.claim} measured {self.figure:.3g}{place}, "
            f"tolerance {self.tolerance:.3g} {self.unit}{note}"
        )


class LawBrokenError(IntertwineError, AssertionError):
    """A model does not keep a law; the message gives claim, figure, place and tolerance."""


Measure = Callable[[Trial], Iterable[Reading | Omission]]


@dataclass(frozen=True)
class Law:
    """A claim, or a few that are measured together.

    Args:
        name: short name, the first part of its lines' names.
        family: the heading under which it stands in the certificate.
        claims: what each line promises, in plain words, by name of the line.
        measure: yields one `Reading` or `Omission` per line.
        needs: what a model must have for the law to apply to it: an energy, other tensors, a response to
            an electric field, or charges that reach beyond its cutoff.

    In a test of your own model, whatever library it comes from (see `Potential` for the interface):

        @pytest.mark.parametrize("law", LAWS, ids=str)
        def test_my_potential_keeps(law):
            law.check(my_model)

    >>> from intertwine.testing import LAWS, MorsePotential
    >>> law = next(law for law in LAWS if law.name == "rotation")
    >>> [result.passed for result in law.check(MorsePotential())]
    [True, True, True]
    """

    name: str
    family: str
    claims: Mapping[str, str]
    measure: Measure = field(repr=False)
    needs: Literal["energy", "tensors", "field", "charges"] = "energy"

    def __str__(self) -> str:
        return self.name

    def results(self, trial: Trial) -> tuple[list[LawResult], list[Omission]]:
        """Measure and judge; when the model fails while it is measured, the law counts as broken."""
        start, reason = time.perf_counter(), trial.lacks(self.needs)
        if reason:
            return [], [Omission(line, reason) for line in self.claims]
        try:
            found = list(self.measure(trial))
        except Exception as error:
            reason = f"could not be measured: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
            found = [Reading(line, math.nan, note=reason) for line in self.claims]
        readings = [item for item in found if isinstance(item, Reading)]
        seconds = (time.perf_counter() - start) / max(len(readings), 1)
        return [self._judge(reading, seconds) for reading in readings], [
            item for item in found if isinstance(item, Omission)
        ]

    def check(
        self,
        model: Potential,
        structures: Sequence[Structure] | None = None,
        *,
        seed: int = 0,
        budget: float = 20.0,
    ) -> list[LawResult]:
        """Try this law alone; return its lines.

        Raises:
            LawBrokenError: (an AssertionError) at least one line is not kept.
        """
        results, _ = self.results(prepare(model, structures, seed=seed, budget=budget))
        broken = [str(result) for result in results if not result.passed]
        if broken:
            raise LawBrokenError("; ".join(broken))
        return results

    def _judge(self, reading: Reading, seconds: float) -> LawResult:
        tolerance = TOLERANCES[reading.line]
        return LawResult(
            name=reading.line,
            family=self.family,
            claim=self.claims[reading.line],
            figure=float(reading.figure),
            tolerance=tolerance.limit,
            unit=tolerance.unit,
            passed=bool(reading.figure <= tolerance.limit),
            seconds=seconds,
            dtype=tolerance.dtype,
            where=reading.where,
            note=reading.note,
            reason=tolerance.reason,
            series=reading.series,
        )


def worst(line: str, figures: Iterable[tuple[float, str]], note: str = "") -> Reading:
    """The reading of the largest figure; a figure that is no number is larger than any.

    >>> worst("rotation.energy", [(1e-12, "molecule"), (3e-12, "slab")]).where
    'slab'
    """
    figure, where = max(figures, key=lambda item: (math.isnan(item[0]), item[0]))
    return Reading(line, float(figure), where, note)
