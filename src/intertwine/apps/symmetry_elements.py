"""The axes, mirrors and centre that a finite group leaves in space, read from its elements."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from intertwine.groups import Group
from intertwine.groups.elements import Operation, read_operation

SAME_AXIS = 1e-4
"""Largest difference, entry by entry, of two unit vectors that are one axis."""

Direction = Float64[np.ndarray, "3"]

CRYSTALLOGRAPHIC = {1, 2, 3, 4, 6}
"""Folds of the turns that a lattice allows."""


@dataclass(frozen=True, eq=False)
class Axis:
    """An axis of rotation or rotoinversion.

    Attributes:
        direction: unit vector, in the upper half of space.
        name: the direction as text, such as `z` or `[111]`.
        fold: n of its proper turns, ≥ 2.
        rotoinversion: n of its rotoinversions −n, a turn by 360°/n and the inversion; 0 where there are none.
    """

    direction: Direction
    name: str
    fold: int
    rotoinversion: int

    @property
    def symbol(self) -> str:
        """Hermann-Mauguin: `2`, `3`, `4`, `6`; `2/m`, `4/m`, `6/m`; `-3`, `-4`, `-6`.

        >>> Axis(np.array([0.0, 0.0, 1.0]), "z", 3, 6).symbol
        '-6'
        """
        if self.rotoinversion == self.fold:
            return f"-{self.fold}" if self.fold % 2 else f"{self.fold}/m"
        return f"-{self.rotoinversion}" if self.rotoinversion else str(self.fold)


@dataclass(frozen=True, eq=False)
class SymmetryElements:
    """What a finite group leaves in place: lines, planes and a point.

    Attributes:
        axes: of two-fold and higher symmetry, the highest first, and those along z before others.
        mirrors: unit normals of the mirror planes, `(mirrors, 3)`.
        inversion: whether the origin is a centre of symmetry.
    """

    axes: tuple[Axis, ...]
    mirrors: Float64[np.ndarray, "mirrors 3"]
    inversion: bool

    @property
    def crystal_system(self) -> str | None:
        """Triclinic … cubic, by axes and normals of mirrors; None where no lattice has the symmetry."""
        folds = [max(axis.fold, axis.rotoinversion) for axis in self.axes]
        turns = [axis.fold for axis in self.axes]
        if not set(folds) <= CRYSTALLOGRAPHIC:
            return None
        if turns.count(3) == 4:
            return "cubic"
        for fold, system in ((6, "hexagonal"), (3, "trigonal"), (4, "tetragonal")):
            if fold in folds:
                return system
        twofold = len(self._lines())
        return {0: "triclinic", 1: "monoclinic"}.get(twofold, "orthorhombic")

    def _lines(self) -> list[Direction]:
        """Directions of all axes and all normals of mirrors, each once."""
        lines: list[Direction] = []
        for direction in [*(axis.direction for axis in self.axes), *self.mirrors]:
            if not any(_same_line(direction, other) for other in lines):
                lines.append(direction)
        return lines


def symmetry_elements(group: Group) -> SymmetryElements:
    """The axes, mirror planes and centre of a finite group, in the orientation that it has.

    An axis is a line about which some element turns, properly or with the inversion; a mirror alone has none.

    Args:
        group: finite.

    Raises:
        InputError: the group is not finite.

    >>> from intertwine.groups import get_group
    >>> tetrahedron = symmetry_elements(get_group("Td"))
    >>> [axis.symbol for axis in tetrahedron.axes], len(tetrahedron.mirrors), tetrahedron.crystal_system
    (['-4', '-4', '-4', '3', '3', '3', '3'], 6, 'cubic')
    """
    operations = [read_operation(g) for g in group.elements]
    lines: list[tuple[Direction, list[Operation]]] = []
    for operation in operations:
        if operation.axis is None:
            continue
        known = (about for axis, about in lines if _same_line(axis, operation.axis))
        about = next(known, None)
        if about is None:
            lines.append((operation.axis, [operation]))
        else:
            about.append(operation)
    axes = [axis for axis in (_axis(*line) for line in lines) if axis.fold > 1]
    axes.sort(key=lambda axis: (-max(axis.fold, axis.rotoinversion), -round(float(axis.direction[2]), 6)))
    mirrors = [_upper(o.axis) for o in operations if o.kind == "σ" and o.axis is not None]
    inversion = any(operation.kind == "i" for operation in operations)
    return SymmetryElements(tuple(axes), np.array(mirrors).reshape(-1, 3), inversion)


def _axis(direction: Direction, about: list[Operation]) -> Axis:
    """What the operations about one line make of it."""
    fold = max((o.rotation_fold for o in about if not o.improper), default=1)
    rotoinversion = max((o.rotation_fold for o in about if o.improper), default=0)
    return Axis(_upper(direction), about[0].direction, fold, rotoinversion)


def _same_line(a: Direction, b: Direction) -> bool:
    return bool(min(np.abs(a - b).max(), np.abs(a + b).max()) < SAME_AXIS)


def _upper(direction: Direction) -> Direction:
    """The one of two opposite directions that points up; in the plane, the one with y ≥ 0 or along x."""
    clean = np.where(np.abs(direction) < 1e-9, 0.0, direction)
    leading = next(clean[k] for k in (2, 1, 0) if clean[k] != 0.0)
    return clean * np.sign(leading) + 0.0
