"""Nonlinearities that commute with the group."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.groups import Irreps
from intertwine.nn.schur_linear import rows_of


class Gate(nn.Module):
    """Scalars through SiLU, every other irrep multiplied by its own learned invariant gate.

        s ↦ silu(s),    t_ρ ↦ t_ρ · 2σ(W_ρ s)

    Features are `(…, lm, channel)` with one row of invariants, `0e`, first. Zero is sent to zero.

    Args:
        irreps: what stands on the representation axis; must begin with the trivial irrep.
        channels: number of channels.

    >>> Gate(Irreps("0e + 1o"), 4)(torch.zeros(2, 4, 4)).abs().max().item()
    0.0
    """

    def __init__(self, irreps: Irreps, channels: int) -> None:
        super().__init__()
        kinds = list(rows_of(irreps))
        if kinds[0].l != 0 or kinds[0].p != 1:
            raise ValueError(
                f"a gate needs invariants to open it: got {irreps}; accepted: irreps starting with 0e"
            )
        self.irreps = irreps
        kind = [k for k, irrep in enumerate(kinds[1:]) for _ in range(irrep.dim)]
        self.register_buffer("kind", torch.tensor(kind, dtype=torch.int64), persistent=False)
        self.gates = nn.Linear(channels, (len(kinds) - 1) * channels)

    kind: Tensor

    def forward(self, x: Float[Tensor, "*batch rows channels"]) -> Float[Tensor, "*batch rows channels"]:
        scalars, rest = x[..., :1, :], x[..., 1:, :]
        gates = 2 * torch.sigmoid(self.gates(scalars.squeeze(-2))).unflatten(-1, (-1, x.shape[-1]))
        return torch.cat([torch.nn.functional.silu(scalars), rest * gates[..., self.kind, :]], dim=-2)
