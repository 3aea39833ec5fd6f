"""Potentials that break one thing each, with the lines of the certificate that must say so."""

from collections.abc import Collection

import torch
from torch import Tensor

from intertwine.graph import Graph
from intertwine.testing import MorsePotential


class Anisotropic(MorsePotential):
    """Bonds along z are stronger."""

    breaks = ("rotation.energy", "rotation.forces", "rotation.stress", "reflection.energy", "balance.torque")
    keeps = ("translation.forces", "permutation.forces", "derivative.forces", "supercell.energy", "loop.work")

    def atom_energies(self, graph: Graph) -> Tensor:
        vector = graph.edge_vectors()
        extra = 0.01 * vector[:, 2] ** 2 * self.envelope(vector.norm(dim=-1) / self.cutoff)
        return super().atom_energies(graph).index_add(0, graph.receiver, extra)


class Chiral(MorsePotential):
    """Left-handed surroundings are preferred: a pseudoscalar in the energy."""

    breaks = ("reflection.energy", "reflection.forces", "reflection.stress")
    keeps = ("rotation.energy", "rotation.forces", "rotation.stress", "derivative.forces", "balance.torque")

    def atom_energies(self, graph: Graph) -> Tensor:
        vector = graph.edge_vectors()
        length = vector.norm(dim=-1)
        fade = self.envelope(length / self.cutoff)[:, None]
        zeros = vector.new_zeros(graph.n_atoms, 3)
        sums = [zeros.index_add(0, graph.receiver, vector * fade * length[:, None] ** k) for k in range(3)]
        return super().atom_energies(graph) + 1e-3 * torch.linalg.det(torch.stack(sums, 1))


class Anchored(MorsePotential):
    """A ripple fixed in space."""

    breaks = (
        "translation.energy",
        "translation.forces",
        "translation.stress",
        "wrapping.energy",
        "wrapping.forces",
        "wrapping.stress",
        "isolated.energy",
        "isolated.forces",
        "balance.force",
    )
    keeps = ("permutation.forces", "derivative.forces", "loop.work", "lattice.energy")

    def atom_energies(self, graph: Graph) -> Tensor:
        return super().atom_energies(graph) + 0.01 * torch.sin(graph.positions.sum(-1))


class Ranked(MorsePotential):
    """Atoms listed later are bound more tightly."""

    breaks = ("permutation.energy", "permutation.forces", "permutation.stress")
    keeps = ("rotation.forces", "translation.forces", "derivative.forces", "batch.energy")

    def atom_energies(self, graph: Graph) -> Tensor:
        first = (graph.counts.cumsum(0) - graph.counts)[graph.batch]
        rank = torch.arange(graph.n_atoms) - first
        energies = super().atom_energies(graph)
        return energies + 0.01 * rank * (energies - self.reference)


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


class Truncated(MorsePotential):
    """No envelope: bonds break off at the cutoff."""

    breaks = ("cutoff.value", "cutoff.slope", "cutoff.curvature")
    keeps = ("rotation.energy", "supercell.energy", "isolated.energy")

    def envelope(self, x: Tensor) -> Tensor:
        return torch.ones_like(x)


class Kinked(MorsePotential):
    """A linear envelope: forces jump at the cutoff."""

    breaks = ("cutoff.slope", "cutoff.curvature")
    keeps = ("cutoff.value", "derivative.stress")

    def envelope(self, x: Tensor) -> Tensor:
        return (1 - x).clamp(min=0)


class Cosine(MorsePotential):
    """The popular cosine envelope: energy and forces are continuous, vibrations are not."""

    breaks = ("cutoff.curvature",)
    keeps = ("cutoff.value", "cutoff.slope", "derivative.forces")

    def envelope(self, x: Tensor) -> Tensor:
        return 0.5 * (1 + torch.cos(torch.pi * x.clamp(max=1.0)))


class Crowded(MorsePotential):
    """Every system is bound in proportion to its number of atoms squared."""

    breaks = ("supercell.energy", "supercell.forces", "extensivity.energy", "extensivity.forces")
    keeps = ("rotation.forces", "isolated.energy", "derivative.forces", "batch.energy")

    def atom_energies(self, graph: Graph) -> Tensor:
        size = graph.counts[graph.batch]
        return self.reference + (super().atom_energies(graph) - self.reference) * (1 + 0.01 * size)


