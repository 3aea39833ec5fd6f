"""The first look at a neighbourhood: the density of neighbours, expanded."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from intertwine.encoders.geometry import EdgeGeometry
from intertwine.ops.contract import neighbour_outer_sum


class NeighbourDensity(nn.Module):
    """Neighbour density in harmonics, radial functions and species.

        ρ_i[lm, (n, s)] = Σ_j Y_lm(r̂_ij) B_n(r_ij) e_s(z_j) / √⟨neighbours⟩

    Any radial function per channel, degree and species is a row of the SchurLinear that reads ρ, so no
    network runs on edges. One species gets one column e_s; more than `species_dimension` share learned
    mixtures.

    Args:
        radial: number of radial functions B_n.
        species: number of chemical species.
        neighbours: average number of neighbours in the training data, for the scale.
        species_dimension: most columns s.
    """

    species_tables = ("species",)

    def __init__(self, radial: int, species: int, neighbours: float, species_dimension: int = 4) -> None:
        super().__init__()
        columns = min(species, species_dimension)
        start = torch.eye(species) if columns == species else torch.randn(species, columns)
        self.species = nn.Parameter(start, requires_grad=columns < species)
        self.channels = radial * columns
        self.scale = neighbours**-0.5

    def forward(
        self, edges: EdgeGeometry, species: Int64[Tensor, " atoms"]
    ) -> Float[Tensor, "atoms lm channels"]:
        columns = self.species[species].index_select(0, edges.sender)
        right = ((self.scale * edges.radial).unsqueeze(2) * columns.unsqueeze(1)).flatten(1)
        return neighbour_outer_sum(edges.harmonics.unsqueeze(1), right.unsqueeze(1), edges.neighbourhoods)
