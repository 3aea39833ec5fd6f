"""Local canonicalisation by the package `lloca` (Spinner et al. 2025), on the tasks of a vector or a plane.

Installed by hand beside ours: `pip install --no-deps lloca lgatr`, `pip install torch_geometric`. A small
network predicts, by messages between all pairs, one vector for each particle that turns with the event. It
sets up a frame about the beam for each particle, in which a graph network of one block acts; its answers are
turned back and summed.
"""

import importlib
import math
from functools import partial

import numpy as np
import torch
from benchmarks.jets.rivals import Answerer, lesson_of
from torch import Tensor, nn

from intertwine.apps.jets.clouds import Clouds
from intertwine.apps.jets.events import Events
from intertwine.apps.jets.tasks import Task
from intertwine.ops.segment import segment_sum


class LocalFrames(nn.Module):
    """Learned frames about the beam, one for each particle, and a graph network in them."""

    def __init__(self, scalars: int, order: int, width: int = 16) -> None:
        super().__init__()
        frames, vectors, graph, reps = (
            importlib.import_module(f"lloca.{name}")
            for name in ("framesnet.equi_frames", "equivectors.mlp", "backbone.graphnet", "reps.tensorreps")
        )
        predictor = partial(vectors.MLPVectors, num_scalars=scalars, hidden_channels=width, num_layers_mlp=1)
        self.frames = frames.LearnedSO2Frames(predictor)
        self.inputs = reps.TensorReps("1x1n")
        self.transform = importlib.import_module("lloca.reps.tensorreps_transform").TensorRepsTransform(
            self.inputs
        )
        self.network = graph.GraphNet(scalars + 4, "8x0n+2x1n", 2, 1, num_layers_mlp1=1, num_layers_mlp2=0)
        self.pairs = importlib.import_module("lloca.utils.utils").get_edge_index_from_ptr
        self.order = order

    def forward(self, momenta: Tensor, scalars: Tensor, counts: list[int]) -> Tensor:
        ptr = torch.tensor([0, *np.cumsum(counts)])
        frames = self.frames(momenta, scalars=scalars, ptr=ptr)
        local = self.transform(momenta, frames)
        pairs = self.pairs(ptr, shape=momenta.shape)
        answers = self.network(torch.cat([local, scalars], dim=1), frames, pairs) / max(np.mean(counts), 1.0)
        angle = self.order * torch.atan2(frames.matrices[:, 2, 2], frames.matrices[:, 2, 1])
        c, s, (x, y) = angle.cos(), angle.sin(), answers.T
        event = torch.repeat_interleave(torch.tensor(counts))
        return segment_sum(torch.stack([c * x - s * y, s * x + c * y], dim=1), event, len(counts))


def fit_local_frames(train: Events, task: Task, seed: int, epochs: int, rate: float = 2e-3) -> Answerer:
    """Fit, choose the best weights on a tenth held out; a vector is corrected from the raw sum."""
    torch.manual_seed(seed)
    lesson = lesson_of(train, task, seed)
    clouds, target, held, rest = lesson.clouds, lesson.target, lesson.held, lesson.rest
    model = LocalFrames(clouds.scalars.shape[1], task.order)
    momenta, _, counts = _batch(clouds, rest[:16])
    model.frames.equivectors.init_standardization(momenta, torch.tensor([0, *np.cumsum(counts)]))
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.3)
    best, weights, rng = math.inf, {}, np.random.default_rng(seed)
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = rate * (0.5 + 0.5 * math.cos(math.pi * epoch / epochs))
        for chosen in np.array_split(rng.permutation(rest), max(1, round(len(rest) / 16))):
            optimizer.zero_grad()
            task.loss(model(*_batch(clouds, chosen)), target[torch.from_numpy(chosen)]).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
        with torch.no_grad():
            parts = np.array_split(held, -(-len(held) // 16))
            answers = torch.cat([model(*_batch(clouds, part)) for part in parts])
            loss = float(task.loss(answers, target[torch.from_numpy(held)]))
        if loss < best:
            best, weights = loss, {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(weights)
    return lesson.answers(model, _batch, 16)


def _batch(clouds: Clouds, chosen: np.ndarray) -> tuple[Tensor, Tensor, list[int]]:
    """Four-momenta (E, px, py, pz) of massless particles, in the unit of weights, and all scalars."""
    cloud = clouds.batch(chosen)
    eta = 2 * cloud.scalars[:, :1]
    weight = cloud.weight[:, None]
    momenta = torch.cat([eta.cosh(), cloud.direction, eta.sinh()], dim=1) * weight
    return momenta, cloud.scalars, list(cloud.counts)
