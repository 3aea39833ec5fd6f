"""Normalisation that commutes with the group: features brought to unit size, irrep by irrep."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.groups import Irreps
from intertwine.nn.constant import Constant
from intertwine.nn.rows import copy_of_row, mean_over_rows


class EquivariantNorm(nn.Module):
    """Each copy of an irrep divided by its root mean square over rows and channels, then scaled.

        y[…, (ρ, i), u] = γ_ρ[u] x[…, (ρ, i), u] / √(ε + mean over i, u of x²)

    The mean square is invariant because real representations are orthogonal. There is no shift, so zero is
    sent to zero. (After Zhang & Sennrich, NeurIPS 2019, per irrep.)

    Args:
        irreps: what stands on the representation axis.
        channels: number of channels.
        epsilon: mean square below which features count as small and are not brought to unit size.

    >>> layer = EquivariantNorm(Irreps("0e + 1o"), 8)
    >>> round(layer(5 * torch.ones(2, 4, 8)).mean().item(), 4)
    1.0
    """

    def __init__(self, irreps: Irreps, channels: int, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.irreps, self.epsilon = irreps, epsilon
        self.register_buffer("copy", copy_of_row(irreps), persistent=False)
        self.mean = Constant(mean_over_rows(irreps).numpy())
        self.scale = nn.Parameter(torch.ones(irreps.num_irreps, channels))

    copy: Tensor

    def forward(self, x: Float[Tensor, "*batch rows channels"]) -> Float[Tensor, "*batch rows channels"]:
        mean_square = self.mean.value @ x.square().mean(dim=-1, keepdim=True)
        factors = self.scale * torch.rsqrt(mean_square + self.epsilon)
        return x * factors.index_select(-2, self.copy)
