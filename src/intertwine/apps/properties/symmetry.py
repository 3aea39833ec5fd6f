"""A predicted tensor beside what the point group of its crystal allows."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from jaxtyping import Float, Float64

from intertwine.data import Label, Structure, crystal_point_group, symmetrised
from intertwine.groups import AllowedTensor, PointGroup, allowed, get_group

DISORDER: Final = 0.1
"""Standard deviation of random displacements, Å."""


@dataclass(frozen=True, eq=False)
class ExactCrystal:
    """A crystal made exactly symmetric, how far its atoms had to go, and the same without any symmetry.

    Attributes:
        structure: the crystal with every element of `group` exact.
        group: its crystal class, in its own axes.
        moved: longest way of an atom, Å.
        disordered: its atoms displaced at random by about 0.1 Å; three at least, lest inversion survive.
    """

    structure: Structure
    group: PointGroup
    moved: float
    disordered: Structure

    @classmethod
    def of(cls, structure: Structure, tolerance: float = 1e-3) -> "ExactCrystal":
        """The crystal that is within `tolerance` (Å) of this one.

        Raises:
            InputError: not periodic on three axes, or spglib finds no symmetry.
            MissingExtraError: spglib is not installed.

        >>> crystal = ExactCrystal.of(Structure([29], [[0, 0, 0]], 1.8 * (1 - np.eye(3)), pbc=True))
        >>> crystal.group, crystal.moved
        (Oh, 0.0)
        """
        exact = symmetrised(structure, tolerance)
        ways = np.linalg.norm(exact.positions - structure.positions, axis=1)
        atoms = exact.to_ase() * (-(-3 // len(exact)), 1, 1)
        atoms.rattle(DISORDER, seed=0)
        group = crystal_point_group(structure, tolerance)
        return cls(exact, group, float(ways.max()), Structure.from_ase(atoms))


@dataclass(frozen=True, eq=False)
class SymmetryVerdict:
    """A tensor in the standard axes of a point group, beside the pattern that the group allows.

    Attributes:
        pattern: what is allowed, and where each component stands.
        tensor: `(3, …, 3)` in the standard axes of the group (docs/conventions.md).
        forbidden: what the group does not allow of it, `(3, …, 3)`.
        scale: how large a component of this tensor can be, here or without symmetry.
    """

    pattern: AllowedTensor
    tensor: Float64[np.ndarray, "*indices"]
    forbidden: Float64[np.ndarray, "*indices"]
    scale: float

    @property
    def largest(self) -> float:
        """Largest component that is forbidden, in the unit of the tensor."""
        return float(np.abs(self.forbidden).max())

    @property
    def relative(self) -> float:
        """The same over the scale; 0 for a tensor that is always zero."""
        return self.largest / self.scale if self.scale else 0.0

    @property
    def zeros(self) -> tuple[str, ...]:
        """Components that must vanish, such as `c14`: row and column of the pattern, counted from 1.

        Of a pattern that is symmetric the lower half says nothing new.
        """
        rows = self.pattern.rows
        half = rows == tuple(zip(*rows, strict=True))
        return tuple(
            f"c{i + 1}{j + 1}"
            for i, row in enumerate(rows)
            for j, entry in enumerate(row)
            if entry == "0" and not (half and j < i)
        )


def symmetry_verdict(
    values: Float[np.ndarray, "*indices"], label: Label, group: PointGroup, scale: float = 0.0
) -> SymmetryVerdict:
    """What a point group says of one tensor.

    Args:
        values: `(3, …, 3)` in the axes of the crystal.
        label: what it is: its index symmetry, and whether it is axial.
        group: the crystal class in the same axes.
        scale: how large a component can be where no symmetry forbids it; at least the largest one here.

    >>> from intertwine.data import LABELS
    >>> leaning = get_group("4/mmm", np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]))  # its axis along x
    >>> verdict = symmetry_verdict(np.diag([9.0, 4.0, 4.5]), LABELS["dielectric"], leaning)
    >>> verdict.pattern.rows[2], verdict.tensor.diagonal(), round(verdict.largest, 12)
    (('0', '0', 'c33'), array([4. , 4.5, 9. ]), 0.25)
    """
    pattern = _pattern(label.indices, group.name, label.axial)
    space = label.tensor
    tensor = space.tensor(space.matrix(group.orientation.T) @ space.flatten(values))
    scale = max(scale, float(np.abs(tensor).max()))
    return SymmetryVerdict(pattern, tensor, tensor - pattern.part(tensor), scale)


@lru_cache(maxsize=256)
def _pattern(indices: str, name: str, axial: bool) -> AllowedTensor:
    return allowed(indices, get_group(name), axial)
