"""Direct sums of irreps of one group, in the grammar and order of e3nn."""

import itertools
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError
from intertwine.groups.grammar import read_terms
from intertwine.groups.representation import Irrep, Representation

if TYPE_CHECKING:
    from intertwine.groups.group import Group

Terms = Iterable[tuple[int, Irrep] | tuple[int, str] | Irrep | str]


@dataclass(frozen=True, init=False, repr=False)
class Irreps(Representation):
    """A direct sum of irreps with multiplicities, in the order written.

    Grammar, as in e3nn: terms joined by `+`, each `<multiplicity>x<label>`, the multiplicity 1 if left out;
    the empty string is the zero representation. Its rows are those of the terms one after another, copy by
    copy. `Irreps(str(irreps), irreps.group) == irreps` always; iterating gives `(multiplicity, Irrep)` pairs.

    Args:
        terms: text, one irrep, other irreps, or an iterable of irreps and `(multiplicity, irrep)` pairs.
        group: whose labels they are, by name or itself; that of the irreps given, otherwise O(3).

    Raises:
        InputError: text outside the grammar (the term is named), a negative multiplicity, an irrep of
            another group.

    >>> features = Irreps("16x0e + 8x1o")
    >>> features, features.dim, features.degree, features.count("1o")
    (16x0e+8x1o, 40, 1, 8)
    >>> Irreps("4xA1g + 2xT1u", "Oh").dim, Irreps("8x0 + 8x1 + 8x2", "SO(2)").dim
    (10, 40)
    """

    terms: tuple[tuple[int, Irrep], ...]
    group: "Group"

    def __init__(
        self, terms: "str | Irrep | Irreps | Terms" = (), group: "Group | str | None" = None
    ) -> None:
        from intertwine.groups.catalogue import get_group

        listed = _listed(terms)
        if group is None:
            given = [irrep.group for _, irrep in listed if isinstance(irrep, Irrep)]
            group = terms.group if isinstance(terms, Irreps) else given[0] if given else "O(3)"
        object.__setattr__(self, "group", get_group(group))
        object.__setattr__(self, "terms", tuple(self._term(*term) for term in listed))

    def _term(self, multiplicity: int, irrep: Irrep | str) -> tuple[int, Irrep]:
        if operator.index(multiplicity) < 0:
            raise InputError("a multiplicity is negative", got=f"{multiplicity}x{irrep}", accepted=">= 0")
        found = self.group.irrep(irrep) if isinstance(irrep, str) else irrep
        if found.group != self.group:
            raise InputError(
                f"the irrep {irrep} belongs to another group",
                got=found.group.description,
                accepted=self.group.description,
            )
        return operator.index(multiplicity), found

    @classmethod
    def spherical_harmonics(cls, lmax: int) -> "Irreps":
        """Irreps of the spherical harmonics of degrees 0…lmax.

        >>> Irreps.spherical_harmonics(2)
        1x0e+1x1o+1x2e
        """
        return cls("+".join(f"{l}y" for l in range(lmax + 1)))

    @property
    def dim(self) -> int:
        """Dimension: the sum of multiplicity times dimension."""
        return sum(multiplicity * irrep.dim for multiplicity, irrep in self)

    @property
    def num_irreps(self) -> int:
        """Number of irreps, copies counted."""
        return sum(multiplicity for multiplicity, _ in self)

    @property
    def degree(self) -> int:
        """Highest degree (order, for SO(2) and O(2)) that is present; −1 for the zero representation."""
        return max((irrep.degree for multiplicity, irrep in self if multiplicity), default=-1)

    def count(self, irrep: Irrep | str) -> int:
        """Number of copies of one irrep, over all terms."""
        wanted = self.group.irrep(irrep) if isinstance(irrep, str) else irrep
        return sum(multiplicity for multiplicity, present in self if present == wanted)

    def slices(self) -> list[slice]:
        """Rows of each term.

        >>> Irreps("2x0e + 1o").slices()
        [slice(0, 2, None), slice(2, 5, None)]
        """
        stops = np.cumsum([0, *(multiplicity * irrep.dim for multiplicity, irrep in self)]).tolist()
        return [slice(start, stop) for start, stop in itertools.pairwise(stops)]

    def sort(self) -> "Irreps":
        """The terms by degree, then odd before even; terms of one irrep keep their order.

        >>> Irreps("2x1e + 0e + 1o + 1e").sort()
        1x0e+1x1o+2x1e+1x1e
        """
        return Irreps(sorted(self.terms, key=operator.itemgetter(1)), self.group)

    def simplify(self) -> "Irreps":
        """Neighbouring terms of one irrep merged, empty terms dropped; the rows stay as they are.

        >>> Irreps("1o + 2x1o + 0x2e + 0e + 1o").simplify()
        3x1o+1x0e+1x1o
        """
        merged: list[tuple[int, Irrep]] = []
        for multiplicity, irrep in self:
            if merged and merged[-1][1] == irrep:
                merged[-1] = (merged[-1][0] + multiplicity, irrep)
            elif multiplicity:
                merged.append((multiplicity, irrep))
        return Irreps(merged, self.group)

    def regroup(self) -> "Irreps":
        """Sorted, then simplified: equal for two representations exactly when they are equivalent.

        >>> Irreps("1o + 0e + 1o").regroup()
        1x0e+2x1o
        """
        return self.sort().simplify()

    def matrix(self, g: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """Block-diagonal matrix of an element on the rows of this representation.

        >>> Irreps("0o + 1o").matrix(-np.eye(3)).diagonal()
        array([-1., -1., -1., -1.])
        """
        blocks = [(multiplicity, irrep.matrix(g)) for multiplicity, irrep in self]
        return self._blocks(blocks, np.shape(g)[:-2])

    def derivative(self, axis: Float[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """Block-diagonal derivative about an axis.

        >>> Irreps("0e + 1o").derivative(np.array([0.0, 0.0, 1.0])).shape
        (4, 4)
        """
        blocks = [(multiplicity, irrep.derivative(axis)) for multiplicity, irrep in self]
        return self._blocks(blocks, np.shape(axis)[:-1])

    def _blocks(
        self, blocks: list[tuple[int, np.ndarray]], batch: tuple[int, ...]
    ) -> Float64[np.ndarray, "*batch rows rows"]:
        matrix = np.zeros((*batch, self.dim, self.dim))
        row = 0
        for multiplicity, block in blocks:
            for _ in range(multiplicity):
                stop = row + block.shape[-1]
                matrix[..., row:stop, row:stop] = block
                row = stop
        return matrix

    def __iter__(self) -> Iterator[tuple[int, Irrep]]:
        return iter(self.terms)

    def __len__(self) -> int:
        return len(self.terms)

    def __contains__(self, irrep: Irrep | str) -> bool:
        return self.count(irrep) > 0

    def __add__(self, other: "Irreps") -> "Irreps":
        return Irreps(self.terms + other.terms, self.group if self.terms else other.group)

    def __str__(self) -> str:
        return "+".join(f"{multiplicity}x{irrep}" for multiplicity, irrep in self)

    __repr__ = __str__


def _listed(terms: "str | Irrep | Irreps | Terms") -> list[tuple[int, Irrep | str]]:
    """Every term as a pair."""
    if isinstance(terms, str):
        return list(read_terms(terms))
    listed = [terms] if isinstance(terms, Irrep) else terms
    return [(1, term) if isinstance(term, Irrep | str) else term for term in listed]
