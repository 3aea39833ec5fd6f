"""What else answers the tasks: sums, least squares, and deep sets that learn from turned events.

Deep sets and particle flow networks are written here from their equations (Zaheer et al., NeurIPS 2017;
Komiske, Metodiev & Thaler, JHEP 01 (2019) 121, with that paper's sizes): the package energyflow needs an
older NumPy.
"""

import copy
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from intertwine.apps.jets.clouds import Clouds, View, look, view_of
from intertwine.apps.jets.events import Events
from intertwine.apps.jets.tasks import Task
from intertwine.ops.segment import segment_sum

Answerer = Callable[[Events], np.ndarray]


def harmonics(events: Events, task: Task) -> np.ndarray:
    """(cos mφ, sin mφ) of every particle, shorter near the axis of a jet."""
    z = look(events, View(frame=task.frame), torch.float64).direction.numpy() @ np.array([1, 1j])
    return np.stack([(z**task.order).real, (z**task.order).imag], axis=1)


def raw_sum(task: Task) -> Answerer:
    """Minus the sum of all transverse momenta, or the sum weighted by them of the harmonics of a plane."""
    sign = -1.0 if task.measure == "vector" else 1.0

    def answer(events: Events) -> np.ndarray:
        return sign * _sums(events, events.pt[:, None] * harmonics(events, task))

    return answer


def _sums(events: Events, values: np.ndarray) -> np.ndarray:
    total = np.zeros((len(events), *values.shape[1:]))
    np.add.at(total, events.event, values)
    return total


def classes(events: Events, task: Task) -> np.ndarray:
    """Classes of particles: what kind, from which vertex, how far from the beam (or the axis), how hard."""
    if task.frame == "jet":
        distance = look(events, View(frame="jet"), torch.float64).scalars.numpy()[:, 0] / 5
        number = np.digitize(distance, [0.05, 0.1, 0.2, 0.3, 0.4, 0.6])
    else:
        number = np.digitize(events.eta, [-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0])
    number = 6 * number + np.digitize(events.pt, [0.5, 1.5, 3.0, 10.0, 30.0])
    for name, low, size in (("kind", 0, 5), ("vertex", -1, 3)):
        if name in events.columns and task.frame == "beam":
            number = size * number + events.columns[name] - low
    return number


