"""Finite groups of rotations and reflections: elements from generators, classes, irreps from O(3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

from intertwine.errors import InputError, nearest
from intertwine.groups.group import MEMBERSHIP, Group
from intertwine.groups.irreps import Irreps
from intertwine.groups.representation import Irrep
from intertwine.groups.rotations import require_orthogonal
from intertwine.groups.subduction import closure, subduced_irreps


class FiniteGroup(Group):
    """A finite subgroup of O(3), closed from generators.

    Irreps are found by restricting those of O(3), lowest degree first, so that their bases are aligned to
    spherical harmonics; without a naming of their own they are called D1, D2, … in order of appearance.

    Args:
        name: anything.
        generators: orthogonal matrices in the standard setting, `(n, 3, 3)`; none gives the trivial group.
        orientation: proper rotation R; the elements are those of the standard setting turned, R g Rᵀ.

    Raises:
        InputError: not orthogonal, or more than 240 elements (an angle that is no fraction of a turn).

    >>> from intertwine.groups import axis_angle_to_rotation
    >>> fifth = axis_angle_to_rotation(np.array([0.0, 0.0, 1.0]), 2 * np.pi / 5)
    >>> pentagon = FiniteGroup("C5", [fifth])
    >>> pentagon.order, pentagon.irreps()
    (5, 1xD1+1xD2+1xD3)
    """

    lie_axes = np.empty((0, 3))

    def __init__(
        self,
        name: str,
        generators: Sequence[Float[np.ndarray, "3 3"]] | Float[np.ndarray, "n 3 3"],
        orientation: Float[np.ndarray, "3 3"] | None = None,
    ) -> None:
        super().__init__(name, orientation)
        given = np.array(generators, dtype=np.float64).reshape(-1, 3, 3)
        require_orthogonal(given)
        self.standard_elements = closure(given)
        self.generators = self._turned(given)
        self._elements = self._turned(self.standard_elements)

    @property
    def order(self) -> int:
        """Number of elements."""
        return len(self._elements)

    @property
    def elements(self) -> Float64[np.ndarray, "order 3 3"]:
        return self._elements

    def index(self, g: Float[np.ndarray, "*batch 3 3"]) -> Int64[np.ndarray, "*batch"]:
        """Numbers of elements in `elements`.

        Raises:
            InputError: a matrix is not an element.
        """
        nearest_element, distance = self._nearest(g)
        if np.any(distance > MEMBERSHIP):
            strange = np.reshape(g, (-1, 3, 3))[np.argmax(distance)]
            raise InputError(f"not an element of {self.description}", got=np.round(strange, 6).tolist())
        return np.asarray(nearest_element)

    def contains(self, g: Float[np.ndarray, "*batch 3 3"]) -> Bool[np.ndarray, "*batch"]:
        return np.asarray(self._nearest(g)[1] <= MEMBERSHIP)

    def sample(self, rng: np.random.Generator, count: int) -> Float64[np.ndarray, "count 3 3"]:
        return self._elements[rng.integers(self.order, size=count)]

    def quadrature(
        self, degree: int
    ) -> tuple[Float64[np.ndarray, "nodes 3 3"], Float64[np.ndarray, " nodes"]]:
        return self._elements, np.full(self.order, 1 / self.order)

    @cached_property
    def table(self) -> Int64[np.ndarray, "order order"]:
        """Number of the product g h in row g, column h."""
        return self.index(self._elements[:, None] @ self._elements)

    @cached_property
    def classes(self) -> list[Int64[np.ndarray, " members"]]:
        """Conjugacy classes, numbers of elements in each; the identity's first."""
        inverse = np.argmin(self.table, axis=1)  # the identity is element 0
        conjugates = self.table[self.table, inverse[:, None]]  # row g, column h: g h g⁻¹
        return [np.unique(column) for h, column in enumerate(conjugates.T) if column.min() == h]

    def subgroups(self) -> list[tuple[Group, int]]:
        """Which of the 32 point groups are in this one: of each class of conjugates one, and their number.

        It is the one turned least from the setting of this group. One name can have several classes.

        >>> from intertwine.groups import get_group
        >>> [(part.name, count) for part, count in get_group("C4v").subgroups()]
        [('C1', 1), ('C2', 1), ('Cs', 2), ('Cs', 2), ('C2v', 1), ('C2v', 1), ('C4', 1), ('C4v', 1)]
        """
        from intertwine.groups.subgroups import subgroup_classes

        return subgroup_classes(self)

    @cached_property
    def listed(self) -> tuple["FiniteIrrep", ...]:
        """Every irrep, in the order of the character table."""
        named = enumerate(self._named_tables())
        return tuple(FiniteIrrep(number, label, self, table) for number, (label, table) in named)

    def _named_tables(self) -> list[tuple[str, Float64[np.ndarray, "order _ _"]]]:
        """Label and matrices of each irrep, in the order in which they are listed."""
        tables = subduced_irreps(self.standard_elements)
        return [(f"D{number + 1}", table) for number, table in enumerate(tables)]

    @cached_property
    def characters(self) -> Float64[np.ndarray, "irreps order"]:
        """Trace of every irrep at every element."""
        return np.stack([irrep.table.trace(axis1=1, axis2=2) for irrep in self.listed])

    def irrep(self, label: str) -> "FiniteIrrep":
        wanted = label.strip().replace("′", "'").replace("″", "''").replace('"', "''")
        for irrep in self.listed:
            if irrep.label == wanted:
                return irrep
        labels = [irrep.label for irrep in self.listed]
        close = nearest(wanted, labels)
        raise InputError(
            f"{self.name} has no irrep {label.strip()!r}",
            accepted=", ".join(labels),
            fix=f"write {close}" if close else None,
        )

    def irreps(self, degree: int | None = None) -> Irreps:
        return Irreps(self.listed, self)

    @property
    def trivial(self) -> "FiniteIrrep":
        return next(irrep for irrep in self.listed if np.all(irrep.table == 1.0))

    @property
    def _key(self) -> tuple:
        return (*super()._key, self.standard_elements.tobytes())

    def _turned(self, g: Float64[np.ndarray, "n 3 3"]) -> Float64[np.ndarray, "n 3 3"]:
        return self.orientation @ g @ self.orientation.T

    def _nearest(self, g: Float[np.ndarray, "*batch 3 3"]) -> tuple[np.ndarray, np.ndarray]:
        """Number of the element nearest to each matrix, and the largest difference of an entry."""
        flat = np.asarray(g, dtype=np.float64).reshape(*np.shape(g)[:-2], 9)
        number = (flat @ self._elements.reshape(-1, 9).T).argmax(axis=-1)
        distance = np.abs(flat - self._elements.reshape(-1, 9)[number]).max(axis=-1)
        return np.asarray(number), np.asarray(distance)


