"""Does a predicted error tell the error? Figures of merit and the plot of one against the other."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from rich import box
from rich.table import Table
from scipy.special import ndtri
from scipy.stats import rankdata

from intertwine.apps.accuracy import figure_text, quantity
from intertwine.apps.calibration import Design
from intertwine.apps.style import COLOURS, INK, MUTED, styled_figure
from intertwine.observables.uncertainty import LastLayerPosterior

BINS = 12
"""Most bins of the plot, of equally many values each."""

LEAST = 8
"""Fewest values of a bin."""

FIGURES = {
    "RMSE": "",
    "mean σ": "",
    "RMS of error/σ": "1",
    "errors within σ": "68 %",
    "rank correlation of σ with |error|": "",
    "NLL against the best single σ": "< 0",
    "miscalibration": "0",
    "values": "",
}
"""Rows of the table, and what they would be if every σ were right."""

_HALF_LOG_TAU = 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predicted errors σ beside the errors e that were made.

    Args:
        unit: of both.
        predicted: σ, `(n,)`, positive.
        errors: label − prediction, `(n,)`.

    >>> rng = np.random.default_rng(0)
    >>> sigma = np.exp(rng.normal(size=4000))
    >>> honest = Reliability("meV", sigma, sigma * rng.normal(size=4000))
    >>> abs(honest.ratio - 1.0) < 0.05, abs(honest.within - 0.683) < 0.02, honest.miscalibration < 0.01
    (True, True, True)
    >>> honest.surprise < honest.flat_surprise
    True
    """

    unit: str
    predicted: Float[np.ndarray, " values"]
    errors: Float[np.ndarray, " values"]

    @cached_property
    def scores(self) -> Float[np.ndarray, " values"]:
        """z = e/σ: of mean square 1 when σ is right."""
        return self.errors / self.predicted

    @property
    def rmse(self) -> float:
        """√⟨e²⟩."""
        return float(np.sqrt(np.square(self.errors).mean()))

    @property
    def ratio(self) -> float:
        """√⟨z²⟩: 1 when σ is right, more when the model is too sure."""
        return float(np.sqrt(np.square(self.scores).mean()))

    @property
    def within(self) -> float:
        """Share of the errors within one σ: 0.683 of normal ones."""
        return float((np.abs(self.scores) <= 1.0).mean())

    @property
    def surprise(self) -> float:
        """Mean negative log likelihood −⟨ln N(e; 0, σ²)⟩, nats."""
        return float((0.5 * np.square(self.scores) + np.log(self.predicted)).mean() + _HALF_LOG_TAU)

    @property
    def flat_surprise(self) -> float:
        """The same with the best single σ for all of these errors: what a test error alone could tell."""
        return 0.5 + math.log(max(self.rmse, 1e-300)) + _HALF_LOG_TAU

    @property
    def rank_correlation(self) -> float:
        """Spearman's ρ of σ with |e|, at most about 0.6 for normal errors; NaN without any spread."""
        ranks = [rankdata(values) - (len(values) + 1) / 2 for values in (self.predicted, np.abs(self.errors))]
        norms = [float(np.linalg.norm(rank)) for rank in ranks]
        return float(ranks[0] @ ranks[1]) / (norms[0] * norms[1]) if min(norms) > 0 else math.nan

    @property
    def miscalibration(self) -> float:
        """Mean distance of observed from nominal coverage of central intervals: 0 ideal, 0.5 the worst."""
        nominal = (np.arange(99) + 1) / 100
        reach = ndtri(0.5 + 0.5 * nominal)
        observed = (np.abs(self.scores)[:, None] <= reach).mean(axis=0)
        return float(np.abs(observed - nominal).mean())

    def to_json(self) -> dict[str, Any]:
        """Figures as plain values; None where one has no meaning."""
        figures = {
            "rmse": self.rmse,
            "mean_predicted": float(self.predicted.mean()),
            "rms_error_over_predicted": self.ratio,
            "within_one_sigma": self.within,
            "spearman": self.rank_correlation,
            "nll": self.surprise,
            "nll_of_one_sigma": self.flat_surprise,
            "miscalibration": self.miscalibration,
        }
        finite = {name: value if math.isfinite(value) else None for name, value in figures.items()}
        return {"unit": self.unit, **finite, "n": len(self.errors)}

    def cells(self) -> list[str]:
        """The same as text, in the order of `FIGURES`."""
        return [
            f"{figure_text(self.rmse)} {self.unit}",
            f"{figure_text(float(self.predicted.mean()))} {self.unit}",
            f"{self.ratio:.2f}",
            f"{100 * self.within:.0f} %",
            f"{self.rank_correlation:.2f}",
            f"{self.surprise - self.flat_surprise:+.2f}",
            f"{self.miscalibration:.3f}",
            f"{len(self.errors):,}",
        ]

    def bins(self) -> Float[np.ndarray, "bins 2"]:
        """Root mean square of σ and of e in bins of equally many values, σ ascending."""
        parts = max(1, min(BINS, len(self.errors) // LEAST))
        order = np.array_split(np.argsort(self.predicted), parts)
        squares = [[np.square(side[part]).mean() for side in (self.predicted, self.errors)] for part in order]
        return np.sqrt(np.array(squares))


def reliabilities(posterior: LastLayerPosterior, frames: Design) -> dict[str, Reliability]:
    """Predicted and true errors of labelled frames, in the units of a report.

    Energies are counted per atom, forces by the components that the design has drawn.
    """
    found: dict[str, Reliability] = {}
    for name, of, rows, errors, share in (
        ("energy_per_atom", "energy", frames.energy, frames.energy_error, 1.0 / frames.atoms),
        ("forces", "forces", frames.forces, frames.forces_error, torch.ones(())),
    ):
        known = errors.isfinite()
        if of in posterior.scales and known.any():
            shown = quantity(name)
            scale = shown.error_scale * share.expand_as(errors)[known]
            sides = posterior.deviation(rows[known], of) * scale, errors[known] * scale
            found[name] = Reliability(shown.error_unit, *(side.numpy() for side in sides))
    return found


def reliability_table(columns: Mapping[str, Reliability]) -> Table:
    """One column a property, one row a figure, and what an ideal uncertainty would have."""
    table = Table(title="predicted errors σ", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("")
    for name in columns:
        table.add_column(quantity(name).title, justify="right")
    table.add_column("ideal", style="dim", justify="right")
    told = zip(*(column.cells() for column in columns.values()), strict=True)
    for (figure, ideal), cells in zip(FIGURES.items(), told, strict=True):
        table.add_row(figure, *cells, ideal)
    return table


def reliability_plot(rows: Mapping[str, Reliability]) -> Figure:
    """Errors against predicted errors, one logarithmic panel a property, bins over single values.

    >>> sigma = np.linspace(1.0, 2.0, 40)
    >>> figure = reliability_plot({"forces": Reliability("meV/Å", sigma, sigma)})
    >>> figure.axes[0].get_xscale(), figure.axes[0].get_yscale()
    ('log', 'log')
    """
    figure, axes = styled_figure(4.4 * len(rows), 4.1, len(rows))
    for (name, row), ax in zip(rows.items(), axes, strict=True):
        _panel(ax, quantity(name).title, row)
    return figure


def _panel(ax: Axes, title: str, row: Reliability) -> None:
    binned, sizes = row.bins(), np.abs(row.errors)
    dots = ax.scatter(row.predicted, sizes, s=7, color=COLOURS[0], alpha=0.25, linewidths=0)
    dots.set_rasterized(len(sizes) > 2000)
    reach = _reach(row.predicted)
    ax.plot(reach, reach, color=MUTED, linewidth=1.0)
    ax.plot(*binned.T, color=COLOURS[1], linewidth=1.4, marker="o", markersize=4.5)
    ax.set(xscale="log", yscale="log", xlim=reach)
    ax.set_ylim(reach[0] / 10, max(reach[1], sizes.max()) * 1.2)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
    ax.set_title(title, loc="left", fontsize=11, color=INK, fontweight="bold")
    ax.set_xlabel(f"predicted error ({row.unit})")
    ax.set_ylabel(f"error ({row.unit})")
    note = f"error/σ {row.ratio:.2f}\nSpearman {row.rank_correlation:.2f}\ngrey: ideal, orange: RMS of bins"
    ax.text(0.97, 0.04, note, transform=ax.transAxes, ha="right", va="bottom", fontsize=8, color=INK)


def _reach(predicted: Float[np.ndarray, " values"]) -> tuple[float, float]:
    return float(predicted.min()) / 1.3, float(predicted.max()) * 1.3
