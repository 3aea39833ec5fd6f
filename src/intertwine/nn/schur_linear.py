"""Every equivariant linear map between features: Schur's lemma as a layer."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.groups import Irrep, Irreps


def rows_of(irreps: Irreps) -> dict[Irrep, list[slice]]:
    """Rows of the representation axis that each irrep occupies, in order of first appearance.

    >>> rows_of(Irreps("2x0e + 1o"))
    {0e: [slice(0, 1, None), slice(1, 2, None)], 1o: [slice(2, 5, None)]}
    """
    rows: dict[Irrep, list[slice]] = {}
    start = 0
    for multiplicity, irrep in irreps:
        for _ in range(multiplicity):
            rows.setdefault(irrep, []).append(slice(start, start + irrep.dim))
            start += irrep.dim
    return rows


class SchurLinear(nn.Module):
    """The general equivariant linear map, one weight matrix per irrep that both sides share.

    By Schur's lemma a linear map that commutes with the group sends each irrep only to its own kind, and
    acts on the copies by a matrix over the irrep's endomorphism algebra; for O(3) that algebra is ℝ:

        y[…, (ρ, m), d] = Σ_c W_ρ[c, d] x[…, (ρ, m), c]

    Features are `(…, lm, channel)`: `irreps_in.dim` rows, each with all channels. Several copies of an irrep
    in the representation axis act as further channels. There is no bias, so zero is sent to zero.

    Args:
        irreps_in, irreps_out: what stands on the representation axis before and after.
        channels_in, channels_out: numbers of channels.

    >>> layer = SchurLinear(Irreps("0e + 1o"), Irreps("0e"), 4, 2)
    >>> layer(torch.zeros(7, 4, 4)).shape, sum(w.numel() for w in layer.parameters())
    (torch.Size([7, 1, 2]), 8)
    """

    def __init__(self, irreps_in: Irreps, irreps_out: Irreps, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.irreps_in, self.irreps_out = irreps_in, irreps_out
        self.channels_in, self.channels_out = channels_in, channels_out
        source, target = rows_of(irreps_in), rows_of(irreps_out)
        self.weights = nn.ParameterDict()
        self._blocks: list[tuple[str, Irrep, list[slice], list[slice]]] = []
        for irrep in target:
            if irrep not in source:
                continue
            fan_in = len(source[irrep]) * channels_in
            shape = (fan_in, len(target[irrep]) * channels_out)
            self.weights[str(irrep)] = nn.Parameter(torch.randn(shape) / math.sqrt(fan_in))
            self._blocks.append((str(irrep), irrep, source[irrep], target[irrep]))
        self._in_order = [rows[0] for *_, rows in self._blocks if len(rows) == 1]
        self._stacks = self._is_stack()

    def _is_stack(self) -> bool:
        """True when the outputs, one copy each, follow one another and fill the representation axis."""
        stops = [0, *(rows.stop for rows in self._in_order)]
        starts = [*(rows.start for rows in self._in_order), self.irreps_out.dim]
        return len(self._in_order) == len(self._blocks) and stops == starts

    def forward(
        self, x: Float[Tensor, "*batch rows_in channels_in"]
    ) -> Float[Tensor, "*batch rows_out channels_out"]:
        parts = [self._map(x, *block) for block in self._blocks]
        if self._stacks:
            return torch.cat([part.squeeze(-3) for part in parts], dim=-2)
        y = x.new_zeros(*x.shape[:-2], self.irreps_out.dim, self.channels_out)
        for (*_, target), part in zip(self._blocks, parts, strict=True):
            for copy, rows in enumerate(target):
                y[..., rows, :] = part[..., copy, :, :]
        return y

    def _map(self, x: Tensor, name: str, irrep: Irrep, source: list[slice], target: list[slice]) -> Tensor:
        """The block of one irrep: `(…, copies_out, dim, channels_out)`."""
        weight = self.weights[name]
        if len(source) == 1 and len(target) == 1:
            return (x[..., source[0], :] @ weight).unsqueeze(-3)
        stacked = torch.cat([x[..., rows, :] for rows in source], dim=-1)
        return (stacked @ weight).unflatten(-1, (len(target), self.channels_out)).transpose(-3, -2)

    def extra_repr(self) -> str:
        return f"{self.channels_in}x[{self.irreps_in}] -> {self.channels_out}x[{self.irreps_out}]"
