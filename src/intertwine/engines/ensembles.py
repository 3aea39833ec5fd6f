"""Which ensemble a run samples, and ASE's integrator that samples it correctly."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from ase import Atoms, units
from ase.md.langevinbaoab import LangevinBAOAB
from ase.md.md import MolecularDynamics
from ase.md.verlet import VelocityVerlet
from jaxtyping import Float

from intertwine.errors import InputError, nearest


@dataclass(frozen=True)
class NVE:
    """Constant energy: velocity Verlet, time-reversible and symplectic (Swope et al., 1982).

    >>> NVE().temperature is None
    True
    """

    name: ClassVar[str] = "nve"
    temperature: ClassVar[None] = None

    def integrator(self, atoms: Atoms, time_step: float, rng: np.random.Generator) -> MolecularDynamics:
        """ASE's integrator on `atoms`, which it moves; `time_step` in fs."""
        return VelocityVerlet(atoms, time_step * units.fs)


@dataclass(frozen=True)
class Langevin:
    """Constant temperature by friction and noise, in the BAOAB order (Leimkuhler & Matthews 2013).

        dp = F dt − γ p dt + √(2 γ k_B T m) dW,    γ = 1/thermostat_time

    Configurations are sampled to fourth order in the time step in the limit of strong friction. All degrees
    of freedom are thermostatted, the motion of the centre of mass too.

    Args:
        temperature: T, K.
        thermostat_time: 1/γ, fs; longer disturbs the dynamics less and equilibrates more slowly.

    >>> Langevin(temperature=300.0).thermostat_time
    100.0
    """

    name: ClassVar[str] = "langevin"
    temperature: float
    thermostat_time: float = 100.0

    def __post_init__(self) -> None:
        _positive(self, "temperature", "K")
        _positive(self, "thermostat_time", "fs")

    def integrator(self, atoms: Atoms, time_step: float, rng: np.random.Generator) -> MolecularDynamics:
        """ASE's integrator on `atoms`, which it moves; `time_step` in fs."""
        return LangevinBAOAB(
            atoms,
            time_step * units.fs,
            temperature_K=self.temperature,
            T_tau=self.thermostat_time * units.fs,
            rng=rng,
        )


@dataclass(frozen=True)
class NPT:
    """Constant temperature and pressure by a Langevin piston (Quigley & Probert 2004), in the BAOAB order.

    The cell is a dynamical variable with its own friction and noise, of mass W = (3N + 3) k_B T τ². The
    isothermal-isobaric ensemble is sampled exactly for small time steps: volume fluctuates as it should,
    which a weak-coupling (Berendsen) barostat does not give, and the centre of mass counts as a degree of
    freedom, which Nosé-Hoover chains started at rest get wrong by a factor N/(N−1) in temperature.

    Args:
        temperature: T, K.
        pressure: GPa; positive compresses.
        thermostat_time: 1/γ of the atoms, fs.
        barostat_time: τ and 1/γ of the cell, fs.
        cell: "isotropic" scales the cell, "full" lets its shape change too (solids only).

    >>> NPT(temperature=300.0, pressure=0.0).cell
    'isotropic'
    """

    name: ClassVar[str] = "npt"
    temperature: float
    pressure: float = 0.0
    thermostat_time: float = 100.0
    barostat_time: float = 1000.0
    cell: str = "isotropic"

    def __post_init__(self) -> None:
        for field, unit in (("temperature", "K"), ("thermostat_time", "fs"), ("barostat_time", "fs")):
            _positive(self, field, unit)
        if not math.isfinite(self.pressure):
            raise InputError(
                "the pressure of the npt ensemble is not finite", got=self.pressure, accepted="GPa"
            )
        if self.cell not in ("isotropic", "full"):
            raise InputError(f"unknown cell motion '{self.cell}'", accepted="isotropic, full")

    def integrator(self, atoms: Atoms, time_step: float, rng: np.random.Generator) -> MolecularDynamics:
        """ASE's integrator on `atoms`, which it moves; `time_step` in fs."""
        if not atoms.pbc.all():
            raise InputError(
                "constant pressure needs a crystal or liquid", accepted="pbc T T T", fix="use langevin"
            )
        tau = self.barostat_time * units.fs
        return LangevinPiston(
            atoms,
            time_step * units.fs,
            temperature_K=self.temperature,
            externalstress=-self.pressure * units.GPa,
            hydrostatic=self.cell == "isotropic",
            T_tau=self.thermostat_time * units.fs,
            P_tau=tau,
            P_mass=3 * (len(atoms) + 1) * units.kB * self.temperature * tau**2,
            rng=rng,
        )


class LangevinPiston(LangevinBAOAB):
    """ASE's integrator with one term put right: the trace of the cell's momentum drags along the identity.

    Quigley & Probert, eq. 5b: ṗ = F − γp − (p_g + tr(p_g)/N_f · 1) p / W. ASE 3.29 adds the trace to all nine
    components, which for a cell that changes shape turns the momenta a little.
    """

    def _barostat_BAOAB_OU_gamma_mod(self) -> float | Float[np.ndarray, "3 3"]:
        identity = 1.0 if self.hydrostatic else np.identity(3)
        trace = 3.0 * self.p_eps if self.hydrostatic else np.trace(np.atleast_2d(self.p_eps))
        return (self.p_eps + trace / self.Ndof * identity) / self.barostat_mass


Ensemble = NVE | Langevin | NPT
"""What a run can sample."""

ENSEMBLES: Final[dict[str, type[NVE] | type[Langevin] | type[NPT]]] = {
    kind.name: kind for kind in (NVE, Langevin, NPT)
}
"""Ensembles by name."""


def ensemble(name: str, **options: Any) -> Ensemble:
    """The ensemble of that name with its options.

    Raises:
        InputError: no such ensemble or option, or a value out of range.

    >>> ensemble("langevin", temperature=300.0)
    Langevin(temperature=300.0, thermostat_time=100.0)
    """
    if name not in ENSEMBLES:
        close = nearest(name, ENSEMBLES)
        fix = f"write '{close}'" if close else None
        raise InputError(f"unknown ensemble '{name}'", accepted=", ".join(ENSEMBLES), fix=fix)
    try:
        return ENSEMBLES[name](**options)
    except TypeError as error:
        raise InputError(f"the ensemble '{name}' cannot be set up so", got=error) from None


def _positive(owner: Langevin | NPT, field: str, unit: str) -> None:
    value = getattr(owner, field)
    if not (math.isfinite(value) and value > 0):
        what = f"the {field.replace('_', ' ')} of the {owner.name} ensemble cannot be used"
        raise InputError(what, got=value, accepted=f"a positive number in {unit}")
