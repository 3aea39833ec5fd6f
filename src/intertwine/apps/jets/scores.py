"""How good answers are: resolution and response of vectors, directions, numbers, classes; with intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int
from scipy.special import i0e, i1e

from intertwine.apps.jets.tasks import Task

DRAWS = 400


@dataclass(frozen=True)
class Score:
    """One figure of merit and where it could as well have been.

    Args:
        name: what it is.
        value: on all events.
        low, high: its central 95 % over bootstrap draws of the events.
        unit: of all three.
        better: +1 where more is better, −1 where less is.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str = ""
    better: int = 1

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.name} {self.value:.4g}{unit} (95 %: {self.low:.4g} to {self.high:.4g})"


def score(
    task: Task,
    answer: Float[np.ndarray, "events rows"],
    truth: Float[np.ndarray, "events rows"],
    seed: int = 0,
) -> Score:
    """The figure of merit of a task.

    Vector: root mean square error of a component. Direction: mean cos m(Ψ − Ψ_true), the resolution by which
    a measured harmonic is divided. Number: share of the variance explained. Class: area under the ROC.

    >>> from intertwine.apps.jets.tasks import find_task
    >>> score(find_task("event-plane-2"), np.array([[2.0, 0.0]]), np.array([[1.0, 0.0]])).value
    1.0
    """
    name, unit, better = {
        "vector": ("RMSE of a component", task.unit, -1),
        "direction": (f"resolution ⟨cos {task.order}ΔΨ⟩", "", 1),
        "number": ("R²", "", 1),
        "class": ("AUC", "", 1),
    }[task.measure]
    figure = _figure(task)
    draws = bootstrap(lambda rows: figure(answer[rows], truth[rows]), len(truth), seed)
    low, high = np.quantile(draws, [0.025, 0.975])
    return Score(name, figure(answer, truth), float(low), float(high), unit, better)


def gain(
    task: Task,
    answer: Float[np.ndarray, "events rows"],
    rival: Float[np.ndarray, "events rows"],
    truth: Float[np.ndarray, "events rows"],
    seed: int = 0,
) -> tuple[float, float, float]:
    """Figure of merit of one less that of another on the same events, and its central 95 % by bootstrap."""
    figure = _figure(task)

    def difference(rows: Int[np.ndarray, " drawn"]) -> float:
        return figure(answer[rows], truth[rows]) - figure(rival[rows], truth[rows])

    draws = bootstrap(difference, len(truth), seed)
    low, high = np.quantile(draws, [0.025, 0.975])
    return difference(np.arange(len(truth))), float(low), float(high)


def bootstrap(
    figure: Callable[[Int[np.ndarray, " drawn"]], float], events: int, seed: int = 0
) -> Float64[np.ndarray, " draws"]:
    """A figure over events drawn with replacement, many times."""
    rng = np.random.default_rng(seed)
    return np.array([figure(rng.integers(0, events, events)) for _ in range(DRAWS)])


def _figure(task: Task) -> Callable[[np.ndarray, np.ndarray], float]:
    return {"vector": rms, "direction": resolution, "number": explained, "class": area}[task.measure]


def rms(answer: Float[np.ndarray, "events rows"], truth: Float[np.ndarray, "events rows"]) -> float:
    """Root mean square error of a component."""
    return float(np.sqrt(((answer - truth) ** 2).mean()))


def resolution(answer: Float[np.ndarray, "events 2"], truth: Float[np.ndarray, "events 2"]) -> float:
    """Mean cosine of the angle between answer and truth; an answer without direction counts 0."""
    length = np.linalg.norm(answer, axis=1) * np.linalg.norm(truth, axis=1)
    return float(((answer * truth).sum(axis=1) / np.where(length > 0, length, 1.0)).mean())


def explained(answer: Float[np.ndarray, "events rows"], truth: Float[np.ndarray, "events rows"]) -> float:
    """1 − mean square error over the variance."""
    return float(1 - ((answer - truth) ** 2).mean() / max(truth.var(), 1e-300))


def area(answer: Float[np.ndarray, "events rows"], truth: Float[np.ndarray, "events rows"]) -> float:
    """Probability that a signal event is ranked above a background event; 0.5 where there are not both.

    >>> area(np.array([[0.1], [0.9], [0.8]]), np.array([[0.0], [1.0], [1.0]]))
    1.0
    """
    values, signal = answer[:, 0], truth[:, 0] > 0.5
    pairs = signal.sum() * (~signal).sum()
    if not pairs:
        return 0.5
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[signal].sum() - signal.sum() * (signal.sum() + 1) / 2) / pairs)


def rejection(
    answer: Float[np.ndarray, "events 1"], truth: Float[np.ndarray, "events 1"], efficiency: float
) -> float:
    """Background events per one that passes, at a cut which this share of the signal passes."""
    values, signal = answer[:, 0], truth[:, 0] > 0.5
    cut = np.quantile(values[signal], 1 - efficiency)
    return float((~signal).sum() / max((values[~signal] >= cut).sum(), 1))


@dataclass(frozen=True, eq=False)
class Bins:
    """Events in groups of equal number.

    Args:
        centre: mean of what they are grouped by.
        value: figure of each group.
        second: another.
    """

    centre: Float64[np.ndarray, " bins"]
    value: Float64[np.ndarray, " bins"]
    second: Float64[np.ndarray, " bins"]


def vector_bins(
    answer: Float[np.ndarray, "events 2"], truth: Float[np.ndarray, "events 2"], bins: int = 10
) -> Bins:
    """By the size of the true vector: RMSE of a component, and response, answer along the truth over it."""
    size = np.linalg.norm(truth, axis=1)
    along = (answer * truth).sum(axis=1) / np.maximum(size, 1e-9)
    groups = [rows for rows in np.array_split(np.argsort(size), bins) if len(rows)]
    return Bins(
        np.array([size[rows].mean() for rows in groups]),
        np.array([rms(answer[rows], truth[rows]) for rows in groups]),
        np.array([along[rows].sum() / max(size[rows].sum(), 1e-9) for rows in groups]),
    )


def direction_bins(
    answer: Float[np.ndarray, "events 2"], truth: Float[np.ndarray, "events 2"], bins: int = 10
) -> Bins:
    """By the certainty κ of the answer: the resolution there is, and the one that κ promises, I₁(κ)/I₀(κ)."""
    certainty = np.linalg.norm(answer, axis=1)
    promised = i1e(certainty) / i0e(certainty)
    groups = [rows for rows in np.array_split(np.argsort(certainty), bins) if len(rows)]
    return Bins(
        np.array([certainty[rows].mean() for rows in groups]),
        np.array([resolution(answer[rows], truth[rows]) for rows in groups]),
        np.array([promised[rows].mean() for rows in groups]),
    )
