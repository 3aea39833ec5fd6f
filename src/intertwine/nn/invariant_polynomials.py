"""All invariant polynomials of a representation, up to a degree."""

import math
from functools import reduce
from operator import mul
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Int64
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
