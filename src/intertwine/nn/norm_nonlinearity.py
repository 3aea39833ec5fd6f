"""Nonlinearities that commute with the group: each irrep scaled by a function of its own length."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.groups import Irreps
from intertwine.nn.constant import Constant
from intertwine.nn.rows import copy_of_row, each_copy, mean_over_rows


class NormNonlinearity(nn.Module):
    """Each copy of an irrep multiplied by a learned function of its own length, channel by channel.

        t ↦ t · 2σ(w (√(1 + |t|²/d) − 1) + b),    s ↦ s · 2σ(w s + b) for the trivial irrep

    with d the dimension of the irrep. Smooth everywhere, also at zero, which it sends to zero; it needs no
    invariants among the features, as `Gate` does.

    Args:
        irreps: what stands on the representation axis.
        channels: number of channels.

    >>> layer = NormNonlinearity(Irreps("2xE", "C3"), 4)
    >>> layer(torch.zeros(5, 4, 4)).abs().max().item(), layer.slope.shape
    (0.0, torch.Size([2, 4]))
    """

    def __init__(self, irreps: Irreps, channels: int) -> None:
        super().__init__()
        self.irreps = irreps
        copies, trivial = each_copy(irreps), irreps.group.trivial
        self.register_buffer("copy", copy_of_row(irreps), persistent=False)
        self.mean = Constant(mean_over_rows(irreps).numpy())
        invariant = torch.tensor([irrep == trivial for irrep, _ in copies])
        self.register_buffer("invariant", invariant[:, None], persistent=False)
        self.slope = nn.Parameter(torch.ones(len(copies), channels))
        self.bias = nn.Parameter(torch.zeros(len(copies), channels))

    copy: Tensor
    invariant: Tensor

    def forward(self, x: Float[Tensor, "*batch rows channels"]) -> Float[Tensor, "*batch rows channels"]:
        mean = self.mean.value
        length = torch.sqrt(1 + mean @ x.square()) - 1
        argument = torch.where(self.invariant, mean @ x, length)
        gates = 2 * torch.sigmoid(self.slope * argument + self.bias)
        return x * gates.index_select(-2, self.copy)
