"""Nonlinearities that commute with the group: gates opened by invariants."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from intertwine.errors import InputError
from intertwine.groups import Irreps
from intertwine.nn.rows import each_copy


class Gate(nn.Module):
    """Invariants through SiLU, every other irrep multiplied by its own learned invariant gate.

        s ↦ silu(s),    t_ρ ↦ t_ρ · 2σ(W_ρ s + b_ρ)

    Features are `(…, rows, channel)`; s are all rows of the trivial irrep with all their channels. Zero is
    sent to zero.

    Args:
        irreps: what stands on the representation axis, among it the trivial irrep.
        channels: number of channels.

    Raises:
        InputError: no trivial irrep, so nothing can open a gate.

    >>> Gate(Irreps("0e + 1o"), 4)(torch.zeros(2, 4, 4)).abs().max().item()
    0.0
    >>> Gate(Irreps("A1g + Eg + 2xT1u", "Oh"), 4).gates.out_features
    12
    """

    def __init__(self, irreps: Irreps, channels: int) -> None:
        super().__init__()
        copies, trivial = each_copy(irreps), irreps.group.trivial
        scalars = [rows.start for irrep, rows in copies if irrep == trivial]
        if not scalars:
            raise InputError(
                "a gate needs invariants to open it",
                got=irreps,
                accepted=f"irreps with {trivial}",
                fix="add it, or use NormNonlinearity",
            )
        self.irreps = irreps
        gated = len(copies) - len(scalars)
        opened, closed = iter(range(len(scalars))), iter(range(len(scalars), len(copies)))
        factors = [(next(opened if irrep == trivial else closed), irrep.dim) for irrep, _ in copies]
        factor_of_row = [factor for factor, dim in factors for _ in range(dim)]
        self.register_buffer("scalars", torch.tensor(scalars, dtype=torch.int64), persistent=False)
        self.register_buffer("factor", torch.tensor(factor_of_row, dtype=torch.int64), persistent=False)
        self.gates = nn.Linear(len(scalars) * channels, gated * channels) if gated else None

    scalars: Int64[Tensor, " scalars"]
    factor: Int64[Tensor, " rows"]

    def forward(self, x: Float[Tensor, "*batch rows channels"]) -> Float[Tensor, "*batch rows channels"]:
        scalars = x.index_select(-2, self.scalars)
        factors = torch.sigmoid(scalars)
        if self.gates is not None:
            gates = 2 * torch.sigmoid(self.gates(scalars.flatten(-2))).unflatten(-1, (-1, x.shape[-1]))
            factors = torch.cat([factors, gates], dim=-2)
        return x * factors.index_select(-2, self.factor)
