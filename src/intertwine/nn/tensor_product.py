"""Bilinear equivariant products: two representations multiplied and decomposed."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.groups import Irrep, Irreps, clebsch_gordan
from intertwine.nn.constant import Constant
from intertwine.nn.schur_linear import rows_of


class Path(NamedTuple):
    """One way in which an irrep of the left and one of the right combine to one of the output."""

    left: Irrep
    right: Irrep
    out: Irrep


def product_paths(left: Irreps, right: Irreps, out: Irreps) -> list[Path]:
    """All triples allowed by the triangle rule and parity, sorted by output, then left, then right.

    >>> [str(path.out) for path in product_paths(Irreps("1o"), Irreps("1o"), Irreps("0e + 1e + 2e"))]
    ['0e', '1e', '2e']
    """
    return [
        Path(a, b, c)
        for c in rows_of(out)
        for a in rows_of(left)
        for b in rows_of(right)
        if abs(a.l - b.l) <= c.l <= a.l + b.l and a.p * b.p == c.p
    ]


class TensorProduct(nn.Module):
    """Channel-wise product of two features, one learned weight per path and channel.

        z[…, (c, k), u] = Σ_paths w_path[u] √(2l_c+1) Σ_ij C^{abc}_{ijk} x[…, (a, i), u] y[…, (b, j), u]

    with C the real Clebsch-Gordan coefficients of unit norm. All three are `(…, lm, channel)`. Each irrep
    may stand once on a representation axis: copies belong into the channels.

    Args:
        left, right, out: irreps of the two factors and of the product.
        channels: number of channels, the same everywhere.

    >>> product = TensorProduct(Irreps("0e + 1o"), Irreps("0e + 1o"), Irreps("0e + 1o + 2e"), 3)
    >>> product(torch.ones(5, 4, 3), torch.ones(5, 4, 3)).shape
    torch.Size([5, 9, 3])
    """

    def __init__(self, left: Irreps, right: Irreps, out: Irreps, channels: int) -> None:
        super().__init__()
        self.irreps_left, self.irreps_right, self.irreps_out = left, right, out
        self.paths = product_paths(left, right, out)
        table = np.zeros((len(self.paths), left.dim, right.dim, out.dim))
        rows_left, rows_right, rows_out = rows_of(left), rows_of(right), rows_of(out)
        for index, (a, b, c) in enumerate(self.paths):
            coupling = clebsch_gordan(a.l, b.l, c.l) * (2 * c.l + 1) ** 0.5
            table[index, rows_left[a], rows_right[b], rows_out[c]] = coupling
        self.table = Constant(table)
        self.weight = nn.Parameter(torch.randn(len(self.paths), channels))

    def forward(
        self,
        left: Float[Tensor, "*batch rows_left channels"],
        right: Float[Tensor, "*batch rows_right channels"],
    ) -> Float[Tensor, "*batch rows_out channels"]:
        return torch.einsum("pijk,pu,...iu,...ju->...ku", self.table.value, self.weight, left, right)
