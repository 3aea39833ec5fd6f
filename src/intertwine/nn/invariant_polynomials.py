"""All invariant polynomials of a representation, up to a degree."""

import math
from functools import cache, reduce
from operator import mul
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor, nn

from intertwine.errors import InputError
from intertwine.groups import Representation, SymmetricPower, invariants
from intertwine.nn.constant import Constant


class InvariantPolynomials(nn.Module):
    """An orthonormal basis of the polynomials of degree 2 to d that the group leaves as they are.

    Degree by degree the invariants of the symmetric power, of which there are as many as Molien's series
    says. Coefficients on this basis make a Landau expansion: linear in what is to be learned.

    Args:
        representation: of any group, on the input.
        degree: d, ≥ 2.

    Attributes:
        degrees: of each polynomial.

    Raises:
        InputError: a degree below 2.

    >>> from intertwine.groups import CartesianTensor
    >>> InvariantPolynomials(CartesianTensor("ij=ji", "Oh"), 3).degrees
    [2, 2, 2, 3, 3, 3, 3, 3, 3]
    """

    def __init__(self, representation: Representation, degree: int) -> None:
        super().__init__()
        if degree < 2:
            raise InputError("the degree of an expansion is too low", got=degree, accepted=">= 2")
        self.degrees: list[int] = []
        tables: list[np.ndarray] = []
        for power in range(2, degree + 1):
            monomials = SymmetricPower.monomials(representation.dim, power)
            counts = [math.prod(math.factorial(m.count(row)) for row in set(m)) for m in monomials]
            lengths = np.sqrt(math.factorial(power) / np.array(counts))
            tables.append(invariants(SymmetricPower(representation, power)) * lengths)
            self.degrees += [power] * len(tables[-1])
            factors = torch.tensor(monomials, dtype=torch.int64)
            self.register_buffer(f"factors_{power}", factors, persistent=False)
        self.tables = nn.ModuleList(Constant(table) for table in tables)

    def forward(self, x: Float[Tensor, "*batch rows"]) -> Float[Tensor, "*batch polynomials"]:
        values: list[Tensor] = []
        for power, table in enumerate(cast("list[Constant]", list(self.tables)), start=2):
            factors: Int64[Tensor, "monomials power"] = self.get_buffer(f"factors_{power}")
            columns = [x.index_select(-1, column) for column in factors.unbind(1)]
            values.append(reduce(mul, columns) @ table.value.T)
        return torch.cat(values, dim=-1)

    def derivatives(
        self, x: Float[Tensor, "points rows"], coefficients: Float[Tensor, " polynomials"]
    ) -> tuple[Float[Tensor, "points rows"], Float[Tensor, "points rows rows"]]:
        """∇p and ∇∇p of p = Σ_k c_k p_k, which are polynomials of lower degree.

        >>> from intertwine.groups import CartesianTensor
        >>> basis = InvariantPolynomials(CartesianTensor("ij=ji", "Oh"), 4).double()
        >>> c, x = torch.randn(20).double(), torch.randn(3, 6, dtype=torch.float64, requires_grad=True)
        >>> (slope,) = torch.autograd.grad((basis(x) @ c).sum(), x)
        >>> torch.allclose(basis.derivatives(x, c)[0], slope)
        True
        """
        rows = x.shape[-1]
        lower = [x.new_ones(len(x), 1)]
        for power in range(1, max(self.degrees)):
            factors = _monomials(rows, power, x.device)
            lower.append(reduce(mul, [x.index_select(-1, column) for column in factors.unbind(1)]))
        slope, bend = x.new_zeros(len(x), rows), x.new_zeros(len(x), rows * rows)
        split = coefficients.split([self.degrees.count(n) for n in range(2, max(self.degrees) + 1)])
        tables = cast("list[Constant]", list(self.tables))
        for power, (table, share) in enumerate(zip(tables, split, strict=True), start=2):
            once = _lowered(rows, power).to(x) @ (share @ table.value)
            twice = torch.einsum("isl,jl->ijs", _lowered(rows, power - 1).to(x), once)
            slope = slope + lower[power - 1] @ once.T
            bend = bend + lower[power - 2] @ twice.flatten(0, 1).T
        return slope, bend.unflatten(-1, (rows, rows))


def _monomials(rows: int, power: int, device: torch.device) -> Int64[Tensor, "monomials power"]:
    return torch.tensor(SymmetricPower.monomials(rows, power), dtype=torch.int64, device=device)


@cache
def _lowered(rows: int, power: int) -> Float64[Tensor, "rows lower monomials"]:
    """Derivative by each row of the monomials of one degree, in those of the degree below."""
    below = {monomial: k for k, monomial in enumerate(SymmetricPower.monomials(rows, power - 1))}
    monomials = SymmetricPower.monomials(rows, power)
    table = torch.zeros(rows, len(below), len(monomials), dtype=torch.float64)
    for column, monomial in enumerate(monomials):
        for k, row in enumerate(monomial):
            table[row, below[monomial[:k] + monomial[k + 1 :]], column] += 1
    return table
