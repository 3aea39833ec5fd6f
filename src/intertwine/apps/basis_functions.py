"""Which of x, y, z, the rotations and the quadratic functions belong to which irrep, by restriction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from intertwine.groups import CartesianTensor, FiniteGroup, Group, PointGroup, decompose, get_group

ABSENT = 1e-9
"""A coefficient this small, of a row of unit length, is zero."""

WHOLE = 1e-6
"""Coefficients closer than this to whole numbers are whole."""

PRIME = "′"

SPACES = (
    ("linear", "i", False, ("x", "y", "z")),
    ("rotations", "i", True, ("Rx", "Ry", "Rz")),
    ("quadratic", "ij=ji", False, ("x²", "y²", "z²", "yz", "xz", "xy")),
)
"""What is decomposed: field of `BasisFunctions`, index formula, whether axial, names of the components."""


@dataclass(frozen=True)
class BasisFunctions:
    """Functions that turn into each other as the rows of one irrep do, each up to a factor.

    Attributes:
        linear: components of a polar vector: `z`, `(x, y)`.
        rotations: components of an axial vector, a turn about x, y, z: `Rz`, `(Rx, Ry)`.
        quadratic: products of two coordinates: `x²+y²`, `(x²−y², xy)`.
    """

    linear: tuple[str, ...] = ()
    rotations: tuple[str, ...] = ()
    quadratic: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of them as in the last column of a character table.

        >>> BasisFunctions(("(x, y)",), ("(Rx, Ry)",)).text
        '(x, y); (Rx, Ry)'
        """
        return "; ".join(", ".join(part) for part in (self.linear, self.rotations, self.quadratic) if part)


def basis_functions(group: Group) -> dict[str, BasisFunctions]:
    """The functions of each irrep that has any, by its label.

    Vectors, axial vectors and symmetric tensors are decomposed into irreps; a row of the change of basis is a
    function. A group that does not stand in the standard setting has them in axes of its own, x′ y′ z′, the
    columns of its orientation: there they are as simple as in any book.

    >>> from intertwine.groups import get_group
    >>> {label: functions.text for label, functions in basis_functions(get_group("C3v")).items()}
    {'A1': 'z; z², x²+y²', 'E': '(x, y); (Ry, Rx); (xz, yz), (xy, x²−y²)', 'A2': 'Rz'}
    """
    standing = _standing(group)
    prime = "" if standing == group else PRIME
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for kind, formula, axial, names in SPACES:
        primed = tuple(_primed(name, prime) for name in names)
        for label, functions in _read(CartesianTensor(formula, standing, axial), primed).items():
            found.setdefault(label, {})[kind] = functions
    return {label: BasisFunctions(**functions) for label, functions in found.items()}


def _standing(group: Group) -> Group:
    """The same group in the standard setting."""
    if isinstance(group, FiniteGroup) and not isinstance(group, PointGroup):
        return FiniteGroup(group.name, group.orientation.T @ group.generators @ group.orientation)
    return get_group(group.name)


def _primed(name: str, prime: str) -> str:
    """`x′²`, `y′z′`, `Rx′`."""
    return "".join(letter + prime if letter in "xyz" else letter for letter in name)


def _read(space: CartesianTensor, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Functions of each irrep in this space, one entry per copy of it."""
    scale = np.where(np.arange(space.dim) < 3, 1.0, np.sqrt(2.0))  # the component of yz is √2 yz
    found = decompose(space)
    rows = iter([polynomial(row * scale, names) for row in found.basis])
    functions: dict[str, tuple[str, ...]] = {}
    for multiplicity, irrep in found.irreps:
        copies = [[next(rows) for _ in range(irrep.dim)] for _ in range(multiplicity)]
        functions[irrep.label] = tuple(
            f"({', '.join(copy)})" if len(copy) > 1 else copy[0] for copy in copies
        )
    return functions


def polynomial(coefficients: Float64[np.ndarray, " names"], names: Sequence[str]) -> str:
    """A sum of named terms, scaled to small whole numbers where that is possible, positive terms first.

    >>> polynomial(np.array([-1.0, -1.0, 2.0]) / 6**0.5, ("x²", "y²", "z²"))
    '2z²−x²−y²'
    """
    size = np.abs(coefficients)
    present = np.flatnonzero(size > ABSENT * size.max())
    scaled = coefficients / size[present].min()
    if np.abs(scaled - np.round(scaled)).max() > WHOLE:
        scaled = coefficients / size.max()
    scaled = scaled * np.sign(scaled[np.argmax(size > size.max() * (1 - WHOLE))])
    ordered = sorted(present.tolist(), key=lambda place: scaled[place] < 0)
    terms = [_term(float(scaled[place]), names[place]) for place in ordered]
    return "".join(terms).removeprefix("+")


def _term(value: float, name: str) -> str:
    size = f"{abs(value):.3g}"
    return f"{'−' if value < 0 else '+'}{'' if size == '1' else size}{name}"
