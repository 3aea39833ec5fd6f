"""One moment of a molecular dynamics run in numbers, and the sign that a run is lost."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import PropertyNotImplementedError

from intertwine.errors import IntertwineError

COLUMNS: Final[dict[str, str]] = {
    "step": "step",
    "time": "time_fs",
    "potential": "potential_energy_eV",
    "kinetic": "kinetic_energy_eV",
    "total": "total_energy_eV",
    "temperature": "temperature_K",
    "pressure": "pressure_GPa",
    "volume": "volume_A3",
    "drift": "drift_meV_per_atom",
}
"""Column of the log for each field of a `Snapshot`, in order."""


class ExplosionError(IntertwineError):
    """A molecular dynamics run left physics: positions became NaN or the temperature ran away."""


@dataclass(frozen=True)
class Snapshot:
    """Where a run stands; a quantity that does not exist for the system or the ensemble is NaN.

    Attributes:
        step: time steps done.
        time: fs.
        potential: eV.
        kinetic: eV.
        temperature: 2 E_kin / (3 N k_B), K.
        pressure: −tr σ/3 with the part of the moving atoms, GPa; needs a cell with a volume.
        volume: Å³.
        drift: change of the total energy since the start, meV per atom; in the NVE ensemble only, where it
            measures integration error and whether forces are the derivative of the energy.
    """

    step: int
    time: float
    potential: float
    kinetic: float
    temperature: float
    pressure: float
    volume: float
    drift: float

    @property
    def total(self) -> float:
        """Potential plus kinetic energy, eV."""
        return self.potential + self.kinetic

    def row(self) -> list[str]:
        """The values as text in the order of `COLUMNS`; nothing where there is no number.

        >>> Snapshot(2, 1.0, -3.5, 0.5, 300.0, math.nan, math.nan, 0.0).row()
        ['2', '1.0', '-3.5', '0.5', '-3.0', '300.0', '', '', '0.0']
        """
        values = [getattr(self, name) for name in COLUMNS]
        return ["" if math.isnan(value) else repr(value) for value in values]


def take_snapshot(atoms: Atoms, step: int, time: float, origin: float = math.nan) -> Snapshot:
    """Measure `atoms`, whose calculator holds the results of its present positions.

    Args:
        atoms: with a calculator.
        step: time steps done.
        time: fs.
        origin: total energy at the start of the run, eV; NaN where its conservation means nothing.
    """
    periodic = atoms.cell.rank == 3 and bool(atoms.pbc.all())
    potential, kinetic = float(atoms.get_potential_energy()), float(atoms.get_kinetic_energy())
    return Snapshot(
        step=step,
        time=time,
        potential=potential,
        kinetic=kinetic,
        temperature=float(atoms.get_temperature()),
        pressure=_pressure(atoms) if periodic else math.nan,
        volume=float(atoms.get_volume()) if periodic else math.nan,
        drift=1000.0 * (potential + kinetic - origin) / len(atoms),
    )


def check_alive(atoms: Atoms, step: int, time: float, temperature_limit: float) -> None:
    """Raise `ExplosionError` when positions are not finite or the atoms are hotter than the limit (K)."""
    temperature = float(atoms.get_temperature())
    finite = all(np.isfinite(a).all() for a in (atoms.positions, atoms.get_momenta(), atoms.cell.array))
    if finite and temperature <= temperature_limit:
        return
    sign = (
        f"the temperature reached {temperature:.3g} K" if finite else "positions or velocities are not finite"
    )
    raise ExplosionError(
        f"the run exploded at step {step} ({time:g} fs): {sign}; allowed: up to {temperature_limit:g} K; "
        "do: a shorter time step, or train the model on such configurations"
    )


def _pressure(atoms: Atoms) -> float:
    try:
        stress = atoms.get_stress(voigt=False, include_ideal_gas=True)
    except (PropertyNotImplementedError, NotImplementedError):
        return math.nan
    return float(-np.trace(stress) / 3 / units.GPa)
