"""Figures of answers: resolution, response, certainty, ROC, events seen along the beam, and the weights."""

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from intertwine.apps.jets.clouds import about_axis
from intertwine.apps.jets.events import Events
from intertwine.apps.jets.scores import direction_bins, vector_bins
from intertwine.apps.jets.tasks import Task
from intertwine.apps.style import COLOURS, INK, MUTED, name_curves, styled_figure
from intertwine.nn.schur_linear import SchurLinear

Answers = dict[str, Float[np.ndarray, "events rows"]]


def judged(task: Task, answers: Answers, truth: Float[np.ndarray, "events rows"]) -> Figure:
    """What tells most of a task: two curves of a vector or a direction, parity of a number, ROC of a class.

    Args:
        task: the question.
        answers: by the name of who gives them, the model first.
        truth: what is true.
    """
    draw = {"vector": _vectors, "direction": _directions, "number": _numbers, "class": _classes}
    return draw[task.measure](task, answers, truth)


def _vectors(task: Task, answers: Answers, truth: np.ndarray) -> Figure:
    figure, (left, right) = styled_figure(9.6, 3.4, columns=2)
    for colour, (name, answer) in zip(COLOURS, answers.items(), strict=False):
        bins = vector_bins(answer, truth)
        left.plot(bins.centre, bins.value, color=colour, label=name)
        right.plot(bins.centre, bins.second, color=colour, label=name)
    right.axhline(1.0, color=MUTED, linewidth=0.8)
    left.set(xlabel=f"true size ({task.unit})", ylabel=f"RMSE of a component ({task.unit})", ylim=(0, None))
    right.set(xlabel=f"true size ({task.unit})", ylabel="response, along the truth")
    for ax in (left, right):
        name_curves(ax)
    return figure


def _directions(task: Task, answers: Answers, truth: np.ndarray) -> Figure:
    figure, (left, right) = styled_figure(9.6, 3.4, columns=2)
    edges = (np.linspace(-np.pi, np.pi, 31) / task.order).tolist()
    for colour, (name, answer) in zip(COLOURS, answers.items(), strict=False):
        turn = (answer @ [1, 1j]) * (truth @ [1, -1j])
        left.hist(np.angle(turn) / task.order, edges, histtype="step", color=colour, label=name)
    left.set(xlabel="Ψ − Ψ true (rad)", ylabel="events")
    left.legend(frameon=False)
    bins = direction_bins(next(iter(answers.values())), truth)
    right.plot(bins.centre, bins.second, color=MUTED, label="promised")
    right.plot(bins.centre, bins.value, "o", color=COLOURS[0], label="found")
    right.set(xlabel="certainty κ of the answer", ylabel=f"⟨cos {task.order}ΔΨ⟩", ylim=(0, 1))
    right.legend(frameon=False)
    return figure


def _numbers(task: Task, answers: Answers, truth: np.ndarray) -> Figure:
    figure, (ax,) = styled_figure(4.4, 4.0)
    ax.axline((0, 0), slope=1, color=MUTED, linewidth=0.8)
    ax.plot(truth[:, 0], next(iter(answers.values()))[:, 0], ".", color=COLOURS[0], markersize=3)
    ax.set(xlabel="true", ylabel="answered")
    return figure


def _classes(task: Task, answers: Answers, truth: np.ndarray) -> Figure:
    figure, (left, right) = styled_figure(9.6, 3.4, columns=2)
    signal = truth[:, 0] > 0.5
    for colour, (name, answer) in zip(COLOURS, answers.items(), strict=False):
        order = np.argsort(-answer[:, 0], kind="stable")
        passed = np.cumsum(signal[order]) / max(signal.sum(), 1)
        faked = np.cumsum(~signal[order]) / max((~signal).sum(), 1)
        left.plot(passed, 1 / np.maximum(faked, 0.5 / max((~signal).sum(), 1)), color=colour, label=name)
    left.set(xlabel="signal efficiency", ylabel="background rejection", yscale="log")
    left.legend(frameon=False)
    answer = next(iter(answers.values()))[:, 0]
    edges = np.linspace(answer.min() - 1e-9, answer.max() + 1e-9, 41).tolist()
    for colour, chosen, name in ((COLOURS[0], signal, "signal"), (COLOURS[1], ~signal, "background")):
        right.hist(answer[chosen], edges, histtype="step", color=colour, label=name)
    right.set(xlabel="log odds", ylabel="events")
    right.legend(frameon=False)
    return figure


