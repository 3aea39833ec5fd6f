"""What every representation of every group can do: give its matrix, its derivative, its character."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError

if TYPE_CHECKING:
    from intertwine.groups.group import Group
    from intertwine.groups.irreps import Irreps


class Representation(ABC):
    """A real orthogonal representation ρ of a closed subgroup of O(3).

    Elements are orthogonal 3×3 matrices g, so restricting to a subgroup is reading ρ at fewer g. Lie algebras
    are subspaces of so(3) and are given by axes ω: `derivative(ω)` is d/dt ρ(turn by t|ω| about ω) at t = 0.
    """

    group: "Group"

    @property
    @abstractmethod
    def dim(self) -> int:
        """Dimension of the space it acts on."""

    @property
    @abstractmethod
    def degree(self) -> int:
        """A bound on the angular frequencies of its matrix elements; 0 where the group is finite."""

    @abstractmethod
    def matrix(self, g: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """ρ(g), orthogonal, for elements of the group with any leading shape."""

    @abstractmethod
    def derivative(self, axis: Float[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """ρ's derivative at the identity, antisymmetric and linear in the axis, per radian."""

    def character(self, g: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch"]:
        """Trace of ρ(g)."""
        return np.asarray(np.trace(self.matrix(g), axis1=-2, axis2=-1))

    def generators(self) -> Float64[np.ndarray, "generators rows rows"]:
        """ρ of the discrete generators, then ρ's derivatives about the axes of the Lie algebra.

        A linear map commutes with the whole group exactly when it commutes with these.
        """
        return np.concatenate([self.matrix(self.group.generators), self.derivative(self.group.lie_axes)])


class Irrep(Representation):
    """An irreducible real representation, named in the field's own notation.

    Its endomorphism algebra, the linear maps that commute with it, is ℝ (`algebra` holds the identity) or ℂ
    (the identity and one J with J² = −1): Schur's lemma over the real numbers. The quaternionic case occurs
    in no subgroup of O(3), only in their double groups.
    """

    @property
    @abstractmethod
    def label(self) -> str:
        """The name, as its group reads it."""

    @property
    def algebra(self) -> Float64[np.ndarray, "algebra rows rows"]:
        """Basis of the endomorphism algebra, the identity first."""
        return np.eye(self.dim)[None]

    @abstractmethod
    def product(self, other: "Irrep") -> "list[tuple[int, Irrep]]":
        """What the tensor product with another irrep of the same group contains, with multiplicities."""

    @staticmethod
    def parse(text: str, group: "Group | str" = "O(3)") -> "Irrep":
        """Read a label: `1o` of O(3), `T1u` of Oh, `2` of SO(2).

        Raises:
            InputError: no such group, or no such irrep of it.

        >>> Irrep.parse("2e"), Irrep.parse("3y"), Irrep.parse("T1u", "Oh").dim
        (2e, 3o, 3)
        """
        from intertwine.groups.catalogue import get_group

        return get_group(group).irrep(text)

    def __mul__(self, other: "Irrep") -> "Irreps":
        """`product` as a direct sum.

        >>> Irrep.parse("1o") * Irrep.parse("1o")
        1x0e+1x1e+1x2e
        """
        from intertwine.groups.irreps import Irreps

        return Irreps(self.product(other), self.group)

    def __str__(self) -> str:
        return self.label

    __repr__ = __str__


class ProductRepresentation(Representation):
    """The tensor product ρ ⊗ σ; rows are those of `np.kron`, the right factor running fastest.

    Args:
        left, right: representations of one group.

    Raises:
        InputError: the groups differ.

    >>> vector = Irrep.parse("1o")
    >>> ProductRepresentation(vector, vector).dim
    9
    """

    def __init__(self, left: Representation, right: Representation) -> None:
        require_same_group(left, right)
        self.group, self.left, self.right = left.group, left, right

    @property
    def dim(self) -> int:
        """Product of the dimensions."""
        return self.left.dim * self.right.dim

    @property
    def degree(self) -> int:
        """Sum of the degrees."""
        return self.left.degree + self.right.degree

    def matrix(self, g: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """ρ(g) ⊗ σ(g)."""
        return kron(self.left.matrix(g), self.right.matrix(g))

    def derivative(self, axis: Float[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """dρ ⊗ 1 + 1 ⊗ dσ."""
        return kron(self.left.derivative(axis), np.eye(self.right.dim)) + kron(
            np.eye(self.left.dim), self.right.derivative(axis)
        )


class RestrictedRepresentation(Representation):
    """A representation read on a subgroup only.

    Args:
        representation: of the larger group.
        subgroup: a group all of whose elements belong to the larger one.

    Raises:
        InputError: not a subgroup.

    >>> from intertwine.groups.catalogue import get_group
    >>> RestrictedRepresentation(Irrep.parse("2e"), get_group("Oh")).dim
    5
    """

    def __init__(self, representation: Representation, subgroup: "Group") -> None:
        subgroup.require_subgroup_of(representation.group)
        self.group, self.whole = subgroup, representation

    @property
    def dim(self) -> int:
        """Dimension, unchanged."""
        return self.whole.dim

    @property
    def degree(self) -> int:
        """Degree of the whole, or 0 where the subgroup is finite."""
        return self.whole.degree if len(self.group.lie_axes) else 0

    def matrix(self, g: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """ρ(g), for g of the subgroup."""
        return self.whole.matrix(g)

    def derivative(self, axis: Float[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """ρ's derivative about an axis of the subgroup."""
        return self.whole.derivative(axis)


def require_same_group(*representations: Representation) -> None:
    """Refuse representations of different groups, or of one group in two orientations.

    Raises:
        InputError: with the names of the groups.

    >>> require_same_group(Irrep.parse("1o"), Irrep.parse("0e"))
    """
    groups = {representation.group for representation in representations}
    if len(groups) > 1:
        raise InputError(
            "the representations belong to different groups",
            got=" and ".join(sorted(group.description for group in groups)),
            accepted="one group in one orientation",
            fix="restrict the larger one with groups.restrict",
        )


def kron(
    left: Float64[np.ndarray, "*batch i j"], right: Float64[np.ndarray, "*batch_right k l"]
) -> Float64[np.ndarray, "*batch_out ik jl"]:
    """Kronecker product of the last two axes, leading axes broadcast.

    >>> kron(np.eye(2), np.ones((1, 1))).shape
    (2, 2)
    """
    block = left[..., :, None, :, None] * right[..., None, :, None, :]
    return block.reshape(
        *block.shape[:-4], block.shape[-4] * block.shape[-3], block.shape[-2] * block.shape[-1]
    )
