"""What derivatives of dipole and polarisability mean in a laboratory: absorption, activity, cross section.

Inside the library a dipole is in e·Å and a polarisability in e²Å²/eV. Spectroscopists write intensities in
km/mol and activities in Å⁴/u, with the polarisability volume α/4πε₀ in Å³. Q is the mass-weighted normal
coordinate, Å√u.
"""

from typing import Final

import numpy as np
from ase import units
from jaxtyping import Float

from intertwine.errors import InputError, nearest

KM_PER_MOL: Final = units._Nav * (units._e**2 / units._amu) / (12.0 * units._eps0 * units._c**2) / 1000.0
"""Infrared intensity of a mode with |∂µ/∂Q|² = 1 e²/u, km/mol: N_A e²/(12 ε₀ c² u) = 974.9."""

VOLUME: Final = units.Hartree * units.Bohr
"""e²/4πε₀ in eV·Å: turns a polarisability in e²Å²/eV into a polarisability volume in Å³."""

CORRECTIONS: Final = ("harmonic", "none", "standard", "schofield")
"""Quantum corrections of classical autocorrelations."""


def infrared_intensity(slopes: Float[np.ndarray, "modes 3"]) -> Float[np.ndarray, " modes"]:
    """Integrated molar absorption of harmonic modes, km/mol (natural logarithm).

        A = N_A / (12 ε₀ c²) · |∂µ/∂Q|²

    Args:
        slopes: ∂µ/∂Q, e/√u.

    >>> debye = 0.20819434
    >>> infrared_intensity(np.array([[debye, 0.0, 0.0]])).round(3)  # 1 (D/Å)²/u
    array([42.256])
    """
    return KM_PER_MOL * (slopes**2).sum(axis=-1)


def raman_invariants(
    slopes: Float[np.ndarray, "modes 3 3"],
) -> tuple[Float[np.ndarray, " modes"], Float[np.ndarray, " modes"]]:
    """Squares of the mean a and of the anisotropy γ of symmetric tensors, which no rotation changes.

        a = tr α / 3,    γ² = (3/2) tr β²,   β = α − a·1

    which is ½[(α_xx − α_yy)² + (α_yy − α_zz)² + (α_zz − α_xx)²] + 3(α_xy² + α_yz² + α_zx²).

    >>> [value.round(6).item() for value in raman_invariants(np.diag([3.0, 0.0, 0.0])[None])]
    [1.0, 9.0]
    """
    mean = np.trace(slopes, axis1=-2, axis2=-1) / 3.0
    traceless = slopes - mean[..., None, None] * np.eye(3)
    return mean**2, 1.5 * (traceless**2).sum(axis=(-2, -1))


def raman_activity(
    mean: Float[np.ndarray, " modes"], anisotropy: Float[np.ndarray, " modes"]
) -> Float[np.ndarray, " modes"]:
    """Raman activity 45a'² + 7γ'² from the two squares; in Å⁴/u where these are."""
    return 45.0 * mean + 7.0 * anisotropy


def depolarisation_ratio(
    mean: Float[np.ndarray, " modes"], anisotropy: Float[np.ndarray, " modes"]
) -> Float[np.ndarray, " modes"]:
    """ρ = 3γ'² / (45a'² + 4γ'²) for linearly polarised light: 0 to 3/4, and 3/4 where symmetry says a' = 0.

    Not a number where nothing is scattered.

    >>> depolarisation_ratio(np.array([0.0, 1.0]), np.array([2.0, 0.0]))
    array([0.75, 0.  ])
    """
    with np.errstate(invalid="ignore"):
        return 3.0 * anisotropy / (45.0 * mean + 4.0 * anisotropy)


def scattering_factor(
    wavenumbers: Float[np.ndarray, " points"], laser: float, temperature: float
) -> Float[np.ndarray, " points"]:
    """Differential Raman cross section per activity, Stokes lines, 10⁻³⁰ cm²/sr per Å⁴/u.

        dσ/dΩ = (2π)⁴/45 · h/(8π²c) · (ν̃₀ − ν̃)⁴ / (ν̃ [1 − exp(−hcν̃/k_BT)]) · S

    seen at right angles to a polarised beam, both polarisations collected (Placzek 1934).

    Args:
        wavenumbers: ν̃, cm⁻¹; the factor is zero at and below zero, and beyond the laser.
        laser: wavelength of excitation, nm; ν̃₀ is its inverse.
        temperature: K, of the populations of the levels.

    >>> scattering_factor(np.array([1000.0, 3000.0]), 532.0, 300.0).round(3)
    array([0.059, 0.012])
    """
    shift, origin = 100.0 * wavenumbers.clip(min=1e-6), 1e9 / laser
    planck = units._hplanck * units._c / (units._k * temperature)
    activity = 1e-40 / units._amu
    factor = (2 * np.pi) ** 4 / 45 * units._hplanck / (8 * np.pi**2 * units._c) * activity
    factor = factor * (origin - shift).clip(min=0.0) ** 4 / shift / -np.expm1(-planck * shift)
    return np.where(wavenumbers > 0, factor * 1e34, 0.0)


def quantum_factor(
    wavenumbers: Float[np.ndarray, " points"], temperature: float, correction: str = "harmonic"
) -> Float[np.ndarray, " points"]:
    """What multiplies a spectrum ν̃² C(ν̃) of classical motion to stand for one of quantum motion.

    Absorption is ν̃(1 − e^(−x)) times the quantum autocorrelation, x = hcν̃/k_BT, for which Q(x) times the
    classical one is put (Ramírez et al. 2004). Relative to the harmonic choice Q = x/(1 − e^(−x)), exact for
    harmonic oscillators and the only one that leaves the spectrum as it is:

        none       Q = 1               (1 − e^(−x)) / x
        standard   Q = 2/(1 + e^(−x))   2 tanh(x/2) / x
        schofield  Q = e^(x/2)          2 sinh(x/2) / x

    Args:
        wavenumbers: cm⁻¹, not negative.
        temperature: K.
        correction: of `CORRECTIONS`.

    Raises:
        InputError: no such correction.

    >>> quantum_factor(np.array([0.0, 3000.0]), 300.0, "harmonic")
    array([1., 1.])
    """
    x = wavenumbers * units.invcm / (units.kB * temperature)
    safe = np.where(x > 1e-9, x, 1e-9)
    if correction not in CORRECTIONS:
        close = nearest(correction, CORRECTIONS)
        fix = f"write '{close}'" if close else None
        raise InputError(
            f"unknown quantum correction '{correction}'", accepted=", ".join(CORRECTIONS), fix=fix
        )
    return {
        "harmonic": lambda: np.ones_like(safe),
        "none": lambda: -np.expm1(-safe) / safe,
        "standard": lambda: 2.0 * np.tanh(0.5 * safe) / safe,
        "schofield": lambda: 2.0 * np.sinh(0.5 * safe) / safe,
    }[correction]()
