"""Irreducible representations of O(3) and their direct sums, in the grammar and order of e3nn."""

import itertools
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError
from intertwine.groups.grammar import read_label, read_terms
from intertwine.groups.rotations import require_orthogonal
from intertwine.groups.wigner import wigner_d


@dataclass(frozen=True, order=True, slots=True)
class Irrep:
    """An irreducible representation of O(3): degree l under rotations, sign p under inversion.

    Sorted by degree, then odd before even, as in e3nn. Written `0e` (scalar), `0o` (pseudoscalar), `1o`
    (vector), `1e` (axial vector), `2e` (traceless symmetric tensor), …

    Args:
        l: degree, ≥ 0; the dimension is 2l+1.
        p: parity, +1 even or −1 odd: the inversion acts as p times the identity.

    Raises:
        InputError: a negative degree, or a parity other than ±1.

    >>> Irrep(1, -1), Irrep(1, -1).dim, Irrep(1, -1) < Irrep(1, 1)
    (1o, 3, True)
    """

    l: int
    p: int

    def __post_init__(self) -> None:
        if self.l < 0:
            raise InputError("the degree of an irrep is negative", got=self.l, accepted="l >= 0")
        if self.p not in (-1, 1):
            raise InputError("the parity of an irrep is not a sign", got=self.p, accepted="p = 1 or -1")

    @classmethod
    def parse(cls, text: str) -> "Irrep":
        """Read `1o`, `2e`, or `3y`, the parity (−1)^l of the spherical harmonics.

        Raises:
            InputError: anything else, with what to write instead.

        >>> Irrep.parse("2e"), Irrep.parse("3y")
        (2e, 3o)
        """
        return cls(*read_label(text))

    @property
    def dim(self) -> int:
        """Dimension 2l+1."""
        return 2 * self.l + 1

    def __str__(self) -> str:
        return f"{self.l}{'e' if self.p == 1 else 'o'}"

    __repr__ = __str__

    def __mul__(self, other: "Irrep") -> "Irreps":
        """What the tensor product of two irreps contains: |l1−l2| … l1+l2, each once, parity p1·p2.

        >>> Irrep(1, -1) * Irrep(1, -1)
        1x0e+1x1e+1x2e
        """
        degrees = range(abs(self.l - other.l), self.l + other.l + 1)
        return Irreps((1, Irrep(l, self.p * other.p)) for l in degrees)

    def matrix(self, rotation: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """Matrix of any element of O(3): D_l of its proper part, times p if it reverses handedness.

        Args:
            rotation: orthogonal matrices, any leading shape.

        Returns:
            `(*batch, 2l+1, 2l+1)`, orthogonal.

        Raises:
            InputError: not orthogonal to 1e-6.

        >>> mirror = np.diag([1.0, 1.0, -1.0])
        >>> Irrep(1, -1).matrix(mirror).diagonal(), Irrep(1, 1).matrix(mirror).diagonal()
        (array([ 1.,  1., -1.]), array([-1., -1.,  1.]))
        """
        rotation = np.asarray(rotation, dtype=np.float64)
        require_orthogonal(rotation)
        handedness = np.sign(np.linalg.det(rotation))[..., None, None]
        proper = wigner_d(self.l, handedness * rotation)
        return np.where(handedness < 0, self.p, 1) * proper


Terms = Iterable[tuple[int, Irrep] | tuple[int, str] | Irrep | str]


@dataclass(frozen=True, init=False, repr=False)
class Irreps:
    """A direct sum of irreps with multiplicities, in the order written.

    Grammar, as in e3nn: terms joined by `+`, each `<multiplicity>x<degree><parity>`, the multiplicity 1 if
    left out; the empty string is the zero representation. Its rows are those of the terms one after another,
    copy by copy. `Irreps(str(irreps)) == irreps` always; iterating gives `(multiplicity, Irrep)` pairs.

    Args:
        terms: text, one irrep, other irreps, or an iterable of irreps and `(multiplicity, irrep)` pairs.

    Raises:
        InputError: text outside the grammar (the term is named), or a negative multiplicity.

    >>> features = Irreps("16x0e + 8x1o")
    >>> features, features.dim, features.lmax, features.count("1o")
    (16x0e+8x1o, 40, 1, 8)
    """

    terms: tuple[tuple[int, Irrep], ...] = field(default=())

    def __init__(self, terms: "str | Irrep | Irreps | Terms" = ()) -> None:
        object.__setattr__(self, "terms", tuple(_read(terms)))

    @classmethod
    def spherical_harmonics(cls, lmax: int) -> "Irreps":
        """Irreps of the spherical harmonics of degrees 0…lmax.

        >>> Irreps.spherical_harmonics(2)
        1x0e+1x1o+1x2e
        """
        return cls((1, Irrep(l, (-1) ** l)) for l in range(lmax + 1))

    @property
    def dim(self) -> int:
        """Dimension: the sum of multiplicity times 2l+1."""
        return sum(multiplicity * irrep.dim for multiplicity, irrep in self)

    @property
    def num_irreps(self) -> int:
        """Number of irreps, copies counted."""
        return sum(multiplicity for multiplicity, _ in self)

    @property
    def lmax(self) -> int:
        """Highest degree that is present; −1 for the zero representation."""
        return max((irrep.l for multiplicity, irrep in self if multiplicity), default=-1)

    def count(self, irrep: Irrep | str) -> int:
        """Number of copies of one irrep, over all terms."""
        wanted = Irrep.parse(irrep) if isinstance(irrep, str) else irrep
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
        return Irreps(sorted(self.terms, key=operator.itemgetter(1)))

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
        return Irreps(merged)

    def regroup(self) -> "Irreps":
        """Sorted, then simplified: equal for two representations exactly when they are equivalent.

        >>> Irreps("1o + 0e + 1o").regroup()
        1x0e+2x1o
        """
        return self.sort().simplify()

    def matrix(self, rotation: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """Block-diagonal matrix of an element of O(3) on the rows of this representation.

        >>> Irreps("0o + 1o").matrix(-np.eye(3)).diagonal()
        array([-1., -1., -1., -1.])
        """
        matrix = np.zeros((*rotation.shape[:-2], self.dim, self.dim))
        row = 0
        for multiplicity, irrep in self:
            block = irrep.matrix(rotation)
            for _ in range(multiplicity):
                matrix[..., row : row + irrep.dim, row : row + irrep.dim] = block
                row += irrep.dim
        return matrix

    def __iter__(self) -> Iterator[tuple[int, Irrep]]:
        return iter(self.terms)

    def __len__(self) -> int:
        return len(self.terms)

    def __contains__(self, irrep: Irrep | str) -> bool:
        return self.count(irrep) > 0

    def __add__(self, other: "Irreps") -> "Irreps":
        return Irreps(self.terms + other.terms)

    def __str__(self) -> str:
        return "+".join(f"{multiplicity}x{irrep}" for multiplicity, irrep in self)

    __repr__ = __str__


def _read(terms: "str | Irrep | Irreps | Terms") -> Iterator[tuple[int, Irrep]]:
    if isinstance(terms, str):
        terms = read_terms(terms)
    for term in [terms] if isinstance(terms, Irrep) else terms:
        multiplicity, irrep = (1, term) if isinstance(term, Irrep | str) else term
        if operator.index(multiplicity) < 0:
            raise InputError("a multiplicity is negative", got=f"{multiplicity}x{irrep}", accepted=">= 0")
        yield operator.index(multiplicity), Irrep.parse(irrep) if isinstance(irrep, str) else irrep
