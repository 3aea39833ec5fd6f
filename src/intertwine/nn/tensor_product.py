"""Bilinear equivariant products: two representations multiplied and decomposed."""

from collections import Counter
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from intertwine.groups import Irrep, Irreps, coupling
from intertwine.groups.representation import require_same_group
from intertwine.nn.constant import Constant
from intertwine.nn.rows import copies_of, each_copy


class Path(NamedTuple):
    """One way in which a copy of an irrep of the left and one of the right combine to one of the output.

    Attributes:
        left, right, out: the irreps.
        rows_left, rows_right, rows_out: their rows.
        number: which of the equivariant products of these irreps, as `groups.coupling` counts them.
    """

    left: Irrep
    right: Irrep
    out: Irrep
    rows_left: slice
    rows_right: slice
    rows_out: slice
    number: int

    @property
    def table(self) -> np.ndarray:
        """Its coefficients, scaled so that the product of factors of unit variance has unit variance."""
        return coupling(self.left, self.right, self.out)[self.number] * self.out.dim**0.5


def product_paths(left: Irreps, right: Irreps, out: Irreps) -> list[Path]:
    """A basis of the equivariant bilinear maps: ordered by output, then left, right, number.

    >>> [str(path.out) for path in product_paths(Irreps("1o"), Irreps("1o"), Irreps("0e + 1e + 2e"))]
    ['0e', '1e', '2e']
    """
    copies = copies_of(out)
    paths = [
        Path(a, b, c, rows_a, rows_b, slice(start, start + c.dim), number)
        for a, rows_a in each_copy(left)
        for b, rows_b in each_copy(right)
        for _, c in a.product(b)
        for start in copies.get(c, [])
        for number in range(len(coupling(a, b, c)))
    ]
    return sorted(
        paths,
        key=lambda path: (path.rows_out.start, path.rows_left.start, path.rows_right.start, path.number),
    )


class TensorProduct(nn.Module):
    """The general channel-wise product of two features: one learned weight per path and channel.

        z[…, (c, k), u] = Σ_paths w_path[u] √dim(c) Σ_ij C^{path}_{ijk} x[…, (a, i), u] y[…, (b, j), u]

    with C of unit norm from `groups.coupling`. The paths are a basis of the equivariant bilinear maps, so
    every one of them is reached. All three features are `(…, rows, channel)`.

    Args:
        left, right, out: irreps of the two factors and of the product, of one group.
        channels: number of channels, the same everywhere.

    Attributes:
        paths: in the order of the weights.
        weight: `(dim hom(left ⊗ right, out), channels)`.

    Raises:
        InputError: the representations belong to different groups.

    >>> product = TensorProduct(Irreps("0e + 1o"), Irreps("0e + 1o"), Irreps("0e + 1o + 2e"), 3)
    >>> product(torch.ones(5, 4, 3), torch.ones(5, 4, 3)).shape
    torch.Size([5, 9, 3])
    >>> orders = Irreps("0 + 1 + 2", "SO(2)")
    >>> len(TensorProduct(orders, orders, orders, 1).paths)
    19
    """

    def __init__(self, left: Irreps, right: Irreps, out: Irreps, channels: int) -> None:
        super().__init__()
        require_same_group(left, right, out)
        self.irreps_left, self.irreps_right, self.irreps_out = left, right, out
        self.paths = product_paths(left, right, out)
        table = np.zeros((sum(path.out.dim for path in self.paths), left.dim, right.dim))
        start = 0
        for path in self.paths:
            rows = slice(start, start := start + path.out.dim)
            table[rows, path.rows_left, path.rows_right] = path.table.transpose(2, 0, 1)
        self.table = Constant(table.reshape(len(table), left.dim * right.dim))
        number = [number for number, path in enumerate(self.paths) for _ in range(path.out.dim)]
        row = [row for path in self.paths for row in range(path.rows_out.start, path.rows_out.stop)]
        self.register_buffer("path_of_row", torch.tensor(number, dtype=torch.int64), persistent=False)
        self.register_buffer("row_out", torch.tensor(row, dtype=torch.int64), persistent=False)
        fans = Counter(path.rows_out.start for path in self.paths)
        fan = torch.tensor([fans[path.rows_out.start] for path in self.paths])
        self.weight = nn.Parameter(torch.randn(len(self.paths), channels) / fan[:, None].sqrt())

    path_of_row: Int64[Tensor, " rows_of_paths"]
    row_out: Int64[Tensor, " rows_of_paths"]

    def forward(
        self,
        left: Float[Tensor, "*batch rows_left channels"],
        right: Float[Tensor, "*batch rows_right channels"],
    ) -> Float[Tensor, "*batch rows_out channels"]:
        pairs = (left.unsqueeze(-2) * right.unsqueeze(-3)).flatten(-3, -2)
        products = (self.table.value @ pairs) * self.weight.index_select(0, self.path_of_row)
        zero = products.new_zeros(*products.shape[:-2], self.irreps_out.dim, products.shape[-1])
        return zero.index_add(-2, self.row_out, products)

    def extra_repr(self) -> str:
        return (
            f"[{self.irreps_left}] x [{self.irreps_right}] -> [{self.irreps_out}], "
            f"{len(self.paths)} paths, {self.weight.shape[1]} channels"
        )
