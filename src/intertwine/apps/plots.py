"""Figures of the reports: one style, no global state, ready to be inlined in a page or saved.

Every function returns a `matplotlib.figure.Figure`; `svg` and `png` turn one into text or bytes, `save` into
both files. Colours are safe for the usual colour blindnesses and always paired with a marker or a label.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from intertwine.apps.style import COLOURS, INK, MUTED, colours, name_curves, png, save, styled_figure, svg
from intertwine.errors import InputError

__all__ = ["Parity", "drift_plot", "learning_curve", "loop_plot", "parity_plot", "png", "save", "svg"]

DENSITY: Final = LinearSegmentedColormap.from_list("intertwine", ["#b9c8f2", "#2f5fd0", "#101b46"])
"""Few points to many."""

Curve = Sequence[float] | Sequence[int] | np.ndarray
"""Values along a curve."""

MANY: Final = 2000
"""Points from which on a scatter is stored as an image inside the SVG."""


@dataclass(frozen=True)
class Parity:
    """One panel of a parity plot.

    Args:
        title: what is compared, as a reader would say it.
        unit: of the axes.
        reference: true values, `(n,)`.
        predicted: what the model says, `(n,)`.
        note: lines printed in the panel, such as the errors.
    """

    title: str
    unit: str
    reference: Float[np.ndarray, "values"]
    predicted: Float[np.ndarray, "values"]
    note: str = ""


def parity_plot(panels: Sequence[Parity]) -> Figure:
    """Predicted against true values, one square panel each, coloured by the density of points.

    The small histogram in each panel is the distribution of predicted − true.

    >>> x = np.linspace(-1, 1, 50)
    >>> figure = parity_plot([Parity("forces", "eV/Å", x, x + 0.01, note="MAE 10 meV/Å")])
    >>> len(figure.axes)
    1
    """
    if not panels:
        raise InputError("nothing to plot", accepted="at least one labelled quantity")
    figure, axes = styled_figure(4.1 * len(panels), 4.1, len(panels))
    for panel, ax in zip(panels, axes, strict=True):
        _parity_panel(ax, panel)
    return figure


def learning_curve(epochs: Curve, curves: Mapping[str, Curve], ylabel: str, xlabel: str = "epoch") -> Figure:
    """Errors against training time, on a logarithmic axis; NaN where a value was not measured.

    >>> figure = learning_curve([1, 2, 3], {"train": [90, 60, 40], "test": [95, 70, 55]}, "RMSE (meV/Å)")
    >>> figure.axes[0].get_yscale()
    'log'
    """
    figure, (ax,) = styled_figure(6.4, 3.6)
    for (name, values), colour in zip(curves.items(), colours(len(curves)), strict=True):
        x, y = np.asarray(epochs, float), np.asarray(values, float)
        kept = np.isfinite(y) & (y > 0)
        ax.plot(x[kept], y[kept], color=colour, linewidth=1.8, label=name)
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter("")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    name_curves(ax)
    return figure


def drift_plot(
    times: Mapping[str, Curve],
    drifts: Mapping[str, Curve],
    unit: str = "meV/atom",
) -> Figure:
    """Change of the total energy along constant-energy dynamics; zero is what physics demands.

    Args:
        times: ps, by name of the run.
        drifts: E(t) − E(0) in `unit`, by name of the run.
        unit: of the drifts.

    When one run drifts much further than another the axis is linear near zero and logarithmic beyond, so that
    the calm one does not vanish.

    >>> figure = drift_plot({"conservative": [0, 1, 2]}, {"conservative": [0.0, 0.01, -0.01]})
    >>> figure.axes[0].get_xlabel()
    'time (ps)'
    """
    figure, (ax,) = styled_figure(6.4, 3.6)
    ax.axhline(0.0, color=MUTED, linewidth=0.8)
    for (name, values), colour in zip(drifts.items(), colours(len(drifts)), strict=True):
        x, y = np.asarray(times[name], float), np.asarray(values, float)
        kept = np.isfinite(y)
        ax.plot(x[kept], y[kept], color=colour, linewidth=1.4, label=name)
    reach = [float(np.nanmax(np.abs(values))) for values in drifts.values()]
    calm, wild = max(min(reach), 1e-6 * max(reach)), max(reach)
    if wild > 30 * calm:
        ax.set_yscale("symlog", linthresh=10 ** np.ceil(np.log10(calm)))
    ax.set_xlabel("time (ps)")
    ax.set_ylabel(f"total energy − start ({unit})")
    name_curves(ax)
    return figure


def loop_plot(works: Mapping[str, Float[np.ndarray, "loops"]], label: str = "|∮F·dx| / ∮|F·dx|") -> Figure:
    """One dot per closed loop and model: the share of the work that does not cancel, logarithmic.

    >>> figure = loop_plot({"conservative": np.array([1e-15, 3e-15]), "direct": np.array([0.02, 0.05])})
    >>> figure.axes[0].get_xscale()
    'log'
    """
    figure, (ax,) = styled_figure(6.4, 0.9 + 0.8 * len(works))
    for row, (values, colour) in enumerate(zip(works.values(), colours(len(works)), strict=True)):
        shown = np.maximum(values, 1e-17)
        spread = row + 0.22 * np.sin(2.4 * np.arange(len(shown)))  # golden angle: no dot hides another
        ax.scatter(shown, spread, s=22, color=colour, alpha=0.6, linewidths=0)
        middle = float(np.median(shown))
        ax.scatter([middle], [row], marker="|", s=700, color=INK, linewidths=1.6)
        ax.annotate(f"median {middle:.1e}", (middle, row + 0.34), ha="center", fontsize=8, color=INK)
    ax.set_xscale("log")
    ax.set_yticks(range(len(works)), list(works))
    ax.set_ylim(len(works) - 0.35, -0.65)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(label)
    return figure


def _parity_panel(ax: Axes, panel: Parity) -> None:
    x, y = panel.reference, panel.predicted
    low, high = min(x.min(), y.min()), max(x.max(), y.max())
    margin = 0.05 * (high - low) or 0.5
    span = (low - margin, high + margin)
    density = _density(x, y)
    order = np.argsort(density)
    ax.plot(span, span, color=MUTED, linewidth=0.9)
    points = ax.scatter(x[order], y[order], c=density[order], cmap=DENSITY, s=9, linewidths=0, zorder=3)
    points.set_rasterized(len(x) > MANY)
    ax.set(xlim=span, ylim=span, aspect="equal")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    ax.set_title(panel.title, loc="left", fontsize=11, color=INK, fontweight="bold")
    ax.set_xlabel(f"reference ({panel.unit})")
    ax.set_ylabel(f"predicted ({panel.unit})")
    note = ax.text(0.97, 0.04, panel.note, transform=ax.transAxes, ha="right", va="bottom", fontsize=8.5)
    note.set(color=INK, zorder=4, bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 2})
    _error_histogram(ax, y - x)


def _error_histogram(ax: Axes, errors: Float[np.ndarray, "values"]) -> None:
    inset = ax.inset_axes((0.05, 0.72, 0.3, 0.22))
    reach = float(np.quantile(np.abs(errors), 0.995)) or 1e-12
    inset.hist(errors, bins=41, range=(-reach, reach), color=COLOURS[0], alpha=0.85)
    inset.axvline(0.0, color=INK, linewidth=0.7)
    inset.set_title("predicted − reference", fontsize=6.5, color=MUTED, pad=2)
    inset.set_xticks([-reach, reach], [f"−{reach:.2g}", f"+{reach:.2g}"], fontsize=6.5, color=MUTED)
    inset.set_yticks([])
    inset.spines[["top", "right", "left"]].set_visible(False)
    inset.spines["bottom"].set_color(MUTED)
    inset.tick_params(length=2, colors=MUTED, pad=1)
    inset.patch.set_alpha(0.0)


def _density(x: Float[np.ndarray, "values"], y: Float[np.ndarray, "values"]) -> Float[np.ndarray, "values"]:
    """Logarithm of the number of points in the cell of each point, along the diagonal and across it."""
    along, across = x + y, y - x
    counts, a_edges, b_edges = np.histogram2d(along, across, bins=48)
    rows = np.clip(np.searchsorted(a_edges, along, side="right") - 1, 0, 47)
    columns = np.clip(np.searchsorted(b_edges, across, side="right") - 1, 0, 47)
    return np.log1p(counts[rows, columns])
