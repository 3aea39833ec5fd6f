"""Spectra from trajectories: the density of states, infrared absorption and Raman scattering, anharmonic.

Everything is per energy k_BT of a classical degree of freedom, so that the area of a band is what a
harmonic mode there would have: one degree of freedom, so many km/mol, so many Å⁴/u.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from ase import units
from jaxtyping import Float

from intertwine.apps.spectra.correlation import (
    SPEED_OF_LIGHT,
    Curve,
    density_of_states,
    rate_spectrum,
    steps_of,
    still,
    undispersed,
)
from intertwine.apps.spectra.intensities import KM_PER_MOL, VOLUME, quantum_factor
from intertwine.apps.spectra.sampling import Sampling, Trajectory
from intertwine.errors import InputError

UNITS: Final[dict[str, str]] = {
    "density_of_states": "modes per cm⁻¹",
    "infrared": "km/mol per cm⁻¹",
    "raman": "Å⁴/u per cm⁻¹",
    "raman_polarised": "Å⁴/u per cm⁻¹",
    "raman_depolarised": "Å⁴/u per cm⁻¹",
}
"""What is measured and its unit: modes, absorption, 45a'² + 7γ'² and its parts 45a'² + 4γ'² and 3γ'²."""


@dataclass(frozen=True, eq=False)
class DynamicSpectrum:
    """Spectra of a set of trajectories, averaged.

    Args:
        wavenumbers: cm⁻¹.
        values: by the names of `UNITS`, each `(points,)`.
        temperature: kinetic temperature of the trajectories without their drift, K.
        width: full width at half maximum of a sharp line, cm⁻¹.
        correction: quantum correction.
        drifts: of the total energy of each trajectory, meV/atom.
    """

    wavenumbers: Float[np.ndarray, " points"]
    values: dict[str, Float[np.ndarray, " points"]]
    temperature: float
    width: float
    correction: str
    drifts: tuple[float, ...] = field(default=())

    def curves(self, grid: Float[np.ndarray, " points"]) -> dict[str, np.ndarray]:
        """The same on another grid of wavenumbers, by linear interpolation; zero beyond the last one."""
        return {name: np.interp(grid, self.wavenumbers, v, right=0.0) for name, v in self.values.items()}


def dynamic_spectrum(
    trajectories: Sequence[Trajectory],
    sampling: Sampling,
    width: float = 10.0,
    correction: str = "harmonic",
) -> DynamicSpectrum:
    """Spectra of trajectories at constant energy, as far as their answers go.

        D(ν̃) = Σ_i m_i S[v_i] / k_BT                      degrees of freedom, ∫ = 3N − 3
        A(ν̃) = N_A / (12 ε₀ c²) · S[dµ/dt] / k_BT · q       infrared, ∫ over a band = Σ km/mol
        a²(ν̃) = S[da/dt] / k_BT · q,  γ²(ν̃) = (3/2) S[dβ/dt] / k_BT · q      Raman, as in `intensities`

    S is `correlation.power_spectrum`, averaged over trajectories; k_BT is their mean kinetic energy per
    degree of freedom, doubled; q is `intensities.quantum_factor`. The wavenumbers are those of an infinitely
    short time step (`correlation.undispersed`).

    Args:
        trajectories: of one system, with the same number of frames.
        sampling: how they were made.
        width: cm⁻¹, of a sharp line.
        correction: harmonic, none, standard or schofield.

    Raises:
        InputError: trajectories too short for this width, or no such correction.
    """
    if not trajectories:
        raise InputError("there are no trajectories", accepted="one or more")
    atoms, dof = len(trajectories[0].masses), 3 * len(trajectories[0].masses) - 3
    if atoms < 2:
        raise InputError("one atom does not vibrate", accepted="two or more")
    heat = 2.0 * float(np.mean([_kinetic(one) for one in trajectories])) / dof
    spectra = [_spectra(one, sampling.interval, width, heat) for one in trajectories]
    seen = spectra[0]["density_of_states"][0]
    kept = seen < 0.95 / (2.0 * SPEED_OF_LIGHT * sampling.time_step)
    wavenumbers, stretch = undispersed(seen[kept], sampling.time_step)
    temperature = heat / units.kB
    quantum = quantum_factor(wavenumbers, temperature, correction)
    values = {}
    for name in spectra[0]:
        mean = np.mean([one[name][1][kept] for one in spectra], axis=0) * stretch
        values[name] = mean if name == "density_of_states" else mean * quantum
    drifts = tuple(one.drift for one in trajectories)
    return DynamicSpectrum(wavenumbers, _named(values), temperature, width, correction, drifts)


def _kinetic(trajectory: Trajectory) -> float:
    """Mean kinetic energy without the motion of the centre of mass, eV."""
    relative = still(trajectory.velocities[1:], trajectory.masses)
    return 0.5 * float((trajectory.masses[:, None] * relative**2).sum(axis=(1, 2)).mean())


def _spectra(trajectory: Trajectory, interval: float, width: float, heat: float) -> dict[str, Curve]:
    """Density of states, infrared, and the two Raman invariants of one trajectory, per `heat` (eV)."""
    masses = trajectory.masses
    grid, states = density_of_states(trajectory.velocities[1:], masses, interval, width)
    share = 2.0 * _kinetic(trajectory) / (3 * len(masses) - 3) / heat
    found: dict[str, Curve] = {"density_of_states": (grid, share * states)}
    per_heat = 1.0 / units.fs**2 / heat  # (x/fs)²/eV -> x²/(u Å²)
    if "dipole" in trajectory.answers:
        cell = np.asarray(trajectory.atoms.cell)
        steps = steps_of(trajectory.answers["dipole"], cell, trajectory.periodic)
        found["infrared"] = _scaled(rate_spectrum(steps, interval, width), KM_PER_MOL * per_heat)
    if "polarisability" in trajectory.answers:
        steps = VOLUME * steps_of(trajectory.answers["polarisability"])
        mean = np.trace(steps, axis1=1, axis2=2)[:, None] / 3.0
        traceless = (steps - mean[:, :, None] * np.eye(3)).reshape(len(steps), 9)
        found["mean"] = _scaled(rate_spectrum(mean, interval, width), per_heat)
        found["anisotropy"] = _scaled(rate_spectrum(traceless, interval, width), 1.5 * per_heat)
    return found


def _scaled(curve: Curve, factor: float) -> Curve:
    return curve[0], factor * curve[1]


def _named(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The invariants turned into what a spectrometer sees."""
    if "mean" not in values:
        return values
    mean, anisotropy = 45.0 * values.pop("mean"), values.pop("anisotropy")
    seen = {"raman": 7.0, "raman_polarised": 4.0}
    values |= {name: mean + weight * anisotropy for name, weight in seen.items()}
    return values | {"raman_depolarised": 3.0 * anisotropy}
