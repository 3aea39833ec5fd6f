"""Potentials with a right energy whose forces or stress do not follow from it, each in one way."""

from collections.abc import Collection

import torch
from torch import Tensor

from intertwine.graph import Graph
from intertwine.testing import MorsePotential


class Results(MorsePotential):
    """Base of the models whose energy is sound and whose other answers are not."""

    def forward(
        self, graph: Graph, outputs: Collection[str] = ("energy", "forces"), create_graph: bool = False
    ) -> dict[str, Tensor]:
        every = super().forward(graph, ("energy", "energies", "forces", "stress"), create_graph)
        changed = self.changed(graph, every)
        return {name: changed[name] for name in outputs}

    def changed(self, graph: Graph, every: dict[str, Tensor]) -> dict[str, Tensor]:
        raise NotImplementedError


class DirectForces(Results):
    """Equivariant forces that are nobody's derivative: each pair pushes its ends unequally."""

    breaks = (
        "derivative.forces",
        "hessian.symmetry",
        "hessian.derivative",
        "loop.work",
        "balance.force",
        "balance.torque",
        "nve.drift",
    )
    keeps = ("rotation.forces", "reflection.forces", "permutation.forces", "batch.forces", "cutoff.slope")

    def changed(self, graph: Graph, every: dict[str, Tensor]) -> dict[str, Tensor]:
        vector = graph.edge_vectors()
        strength = 0.1 * graph.numbers[graph.receiver] * self.envelope(vector.norm(dim=-1) / self.cutoff)
        push = torch.zeros_like(every["forces"]).index_add(0, graph.receiver, strength[:, None] * vector)
        return every | {"forces": every["forces"] + push}


class WeakForces(Results):
    """Forces a hundred-thousandth too small."""

    breaks = ("derivative.forces", "hessian.derivative")
    keeps = ("hessian.symmetry", "loop.work", "balance.force", "derivative.stress")

    def changed(self, graph: Graph, every: dict[str, Tensor]) -> dict[str, Tensor]:
        return every | {"forces": every["forces"] * (1 - 1e-5)}


class Pressure(Results):
    """Stress with the sign of pressure."""

    breaks = ("derivative.stress",)
    keeps = ("rotation.stress", "supercell.stress", "derivative.forces", "batch.stress")

    def changed(self, graph: Graph, every: dict[str, Tensor]) -> dict[str, Tensor]:
        return every | {"stress": -every["stress"]}


class TurningStress(Results):
    """Stress that is not symmetric."""

    breaks = ("derivative.stress",)
    keeps = ("derivative.forces", "rotation.energy")

    def changed(self, graph: Graph, every: dict[str, Tensor]) -> dict[str, Tensor]:
        twist = torch.tensor([[0.0, 1, 0], [-1, 0, 0], [0, 0, 0]], dtype=torch.float64)
        return every | {"stress": every["stress"] + 1e-6 * twist}


class ExtensiveStress(Results):
    """The virial, not divided by the volume."""

    breaks = ("supercell.stress", "derivative.stress")
    keeps = ("lattice.stress", "rotation.stress")

    def changed(self, graph: Graph, every: dict[str, Tensor]) -> dict[str, Tensor]:
        return every | {"stress": every["stress"] * graph.volume[:, None, None]}


class CellForces(Results):
    """Forces that depend on which lattice vectors were written down."""

    breaks = ("lattice.forces",)
    keeps = ("lattice.energy", "lattice.stress", "rotation.forces")

    def changed(self, graph: Graph, every: dict[str, Tensor]) -> dict[str, Tensor]:
        edges = graph.cell.square().sum((1, 2))[graph.batch]
        return every | {"forces": every["forces"] * (1 + 1e-3 * torch.log1p(edges))[:, None]}


class RoughForces(Results):
    """Loses half of float32's digits on the way to the forces."""

    breaks = ("precision.forces",)
    keeps = ("precision.energy", "derivative.forces", "batch.forces")

    def changed(self, graph: Graph, every: dict[str, Tensor]) -> dict[str, Tensor]:
        if self.dtype == torch.float64:
            return every
        return every | {"forces": every["forces"].to(torch.bfloat16).double()}


class Noisy(Results):
    """An energy with a ripple so fine that forces do not follow it."""

    breaks = ("nve.fluctuation",)
    keeps = ("isolated.energy",)

    def changed(self, graph: Graph, every: dict[str, Tensor]) -> dict[str, Tensor]:
        ripple = 0.02 * graph.counts * torch.sin(1e4 * (every["energy"] - self.reference * graph.counts))
        return every | {"energy": every["energy"] + ripple}
