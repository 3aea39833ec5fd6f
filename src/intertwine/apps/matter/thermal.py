"""Free energy, entropy and heat capacity of harmonic vibrations."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ase import units
from jaxtyping import Float64

from intertwine.data import Structure
from intertwine.errors import InputError

CUTOFF: Final = 0.02
"""THz; slower modes, as those of no wave vector, are left out of sums over modes."""

MESH: Final = 60.0
"""Å; a direction whose faces lie d apart has about this over d wave vectors."""

KJ_PER_MOL: Final = float(units.kJ / units.mol)
"""In eV."""

J_PER_K_MOL: Final = float(units.J / units.mol / units.kB)
"""In k_B."""


@dataclass(frozen=True, eq=False)
class Thermal:
    """What harmonic vibrations add, per atom.

    Attributes:
        temperatures: K.
        free_energy: F of the vibrations with that of the zero point, eV per atom.
        entropy: S, k_B per atom.
        heat_capacity: C_V, k_B per atom; 3 where it is hot.
    """

    temperatures: Float64[np.ndarray, " temperatures"]
    free_energy: Float64[np.ndarray, " temperatures"]
    entropy: Float64[np.ndarray, " temperatures"]
    heat_capacity: Float64[np.ndarray, " temperatures"]

    def record(self) -> dict[str, list[float]]:
        """Plain values, units in the keys."""
        return {
            "temperature_K": self.temperatures.tolist(),
            "free_energy_eV_per_atom": self.free_energy.tolist(),
            "entropy_kB_per_atom": self.entropy.tolist(),
            "heat_capacity_kB_per_atom": self.heat_capacity.tolist(),
        }


def temperatures_to(hottest: float, step: float) -> Float64[np.ndarray, " temperatures"]:
    """0 K to the hottest in equal steps.

    Raises:
        InputError: numbers that leave fewer than five temperatures.

    >>> temperatures_to(100.0, 25.0).tolist()
    [0.0, 25.0, 50.0, 75.0, 100.0]
    """
    if not (0 < step < np.inf and 4 * step <= hottest < np.inf):
        raise InputError(
            "the temperatures cannot be used",
            got=f"to {hottest:g} K in steps of {step:g} K",
            accepted="five at least",
        )
    return np.arange(0.0, hottest + step / 2, step)


def mesh_of(primitive: Structure, length: float) -> tuple[int, int, int]:
    """Wave vectors along each axis, an odd number so that the mesh has its middle at Γ.

    >>> mesh_of(Structure([29], [[0, 0, 0]], 3 * np.eye(3), pbc=True), 60.0)
    (21, 21, 21)
    """
    if not 0 < length < np.inf:
        raise InputError("the mesh cannot be used", got=length, accepted="a length in Å, such as 60")
    counts = np.linalg.norm(np.linalg.inv(primitive.cell), axis=0) * length
    a, b, c = (2 * int(np.rint(count) // 2) + 1 for count in counts)
    return (a, b, c)


def thermal(phonopy: Any, temperatures: Float64[np.ndarray, " temperatures"]) -> Thermal:
    """Sums over the modes of phonopy's mesh, which was run before; imaginary modes add nothing."""
    phonopy.run_thermal_properties(temperatures=temperatures, cutoff_frequency=CUTOFF)
    found, atoms = phonopy.thermal_properties, len(phonopy.primitive)
    return Thermal(
        np.asarray(found.temperatures, np.float64),
        np.asarray(found.free_energy) * KJ_PER_MOL / atoms,
        np.asarray(found.entropy) * J_PER_K_MOL / atoms,
        np.asarray(found.heat_capacity) * J_PER_K_MOL / atoms,
    )