def displays(
    task: Task,
    events: Events,
    answer: Float[np.ndarray, "events rows"],
    truth: Float[np.ndarray, "events rows"],
) -> Figure:
    """Four events across the beam, or the axis of the jet: particles, the answer, the truth."""
    shown = min(4, len(events))
    figure, axes = styled_figure(2.9 * max(shown, 1), 3.2, columns=max(shown, 1))
    for e, ax in enumerate(axes[:shown]):
        one = events[np.array([e])]
        vectors = np.stack([truth[e], answer[e]])
        size = _jet(ax, one) if task.frame == "jet" else _event(ax, one, task, vectors)
        for vector, colour, name in zip(vectors, (INK, COLOURS[1]), ("true", "answered"), strict=True):
            _arrows(ax, task, vector, size, colour, name)
        ax.set(aspect="equal", xlim=(-1.1 * size, 1.1 * size), ylim=(-1.1 * size, 1.1 * size))
    if shown and task.order:
        axes[0].legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def _jet(ax: Axes, jet: Events) -> float:
    """Particles about the axis, their area growing with pT; how far the picture reaches."""
    x, y = about_axis(jet).T
    ax.scatter(x, y, s=4 + 6 * np.sqrt(jet.pt), color=MUTED, alpha=0.6, linewidths=0)
    ax.set(xlabel="Δη", ylabel="Δφ")
    return 0.5


def _event(ax: Axes, event: Events, task: Task, vectors: np.ndarray) -> float:
    """Particles from the beam, the hardest 0.8 of how far the picture reaches."""
    vector, unit = task.measure == "vector", f" ({task.unit})" if task.measure == "vector" else ""
    size = max(float(np.linalg.norm(vectors, axis=1).max()), 1.0) if vector else 1.0
    for length, angle in zip(0.8 * size * event.pt / event.pt.max(initial=1e-9), event.phi, strict=True):
        ax.plot([0, length * np.cos(angle)], [0, length * np.sin(angle)], color=MUTED, linewidth=0.6)
    ax.set(xlabel=f"x{unit}", ylabel=f"y{unit}")
    return size


def _arrows(ax: Axes, task: Task, vector: np.ndarray, size: float, colour: str, name: str) -> None:
    """A vector, or the m directions of a plane of order m."""
    if not task.order:
        return
    angle = np.arctan2(vector[1], vector[0]) / task.order
    length = float(np.linalg.norm(vector)) if task.measure == "vector" else size
    for fold in range(task.order):
        turned = angle + 2 * np.pi * fold / task.order
        ax.plot(
            [0, length * np.cos(turned)], [0, length * np.sin(turned)],
            color=colour, linewidth=2.0, label=name if not fold else None,
        )  # fmt: skip


def weights(layer: SchurLinear) -> Figure:
    """The whole matrix of a linear layer, rows and columns sorted by m: blocks along the diagonal.

    Args:
        layer: between features of the same irreps.
    """
    with torch.no_grad():
        matrix = layer.matrix().double().numpy()
    dense = np.abs(matrix.reshape(matrix.shape[0] * matrix.shape[1], -1))
    figure, (ax,) = styled_figure(5.2, 4.4)
    with np.errstate(divide="ignore"):
        shown = np.log10(np.maximum(dense, 1e-4 * max(dense.max(), 1e-300)) / max(dense.max(), 1e-300))
    drawn = ax.imshow(shown, cmap="Blues", aspect="auto", vmin=-4, vmax=0, interpolation="nearest")
    for irreps, size, mark, label in (
        (layer.irreps_in, matrix.shape[3], ax.set_xticks, ax.axvline),
        (layer.irreps_out, matrix.shape[1], ax.set_yticks, ax.axhline),
    ):
        places, names, start = [], [], 0
        for count, irrep in irreps:
            for _ in range(count):
                places.append((start + irrep.dim / 2) * size - 0.5)
                names.append(f"m={irrep.label}")
                start += irrep.dim
                if start < irreps.dim:
                    label(start * size - 0.5, color=MUTED, linewidth=0.6)
        mark(places, names)
    ax.grid(visible=False)
    figure.colorbar(drawn, ax=ax, label="log₁₀ |weight| over the largest")
    return figure
