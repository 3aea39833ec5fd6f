"""Messages: what a neighbour already knows, carried along the bond."""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.encoders.geometry import EdgeGeometry
from intertwine.groups import Irreps, clebsch_gordan
from intertwine.nn.constant import Constant
from intertwine.nn.schur_linear import SchurLinear
from intertwine.ops.contract import neighbour_outer_sum


class BondMessage(nn.Module):
    """Equivariant convolution of hidden scalars and vectors with the bond's harmonics.

    A bond is left alone by O(2), the rotations about it and the mirrors that hold it. Restricted to O(2), a
    hidden scalar h⁰ is one invariant; a vector h¹ is an invariant r̂·h¹ and a transverse pair. Schur's lemma
    then leaves, into each degree l, one radial function for each invariant and one (l ≥ 1) for the pair:

        A_i[lm] = Σ_j Y_lm(r̂) [R⁰_l(r) h⁰_j + R^∥_l(r) r̂·h¹_j] + R^⊥_l(r) [Y_{l−1}(r̂) ⊗ h¹_j]_lm

    which spans every natural-parity path of the full tensor product. R are learned mixtures of the radial
    basis, per channel. Sums run as batched matrix products; nothing of size edges × lm × channels is stored.

    Args:
        l_max: highest degree of the result.
        hidden_l: highest degree carried by neighbours, 0 or 1.
        radial: number of radial functions.
        channels: number of channels.
        neighbours: average number of neighbours in the training data, for the scale.
    """

    def __init__(self, l_max: int, hidden_l: int, radial: int, channels: int, neighbours: float) -> None:
        super().__init__()
        self.l_max, self.hidden_l, self.channels = l_max, hidden_l, channels
        self.invariant_count = l_max + 1
        self.pair_count = l_max if hidden_l else 0
        scale = neighbours**-0.5
        self.scalar_radial = nn.Parameter(scale * torch.randn(radial, self.invariant_count * channels))
        if hidden_l:
            self.parallel_radial = nn.Parameter(scale * torch.randn(radial, self.invariant_count * channels))
            self.pair_radial = nn.Parameter(scale * torch.randn(radial, self.pair_count * channels))
            self.raising = Constant(_raising(l_max))
        self.mix = SchurLinear(
            Irreps.spherical_harmonics(l_max), Irreps.spherical_harmonics(l_max), channels, channels
        )

    def forward(
        self, edges: EdgeGeometry, hidden: Float[Tensor, "atoms rows channels"]
    ) -> Float[Tensor, "atoms lm channels"]:
        hidden = hidden.index_select(0, edges.sender)
        amplitude = self._per_degree(edges.radial @ self.scalar_radial) * hidden[:, :1]
        if self.hidden_l:
            along = torch.bmm(edges.direction.unsqueeze(1), hidden[:, 1:4])
            amplitude = amplitude + self._per_degree(edges.radial @ self.parallel_radial) * along
        blocks = [
            neighbour_outer_sum(
                edges.harmonics[:, l * l : (l + 1) ** 2], amplitude[:, l], edges.neighbourhoods
            )
            for l in range(self.l_max + 1)
        ]
        if self.hidden_l:
            self._add_pairs(blocks, edges, hidden[:, 1:4])
        return self.mix(torch.cat(blocks, dim=1))

    def _per_degree(self, radial: Tensor) -> Tensor:
        return radial.view(len(radial), radial.shape[1] // self.channels, self.channels)

    def _add_pairs(self, blocks: list[Tensor], edges: EdgeGeometry, vectors: Tensor) -> None:
        """Add Σ_j R^⊥_l [Y_{l−1} ⊗ h¹]_l to each degree l ≥ 1, one Cartesian component of h¹ at a time."""
        radial = self._per_degree(edges.radial @ self.pair_radial)
        raised = (edges.harmonics[:, : self.l_max**2] @ self.raising.value).unflatten(1, (3, -1))
        for l in range(1, self.l_max + 1):
            rows = raised[:, :, l * l - 1 : (l + 1) ** 2 - 1]
            for axis in range(3):
                carried = radial[:, l - 1] * vectors[:, axis]
                blocks[l] = blocks[l] + neighbour_outer_sum(rows[:, axis], carried, edges.neighbourhoods)


def _raising(l_max: int) -> Float[np.ndarray, "_ _"]:
    """Matrix from Y_{l−1}, l ≤ l_max, to its coupling with each axis: `(l_max², 3·((l_max+1)²−1))`."""
    table = np.zeros((l_max**2, 3, (l_max + 1) ** 2 - 1))
    for l in range(1, l_max + 1):
        coupling = clebsch_gordan(l - 1, 1, l) * math.sqrt(2 * l + 1)
        table[(l - 1) ** 2 : l * l, :, l * l - 1 : (l + 1) ** 2 - 1] = coupling
    return table.reshape(l_max**2, -1)
