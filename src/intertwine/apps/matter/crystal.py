"""The crystal that is asked about: named by its element, checked, repeated."""

import math
from typing import Final

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.data import atomic_numbers
from jaxtyping import Float64

from intertwine.data import Structure, conventional_cell
from intertwine.errors import InputError

TOLERANCE: Final = 1e-3
"""Within which an atom or a lattice vector may miss where symmetry puts it, Å."""

Lattice = tuple[float, float, float, float, float, float]
"""a, b, c in Å and α, β, γ in degrees."""


def element_crystal(symbol: str) -> Structure:
    """The crystal of an element as ASE knows it from experiment, in its primitive cell.

    Args:
        symbol: such as "Cu" or "Si".

    Raises:
        InputError: no such element, or ASE does not know its crystal.

    >>> element_crystal("Si").formula
    'Si2'
    """
    if symbol not in atomic_numbers:
        raise InputError(
            f"'{symbol}' is neither a file nor an element",
            accepted="a structure file, or a symbol such as Cu or Si",
        )
    try:
        return Structure.from_ase(bulk(symbol))
    except (ValueError, KeyError, RuntimeError, TypeError) as error:
        raise InputError(
            f"ASE does not know the crystal of {symbol}", got=error, fix="give a structure file"
        ) from error


def require_crystal(structure: Structure) -> Structure:
    """The structure without labels, if it repeats along three axes.

    Raises:
        InputError: it does not.

    >>> require_crystal(Structure([8], [[0, 0, 0]]))
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: O is no crystal; got: pbc=FFF; accepted: three periodic axes
    """
    if not structure.pbc.all():
        got = "pbc=" + "".join("T" if axis else "F" for axis in structure.pbc)
        raise InputError(f"{structure.formula} is no crystal", got=got, accepted="three periodic axes")
    return structure.replace(labels={})


def volume(structure: Structure) -> float:
    """Of the cell, Å³.

    >>> round(volume(Structure([29], [[0, 0, 0]], 1.8 * (1 - np.eye(3)), pbc=True)), 6)
    11.664
    """
    return float(abs(np.linalg.det(structure.cell)))


def strained(structure: Structure, strain: Float64[np.ndarray, "3 3"]) -> Structure:
    """Cell and atoms moved together, x → x(1 + ε)."""
    change = np.eye(3) + strain
    return structure.replace(positions=structure.positions @ change, cell=structure.cell @ change, labels={})


def lattice_of(structure: Structure) -> Lattice:
    """Constants of the conventional cell.

    >>> [round(constant, 3) for constant in lattice_of(element_crystal("Cu"))]
    [3.61, 3.61, 3.61, 90.0, 90.0, 90.0]
    """
    a, b, c, alpha, beta, gamma = conventional_cell(structure, TOLERANCE).to_ase().cell.cellpar()
    return (float(a), float(b), float(c), float(alpha), float(beta), float(gamma))


def multiples(structure: Structure, length: float) -> tuple[int, int, int]:
    """How often to repeat a cell so that opposite faces are at least `length` (Å) apart.

    >>> multiples(Structure([29], [[0, 0, 0]], np.diag([3.6, 3.6, 7.2]), pbc=True), 10.0)
    (3, 3, 2)
    """
    if not 0 < length < math.inf:
        raise InputError("the length of the supercell cannot be used", got=length, accepted="Å, such as 12")
    heights = 1 / np.linalg.norm(np.linalg.inv(structure.cell), axis=0)
    a, b, c = (max(1, math.ceil(length / height - 1e-9)) for height in heights)
    return (a, b, c)


def repeated(structure: Structure, times: tuple[int, int, int]) -> Structure:
    """The supercell; the atoms of the first cell come first.

    >>> repeated(element_crystal("Cu"), (2, 2, 2)).formula
    'Cu8'
    """
    if min(times) < 1:
        raise InputError("the supercell is too small", got=times, accepted="1 or more along each axis")
    return Structure.from_ase(Atoms(structure.to_ase()) * times).replace(labels={}, info={})