@dataclass(frozen=True, repr=False, eq=False)
class FiniteIrrep(Irrep):
    """An irrep of a finite group: the table of its matrices, one per element."""

    number: int
    name: str
    group: FiniteGroup
    table: Float64[np.ndarray, "order rows rows"]

    @property
    def label(self) -> str:
        """The Mulliken label of a point group, or D1, D2, …"""
        return self.name

    @property
    def dim(self) -> int:
        """Dimension."""
        return self.table.shape[-1]

    @property
    def degree(self) -> int:
        """0: a finite group has no frequencies."""
        return 0

    def matrix(self, g: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """The table's matrix for each element."""
        return self.table[self.group.index(g)]

    def derivative(self, axis: Float[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """Nothing: there is no Lie algebra."""
        return np.zeros((*np.shape(axis)[:-1], self.dim, self.dim))

    @cached_property
    def algebra(self) -> Float64[np.ndarray, "algebra rows rows"]:
        """The identity; and J = [[0, −1], [1, 0]] where two complex irreps were joined to one real one."""
        norm = np.mean(self.table.trace(axis1=1, axis2=2) ** 2)
        identity = np.eye(self.dim)
        return np.stack([identity, [[0.0, -1.0], [1.0, 0.0]]]) if round(norm) == 2 else identity[None]

    def product(self, other: "FiniteIrrep") -> "list[tuple[int, FiniteIrrep]]":
        """Multiplicities from characters, ⟨χ_a χ_b, χ_c⟩ divided by the dimension of c's algebra."""
        characters = self.group.characters
        overlaps = characters @ (characters[self.number] * characters[other.number]) / self.group.order
        shares = zip(overlaps, self.group.listed, strict=True)
        counts = [(round(overlap / len(irrep.algebra)), irrep) for overlap, irrep in shares]
        return [(count, irrep) for count, irrep in counts if count]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FiniteIrrep) and self._key == other._key

    def __lt__(self, other: "FiniteIrrep") -> bool:
        return self.number < other.number

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[Group, int]:
        return self.group, self.number

    def __deepcopy__(self, memo: dict) -> "FiniteIrrep":
        return self
