"""What every group can do: name itself, list or draw its elements, and name its irreps."""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from intertwine.errors import InputError
from intertwine.groups.rotations import require_orthogonal, require_proper

if TYPE_CHECKING:
    from intertwine.groups.irreps import Irreps
    from intertwine.groups.representation import Irrep, Representation

MEMBERSHIP = 1e-6
"""Largest distance, entry by entry, at which a matrix still counts as an element."""


class Group(ABC):
    """A closed subgroup of O(3). An element *is* its orthogonal 3×3 matrix, acting on columns.

    `orientation` is the proper rotation R that carries the standard setting to this group, G = R G₀ Rᵀ: the
    axis of SO(2) and O(2) and the principal axis of the point groups stand along z in the standard setting.
    Two groups are equal when their names and orientations are.

    Attributes:
        name: `O(3)`, `SO(2)`, `Oh`, …
        orientation: proper rotation, `(3, 3)`.
        generators: discrete generators, `(n, 3, 3)`.
        lie_axes: axes that span the Lie algebra, `(k, 3)`; none where the group is finite.
    """

    name: str
    orientation: Float64[np.ndarray, "3 3"]
    generators: Float64[np.ndarray, "n 3 3"]
    lie_axes: Float64[np.ndarray, "k 3"]

    def __init__(self, name: str, orientation: Float[np.ndarray, "3 3"] | None = None) -> None:
        orientation = np.eye(3) if orientation is None else np.array(orientation, dtype=np.float64)
        if orientation.shape != (3, 3):
            raise InputError("an orientation is a rotation matrix", got=f"shape {orientation.shape}")
        require_proper(orientation)
        orientation.flags.writeable = False
        self.name, self.orientation = name, orientation

    @property
    def kind(self) -> str:
        """`finite` or `compact`."""
        return "compact" if len(self.lie_axes) else "finite"

    @property
    def description(self) -> str:
        """The name, and the orientation where it is not the standard one."""
        if np.array_equal(self.orientation, np.eye(3)):
            return self.name
        return f"{self.name} turned by {np.round(self.orientation, 4).tolist()}"

    @property
    def order(self) -> int | None:
        """Number of elements; None where they are not countable."""
        return None

    @property
    def elements(self) -> Float64[np.ndarray, "order 3 3"]:
        """Every element of a finite group, the identity first.

        Raises:
            InputError: the group is not finite.
        """
        raise InputError(f"{self.name} has no list of elements", fix="draw them with sample(rng, count)")

    @abstractmethod
    def contains(self, g: Float[np.ndarray, "*batch 3 3"]) -> Bool[np.ndarray, "*batch"]:
        """Whether each matrix is an element, to 1e-6."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, count: int) -> Float64[np.ndarray, "count 3 3"]:
        """Elements drawn from the Haar measure: every element is equally likely."""

    @abstractmethod
    def quadrature(
        self, degree: int
    ) -> tuple[Float64[np.ndarray, "nodes 3 3"], Float64[np.ndarray, " nodes"]]:
        """Elements and weights whose sum is the Haar mean, exact for matrix elements up to `degree`.

        A finite group gives all its elements, exact for every function.
        """

    @abstractmethod
    def irrep(self, label: str) -> "Irrep":
        """One irrep by its label.

        Raises:
            InputError: the group has no such irrep; the message lists those it has.
        """

    @abstractmethod
    def irreps(self, degree: int | None = None) -> "Irreps":
        """Each irrep once: all of a finite group; of a compact one those up to `degree`.

        Raises:
            InputError: a compact group without a degree.
        """

    @property
    @abstractmethod
    def trivial(self) -> "Irrep":
        """The irrep on which every element is 1."""

    @property
    def vector(self) -> "Representation":
        """The natural representation: polar vectors (x, y, z)."""
        from intertwine.groups.representation import Irrep, RestrictedRepresentation

        return RestrictedRepresentation(Irrep.parse("1o"), self)

    def matrix(self, g: Float[np.ndarray, "*batch 3 3"] | Int[np.ndarray, "*batch"] | int) -> np.ndarray:
        """The natural matrix of elements, checked: orthogonal 3×3 matrices as they are, or their numbers.

        Raises:
            InputError: not an element.

        >>> from intertwine.groups import get_group
        >>> get_group("C2").matrix(1).diagonal()
        array([-1., -1.,  1.])
        """
        matrix = np.asarray(g)
        if matrix.ndim < 2 or matrix.dtype.kind in "iu":
            return self.elements[matrix]
        require_orthogonal(matrix.astype(np.float64))
        if not np.all(self.contains(matrix)):
            strange = matrix.reshape(-1, 3, 3)[~self.contains(matrix).reshape(-1)][0]
            raise InputError(f"not an element of {self.description}", got=np.round(strange, 6).tolist())
        return matrix.astype(np.float64)

    def subgroup(self, name: str, orientation: Float[np.ndarray, "3 3"] | None = None) -> "Group":
        """A subgroup by its name, in an orientation in which it is one.

        Of several the one turned least from the setting of this group: turned by R, a group has the
        subgroups of before, turned by R.

        Args:
            name: as in `get_group`.
            orientation: proper rotation of the subgroup's standard setting, as in `get_group`; found where
                it is not given.

        Raises:
            InputError: an unknown name; not a subgroup in the given orientation, or in none: then the
                message lists the subgroups.

        >>> from intertwine.groups import get_group
        >>> three_fold = get_group("Oh").subgroup("C3v")
        >>> three_fold.orientation[:, 2].round(4), get_group("D6h").subgroup("C3v")
        (array([0.5774, 0.5774, 0.5774]), C3v)
        """
        from intertwine.groups.catalogue import get_group
        from intertwine.groups.subgroups import find_subgroup

        if orientation is None:
            return find_subgroup(self, name)
        found = get_group(name, orientation)
        found.require_subgroup_of(self)
        return found

    def require_subgroup_of(self, whole: "Group") -> None:
        """Refuse where an element of this group is missing in `whole`.

        Raises:
            InputError: not a subgroup in these orientations.
        """
        if not whole.holds(self.lie_axes, self.generators):
            raise InputError(
                f"{self.description} is not a subgroup of {whole.description}",
                fix="choose another orientation; Group.subgroup finds one",
            )

    def holds(self, lie_axes: Float[np.ndarray, "k 3"], generators: Float[np.ndarray, "n 3 3"]) -> bool:
        """Whether all turns about these axes and all these matrices are elements."""
        return all(map(self.turns_about, lie_axes)) and bool(np.all(self.contains(generators)))

    def turns_about(self, axis: Float[np.ndarray, "3"]) -> bool:
        """Whether every turn about this axis is an element."""
        lie = self.lie_axes
        return bool(np.allclose(lie.T @ (lie @ axis), axis, atol=MEMBERSHIP)) if len(lie) else False

    @property
    def _key(self) -> tuple:
        """What two equal groups share."""
        return self.name, (self.orientation + 0.0).tobytes()

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Group) and self._key == other._key)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self._key)

    def __getstate__(self) -> dict[str, object]:
        """What is pickled: all but the hash, which holds in one process only."""
        return {name: value for name, value in self.__dict__.items() if name != "_hash"}

    def __repr__(self) -> str:
        return self.description

    def __deepcopy__(self, memo: dict) -> "Group":
        return self  # nothing in it ever changes
