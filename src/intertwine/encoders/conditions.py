"""What a system is put under, as its atoms feel it: one more neighbour of each of them."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from intertwine.graph import Graph


class Conditions(nn.Module):
    """Electric field and total charge, added to the density of neighbours.

        ρ_i[1m, c] += e_c(z_i) F_m,    ρ_i[00, c] += d_c(z_i) Q/N

    The field is a polar vector and meets the neighbours in every many-body product, so that the energy turns
    with atoms and field together and depends on the field as smoothly as on them; a charge is spread evenly
    over the N atoms of its system. Without field and charge nothing changes.

    Args:
        species: number of chemical species.
        channels: of the density.
        field, charge: which of them to add.
    """

    species_tables = ("field", "charge")

    def __init__(self, species: int, channels: int, field: bool, charge: bool) -> None:
        super().__init__()
        scale = channels**-0.5
        self.field = nn.Parameter(scale * torch.randn(species, channels)) if field else None
        self.charge = nn.Parameter(scale * torch.randn(species, channels)) if charge else None

    def forward(
        self, density: Float[Tensor, "atoms lm channels"], species: Int64[Tensor, " atoms"], graph: Graph
    ) -> Float[Tensor, "atoms lm channels"]:
        scalar, vector, rest = density[:, :1], density[:, 1:4], density[:, 4:]
        if self.charge is not None and graph.charge is not None:
            share = (graph.charge / graph.counts).to(density.dtype).index_select(0, graph.batch)
            scalar = scalar + (share[:, None] * self.charge[species]).unsqueeze(1)
        if self.field is not None and graph.electric_field is not None:
            field = graph.electric_field.to(density.dtype).index_select(0, graph.batch)
            vector = vector + field.unsqueeze(2) * self.field[species].unsqueeze(1)
        return torch.cat([scalar, vector, rest], dim=1)
