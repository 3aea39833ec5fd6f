"""Learned charges, and the energy by which they reach beyond the cutoff."""

from math import pi, sqrt
from typing import NamedTuple

import torch
from jaxtyping import Float64, Int64
from torch import Tensor, nn
from torch.nn.functional import softplus

from intertwine.electrostatics import (
    COULOMB,
    LongRangeSpec,
    Sources,
    electrostatic_energies,
    equilibrated,
    interaction_matrices,
    total_dipole,
)
from intertwine.encoders.features import AtomFeatures
from intertwine.graph import Graph
from intertwine.heads.scalar import ScalarHead
from intertwine.heads.tensor import TensorHead, TensorSpec
from intertwine.ops.segment import segment_sum

ATOM_DIPOLE = TensorSpec(unit="e·Å", indices="i", per="atom")
"""What the atoms' dipoles are read with."""

HARDNESS = 5.0
"""eV/e²: what the learned hardness is counted in, beyond that of a Gaussian alone."""


class Charged(NamedTuple):
    """Charges and dipoles of all atoms, and what came up on the way to them.

    Args:
        sources: charges, e, and dipoles, e·Å.
        cost: the energy that each atom pays for its own, eV; None for nothing.
        remainder: what charges read off the surroundings lacked of the charge of the system, e.
    """

    sources: Sources
    cost: Float64[Tensor, " atoms"] | None = None
    remainder: Float64[Tensor, " systems"] | None = None


class LongRange(nn.Module):
    """Charges of atoms from the encoder's features, and their Coulomb energy.

    local:
        q_i = q̃_i + (Q − Σ q̃) w_i / Σ w,    q̃_i = q(z_i) + head_i,    w_i = softplus(w(z_i))
        E = E_Coulomb(q, p)
    equilibration:
        E = min_q Σ χ_i q_i + ½ η_i q_i² + E_Coulomb(q, p) + self,    Σ q = Q
        χ_i = χ(z_i) + head_i,    η_i = 5 softplus(η(z_i) + head_i) eV/e²

    Q is the charge of the system, and Σ q equals it to rounding. The charges are Gaussians: what happens
    between atoms closer than a few widths is left to the network, which sees it, and nothing counts twice.
    Everything is float64, and differentiable any number of times in positions, cell, field and weights.

    Args:
        spec: how charges come about.
        species: atomic numbers that the encoder knows.
        channels, layers, l_max: of its features.
        field: whether charges and dipoles feel an electric field.

    Attributes:
        sums: by which energies are summed, `electrostatic_energies` or a `Listing`'s.
    """

    def __init__(
        self,
        spec: LongRangeSpec,
        species: tuple[int, ...],
        channels: int,
        layers: int,
        l_max: int,
        field: bool,
    ) -> None:
        super().__init__()
        self.spec, self.field, self.sums = spec, field, electrostatic_energies
        self.value = nn.Parameter(0.1 * torch.randn(len(species)))  # the energy of no charge is no slope
        self.stiffness = nn.Parameter(torch.zeros(len(species)))
        self.head = ScalarHead(channels, layers)
        shared = spec.charges == "equilibration"
        self.hardness = ScalarHead(channels, layers) if shared else None
        self.dipoles = TensorHead(ATOM_DIPOLE, species, channels, layers, l_max) if spec.dipoles else None

    def forward(self, graph: Graph, features: AtomFeatures, species: Int64[Tensor, " atoms"]) -> Charged:
        """Charges, e, and dipoles, e·Å, of all atoms, and what they pay for them."""
        dipoles = None if self.dipoles is None else self.dipoles(features, species, graph)
        value = self._value(features, species)
        if self.hardness is None:
            remainder = total_charge(graph) - segment_sum(value, graph.batch, graph.n_systems)
            charges = value + self._share(graph, remainder, species)
            return Charged(Sources(charges, dipoles), remainder=remainder)
        pull = value + self._pull(graph, dipoles)
        hardness, charge = self._hardness(features, species), total_charge(graph)
        shares = [
            equilibrated(pull[part], matrix + torch.diag(hardness[part]), total)
            for part, matrix, total in zip(
                graph.parts, interaction_matrices(graph, self.spec), charge, strict=True
            )
        ]
        q, own = torch.cat(shares), hardness + COULOMB * sqrt(2 / pi) / self.spec.width
        return Charged(Sources(q, dipoles), q * (value + 0.5 * own * q))

    def energies(self, graph: Graph, charged: Charged) -> Float64[Tensor, " atoms"]:
        """What charges and dipoles bring to the energy of each atom, eV."""
        sources = charged.sources
        energies = self.sums(graph, sources, self.spec)
        if charged.cost is not None:
            energies = energies + charged.cost
        if self.field and graph.electric_field is not None:
            share = -(total_dipole(graph, sources) * graph.electric_field).sum(1) / graph.counts
            energies = energies + share.index_select(0, graph.batch)
        return energies

    def _value(self, features: AtomFeatures, species: Int64[Tensor, " atoms"]) -> Float64[Tensor, " atoms"]:
        """q̃, e, or χ, eV/e."""
        return (self.value[species] + self.head(features)).double()

    def _hardness(
        self, features: AtomFeatures, species: Int64[Tensor, " atoms"]
    ) -> Float64[Tensor, " atoms"]:
        assert self.hardness is not None
        return HARDNESS * softplus((self.stiffness[species] + self.hardness(features)).double())

    def _share(
        self, graph: Graph, remainder: Float64[Tensor, " systems"], species: Int64[Tensor, " atoms"]
    ) -> Float64[Tensor, " atoms"]:
        """What each atom gets of its system's remainder, by its species."""
        weight = softplus(self.stiffness[species].double())
        unit = remainder / segment_sum(weight, graph.batch, graph.n_systems)
        return weight * unit.index_select(0, graph.batch)

    def _pull(self, graph: Graph, dipoles: Float64[Tensor, "atoms 3"] | None) -> Float64[Tensor, " atoms"]:
        """Potential at every atom of the dipoles, and in empty space of the field, eV/e."""
        pull = graph.positions.new_zeros(graph.n_atoms)
        if dipoles is not None:
            with torch.enable_grad():
                none = pull.clone().requires_grad_(True)
                energy = electrostatic_energies(graph, Sources(none, dipoles), self.spec).sum()
                (pull,) = torch.autograd.grad(energy, none, create_graph=True)
        if self.field and graph.electric_field is not None:
            field = torch.where(graph.pbc.any(1)[:, None], 0.0, graph.electric_field)
            pull = pull - (graph.positions * field.index_select(0, graph.batch)).sum(1)
        return pull


def total_charge(graph: Graph) -> Float64[Tensor, " systems"]:
    """Charge of every system, e."""
    return graph.positions.new_zeros(graph.n_systems) if graph.charge is None else graph.charge