def linear_weights(train: Events, task: Task) -> Answerer:
    """The best answer Σ_i w(class of i) pT_i e^{imφ_i}: a weight a class, ridge chosen on a fifth.

    For a plane the target is the unit vector, and the sum runs over e^{imφ}. The ridge pulls a vector's
    weights to −1, those of the raw sum, and a plane's to 0.
    """
    names = np.unique(classes(train, task))

    def design(events: Events) -> np.ndarray:
        place = np.minimum(np.searchsorted(names, classes(events, task)), len(names) - 1)
        known = names[place] == classes(events, task)
        size = events.pt if task.measure == "vector" else np.ones(len(events.pt))
        values = (known * size)[:, None] * harmonics(events, task)
        sums = np.zeros((len(events), len(names), 2))
        np.add.at(sums, (events.event, place), values)
        return sums

    sums, start = design(train), -1.0 if task.measure == "vector" else 0.0
    target = task.truth(train) - start * sums.sum(axis=1)
    cut = max(1, len(train) // 5)
    best, weights = math.inf, np.zeros(len(names))
    for ridge in 10.0 ** np.arange(-4, 5):
        trial = _ridge(sums[cut:], target[cut:], ridge)
        gap = sums[:cut].transpose(0, 2, 1) @ trial - target[:cut]
        if (gap**2).mean() < best:
            best, weights = (gap**2).mean(), _ridge(sums, target, ridge)
    return lambda events: design(events).transpose(0, 2, 1) @ (weights + start)


def _ridge(sums: np.ndarray, target: np.ndarray, ridge: float) -> np.ndarray:
    A = sums.transpose(0, 2, 1).reshape(-1, sums.shape[1])
    normal = A.T @ A
    scale = np.maximum(normal.diagonal(), 1e-9)
    return np.linalg.solve(normal + ridge * np.diag(scale) / 10, A.T @ target.ravel())


class Lesson(NamedTuple):
    """Events to learn from as a network sees them; its answers come in a unit and are added to a start.

    Attributes:
        view: of the particles.
        start: what the answers are added to.
        unit: in which they come.
        clouds: the events.
        target: what is to be answered, in the unit.
        held, rest: numbers of a tenth that chooses the best weights, and of those that are fitted to.
    """

    view: View
    start: Callable[[Events], Any]
    unit: float
    clouds: Clouds
    target: Tensor
    held: np.ndarray
    rest: np.ndarray

    def answers(self, model: nn.Module, inputs: Callable[[Clouds, np.ndarray], tuple], size: int) -> Answerer:
        """Answers of a network that takes the `inputs` of about `size` events at a time."""

        @torch.no_grad()
        def answer(events: Events) -> np.ndarray:
            seen = look(events, self.view)
            parts = np.array_split(np.arange(len(events)), max(1, len(events) // size))
            found = torch.cat([model(*inputs(seen, part)) for part in parts])
            return self.start(events) + self.unit * found.double().numpy()

        return answer


def lesson_of(train: Events, task: Task, seed: int) -> Lesson:
    """What is to be learned: a vector corrects the raw sum, in units of its own size."""
    view = view_of(train, task.frame, False, False)
    start = raw_sum(task) if task.measure == "vector" else lambda events: 0.0
    truth = task.truth(train) - start(train)
    unit = float(np.sqrt((truth**2).mean())) if task.measure == "vector" else 1.0
    order = np.random.default_rng(seed).permutation(len(train))
    cut = max(1, len(order) // 10)
    target = torch.from_numpy(truth / unit).float()
    return Lesson(view, start, unit, look(train, view), target, order[:cut], order[cut:])


class DeepSet(nn.Module):
    """ρ(Σ_i Φ(particle i)): two plain networks on Cartesian components, which know no symmetry."""

    def __init__(self, inputs: int, outputs: int, phi: tuple[int, ...], rho: tuple[int, ...], scale: float):
        super().__init__()
        self.phi, self.rho, self.scale = _mlp(inputs, phi), _mlp(phi[-1], rho), scale
        self.out = nn.Linear(rho[-1], outputs)

    def forward(self, inputs: Tensor, counts: list[int]) -> Tensor:
        event = torch.repeat_interleave(torch.tensor(counts))
        return self.out(self.rho(segment_sum(self.phi(inputs), event, len(counts)) / self.scale))


def _mlp(inputs: int, widths: tuple[int, ...]) -> nn.Sequential:
    sizes = (inputs, *widths)
    layers = [(nn.Linear(a, b), nn.ReLU()) for a, b in zip(sizes, widths, strict=False)]
    return nn.Sequential(*(layer for pair in layers for layer in pair))


DEEP_SET = ((64, 64), (64, 64))
PFN = ((100, 100, 128), (100, 100, 100))


def fit_deep_set(
    train: Events,
    task: Task,
    seed: int,
    epochs: int,
    sizes: tuple[tuple[int, ...], tuple[int, ...]] = DEEP_SET,
    rate: float = 1e-3,
) -> Answerer:
    """A deep set; events are turned and mirrored anew each time, a vector corrected from the raw sum."""
    torch.manual_seed(seed)
    lesson = lesson_of(train, task, seed)
    clouds, target, held, rest = lesson.clouds, lesson.target, lesson.held, lesson.rest
    model = DeepSet(_inputs(clouds, np.arange(1))[0].shape[1], target.shape[1], *sizes,
                    scale=max(float(train.counts.mean()), 1.0))  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-2)
    best, weights, rng = math.inf, copy.deepcopy(model.state_dict()), np.random.default_rng(seed)
    for epoch in range(epochs):
        for chosen in np.array_split(rng.permutation(rest), max(1, round(len(rest) / 64))):
            angle = torch.from_numpy(rng.uniform(-np.pi, np.pi, len(chosen))).float()
            mirror = torch.from_numpy(rng.choice([-1.0, 1.0], len(chosen))).float()
            inputs, counts = _inputs(clouds, chosen, angle, mirror)
            wanted = _turned(target[torch.from_numpy(chosen)], angle, mirror, task.order)
            optimizer.param_groups[0]["lr"] = rate * (0.5 + 0.5 * math.cos(math.pi * epoch / epochs))
            optimizer.zero_grad()
            task.loss(model(inputs, counts), wanted).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
        with torch.no_grad():
            loss = float(task.loss(model(*_inputs(clouds, held)), target[torch.from_numpy(held)]))
        if loss < best:
            best, weights = loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    return lesson.answers(model, _inputs, 256)


def _inputs(
    clouds: Clouds, chosen: np.ndarray, angle: Tensor | None = None, mirror: Tensor | None = None
) -> tuple[Tensor, list[int]]:
    """Direction, momentum vector and all invariants of each particle, its event mirrored and turned."""
    cloud = clouds.batch(chosen)
    counts = list(cloud.counts)
    direction = cloud.direction
    if angle is not None and mirror is not None:
        event = torch.repeat_interleave(torch.tensor(counts))
        direction = _turned(direction, angle[event], mirror[event], 1)
    weight = cloud.weight[:, None]
    return torch.cat([direction, weight * direction, weight, cloud.scalars], dim=1), counts


def _turned(target: Tensor, angle: Tensor, mirror: Tensor, order: int) -> Tensor:
    """Vectors of order m of events mirrored, y to −y, where `mirror` is −1, and then turned."""
    if not order:
        return target
    c, s, (x, y) = (order * angle).cos(), (order * angle).sin(), target.T
    y = mirror * y
    return torch.stack([c * x - s * y, s * x + c * y], dim=1)
