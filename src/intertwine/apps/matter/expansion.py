"""Thermal expansion in the quasi-harmonic approximation: at every volume the crystal is harmonic."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import units
from jaxtyping import Float64

from intertwine.apps.matter.asking import Asked, Observer, Rest, rest, silent, source_from
from intertwine.apps.matter.birch_murnaghan import BirchMurnaghan
from intertwine.apps.matter.crystal import TOLERANCE, multiples, strained, volume
from intertwine.apps.matter.force_constants import DISPLACEMENT, force_constants
from intertwine.apps.matter.phonons import IMAGINARY
from intertwine.apps.matter.thermal import MESH, Thermal, mesh_of, temperatures_to, thermal
from intertwine.apps.spectra.source import Source
from intertwine.data import Structure, symmetrised
from intertwine.errors import InputError, IntertwineError
from intertwine.typing import PathLike


@dataclass(frozen=True, eq=False)
class Expansion:
    """A crystal at no pressure, warm.

    Attributes:
        ground: the crystal at rest without vibrations.
        supercell: how often its cell was repeated for the phonons.
        volumes: at which it was computed, of the cell, Å³.
        energies: at rest, of the cell, eV.
        vibrations: at each volume.
        temperatures: K, as far as the free energy has its minimum among the volumes.
        curves: Birch and Murnaghan's of the free energy at each temperature, of the cell.
        expansion: volumetric α = (∂V/∂T)/V, 1/K.
        heat_capacity_v: C_V at the volume of that temperature, k_B per atom.
    """

    ground: Rest
    supercell: tuple[int, int, int]
    volumes: Float64[np.ndarray, " volumes"]
    energies: Float64[np.ndarray, " volumes"]
    vibrations: tuple[Thermal, ...]
    temperatures: Float64[np.ndarray, " temperatures"]
    curves: tuple[BirchMurnaghan, ...]
    expansion: Float64[np.ndarray, " temperatures"]
    heat_capacity_v: Float64[np.ndarray, " temperatures"]

    kind = "expansion"

    @property
    def volume(self) -> Float64[np.ndarray, " temperatures"]:
        """V(T) of the cell, Å³."""
        return np.array([curve.volume for curve in self.curves])

    @property
    def bulk_modulus(self) -> Float64[np.ndarray, " temperatures"]:
        """Isothermal B(T), GPa."""
        return np.array([curve.bulk_modulus for curve in self.curves])

    @property
    def heat_capacity_p(self) -> Float64[np.ndarray, " temperatures"]:
        """C_P = C_V + T V α² B, k_B per atom."""
        atoms = len(self.ground.structure)
        work = self.temperatures * self.volume * self.expansion**2 * self.bulk_modulus * units.GPa
        return self.heat_capacity_v + work / units.kB / atoms

    @property
    def gruneisen(self) -> Float64[np.ndarray, " temperatures"]:
        """γ = V α B / C_V; not a number at 0 K."""
        capacity = self.heat_capacity_v * units.kB * len(self.ground.structure)
        work = self.volume * self.expansion * self.bulk_modulus * units.GPa
        return np.divide(work, capacity, out=np.full(len(work), np.nan), where=capacity > 1e-12)

    def record(self) -> dict[str, Any]:
        """Plain values, units in the keys."""
        atoms = len(self.ground.structure)
        return {
            "ground_state": self.ground.record(),
            "supercell": list(self.supercell),
            "temperature_K": self.temperatures.tolist(),
            "volume_A3_per_atom": (self.volume / atoms).tolist(),
            "free_energy_eV_per_atom": [curve.energy / atoms for curve in self.curves],
            "expansion_1_K": self.expansion.tolist(),
            "bulk_modulus_GPa": self.bulk_modulus.tolist(),
            "heat_capacity_V_kB_per_atom": self.heat_capacity_v.tolist(),
            "heat_capacity_P_kB_per_atom": self.heat_capacity_p.tolist(),
            "gruneisen": [None if np.isnan(value) else value for value in self.gruneisen.tolist()],
            "points": {
                "volume_A3_per_atom": (self.volumes / atoms).tolist(),
                "energy_eV_per_atom": (self.energies / atoms).tolist(),
                "zero_point_energy_eV_per_atom": [float(one.free_energy[0]) for one in self.vibrations],
            },
        }


def expansion(
    asked: Asked,
    structure: Structure,
    *,
    smallest: float = 0.97,
    largest: float = 1.06,
    points: int = 7,
    supercell: tuple[int, int, int] | None = None,
    length: float = 10.0,
    displacement: float = DISPLACEMENT,
    mesh: float = MESH,
    hottest: float = 800.0,
    step: float = 10.0,
    fmax: float = 1e-4,
    folder: PathLike | None = None,
    observe: Observer = silent,
) -> Expansion:
    """Volume, stiffness and heat capacity against temperature, without pressure.

    At each of several volumes the crystal comes to rest at that volume and its phonons give F_vib(V, T). At
    each temperature Birch and Murnaghan's curve through E(V) + F_vib(V, T) has its minimum at V(T). Since
    that fit is linear, its derivative by T is the fit of −S, and by Maxwell's relation, without a difference,

        α = (∂S/∂V)_T / B_T,    C_P = C_V + T V α² B_T.

    Temperatures at which the minimum has left the range of volumes are not in the result.

    Args:
        asked: who gives energy, forces and stress.
        structure: a crystal.
        smallest, largest: volumes, relative to the one at rest.
        points: five or more.
        supercell, length, displacement, mesh: as for `phonons`.
        hottest, step: temperatures are 0, step, …, hottest, K.
        fmax: largest force left, eV/Å.
        folder: keeps the forces of each displacement at each volume.
        observe: called with ("volumes", done, points).

    Raises:
        InputError: no crystal, no stress, or a number out of range.
        IntertwineError: the calculator failed, or a mode is imaginary at some volume.
        MissingExtraError: phonopy or spglib is not installed.
    """
    if not 0.5 < smallest < 1 < largest < 1.5:
        raise InputError(
            "the volumes cannot be used", got=f"{smallest:g} to {largest:g}", accepted="such as 0.97 to 1.06"
        )
    if points < 5:
        raise InputError("too few volumes for a curve", got=points, accepted="5 or more")
    temperatures, source = temperatures_to(hottest, step), source_from(asked)
    ground = rest(source, structure, "full", fmax)
    times = supercell or multiples(ground.structure, length)
    frames, vibrations = [], []
    for number, ratio in enumerate(np.linspace(smallest, largest, points)):
        start = strained(ground.structure, (ratio ** (1 / 3) - 1) * np.eye(3))
        frame = rest(source, start, "shape", fmax)
        place = None if folder is None else Path(folder) / f"volume-{number:02d}"
        vibrations.append(
            _vibrations(source, frame.structure, times, displacement, mesh, temperatures, place)
        )
        frames.append(frame)
        observe("volumes", number + 1, points, "")
    volumes = np.array([volume(frame.structure) for frame in frames])
    energies = np.array([frame.energy for frame in frames])
    curves, rates, capacities = _warm(volumes, energies, vibrations, len(structure))
    reached = temperatures[: len(curves)]
    return Expansion(ground, times, volumes, energies, tuple(vibrations), reached, curves, rates, capacities)


def _vibrations(
    source: Source,
    frame: Structure,
    times: tuple[int, int, int],
    displacement: float,
    mesh: float,
    temperatures: Float64[np.ndarray, " temperatures"],
    folder: Path | None,
) -> Thermal:
    exact = symmetrised(frame, TOLERANCE)
    constants = force_constants(source, exact, times, displacement, folder)
    constants.phonopy.run_mesh(mesh_of(constants.primitive, mesh), is_gamma_center=True)
    lowest = float(constants.phonopy.mesh.frequencies.min())
    if lowest < IMAGINARY:
        raise IntertwineError(
            f"at {volume(frame) / len(frame):.3f} Å³ per atom a mode is imaginary ({lowest:.2f} THz); "
            "do: choose volumes at which the crystal is stable"
        )
    return thermal(constants.phonopy, temperatures)


def _warm(
    volumes: Float64[np.ndarray, " volumes"],
    energies: Float64[np.ndarray, " volumes"],
    vibrations: list[Thermal],
    atoms: int,
) -> tuple[tuple[BirchMurnaghan, ...], Float64[np.ndarray, " _"], Float64[np.ndarray, " _"]]:
    """Curves, expansion and C_V at every temperature, up to the first without a minimum."""
    free = energies + atoms * np.array([one.free_energy for one in vibrations]).T
    entropies = atoms * units.kB * np.array([one.entropy for one in vibrations]).T
    capacities = np.array([one.heat_capacity for one in vibrations]).T
    curves, rates, heats = [], [], []
    for row, entropy, capacity in zip(free, entropies, capacities, strict=True):
        try:
            curve = BirchMurnaghan.fit(volumes, row)
        except IntertwineError:
            if not curves:
                raise
            break
        x, at = volumes ** (-2 / 3), curve.volume ** (-2 / 3)
        by_x = np.polynomial.Polynomial.fit(x, entropy, 3).deriv()(at)
        by_volume = -2 / 3 * curve.volume ** (-5 / 3) * by_x
        curves.append(curve)
        rates.append(by_volume / (curve.bulk_modulus * units.GPa))
        heats.append(float(np.polynomial.Polynomial.fit(x, capacity, 3)(at)))
    return tuple(curves), np.array(rates), np.array(heats)
