"""Harmonic spectra: wavenumbers, infrared intensities and Raman activities of small vibrations."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from intertwine.apps.spectra.correlation import steps_of
from intertwine.apps.spectra.intensities import (
    VOLUME,
    depolarisation_ratio,
    infrared_intensity,
    raman_activity,
    raman_invariants,
)
from intertwine.apps.spectra.modes import Modes, broadened, normal_modes
from intertwine.apps.spectra.source import Source
from intertwine.data import Structure
from intertwine.engines import relax
from intertwine.errors import IntertwineError

STEP: Final = 0.01
"""Displacement of the atom that moves most, for differences along a mode, Å."""


@dataclass(frozen=True, eq=False)
class HarmonicSpectrum:
    """Small vibrations of one structure, in order of rising wavenumber.

    Args:
        structure: the minimum.
        modes: wavenumbers, cm⁻¹, and vectors.
        dipole_slopes: ∂µ/∂Q, e/√u; None where the source knows no dipole.
        polarisability_slopes: ∂α/∂Q of the polarisability volume, Å²/√u; None likewise.
    """

    structure: Structure
    modes: Modes
    dipole_slopes: Float[np.ndarray, "modes 3"] | None = None
    polarisability_slopes: Float[np.ndarray, "modes 3 3"] | None = None

    @property
    def infrared(self) -> Float[np.ndarray, " modes"] | None:
        """Integrated absorption, km/mol."""
        return None if self.dipole_slopes is None else infrared_intensity(self.dipole_slopes)

    @property
    def invariants(self) -> tuple[Float[np.ndarray, " modes"], Float[np.ndarray, " modes"]] | None:
        """a'² and γ'², Å⁴/u."""
        slopes = self.polarisability_slopes
        return None if slopes is None else raman_invariants(slopes)

    @property
    def raman(self) -> Float[np.ndarray, " modes"] | None:
        """Activity 45a'² + 7γ'², Å⁴/u."""
        return None if self.invariants is None else raman_activity(*self.invariants)

    @property
    def depolarisation(self) -> Float[np.ndarray, " modes"] | None:
        """Depolarisation ratios, 0 to 3/4; not a number where a mode scatters nothing."""
        if self.invariants is None or self.raman is None:
            return None
        silent = self.raman < 1e-6 * self.raman.max(initial=0.0)
        return np.where(silent, np.nan, depolarisation_ratio(*self.invariants))

    def curves(self, grid: Float[np.ndarray, " points"], width: float) -> dict[str, np.ndarray]:
        """Lorentzians of this width (cm⁻¹) on a grid (cm⁻¹), by name, in the units of `dynamic.UNITS`."""
        areas: dict[str, np.ndarray | None] = {
            "density_of_states": np.ones(len(self.modes.wavenumbers)),
            "infrared": self.infrared,
            "raman": self.raman,
        }
        if self.invariants is not None:
            mean, anisotropy = self.invariants
            areas["raman_polarised"] = 45.0 * mean + 4.0 * anisotropy
            areas["raman_depolarised"] = 3.0 * anisotropy
        real = self.modes.wavenumbers > 0
        return {
            name: broadened(self.modes.wavenumbers[real], grid, width, area[real])
            for name, area in areas.items()
            if area is not None
        }


def minimum(source: Source, structure: Structure, fmax: float = 1e-3, steps: int = 1000) -> Structure:
    """The structure moved downhill until every force is below `fmax` (eV/Å), in its cell.

    Raises:
        IntertwineError: still larger forces after so many steps, or the source failed.
    """
    atoms = structure.replace(labels={}, info={}).to_ase()
    atoms.calc = source.calculator(structure)
    end = relax(atoms, fmax=fmax, steps=steps, optimizer="bfgs")
    if not end.converged:
        what = f"no minimum in {end.steps} steps: the largest force is {end.largest_force:.3g} eV/Å"
        raise IntertwineError(f"{what}; do: start from a better structure, or allow larger forces")
    return structure.replace(positions=end.atoms.positions, labels={})


def harmonic_spectrum(
    source: Source,
    structure: Structure,
    step: float = STEP,
    observe: Callable[[int, int], None] | None = None,
) -> HarmonicSpectrum:
    """Harmonic spectrum at a minimum: Hessian, then differences of dipole and polarisability along each mode.

        ∂µ/∂Q ≈ [µ(x + hL) − µ(x − hL)] / 2h,    L = ∂x/∂Q

    and the same for α, as far as the source offers them.

    Args:
        source: who is asked.
        structure: a minimum; elsewhere the wavenumbers mean little.
        step: h is chosen so that the atom that moves most moves so far, Å.
        observe: called with (modes done, modes in all).

    Raises:
        IntertwineError: the source failed.
    """
    modes = normal_modes(source.hessian(structure), structure)
    motions = modes.displacements(structure.to_ase().get_masses())
    offers = source.offers(structure)
    if not offers:
        return HarmonicSpectrum(structure, modes)
    dipoles, polarisabilities = [], []
    for index, motion in enumerate(motions):
        h = step / np.linalg.norm(motion, axis=1).max()
        pair = [structure.replace(positions=structure.positions + side * h * motion) for side in (-1, 1)]
        answers = source.answers(pair)
        if "dipole" in answers:
            dipoles.append(steps_of(answers["dipole"], structure.cell, structure.pbc)[0] / (2 * h))
        if "polarisability" in answers:
            polarisabilities.append(VOLUME * np.diff(answers["polarisability"], axis=0)[0] / (2 * h))
        if observe is not None:
            observe(index + 1, len(motions))
    return HarmonicSpectrum(
        structure,
        modes,
        np.array(dipoles).reshape(-1, 3) if "dipole" in offers else None,
        np.array(polarisabilities).reshape(-1, 3, 3) if "polarisability" in offers else None,
    )
