"""Features of ordered pairs of atoms, however far apart."""

from typing import Final

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from intertwine.encoders.body_ordered import BodyOrderedLayer
from intertwine.encoders.features import AtomFeatures
from intertwine.errors import InputError
from intertwine.graph import Graph
from intertwine.groups import Irreps
from intertwine.ops.harmonics import spherical_harmonics
from intertwine.ops.radial import rational_basis

CORE: Final = 0.5
"""Å: below this distance a direction fades, so that features stay smooth where two places meet."""

REACH: Final = 2.5
"""Å: half of the radial functions' zeros lie below this distance."""

RADIAL: Final = 8
"""Number of radial functions."""


class PairFeatures(nn.Module):
    """What the two atoms of every bond of a graph see, multiplied with the vector between them.

        P_ij = layer(h_i ⊕ h_j ⊕ e_ij; z_i),    e_ij[lm] = Y_lm(u) Σ_n W_ln T_n(r²) b(z_j)
        r = x_j + shift · cell − x_i,    u = r / √(r² + CORE²)

    The layer is that of the encoder: products on the sphere of up to three of its inputs, mixed. h_i and h_j
    are read by matrices of their own, so that (i, j) and (j, i) are two values. The radial functions
    (`rational_basis`) are bounded and have no cutoff: a bond may be longer than any edge, and may join an
    atom with itself. Equivariant to rounding, smooth in all positions as far as h is.

    Args:
        species: number of chemical species.
        channels: channels of the features.
        l_max: highest degree of the features' last layer.

    >>> from intertwine.data import Structure
    >>> from intertwine.graph import build_graph
    >>> far = Structure([1, 1], [[0, 0, 0], [0, 0, 50]], bonds=[[0, 1], [1, 0]])
    >>> alone = AtomFeatures((torch.zeros(2, 4, 8),), (Irreps("0e + 1o"),))
    >>> pairs = PairFeatures(species=1, channels=8, l_max=1)
    >>> pairs(alone, torch.tensor([0, 0]), build_graph(far, 5.0)).layers[0].shape
    torch.Size([2, 4, 8])
    """

    species_tables = ("second",)
    degree: Int64[Tensor, " rows"]

    def __init__(self, species: int, channels: int, l_max: int) -> None:
        super().__init__()
        self.irreps = Irreps.spherical_harmonics(l_max)
        self.linear_maps = {"radial": 1}
        self.l_max = l_max
        self.radial = nn.Parameter(torch.randn(l_max + 1, RADIAL, channels) * (2.0 / RADIAL) ** 0.5)
        self.second = nn.Parameter(1.0 + 0.3 * torch.randn(species, channels))
        degrees = torch.arange(l_max + 1)
        self.register_buffer("degree", degrees.repeat_interleave(2 * degrees + 1), persistent=False)
        self.layer = BodyOrderedLayer(l_max, l_max, 3 * channels, channels, species, None)

    def forward(self, features: AtomFeatures, species: Int64[Tensor, " atoms"], graph: Graph) -> AtomFeatures:
        """One row per bond in the place of one per atom.

        Raises:
            InputError: the graph has no bonds.
        """
        if graph.bonds is None:
            raise InputError(
                "a value per bond is asked of a system without bonds", fix="give it bonds=[[i, j], …]"
            )
        first, second = graph.bonds.unbind(1)
        last = features.layers[-1]
        vectors = self._vectors(graph.bond_vectors(), last.dtype)
        vectors = vectors * self.second[species[second]].unsqueeze(1)
        gathered = torch.cat([last.index_select(0, first), last.index_select(0, second), vectors], dim=-1)
        return AtomFeatures((self.layer(gathered, species[first], None),), (self.irreps,))

    def _vectors(
        self, vectors: Float[Tensor, "bonds 3"], dtype: torch.dtype
    ) -> Float[Tensor, "bonds rows channels"]:
        """Y_lm(u) Σ_n W_ln T_n; Y_lm of a vector shorter than one is |u|^l Y_lm of its direction."""
        square = vectors.square().sum(-1)
        inner = vectors / (square + CORE**2).sqrt().unsqueeze(-1)
        harmonics = spherical_harmonics(self.l_max, inner.to(dtype))
        radial = torch.einsum("bn,lnc->blc", rational_basis(square, REACH, RADIAL).to(dtype), self.radial)
        return harmonics.unsqueeze(2) * radial.index_select(1, self.degree)
