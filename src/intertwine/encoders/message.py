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
    basis, per channel. What the neighbour sends is first narrowed to `channels` by a SchurLinear: the work on
    edges does not grow with the width of the atoms. Sums run as batched matrix products; nothing of size
    edges × lm × channels is stored.

    Args:
        l_max: highest degree of the result.
        hidden_l: highest degree carried by neighbours, 0 or 1.
        radial: number of radial functions.
        channels_in: channels of what neighbours know.
        channels: channels of the message.
        neighbours: average number of neighbours in the training data, for the scale.
    """

    def __init__(
        self, l_max: int, hidden_l: int, radial: int, channels_in: int, channels: int, neighbours: float
    ) -> None:
        super().__init__()
        hidden = Irreps.spherical_harmonics(hidden_l)
        self.narrow = SchurLinear(hidden, hidden, channels_in, channels)
        self.l_max, self.hidden_l, self.channels = l_max, hidden_l, channels
        scale = neighbours**-0.5
        self.scalar_radial = nn.Parameter(scale * torch.randn(radial, (l_max + 1) * channels))
        if hidden_l:
            self.parallel_radial = nn.Parameter(scale * torch.randn(radial, (l_max + 1) * channels))
            self.pair_radial = nn.Parameter(scale * torch.randn(radial, l_max * channels))
            self.raising = Constant(_raising(l_max))

    def forward(
        self, edges: EdgeGeometry, hidden: Float[Tensor, "atoms rows channels_in"]
    ) -> Float[Tensor, "atoms lm channels"]:
        hidden = self.narrow(hidden).index_select(0, edges.sender)
        amplitudes = self._radial(edges, self.scalar_radial) * hidden[:, :1]
        carried, raised = None, None
        if self.hidden_l:
            along = torch.bmm(edges.direction.unsqueeze(1), hidden[:, 1:4])
            amplitudes = amplitudes + self._radial(edges, self.parallel_radial) * along
            carried = self._radial(edges, self.pair_radial).unsqueeze(2) * hidden[:, 1:4].unsqueeze(1)
            raised = (edges.harmonics[:, : self.l_max**2] @ self.raising.value).unflatten(1, (3, -1))
        blocks = []
        for l in range(self.l_max + 1):
            left, right = edges.harmonics[:, l * l : (l + 1) ** 2].unsqueeze(1), amplitudes[:, l : l + 1]
            if l > 0 and carried is not None and raised is not None:
                left = torch.cat([left, raised[:, :, l * l - 1 : (l + 1) ** 2 - 1]], dim=1)
                right = torch.cat([right, carried[:, l - 1]], dim=1)
            blocks.append(neighbour_outer_sum(left, right, edges.neighbourhoods))
        return torch.cat(blocks, dim=1)

    def _radial(self, edges: EdgeGeometry, weight: Tensor) -> Float[Tensor, "edges degrees channels"]:
        """Radial functions R(r) of each degree and channel: a learned mixture of the radial basis."""
        return (edges.radial @ weight).view(
            edges.radial.shape[0], weight.shape[1] // self.channels, self.channels
        )


def _raising(l_max: int) -> Float[np.ndarray, "_ _"]:
    """Matrix from Y_{l−1}, l ≤ l_max, to its coupling with each axis: `(l_max², 3·((l_max+1)²−1))`."""
    table = np.zeros((l_max**2, 3, (l_max + 1) ** 2 - 1))
    for l in range(1, l_max + 1):
        coupling = clebsch_gordan(l - 1, 1, l) * math.sqrt(2 * l + 1)
        table[(l - 1) ** 2 : l * l, :, l * l - 1 : (l + 1) ** 2 - 1] = coupling
    return table.reshape(l_max**2, -1)
