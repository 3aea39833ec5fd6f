"""Messages: what a neighbour already knows, carried along the bond."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.encoders.geometry import EdgeGeometry
from intertwine.groups import Irreps
from intertwine.nn.schur_linear import SchurLinear
from intertwine.ops.bond_message import Bonds, bond_message


class BondMessage(nn.Module):
    """Equivariant convolution of hidden scalars and vectors with the bond's harmonics.

    A bond is left alone by O(2), the rotations about it and the mirrors that hold it. Restricted to O(2), a
    hidden scalar h⁰ is one invariant; a vector h¹ is an invariant r̂·h¹ and a transverse pair. Schur's lemma
    then leaves, into each degree l, one radial function for each invariant and one (l ≥ 1) for the pair:

        A_i[lm] = Σ_j Y_lm(r̂) [R⁰_l(r) h⁰_j + R^∥_l(r) r̂·h¹_j] + R^⊥_l(r) [Y_{l−1}(r̂) ⊗ h¹_j]_lm

    which spans every natural-parity path of the full tensor product. R are learned mixtures of the radial
    basis, per channel. What the neighbour sends is first narrowed to `channels` by a SchurLinear: the work on
    edges does not grow with the width of the atoms, and nothing of size edges × lm × channels is stored
    (`bond_message`).

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
        self.hidden_l = hidden_l
        scale = neighbours**-0.5
        self.scalar_radial = nn.Parameter(scale * torch.randn(radial, (l_max + 1) * channels))
        if hidden_l:
            self.parallel_radial = nn.Parameter(scale * torch.randn(radial, (l_max + 1) * channels))
            self.pair_radial = nn.Parameter(scale * torch.randn(radial, l_max * channels))
        self.linear_maps = {
            name: parameter.shape[1] // channels for name, parameter in self.named_parameters(recurse=False)
        }

    def forward(
        self, edges: EdgeGeometry, hidden: Float[Tensor, "atoms rows channels_in"]
    ) -> Float[Tensor, "atoms lm channels"]:
        weights = [self.scalar_radial]
        if self.hidden_l:
            weights += [self.parallel_radial, self.pair_radial]
        bonds = Bonds(edges.harmonics, edges.direction, edges.radial)
        return bond_message(bonds, self.narrow(hidden), weights, edges.sender, edges.neighbourhoods)
