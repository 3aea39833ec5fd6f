"""Every equivariant linear map between features: Schur's lemma as a layer."""

import math
from itertools import pairwise
from typing import NamedTuple, cast

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from intertwine.groups import Irreps
from intertwine.groups.representation import require_same_group
from intertwine.nn.constant import Constant
from intertwine.nn.rows import copies_of


class Block(NamedTuple):
    """Rows that meet in one small matrix product.

    Attributes:
        rows_in, rows_out: the rows before and after.
        weight: for each pair (row in, row out) the number of the weight matrix that joins them.
        sign: and the sign with which it does.
    """

    rows_in: tuple[int, ...]
    rows_out: tuple[int, ...]
    weight: tuple[tuple[int, ...], ...]
    sign: tuple[tuple[float, ...], ...]


class SchurLinear(nn.Module):
    """The general equivariant linear map: one weight matrix per intertwiner of the two representations.

    By Schur's lemma a linear map that commutes with the group sends each irrep only to its own kind, and
    acts on the copies by matrices over the irrep's endomorphism algebra. That is ℝ for every irrep of O(3)
    and O(2), and ℂ with its unit J for the orders m > 0 of SO(2) and the complex pairs of ten point groups:

        y[…, (ρ, o, ·), d] = Σ_i Σ_c W_ρoi[c, d] x[…, (ρ, i, ·), c] + W'_ρoi[c, d] J x[…, (ρ, i, ·), c]

    Features are `(…, rows, channel)`: copies o, i of an irrep may stand on the representation axis, but
    channels are faster. There is no bias, so zero is sent to zero; rows without a partner are zero.

    Args:
        irreps_in, irreps_out: what stands on the representation axis before and after, of one group.
        channels_in, channels_out: numbers of channels.

    Attributes:
        weight: `(dim hom(irreps_in, irreps_out), channels_in, channels_out)`; ordered by irrep as in
            irreps_out, then by copy o, copy i, element of the algebra.

    Raises:
        InputError: the representations belong to different groups.

    >>> layer = SchurLinear(Irreps("0e + 1o"), Irreps("0e"), 4, 2)
    >>> layer(torch.zeros(7, 4, 4)).shape, layer.weight.shape
    (torch.Size([7, 1, 2]), torch.Size([1, 4, 2]))
    >>> SchurLinear(Irreps("0 + 1 + 2", "SO(2)"), Irreps("0 + 1", "SO(2)"), 4, 2).weight.shape
    torch.Size([3, 4, 2])
    """

    def __init__(self, irreps_in: Irreps, irreps_out: Irreps, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.linear_maps = {"weight": 1}
        require_same_group(irreps_in, irreps_out)
        self.irreps_in, self.irreps_out = irreps_in, irreps_out
        self.channels_in, self.channels_out = channels_in, channels_out
        blocks, fans = _blocks(irreps_in, irreps_out)
        scale = torch.tensor(fans, dtype=torch.get_default_dtype()).mul(channels_in).rsqrt()
        self.weight = nn.Parameter(torch.randn(len(fans), channels_in, channels_out) * scale[:, None, None])
        batches: dict[tuple[int, int], list[Block]] = {}
        for block in blocks:
            batches.setdefault((len(block.rows_in), len(block.rows_out)), []).append(block)
        self.batches = nn.ModuleList(
            BlockBatch(batch, len(fans), irreps_in.dim) for batch in batches.values()
        )
        runs_of_blocks = [_runs(block.rows_out) for batch in batches.values() for block in batch]
        self._widths = [[len(run) * channels_out for run in runs] for runs in runs_of_blocks]
        runs = [run for runs in runs_of_blocks for run in runs]
        filled = {row for run in runs for row in run}
        runs += [(row,) for row in range(irreps_out.dim) if row not in filled]
        self._empty = irreps_out.dim - len(filled)
        self._order = sorted(range(len(runs)), key=runs.__getitem__)
        # row by row, every row, in order: the product is already what is asked for
        self._whole = (
            list(batches) == [(1, 1)] and self._order == list(range(irreps_out.dim)) and not self._empty
        )

    def forward(
        self, x: Float[Tensor, "*batch rows_in channels_in"]
    ) -> Float[Tensor, "*batch rows_out channels_out"]:
        flat = x if x.ndim == 3 else x.reshape(math.prod(x.shape[:-2]), *x.shape[-2:])
        products = [batch(flat, self.weight) for batch in self.batches]
        y = products[0].transpose(0, 1) if self._whole else self._arrange(products, flat)
        return y if x.ndim == 3 else y.reshape(*x.shape[:-2], *y.shape[-2:])

    def _arrange(self, products: list[Tensor], x: Tensor) -> Tensor:
        """Products of all blocks, put in their places in one pass."""
        channels = self.channels_out
        runs: list[Tensor] = []
        blocks = [columns for product in products for columns in product.unbind(0)]
        for columns, widths in zip(blocks, self._widths, strict=True):
            runs += columns.split(widths, dim=1) if len(widths) > 1 else [columns]
        runs += [x.new_zeros(len(x), channels)] * self._empty
        y = torch.cat([runs[number] for number in self._order], dim=1) if runs else x.new_zeros(len(x), 0)
        return y.unflatten(1, (self.irreps_out.dim, channels))

    def matrix(self) -> Float[Tensor, "rows_out channels_out rows_in channels_in"]:
        """The whole map as one array, with respect to rows and channels.

        >>> SchurLinear(Irreps("1o"), Irreps("1o"), 2, 5).matrix().shape
        torch.Size([3, 5, 3, 2])
        """
        size = self.irreps_in.dim * self.channels_in
        unit = torch.eye(size, dtype=self.weight.dtype, device=self.weight.device)
        columns = self(unit.reshape(size, self.irreps_in.dim, self.channels_in))
        return columns.permute(1, 2, 0).unflatten(2, (self.irreps_in.dim, self.channels_in))

    @torch.no_grad()
    def fit(self, matrix: Float[Tensor, "rows_out channels_out rows_in channels_in"]) -> "SchurLinear":
        """Set the weights to the equivariant map nearest to a given one; an intertwiner is met exactly.

        >>> layer = SchurLinear(Irreps("1o"), Irreps("1o"), 1, 1)
        >>> layer.fit(3 * torch.eye(3).reshape(3, 1, 3, 1)).weight.item()
        3.0
        """
        total = torch.zeros_like(self.weight)
        count = torch.zeros(len(self.weight), dtype=self.weight.dtype, device=self.weight.device)
        for batch in cast("list[BlockBatch]", list(self.batches)):
            rows = batch.rows_out[:, None, :], batch.rows_in[:, :, None]
            entries = matrix.permute(0, 2, 3, 1)[rows].to(self.weight) * batch.sign.value[..., None, None]
            total.index_add_(0, batch.weight.flatten(), entries.flatten(0, 2))
            count.index_add_(0, batch.weight.flatten(), count.new_ones(batch.weight.numel()))
        self.weight.copy_(total / count[:, None, None])
        return self

    def extra_repr(self) -> str:
        return f"{self.channels_in}x[{self.irreps_in}] -> {self.channels_out}x[{self.irreps_out}]"


class BlockBatch(nn.Module):
    """Blocks of one shape, as one batched matrix product."""

    def __init__(self, blocks: list[Block], weights: int, rows: int) -> None:
        super().__init__()
        self.blocks = blocks
        self.shape = len(blocks), len(blocks[0].rows_in), len(blocks[0].rows_out)
        for name in ("rows_in", "rows_out", "weight"):
            table = torch.tensor([getattr(block, name) for block in blocks], dtype=torch.int64)
            self.register_buffer(name, table, persistent=False)
        self.sign = Constant(np.array([block.sign for block in blocks]))
        negative = self.sign.value < 0
        self._signed = bool(negative.any())
        self.register_buffer("number", (self.weight + weights * negative).flatten(), persistent=False)
        taken = [row for block in blocks for row in block.rows_in]
        self._all = taken == list(range(rows))
        self._slice = slice(taken[0], taken[-1] + 1) if len(_runs(tuple(taken))) == 1 else None

    rows_in: Int64[Tensor, "blocks inner"]
    rows_out: Int64[Tensor, "blocks outer"]
    weight: Int64[Tensor, "blocks inner outer"]
    number: Int64[Tensor, " entries"]

    def forward(
        self,
        x: Float[Tensor, "points rows channels_in"],
        weight: Float[Tensor, "weights channels_in channels_out"],
    ) -> Float[Tensor, "blocks points outer_channels"]:
        blocks, inner, outer = self.shape
        if not self._all:
            x = x[:, self._slice] if self._slice else x.index_select(1, self.rows_in.flatten())
        # −W follow W, so that a number says the sign, too
        dense = (torch.cat([weight, -weight]) if self._signed else weight).index_select(0, self.number)
        if inner > 1:
            x = x.reshape(len(x), blocks, inner * x.shape[2])
        if inner > 1 or outer > 1:
            dense = dense.unflatten(0, (blocks, inner, outer)).transpose(2, 3)
            dense = dense.reshape(blocks, inner * weight.shape[1], outer * weight.shape[2])
        return torch.bmm(x.transpose(0, 1), dense)


def _runs(rows: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Rows that follow one another without a gap, together.

    >>> _runs((1, 2, 5, 6, 4))
    [(1, 2), (5, 6), (4,)]
    """
    starts = [k for k in range(len(rows)) if k == 0 or rows[k] != rows[k - 1] + 1]
    return [rows[start:stop] for start, stop in pairwise([*starts, len(rows)])]


def _blocks(irreps_in: Irreps, irreps_out: Irreps) -> tuple[list[Block], list[int]]:
    """The products that Schur's lemma leaves, and for each weight matrix how many meet in one output row.

    Rows of an irrep of real type meet one by one: component a of every copy with component a. Where the
    algebra is as large as the irrep (complex type, two rows) all rows of all copies meet in one product, in
    which no multiplication is in vain.
    """
    source, target = copies_of(irreps_in), copies_of(irreps_out)
    blocks: list[Block] = []
    fans: list[int] = []
    for irrep, outs in target.items():
        ins = source.get(irrep, [])
        if not ins:
            continue
        algebra, first = irrep.algebra, len(fans)
        for components in _meeting(irrep.dim, len(algebra)):
            rows_in = tuple(start + a for start in ins for a in components)
            rows_out = tuple(start + a for start in outs for a in components)
            weight = np.zeros((len(rows_in), len(rows_out)), dtype=int)
            sign = np.zeros((len(rows_in), len(rows_out)))
            for i, a in np.ndindex(len(ins), len(components)):
                for o, b in np.ndindex(len(outs), len(components)):
                    entries = algebra[:, components[b], components[a]]
                    element = int(np.argmax(np.abs(entries)))
                    place = i * len(components) + a, o * len(components) + b
                    weight[place] = first + (o * len(ins) + i) * len(algebra) + element
                    sign[place] = entries[element]
            blocks.append(Block(rows_in, rows_out, _nested(weight), _nested(sign)))
        fans += [len(ins) * len(algebra)] * (len(ins) * len(outs) * len(algebra))
    return blocks, fans


def _meeting(rows: int, algebra: int) -> list[list[int]]:
    """Components of an irrep that the algebra mixes: each alone, or all together."""
    if algebra == 1:
        return [[row] for row in range(rows)]
    assert rows == algebra == 2, "an algebra other than the real and the complex numbers"
    return [[0, 1]]


def _nested(table: np.ndarray) -> tuple:
    return tuple(tuple(row) for row in table.tolist())
