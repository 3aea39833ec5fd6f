"""What it costs to cut a crystal in two."""

import math
import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ase import units
from ase.build import surface as ase_surface
from ase.geometry import get_layers
from jaxtyping import Float64

from intertwine.apps.matter.asking import Asked, Observer, Rest, ask, rest, silent, source_from
from intertwine.apps.matter.crystal import TOLERANCE
from intertwine.data import Structure, conventional_cell, primitive_cell
from intertwine.errors import InputError

JOULE_PER_SQUARE_METRE: Final = float(units.m**2 / units.J)
"""Of 1 eV/Å²."""

Miller = tuple[int, int, int]
"""h, k, l of the conventional cell."""


@dataclass(frozen=True, eq=False)
class Surface:
    """A slab with two faces.

    Attributes:
        ground: the crystal at rest.
        indices: Miller indices, in the conventional cell.
        thickness: from the lowest to the highest atom, Å.
        vacuum: between the faces of neighbouring slabs, Å.
        area: of one face, Å².
        bulk: energy per atom of the crystal, eV.
        unrelaxed: energy of the slab as it was cut, eV.
        slab: at rest.
    """

    ground: Rest
    indices: Miller
    thickness: float
    vacuum: float
    area: float
    bulk: float
    unrelaxed: float
    slab: Rest

    kind = "surface"

    @property
    def name(self) -> str:
        """Such as `(1 -1 0)`."""
        return "({} {} {})".format(*self.indices)

    @property
    def energy(self) -> float:
        """γ = (E(slab) − N E(crystal)/atom) / 2A, eV/Å², the mean of the two faces, atoms at rest."""
        return self._excess(self.slab.energy)

    @property
    def energy_as_cut(self) -> float:
        """The same before the atoms move, eV/Å²."""
        return self._excess(self.unrelaxed)

    def _excess(self, energy: float) -> float:
        return (energy - len(self.slab.structure) * self.bulk) / (2 * self.area)

    def record(self) -> dict[str, Any]:
        """Plain values, units in the keys."""
        return {
            "ground_state": self.ground.record(),
            "indices": list(self.indices),
            "atoms": len(self.slab.structure),
            "thickness_A": self.thickness,
            "vacuum_A": self.vacuum,
            "area_A2": self.area,
            "surface_energy_eV_A2": self.energy,
            "surface_energy_J_m2": self.energy * JOULE_PER_SQUARE_METRE,
            "unrelaxed_surface_energy_eV_A2": self.energy_as_cut,
            "unrelaxed_surface_energy_J_m2": self.energy_as_cut * JOULE_PER_SQUARE_METRE,
        }


def miller_indices(text: str) -> Miller:
    """Indices as people write them; of four, the third must be −(h + k).

    Raises:
        InputError: not three or four integers, all zero, or four that contradict each other.

    >>> miller_indices("111"), miller_indices("1-10"), miller_indices("0 0 0 1"), miller_indices("1,1,-2,0")
    ((1, 1, 1), (1, -1, 0), (0, 0, 1), (1, 1, 0))
    >>> miller_indices("11")
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: these are no Miller indices; got: 11; accepted: ...
    """
    parted = re.fullmatch(r"\s*\(?\s*(-?\d+(?:[\s,]+-?\d+)+)\s*\)?\s*", text)
    words = re.split(r"[\s,]+", parted[1]) if parted else re.findall(r"-?\d", text)
    numbers = [int(word) for word in words]
    readable = bool(parted) or "".join(words) == text.strip().strip("()")
    if readable and len(numbers) == 4 and numbers[2] == -(numbers[0] + numbers[1]):
        numbers.pop(2)
    if not readable or len(numbers) != 3 or not any(numbers):
        accepted = 'such as 111, 1-10, 0001 or "1 1 12"'
        raise InputError("these are no Miller indices", got=text, accepted=accepted)
    return _smallest(np.array(numbers, dtype=np.float64))