class NearestImage(MorsePotential):
    """Sees no image of an atom but the nearest: wrong in every small cell."""

    breaks = ("supercell.energy", "supercell.stress")
    keeps = ("rotation.energy", "translation.energy", "batch.energy")

    def atom_energies(self, graph: Graph) -> Tensor:
        energies = super().atom_energies(graph)
        vector = graph.edge_vectors()
        own = graph.receiver == graph.sender
        extra = 0.01 * own * self.envelope(vector.norm(dim=-1) / self.cutoff)
        return energies.index_add(0, graph.receiver, extra)


class CellReader(MorsePotential):
    """Reads the cell vectors themselves, which are a matter of choice."""

    breaks = ("lattice.energy", "lattice.stress")
    keeps = ("rotation.energy", "translation.energy", "wrapping.energy", "isolated.forces")

    def atom_energies(self, graph: Graph) -> Tensor:
        bound = super().atom_energies(graph) - self.reference
        edges = graph.cell.square().sum((1, 2))[graph.batch]
        return self.reference + bound * (1 + 0.01 * torch.log1p(edges))


class CellForces(Results):
    """Forces that depend on which lattice vectors were written down."""

    breaks = ("lattice.forces",)
    keeps = ("lattice.energy", "lattice.stress", "rotation.forces")

    def changed(self, graph: Graph, every: dict[str, Tensor]) -> dict[str, Tensor]:
        edges = graph.cell.square().sum((1, 2))[graph.batch]
        return every | {"forces": every["forces"] * (1 + 1e-3 * torch.log1p(edges))[:, None]}


class Leaking(MorsePotential):
    """Scales bonds by the mean size of the systems in the batch, as a batch normalisation would."""

    breaks = ("batch.energy", "batch.forces", "batch.stress")
    keeps = ("isolated.energy", "isolated.forces")

    def atom_energies(self, graph: Graph) -> Tensor:
        scale = 1 + 0.01 * graph.n_atoms / graph.n_systems
        return self.reference + (super().atom_energies(graph) - self.reference) * scale


class Misreferenced(MorsePotential):
    """Declares energies of isolated atoms that it does not have."""

    breaks = ("isolated.energy",)
    keeps = ("isolated.forces", "extensivity.energy")

    def __init__(self) -> None:
        super().__init__()
        self.reference_energies = dict.fromkeys(self.species, self.reference + 1e-6)


class HalfSum(MorsePotential):
    """Adds large reference energies in the precision of the weights."""

    breaks = ("precision.energy",)
    keeps = ("precision.forces", "rotation.energy")

    def __init__(self) -> None:
        super().__init__(reference=-5e5 - 1 / 3)

    def atom_energies(self, graph: Graph) -> Tensor:
        return super().atom_energies(graph).to(self.dtype).double()


class RoughForces(Results):
    """Loses half of float32's digits on the way to the forces."""

    breaks = ("precision.forces",)
    keeps = ("precision.energy", "derivative.forces", "batch.forces")

    def changed(self, graph: Graph, every: dict[str, Tensor]) -> dict[str, Tensor]:
        if self.dtype == torch.float64:
            return every
        return every | {"forces": every["forces"].to(torch.bfloat16).double()}


class Silent(MorsePotential):
    """Says nothing, and breaks no symmetry."""

    breaks = ("substance.forces",)
    keeps = ("rotation.energy", "derivative.forces", "cutoff.value", "batch.energy")

    def __init__(self) -> None:
        super().__init__(depth=0.0)


class Noisy(Results):
    """An energy with a ripple so fine that forces do not follow it."""

    breaks = ("nve.fluctuation",)
    keeps = ("isolated.energy",)

    def changed(self, graph: Graph, every: dict[str, Tensor]) -> dict[str, Tensor]:
        ripple = 0.02 * graph.counts * torch.sin(1e4 * (every["energy"] - self.reference * graph.counts))
        return every | {"energy": every["energy"] + ripple}


BROKEN = (
    Anisotropic,
    Chiral,
    Anchored,
    Ranked,
    DirectForces,
    WeakForces,
    Pressure,
    TurningStress,
    ExtensiveStress,
    Truncated,
    Kinked,
    Cosine,
    Crowded,
    NearestImage,
    CellReader,
    CellForces,
    Leaking,
    Misreferenced,
    HalfSum,
    RoughForces,
    Silent,
    Noisy,
)
