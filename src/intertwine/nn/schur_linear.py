"""Every equivariant linear map between features: Schur's lemma as a layer."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.errors import InputError
from intertwine.groups import Irrep, Irreps


def rows_of(irreps: Irreps) -> dict[Irrep, slice]:
    """Rows of the representation axis that each irrep occupies; each may stand there once.

    >>> rows_of(Irreps("0e + 1o"))
    {0e: slice(0, 1, None), 1o: slice(1, 4, None)}
    """
    rows: dict[Irrep, slice] = {}
    start = 0
    for multiplicity, irrep in irreps:
        if multiplicity != 1 or irrep in rows:
            raise InputError(
                f"{irrep} stands more than once on a representation axis",
                got=irreps,
                accepted="each irrep once",
                fix="make copies channels",
            )
        rows[irrep] = slice(start, start + irrep.dim)
        start += irrep.dim
    return rows


class SchurLinear(nn.Module):
    """The general equivariant linear map, one weight matrix per irrep that both sides share.

    By Schur's lemma a linear map that commutes with the group sends each irrep only to its own kind, and
    acts on the copies by a matrix over the irrep's endomorphism algebra; for O(3) that algebra is ℝ:

        y[…, (ρ, m), d] = Σ_c W_ρ[c, d] x[…, (ρ, m), c]

    Features are `(…, lm, channel)`: `irreps_in.dim` rows, each with all channels; copies of an irrep are
    channels. There is no bias, so zero is sent to zero.

    Args:
        irreps_in, irreps_out: what stands on the representation axis before and after, each irrep once.
        channels_in, channels_out: numbers of channels.

    >>> layer = SchurLinear(Irreps("0e + 1o"), Irreps("0e"), 4, 2)
    >>> layer(torch.zeros(7, 4, 4)).shape, layer.weight.shape
    (torch.Size([7, 1, 2]), torch.Size([1, 4, 2]))
    """

    def __init__(self, irreps_in: Irreps, irreps_out: Irreps, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.irreps_in, self.irreps_out = irreps_in, irreps_out
        self.channels_in, self.channels_out = channels_in, channels_out
        source, target = rows_of(irreps_in), rows_of(irreps_out)
        shared = [irrep for irrep in target if irrep in source]
        self.weight = nn.Parameter(
            torch.randn(len(shared), channels_in, channels_out) / math.sqrt(channels_in)
        )
        kinds = [k for k, irrep in enumerate(shared) for _ in range(irrep.dim)]
        self.register_buffer("kind", torch.tensor(kinds, dtype=torch.int64), persistent=False)
        self.register_buffer("rows_in", _indices(source, shared), persistent=False)
        self.register_buffer("rows_out", _indices(target, shared), persistent=False)
        self._takes_all = self.rows_in.tolist() == list(range(irreps_in.dim))
        self._fills_all = self.rows_out.tolist() == list(range(irreps_out.dim))

    kind: Tensor
    rows_in: Tensor
    rows_out: Tensor

    def forward(
        self, x: Float[Tensor, "*batch rows_in channels_in"]
    ) -> Float[Tensor, "*batch rows_out channels_out"]:
        flat = x.reshape(-1, *x.shape[-2:]).transpose(0, 1)
        if not self._takes_all:
            flat = flat.index_select(0, self.rows_in)
        y = torch.bmm(flat, self.weight.index_select(0, self.kind))
        if not self._fills_all:
            y = y.new_zeros(self.irreps_out.dim, *y.shape[1:]).index_copy(0, self.rows_out, y)
        return y.transpose(0, 1).unflatten(0, x.shape[:-2]) if x.ndim != 3 else y.transpose(0, 1)

    def extra_repr(self) -> str:
        return f"{self.channels_in}x[{self.irreps_in}] -> {self.channels_out}x[{self.irreps_out}]"


def _indices(rows: dict[Irrep, slice], wanted: list[Irrep]) -> Tensor:
    """Row numbers of the wanted irreps, one after the other."""
    numbers = [row for irrep in wanted for row in range(rows[irrep].start, rows[irrep].stop)]
    return torch.tensor(numbers, dtype=torch.int64)
