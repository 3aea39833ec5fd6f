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
    power_spectrum,
    rate_spectrum,
    steps_of,
    still,
    undispersed,
)
from intertwine.apps.spectra.intensities import KM_PER_MOL, VOLUME, quantum_factor
from intertwine.apps.spectra.modes import vibrations_of
from intertwine.apps.spectra.sampling import Sampling, Trajectory
from intertwine.data import Structure
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

        D(ν̃) = Σ_i m_i S[v_i] / k_BT                  degrees of freedom, ∫ = f
        A(ν̃) = N_A / (12 ε₀ c²) · q S[dµ/dt] / k_BT     infrared, ∫ over a band = Σ km/mol
        a²(ν̃) = q S[da/dt] / k_BT,  γ²(ν̃) = (3/2) q S[dβ/dt] / k_BT      Raman, as in `intensities`

    S is `correlation.power_spectrum`, averaged over trajectories; k_BT is their mean kinetic energy per
    degree of freedom, doubled; there are f = 3N − 3 of these, or as many as modes without rotation; q is
    `intensities.quantum_factor`. Wavenumbers, velocities and rates are those of an infinitely short time step
    (`correlation.undispersed`), exactly so for harmonic motion.

    Args:
        trajectories: of one system, with the same number of frames.
        sampling: how they were made.
        width: cm⁻¹, of a sharp line.
        correction: harmonic, none, standard or schofield.

    Raises:
        InputError: no trajectories, or too short ones for this width; one atom; no such correction.
    """
    if not trajectories:
        raise InputError("there are no trajectories", accepted="one or more")
    degrees = _degrees(trajectories[0], sampling)
    spectra = [_spectra(one, sampling.interval, width) for one in trajectories]
    seen = spectra[0]["density_of_states"][0]
    kept = seen < 0.9 / (2.0 * SPEED_OF_LIGHT * sampling.time_step)
    wavenumbers, cosine = undispersed(seen[kept], sampling.time_step)
    mean = {name: np.mean([one[name][1][kept] for one in spectra], axis=0) for name in spectra[0]}
    states = mean.pop("density_of_states") / cosine**3
    heat = float(np.trapezoid(states, wavenumbers)) / degrees
    temperature = heat / units.kB
    slower = np.sinc(SPEED_OF_LIGHT * seen[kept] * sampling.time_step) ** 2 / cosine
    factor = quantum_factor(wavenumbers, temperature, correction) * slower / (heat * units.fs**2)
    values = {"density_of_states": states / heat} | _named({name: factor * mean[name] for name in mean})
    drifts = tuple(one.drift for one in trajectories)
    return DynamicSpectrum(wavenumbers, values, temperature, width, correction, drifts)


def _degrees(trajectory: Trajectory, sampling: Sampling) -> int:
    """Degrees of freedom that move."""
    count = 3 * len(trajectory.masses) - 3
    if count == 0:
        raise InputError("one atom does not vibrate", accepted="two or more")
    return count if sampling.rotation else vibrations_of(Structure.from_ase(trajectory.atoms))


def _spectra(trajectory: Trajectory, interval: float, width: float) -> dict[str, Curve]:
    """Σ m v² in eV, and the squares of rates per fs: of the dipole (e·Å) and both Raman invariants (Å³)."""
    masses = trajectory.masses
    momenta = np.sqrt(masses)[:, None] * still(trajectory.velocities[1:], masses)
    found = {"density_of_states": power_spectrum(momenta.reshape(len(momenta), -1), interval, width)}
    if "dipole" in trajectory.answers:
        cell = np.asarray(trajectory.atoms.cell)
        steps = steps_of(trajectory.answers["dipole"], cell, trajectory.periodic)
        found["infrared"] = rate_spectrum(steps, interval, width)
    if "polarisability" in trajectory.answers:
        steps = VOLUME * steps_of(trajectory.answers["polarisability"])
        mean = np.trace(steps, axis1=1, axis2=2)[:, None] / 3.0
        traceless = steps - mean[:, :, None] * np.eye(3)
        found["mean"] = rate_spectrum(mean, interval, width)
        found["anisotropy"] = rate_spectrum(np.sqrt(1.5) * traceless.reshape(len(steps), 9), interval, width)
    return found


def _named(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rates per heat turned into what a spectrometer sees."""
    found = {}
    if "infrared" in values:
        found["infrared"] = KM_PER_MOL * values["infrared"]
    if "mean" in values:
        mean, anisotropy = 45.0 * values["mean"], values["anisotropy"]
        found["raman"] = mean + 7.0 * anisotropy
        found["raman_polarised"] = mean + 4.0 * anisotropy
        found["raman_depolarised"] = 3.0 * anisotropy
    return found
