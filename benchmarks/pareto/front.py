"""What is on record: the table, the Pareto front, the plot."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from benchmarks.acac import TESTS
from benchmarks.pareto.entrants import ENTRANTS
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from rich import box
from rich.table import Table

from intertwine.apps.style import COLOURS, MUTED, name_curves, styled_figure

LOOKS = {"intertwine": COLOURS[0], "mace": COLOURS[1], "nequip": COLOURS[2]}
"""One colour per package; its models differ by their markers."""
MARKERS = "osD"


class Point(NamedTuple):
    """One model trained for one budget, averaged over seeds.

    Args:
        model: a name of `ENTRANTS`.
        minutes: budget of CPU time.
        spent: CPU minutes that the training took.
        epochs: of the training.
        cost: CPU µs per atom of one evaluation, one thread.
        energy: RMSE by test set, meV per molecule.
        forces: RMSE by test set, meV/Å.
        seeds: how many.
    """

    model: str
    minutes: float
    spent: float
    epochs: float
    cost: float
    energy: dict[str, float]
    forces: dict[str, float]
    seeds: int


def points(results: Path, threads: int) -> list[Point]:
    """The newest record of every model, budget and seed, by budget in the order of `ENTRANTS`."""
    newest: dict[tuple[float, str], dict[int, dict[str, Any]]] = {}
    for path in sorted(results.glob("pareto-*.json"), key=_date):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["model"] in ENTRANTS and record["threads"] == threads:
            newest.setdefault((record["minutes"], record["model"]), {})[record["seed"]] = record
    order = list(ENTRANTS)
    keys = sorted(newest, key=lambda key: (key[0], order.index(key[1])))
    return [_point(*key, list(newest[key].values())) for key in keys]


def _date(path: Path) -> str:
    found = re.search(r"\d{4}-\d\d-\d\d", path.name)
    return found[0] if found else ""


def _point(minutes: float, model: str, records: Sequence[dict[str, Any]]) -> Point:
    def mean(values: Iterable[float]) -> float:
        return float(np.mean(list(values)))

    def errors(label: str) -> dict[str, float]:
        return {test: mean(record["tests"][test][label] for record in records) for test in TESTS}

    return Point(
        model,
        minutes,
        spent=mean(record["training"]["cpu_seconds"] / 60 for record in records),
        epochs=mean(record["epochs"] for record in records),
        cost=mean(test["us_per_atom"] for record in records for test in record["tests"].values()),
        energy=errors("energy"),
        forces=errors("forces"),
        seeds=len(records),
    )


def front(costs: Sequence[float], errors: Sequence[float]) -> list[bool]:
    """Which of these no other one beats, being at most as costly and at most as wrong, and not equal in both.

    >>> front([1.0, 2.0, 3.0], [9.0, 9.5, 4.0])
    [True, False, True]
    """
    both = list(zip(costs, errors, strict=True))
    return [
        not any(c <= cost and e <= error and (c, e) != (cost, error) for c, e in both) for cost, error in both
    ]


def by_inference(found: Sequence[Point], test: str) -> list[Point]:
    """Of each budget, the points on the front of force error against the cost of an evaluation."""
    kept = []
    for minutes in dict.fromkeys(point.minutes for point in found):
        kept += _on_front([point for point in found if point.minutes == minutes], test, "cost")
    return kept


def by_training(found: Sequence[Point], test: str) -> list[Point]:
    """The points on the front of force error against the budget of training."""
    return _on_front(found, test, "minutes")


def _on_front(found: Sequence[Point], test: str, cost: str) -> list[Point]:
    kept = front([getattr(point, cost) for point in found], [point.forces[test] for point in found])
    return [point for point, on in zip(found, kept, strict=True) if on]


def table(found: Sequence[Point], test: str) -> Table:
    """Models by budget, with their errors, their costs and the fronts that they are on."""
    shown = Table(
        title="acac: RMSE after a budget of CPU time, energy in meV per molecule, forces in meV/Å",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    shown.add_column("min", justify="right")
    shown.add_column("model", no_wrap=True)
    for column in ("spent", "epochs", *(f"{t} {label}" for t in TESTS for label in ("E", "F")), "µs/atom"):
        shown.add_column(column, justify="right")
    shown.add_column(f"front at {test}")
    cheap, quick, before = by_inference(found, test), by_training(found, test), None
    for point in found:
        if before not in (None, point.minutes):
            shown.add_section()
        errors = [f"{error[t]:.1f}" for t in TESTS for error in (point.energy, point.forces)]
        fronts = [name for name, kept in (("inference", cheap), ("training", quick)) if point in kept]
        shown.add_row(
            "" if before == point.minutes else f"{point.minutes:g}",
            ENTRANTS[point.model].title,
            f"{point.spent:.1f}",
            f"{point.epochs:.0f}",
            *errors,
            f"{point.cost:.0f}",
            ", ".join(fronts),
        )
        before = point.minutes
    return shown


def figure(found: Sequence[Point], test: str) -> Figure:
    """Force error against the CPU time of training on both test sets, and against the cost of an evaluation.

    Grey steps are the Pareto front; in the last panel that of the longest budget.
    """
    drawn, axes = styled_figure(15.0, 4.2, columns=3)
    for ax, name in zip(axes, TESTS, strict=False):
        _panel(ax, found, name, "spent", by_training(found, name))
        ax.set_xlabel("training (CPU min)")
    longest = [point for point in found if point.minutes == max(p.minutes for p in found)]
    _panel(axes[-1], found, test, "cost", by_inference(longest, test))
    axes[-1].set_xlabel("evaluation (CPU µs per atom)")
    return drawn


def _panel(ax: Axes, found: Sequence[Point], test: str, cost: str, kept: Sequence[Point]) -> None:
    corners = sorted((getattr(point, cost), point.forces[test]) for point in kept)
    ax.step(*zip(*corners, strict=True), where="post", color=MUTED, linewidth=5, alpha=0.25, label="_front")
    seen: dict[str, int] = {}
    for model, entrant in ENTRANTS.items():
        curve = [point for point in found if point.model == model]
        if curve:
            marker = MARKERS[seen.setdefault(entrant.package, 0)]
            seen[entrant.package] += 1
            x, y = [getattr(p, cost) for p in curve], [p.forces[test] for p in curve]
            colour = LOOKS[entrant.package]
            ax.plot(x, y, color=colour, marker=marker, markersize=4.5, linewidth=1.4, label=entrant.title)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.margins(x=0.1)
    for axis, steps in ((ax.xaxis, (1.0, 3.0)), (ax.yaxis, (1.0, 2.0, 5.0))):
        axis.set_major_locator(LogLocator(subs=steps))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    ax.set_ylabel(f"forces RMSE at {test} (meV/Å)")
    name_curves(ax)
