"""Symmetric and antisymmetric powers of representations, and how many invariant polynomials there are."""

import itertools
import math
from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError
from intertwine.groups.representation import Representation

Monomial = tuple[int, ...]


class PowerRepresentation(Representation, ABC):
    """What symmetric and antisymmetric powers share: monomials, sorted tuples of rows of the factor.

    Power n stands in the tensor product of power n−1 and the factor; its basis vector of monomial S is there

        e_S = Σ_k w_k e_{S without its k-th factor} ⊗ e_{its k-th factor}

    so matrices are built factor by factor, each entry read at the last factor of its row.

    Args:
        factor: any representation.
        power: how many factors, ≥ 0; power 0 is the trivial representation.

    Attributes:
        factor, power: as given.
        group: that of the factor.
    """

    def __init__(self, factor: Representation, power: int) -> None:
        if power < 0:
            raise InputError("the power of a representation is negative", got=power, accepted=">= 0")
        self.group, self.factor, self.power = factor.group, factor, power
        self._dim = len(self.monomials(factor.dim, power))

    @staticmethod
    @abstractmethod
    def monomials(rows: int, power: int) -> list[Monomial]:
        """Sorted tuples of rows, in lexicographic order."""

    @staticmethod
    @abstractmethod
    def weights(monomial: Monomial) -> list[float]:
        """w_k of each factor; those of equal factors share their weight equally."""

    @property
    def dim(self) -> int:
        """Number of monomials."""
        return self._dim

    @property
    def degree(self) -> int:
        """The power times the factor's degree."""
        return self.power * max(self.factor.degree, 0)

    def matrix(self, g: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """ρ(g) on every factor, in the basis of monomials."""
        rho = self.factor.matrix(g)
        matrix = np.ones((*rho.shape[:-2], 1, 1))
        for table in self._tables:
            matrix = table.join(matrix, rho)
        return matrix

    def derivative(self, axis: Float[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """ρ's derivative on one factor after another, summed."""
        slope = self.factor.derivative(axis)
        one, total = np.eye(1), np.zeros((*slope.shape[:-2], 1, 1))
        for table in self._tables:
            total = table.join(total, np.eye(self.factor.dim)) + table.join(one, slope)
            one = np.eye(total.shape[-1])
        return total

    @cached_property
    def _tables(self) -> list["_Step"]:
        return [_Step(self, power) for power in range(1, self.power + 1)]


class _Step:
    """From power n−1 to power n: for each monomial and each of its factors what is left, the factor, w."""

    def __init__(self, representation: PowerRepresentation, power: int) -> None:
        rows = representation.factor.dim
        before = {m: number for number, m in enumerate(representation.monomials(rows, power - 1))}
        monomials = representation.monomials(rows, power)
        shape = (len(monomials), power)
        left = [before[m[:k] + m[k + 1 :]] for m in monomials for k in range(power)]
        self.left = np.array(left, dtype=np.int64).reshape(shape)
        self.taken = np.array(monomials, dtype=np.int64).reshape(shape)
        self.weight = np.array([representation.weights(m) for m in monomials]).reshape(shape)
        self.read = np.array([m.count(m[-1]) * representation.weights(m)[-1] for m in monomials])

    def join(
        self, lower: Float64[np.ndarray, "*batch low low"], rho: Float64[np.ndarray, "*batch_factor d d"]
    ) -> Float64[np.ndarray, "*batch_out rows rows"]:
        """Entries of lower ⊗ ρ between the basis vectors, the row read at its last factor alone."""
        rows_left, rows_taken = self.left[:, -1:], self.taken[:, -1:]
        total: np.ndarray | float = 0.0
        for k in range(self.left.shape[1]):
            part = lower[..., rows_left, self.left[:, k]] * rho[..., rows_taken, self.taken[:, k]]
            total = total + self.weight[:, k] * part
        return np.asarray(total / self.read[:, None])


class SymmetricPower(PowerRepresentation):
    """Polynomials of degree n: the symmetric power of a representation, in orthonormal monomials.

    Row S of a vector x is √(n!/∏ m_i!) ∏ x_i^m_i for monomial S with exponents m_i, so that the length of
    the power of x is the n-th power of the length of x.

    Args:
        factor: any representation.
        power: n ≥ 0.

    Raises:
        InputError: a negative power.

    >>> from intertwine.groups import Irrep, decompose
    >>> decompose(SymmetricPower(Irrep.parse("1o"), 3)).irreps
    1x1o+1x3o
    """

    @staticmethod
    def monomials(rows: int, power: int) -> list[Monomial]:
        return list(itertools.combinations_with_replacement(range(rows), power))

    @staticmethod
    def weights(monomial: Monomial) -> list[float]:
        return [1 / math.sqrt(len(monomial) * monomial.count(row)) for row in monomial]


class AntisymmetricPower(PowerRepresentation):
    """Oriented volumes of n vectors: the antisymmetric (exterior) power of a representation.

    The entry of its matrix in row S and column T is the minor det ρ(g)[S, T]; the power equal to the
    dimension is the determinant.

    Args:
        factor: any representation.
        power: 0 ≤ n ≤ dimension of the factor.

    Raises:
        InputError: a negative power, or one above the dimension.

    >>> from intertwine.groups import Irrep, decompose
    >>> decompose(AntisymmetricPower(Irrep.parse("1o"), 2)).irreps
    1x1e
    """

    def __init__(self, factor: Representation, power: int) -> None:
        super().__init__(factor, power)
        if power > factor.dim:
            raise InputError(
                "an antisymmetric power above the dimension is zero", got=power, accepted=f"<= {factor.dim}"
            )

    @staticmethod
    def monomials(rows: int, power: int) -> list[Monomial]:
        return list(itertools.combinations(range(rows), power))

    @staticmethod
    def weights(monomial: Monomial) -> list[float]:
        last = len(monomial) - 1
        return [(-1) ** (last - k) / math.sqrt(len(monomial)) for k in range(len(monomial))]


def molien(representation: Representation, degree: int) -> list[int]:
    """Numbers of linearly independent invariant polynomials of degrees 0 to `degree`: Molien's series.

        Σ_n N_n tⁿ = mean over g of 1/det(1 − t ρ(g))

    The coefficient h_n of tⁿ is the character of the symmetric power, by Newton's identities on power sums:
    n h_n = Σ_{k=1}^{n} tr ρ(g)^k h_{n−k}. Finite groups sum over all elements, compact ones take the exact
    quadrature. (T. Molien, Sitzungsber. Akad. Wiss. Berlin 52, 1152, 1897.)

    Args:
        representation: any.
        degree: highest degree, ≥ 0.

    Raises:
        InputError: a negative degree.

    >>> from intertwine.groups import CartesianTensor
    >>> molien(CartesianTensor("ij=ji", "Oh"), 6)
    [1, 1, 3, 6, 11, 18, 32]
    """
    if degree < 0:
        raise InputError("the degree of a polynomial is negative", got=degree, accepted=">= 0")
    elements, weights = representation.group.quadrature(degree * max(representation.degree, 0))
    rho = representation.matrix(elements)
    power = np.broadcast_to(np.eye(representation.dim), rho.shape)
    sums: list[np.ndarray] = []
    characters = [np.ones(len(elements))]
    for n in range(1, degree + 1):
        power = power @ rho
        sums.append(np.trace(power, axis1=-2, axis2=-1))
        recursion = sum(s * h for s, h in zip(sums, reversed(characters), strict=True))
        characters.append(np.asarray(recursion) / n)
    return [round(float(weights @ character)) for character in characters]
