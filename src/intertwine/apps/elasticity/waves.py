"""Sound in a crystal: how fast it runs along every direction, and the Debye temperature that follows."""

import numpy as np
from ase import units
from jaxtyping import Float, Float64

from intertwine.errors import InputError

GPA_PER_DENSITY = 1e9 * 1e-30 / units._amu
"""m²/s² of 1 GPa over 1 u/Å³."""

POLAR, AZIMUTH = 48, 96
"""Points of the quadrature over directions."""


def sound_velocities(
    stiffness: Float[np.ndarray, "3 3 3 3"], density: float, directions: Float[np.ndarray, "*points 3"]
) -> Float64[np.ndarray, "*points 3"]:
    """Speeds of the three plane waves along each direction, the slowest first.

    Roots of Christoffel's equation, det(C_ijkl n_j n_l − ρ v² δ_ik) = 0.

    Args:
        stiffness: C of a stable crystal, GPa.
        density: ρ, u/Å³.
        directions: n; their length does not matter.

    Returns:
        m/s.

    Raises:
        InputError: some wave has no real speed: the crystal is unstable.

    >>> isotropic = np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))
    >>> isotropic = 30 * (isotropic + isotropic.swapaxes(2, 3))
    >>> isotropic += 40 * np.einsum("ij,kl->ijkl", np.eye(3), np.eye(3))
    >>> slow, same, fast = sound_velocities(isotropic, 1.0, np.array([1.0, 1.0, 0.0]))
    >>> round(float(fast / slow) ** 2, 9)  # (λ + 2µ) / µ
    3.333333333
    """
    n = directions / np.linalg.norm(directions, axis=-1, keepdims=True)
    squares = np.linalg.eigvalsh(np.einsum("ijkl,...j,...l->...ik", stiffness, n, n, optimize=True))
    if squares.min() <= 0:
        raise InputError(
            "the crystal is unstable: some wave has no real speed", got=f"C(n) {squares.min():.3g} GPa"
        )
    return np.sqrt(squares / density * GPA_PER_DENSITY)


def debye_velocity(stiffness: Float[np.ndarray, "3 3 3 3"], density: float) -> float:
    """v_D with 3/v_D³ = ⟨Σ 1/v³⟩ over all directions, m/s: the one speed with the true density of slow modes.

    Args:
        stiffness: C of a stable crystal, GPa.
        density: ρ, u/Å³.

    Raises:
        InputError: the crystal is unstable.

    >>> isotropic = np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))
    >>> isotropic = 30 * (isotropic + isotropic.swapaxes(2, 3))  # λ = 0: v₁² = 2 v₂²
    >>> slow = sound_velocities(isotropic, 1.0, np.array([0.0, 0.0, 1.0]))[0]
    >>> round(debye_velocity(isotropic, 1.0) / float(slow), 6), round((3 / (2 + 2**-1.5)) ** (1 / 3), 6)
    (1.084257, 1.084257)
    """
    cosines, weights = np.polynomial.legendre.leggauss(POLAR)
    azimuths = 2 * np.pi * np.arange(AZIMUTH) / AZIMUTH
    sines = np.sqrt(1 - cosines**2)
    directions = np.stack(
        np.broadcast_arrays(
            sines[:, None] * np.cos(azimuths), sines[:, None] * np.sin(azimuths), cosines[:, None]
        ),
        axis=-1,
    )
    slowness = (sound_velocities(stiffness, density, directions) ** -3.0).sum(axis=-1).mean(axis=1)
    return float((3 / (weights @ slowness / 2)) ** (1 / 3))


def debye_temperature(stiffness: Float[np.ndarray, "3 3 3 3"], density: float, atoms: float) -> float:
    """θ_D = (ħ/k_B) v_D (6π² n)^(1/3), K, with n atoms per volume.

    Args:
        stiffness: C of a stable crystal, GPa.
        density: ρ, u/Å³.
        atoms: n, Å⁻³.

    Raises:
        InputError: the crystal is unstable.

    >>> from intertwine.groups.voigt import from_voigt
    >>> copper = np.diag([168.4 - 121.4] * 3 + [75.4] * 3)
    >>> copper[:3, :3] += 121.4
    >>> round(debye_temperature(from_voigt(copper, 4), 63.546 / 11.81, 1 / 11.81))
    331
    """
    wavenumber = (6 * np.pi**2 * atoms) ** (1 / 3) * 1e10
    return float(units._hbar / units._k * debye_velocity(stiffness, density) * wavenumber)
