"""Equation of state: the energy of a crystal against its volume, all else at rest."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ase import units
from jaxtyping import Float64

from intertwine.apps.matter.asking import Asked, Observer, Rest, ask, rest, silent, source_from
from intertwine.apps.matter.birch_murnaghan import BirchMurnaghan
from intertwine.apps.matter.crystal import strained, volume
from intertwine.data import Structure
from intertwine.errors import InputError

NUDGE: Final = 1e-4
"""Linear strain of the differences that hold pressures to energies."""


@dataclass(frozen=True, eq=False)
class EquationOfState:
    """Energies of a crystal at several volumes, and the curve through them.

    Attributes:
        ground: the crystal where it came to rest without pressure.
        frames: the crystal at each volume, the smallest first.
        volumes: of the cell, Å³.
        energies: of the cell, eV.
        curve: Birch and Murnaghan's, of the cell.
        pressures: −tr σ / 3 as the calculator says, GPa; None where it gives no stress.
        slopes: −dE/dV by central differences of the energy, GPa; likewise.
    """

    ground: Rest
    frames: tuple[Structure, ...]
    volumes: Float64[np.ndarray, " points"]
    energies: Float64[np.ndarray, " points"]
    curve: BirchMurnaghan
    pressures: Float64[np.ndarray, " points"] | None = None
    slopes: Float64[np.ndarray, " points"] | None = None

    kind = "eos"

    @property
    def misfit(self) -> float:
        """Largest distance of an energy from the curve, meV per atom."""
        atoms = len(self.ground.structure)
        return 1e3 * float(np.abs(self.curve.at(self.volumes) - self.energies).max()) / atoms

    @property
    def inconsistency(self) -> float | None:
        """Largest |p + dE/dV|, GPa: how far stress and energy are from one potential."""
        if self.pressures is None or self.slopes is None:
            return None
        return float(np.abs(self.pressures - self.slopes).max())

    def record(self) -> dict[str, Any]:
        """Plain values, units in the keys."""
        atoms = len(self.ground.structure)
        scale = (self.curve.volume / volume(self.ground.structure)) ** (1 / 3)
        ground = self.ground.record()
        return {
            "ground_state": ground,
            "lattice_A": [scale * constant for constant in ground["lattice_A"]],
            "volume_A3_per_atom": self.curve.volume / atoms,
            "energy_eV_per_atom": self.curve.energy / atoms,
            "bulk_modulus_GPa": self.curve.bulk_modulus,
            "bulk_modulus_derivative": self.curve.bulk_derivative,
            "largest_misfit_meV_per_atom": self.misfit,
            "largest_pressure_inconsistency_GPa": self.inconsistency,
            "points": {
                "volume_A3_per_atom": (self.volumes / atoms).tolist(),
                "energy_eV_per_atom": (self.energies / atoms).tolist(),
                "pressure_GPa": None if self.pressures is None else self.pressures.tolist(),
                "minus_dE_dV_GPa": None if self.slopes is None else self.slopes.tolist(),
            },
        }


def equation_of_state(
    asked: Asked,
    structure: Structure,
    *,
    span: float = 0.06,
    points: int = 9,
    shape: bool = True,
    fmax: float = 1e-4,
    observe: Observer = silent,
) -> EquationOfState:
    """E(V) about the minimum, and Birch and Murnaghan's curve through it.

    The crystal comes to rest first; then at each of `points` volumes V₀(1 ± span) its atoms, and with `shape`
    the shape of its cell, come to rest again. Where the calculator gives a stress, the pressure that it says
    is held to −dE/dV from two more energies, which is no matter of the curve.

    Args:
        asked: who gives energy and forces.
        structure: a crystal, near its minimum.
        span: largest relative change of the volume.
        points: five or more.
        shape: whether the cell changes its shape at constant volume; needs a stress. Without stress and shape
            the volumes are about the given one.
        fmax: largest force left, eV/Å.
        observe: called with ("volumes", done, points).

    Raises:
        InputError: no crystal, a number out of range, or no stress where one is needed.
        IntertwineError: the calculator failed, or the energy has no minimum.

    >>> from intertwine.apps.matter.crystal import element_crystal
    >>> from intertwine.engines import oracle
    >>> found = equation_of_state(oracle("emt"), element_crystal("Cu"))
    >>> round(found.curve.bulk_modulus), found.inconsistency < 1e-4
    (134, True)
    """
    if not 0 < span < 0.5:
        raise InputError("the span of volumes cannot be used", got=span, accepted="0 to 0.5, such as 0.06")
    if points < 5:
        raise InputError("too few volumes for a curve", got=points, accepted="5 or more")
    source = source_from(asked)
    knows_stress = "stress" in source.calculator(structure).implemented_properties
    ground = rest(source, structure, "full" if shape else "isotropic" if knows_stress else "fixed", fmax)
    found: list[Rest] = []
    for ratio in np.linspace(1 - span, 1 + span, points):
        start = strained(ground.structure, (ratio ** (1 / 3) - 1) * np.eye(3))
        found.append(rest(source, start, "shape" if shape else "fixed", fmax))
        observe("volumes", len(found), points, "")
    frames = tuple(one.structure for one in found)
    volumes = np.array([volume(frame) for frame in frames])
    energies = np.array([one.energy for one in found])
    pressures = slopes = None
    if knows_stress:
        pressures = np.array([one.pressure for one in found])
        slopes = np.array([_slope(source, frame) for frame in frames])
    curve = BirchMurnaghan.fit(volumes, energies)
    return EquationOfState(ground, frames, volumes, energies, curve, pressures, slopes)


def _slope(asked: Asked, frame: Structure) -> float:
    """−dE/dV, GPa, by central differences in which everything scales."""
    ends = [strained(frame, side * NUDGE * np.eye(3)) for side in (-1, 1)]
    below, above = (ask(source_from(asked), end).energy for end in ends)
    return (below - above) / (volume(ends[1]) - volume(ends[0])) / units.GPa
