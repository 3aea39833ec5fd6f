"""Potentials that break one thing each, with the lines of the certificate that must say so."""

import torch
from broken_results import (
    CellForces,
    DirectForces,
    ExtensiveStress,
    Noisy,
    Pressure,
    RoughForces,
    TurningStress,
    WeakForces,
)
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


class Silent(MorsePotential):
    """Says nothing, and breaks no symmetry."""

    breaks = ("substance.forces",)
    keeps = ("rotation.energy", "derivative.forces", "cutoff.value", "batch.energy")

    def __init__(self) -> None:
        super().__init__(depth=0.0)


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