def surface(
    asked: Asked,
    structure: Structure,
    indices: Miller,
    *,
    thickness: float = 15.0,
    vacuum: float = 12.0,
    cell: str = "full",
    fmax: float = 1e-3,
    observe: Observer = silent,
) -> Surface:
    """Energy of a surface, from a slab of whole cells, so that its composition is the crystal's.

    Args:
        asked: who gives energy and forces.
        structure: a crystal; the indices belong to its conventional cell.
        indices: of the plane.
        thickness: of the slab, at least, Å.
        vacuum: between neighbouring slabs, Å; at least as far as the calculator reaches.
        cell: what may happen to the cell of the crystal before: "full", "isotropic", "shape", or "fixed".
        fmax: largest force left, eV/Å.
        observe: called with ("surfaces", done, of), 1 of 2 when the slab was cut.

    Raises:
        InputError: no crystal, or a number out of range.
        IntertwineError: the calculator failed, or the atoms did not come to rest.
        MissingExtraError: spglib is not installed.

    >>> from intertwine.apps.matter.crystal import element_crystal
    >>> from intertwine.engines import oracle
    >>> found = surface(oracle("emt"), element_crystal("Cu"), (1, 1, 1), thickness=8.0)
    >>> 0.0 < found.energy < found.energy_as_cut < 0.07
    True
    """
    for what, value in (("thickness", thickness), ("vacuum", vacuum)):
        if not 0 < value < 1000:
            raise InputError(f"the {what} cannot be used", got=value, accepted="Å, more than 0")
    source = source_from(asked)
    ground = rest(source, structure, cell, min(fmax, 1e-4))
    whole = conventional_cell(ground.structure, TOLERANCE)
    bulk = ask(source, whole).energy / len(whole)
    cut = slab(whole, indices, thickness, vacuum)
    unrelaxed = ask(source, cut).energy
    observe("surfaces", 1, 2, "")
    end = rest(source, cut, "fixed", fmax)
    observe("surfaces", 2, 2, "")
    area = float(np.linalg.norm(np.cross(cut.cell[0], cut.cell[1])))
    extent = float(np.ptp(cut.positions[:, 2]))
    return Surface(ground, indices, extent, float(cut.cell[2, 2]) - extent, area, bulk, unrelaxed, end)


def slab(crystal: Structure, indices: Miller, thickness: float, vacuum: float) -> Structure:
    """Whole layers of a crystal in its conventional cell, the plane across z, periodic also along z.

    The cut goes where atomic planes are farthest apart, as the shuffle plane of diamond (111), not where the
    origin of the cell happens to be.

    >>> from intertwine.apps.matter.crystal import element_crystal
    >>> cut = slab(conventional_cell(element_crystal("Cu")), (1, 0, 0), 5.0, 10.0)
    >>> layers(cut), round(float(cut.cell[2, 2] - np.ptp(cut.positions[:, 2])), 9)
    (4, 10.0)
    """
    small = primitive_cell(crystal, TOLERANCE)
    own = _smallest(6 * small.cell @ np.linalg.inv(crystal.cell) @ np.array(indices))  # P, A, C, I, F, R
    plane = np.linalg.inv(small.cell) @ np.array(own)  # heights in units of the distance of planes
    heights = np.sort(small.positions @ plane % 1.0)
    gaps = np.append(heights[1:], heights[0] + 1.0) - heights
    widest = int(np.argmax(np.round(gaps, 6)))
    normal = plane / (plane @ plane)
    opened = small.to_ase()
    opened.positions -= (heights[widest] + gaps[widest] / 2) * normal
    count = math.ceil(thickness / np.linalg.norm(normal) + gaps[widest] - 1e-6)
    cut = ase_surface(opened, own, max(count, 1), vacuum=vacuum / 2, periodic=True)
    return Structure.from_ase(cut).replace(labels={}, info={})


def _smallest(indices: Float64[np.ndarray, "3"]) -> Miller:
    """Whole numbers without a common divisor.

    >>> _smallest(np.array([6.0, 0.0, -3.0]))
    (2, 0, -1)
    """
    h, k, l = (int(np.rint(index)) for index in indices)
    common = math.gcd(h, k, l)
    return (h // common, k // common, l // common)


def layers(structure: Structure) -> int:
    """Atomic layers across z.

    >>> layers(Structure([29, 29], [[0, 0, 0], [0, 0, 2]], 5 * np.eye(3), pbc=True))
    2
    """
    return int(get_layers(structure.to_ase(), (0, 0, 1), tolerance=0.1)[0].max()) + 1
