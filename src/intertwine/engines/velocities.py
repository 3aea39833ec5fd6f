"""Velocities at the start of a run."""

import numpy as np
from ase import Atoms, units

from intertwine.errors import InputError


def thermalise(atoms: Atoms, temperature: float, rng: np.random.Generator, still: bool = False) -> None:
    """Draw momenta from the Maxwell-Boltzmann distribution: each component normal, of variance m k_B T.

    Args:
        atoms: whose momenta are set.
        temperature: T, K.
        rng: source of the numbers.
        still: remove the motion of the centre of mass, and of an open system also the rotation, as a run at
            constant energy wants; what is left has the temperature of what can still move.

    Raises:
        InputError: a temperature below zero or not finite.

    >>> from ase.build import molecule
    >>> water = molecule("H2O")
    >>> thermalise(water, 300.0, np.random.default_rng(0), still=True)
    >>> bool(np.abs(water.get_momenta().sum(0)).max() < 1e-12)
    True
    """
    if not (np.isfinite(temperature) and temperature >= 0):
        raise InputError(
            "the temperature of the velocities cannot be used", got=temperature, accepted="K, not negative"
        )
    masses = atoms.get_masses()[:, None]
    atoms.set_momenta(rng.standard_normal((len(atoms), 3)) * np.sqrt(masses * units.kB * temperature))
    if still:
        stop(atoms)


def stop(atoms: Atoms, rotation: bool = True) -> None:
    """Remove the motion of the centre of mass and, of a system that is open all round, the rotation too.

    Args:
        atoms: whose momenta change.
        rotation: whether the angular momentum goes too.
    """
    masses, momenta = atoms.get_masses()[:, None], atoms.get_momenta()
    momenta -= masses * momenta.sum(0) / masses.sum()
    if rotation and not atoms.pbc.any():
        momenta -= _rotation(atoms.positions - atoms.get_center_of_mass(), masses, momenta)
    atoms.set_momenta(momenta)


def _rotation(arms: np.ndarray, masses: np.ndarray, momenta: np.ndarray) -> np.ndarray:
    """Momenta `[atoms, 3]` of the rigid rotation p = m ω × r whose angular momentum is that of `momenta`."""
    squares = (arms**2).sum(1)[:, None, None] * np.eye(3) - arms[:, :, None] * arms[:, None, :]
    inertia = (masses[:, :, None] * squares).sum(0)
    turning = np.linalg.pinv(inertia, rcond=1e-10) @ np.cross(arms, momenta).sum(0)
    return masses * np.cross(turning, arms)
