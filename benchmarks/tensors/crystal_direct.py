"""The tensor without equivariance: the same encoder's invariants, a network, and as many numbers as T has.

It learns the tensors in the axes in which the table gives them, and is tested in such axes too. Invariants do
not know how a crystal lies; what such a network knows of axes is the habit of the table. Elements share their
tables as in our model.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from benchmarks.tensors.crystal_baselines import Learned
from benchmarks.tensors.crystal_data import Crystal
from torch import nn

from intertwine.data import LABELS
from intertwine.encoders import BodyOrderedSpec, SharedElements
from intertwine.encoders.body_ordered import BodyOrderedEncoder
from intertwine.graph import Graph, build_graph, collate
from intertwine.ops.segment import segment_sum
from intertwine.train.average import MovingAverage
from intertwine.train.muon import Muon

WIDTH: Final = 64
EMA: Final = 0.99
CLIP: Final = 10.0


class DirectTensor(nn.Module):
    """Mean over the atoms of a network on their invariants, and a linear share of each element.

    Args:
        spec: of the encoder.
        components: how many numbers.
    """

    species_tables = ("share",)

    def __init__(self, spec: BodyOrderedSpec, components: int) -> None:
        super().__init__()
        self.encoder = BodyOrderedEncoder(spec)
        width = spec.layers * spec.channels
        self.network = nn.Sequential(nn.Linear(width, WIDTH), nn.SiLU(), nn.Linear(WIDTH, components))
        self.share = nn.Parameter(0.1 * torch.randn(len(spec.species), components))

    def forward(self, graph: Graph) -> torch.Tensor:
        features = self.encoder(graph)
        invariants = torch.cat([features.invariants(k) for k in range(len(features.layers))], dim=1)
        values = self.network(invariants) + self.share[self.encoder.species(graph.numbers)]
        return segment_sum(values, graph.batch, graph.n_systems) / graph.counts.to(values.dtype)[:, None]


@dataclass(frozen=True)
class DirectFit:
    """Passes, crystals per step, highest learning rate (it falls as half a cosine), weight decay and seed."""

    epochs: int
    batch: int
    rate: float
    decay: float
    seed: int

    def fitted(self, model: nn.Module, graphs: Sequence[Graph], wanted: torch.Tensor) -> nn.Module:
        """The moving average of the weights at the end."""
        average, optimizer = MovingAverage(model, EMA), Muon(model, lr=self.rate, weight_decay=self.decay)
        rng = np.random.default_rng(self.seed)
        orders = [rng.permutation(len(graphs)) for _ in range(self.epochs)]
        steps = [order[k : k + self.batch] for order in orders for k in range(0, len(order), self.batch)]
        for step, chosen in enumerate(steps):
            for group in optimizer.param_groups:
                group["lr"] = self.rate * (1 + math.cos(math.pi * step / len(steps))) / 2
            optimizer.zero_grad()
            away = model(collate([graphs[k] for k in chosen])) - wanted[chosen]
            torch.linalg.vector_norm(away, dim=1).mean().backward()
            nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            average.update(model)
        return average.model


def learn_directly(
    quantity: str, crystals: Sequence[Crystal], sizes: dict[str, int | float], fit: DirectFit
) -> Learned:
    """Train on the tensors as they stand; the last of the averaged weights are kept.

    Args:
        quantity: of the label table.
        crystals: to learn from.
        sizes: of the encoder.
        fit: how long, how fast.
    """
    torch.manual_seed(fit.seed)
    space = LABELS[quantity].tensor
    targets = space.flatten(np.array([crystal.tensor(quantity) for crystal in crystals]))
    mean = targets.mean(axis=0)
    scale = float(np.sqrt(np.mean((targets - mean) ** 2)))
    cutoff = float(sizes.get("cutoff", 5.0))
    graphs = _graphs(crystals, cutoff)
    edges = sum(graph.n_edges for graph in graphs) / sum(graph.n_atoms for graph in graphs)
    species = tuple(sorted({z for crystal in crystals for z in crystal.structure.species}))
    model = DirectTensor(BodyOrderedSpec(species=species, neighbours=edges, **sizes), space.dim)
    learner = SharedElements(model, species)
    average = fit.fitted(learner, graphs, torch.from_numpy((targets - mean) / scale).float())

    def predict(some: Sequence[Crystal]) -> np.ndarray:
        with torch.no_grad():
            found = [average(graph)[0].double().numpy() for graph in _graphs(some, cutoff)]
        return space.tensor(np.array(found) * scale + mean)

    return predict


def _graphs(crystals: Sequence[Crystal], cutoff: float) -> list[Graph]:
    return [build_graph(crystal.structure, cutoff).replace(labels={}) for crystal in crystals]
