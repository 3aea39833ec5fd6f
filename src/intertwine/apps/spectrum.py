"""Vibrations: harmonic modes from a Hessian, and the density of states that a trajectory really has.

Wavenumbers are in cm⁻¹, imaginary ones negative. Two Hessians of one molecule, a model's and its teacher's,
are compared mode by mode: a number that any chemist can read.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.data import atomic_masses
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment
from scipy.signal import welch

from intertwine.data.structure import Structure
from intertwine.errors import InputError
from intertwine.graph import build_graph
from intertwine.observables import Model, hessian

HBAR: Final = units._hbar * units.J * units.s
"""Reduced Planck constant in eV and ASE's unit of time, the one that makes eV, Å and u consistent."""
SPEED_OF_LIGHT: Final = units._c * 1e2 / 1e15
"""cm/fs: turns 1/fs into cm⁻¹."""


@dataclass(frozen=True, eq=False)
class Modes:
    """Harmonic modes of a structure, in order of rising wavenumber.

    Args:
        wavenumbers: cm⁻¹; negative where the curvature is (an imaginary frequency).
        vectors: one mode a row, in mass-weighted coordinates, orthonormal.
    """

    wavenumbers: Float[np.ndarray, " modes"]
    vectors: Float[np.ndarray, "modes coordinates"]

    @property
    def zero_point_energy(self) -> float:
        """½ Σ ħω over the real modes, eV."""
        return 0.5 * float(self.wavenumbers.clip(min=0).sum()) * units.invcm


@dataclass(frozen=True)
class MatchedMode:
    """One mode seen by two force fields: cm⁻¹ of each, and the squared overlap of their motions."""

    reference: float
    model: float
    overlap: float


def normal_modes(matrix: Float[np.ndarray, "coordinates coordinates"], structure: Structure) -> Modes:
    """Modes of small vibration about a minimum (Wilson, Decius & Cross 1955).

        M^(−1/2) H M^(−1/2) q = ω² q,    ν̃ = ω / 2πc

    Translations are projected out, and rotations too where no axis is periodic, so a molecule of N atoms has
    3N − 6 modes and a linear one 3N − 5.

    Args:
        matrix: Hessian ∂²E/∂x∂x, eV/Å², `(3·atoms, 3·atoms)`.
        structure: the geometry it belongs to.

    Raises:
        InputError: the matrix is not of the size of the structure.

    >>> spring = 36.0 * np.kron([[1, -1], [-1, 1]], np.diag([0.0, 0.0, 1.0]))  # eV/Å², along z
    >>> hydrogen = Structure([1, 1], [[0, 0, 0], [0, 0, 0.74]])
    >>> normal_modes(spring, hydrogen).wavenumbers.round(1)
    array([4407.2])
    """
    size = 3 * len(structure)
    if matrix.shape != (size, size):
        raise InputError("the Hessian is of another structure", got=matrix.shape, accepted=(size, size))
    root = np.repeat(np.sqrt(atomic_masses[structure.numbers]), 3)
    inner = _complement(_rigid_motions(structure))
    curvature, vectors = np.linalg.eigh(inner.T @ (matrix / np.outer(root, root)) @ inner)
    frequency = np.sign(curvature) * np.sqrt(np.abs(curvature))
    return Modes(HBAR * frequency / units.invcm, (inner @ vectors).T)


def _rigid_motions(structure: Structure) -> Float[np.ndarray, "motions coordinates"]:
    """Translations, and rotations of an open structure, in mass-weighted coordinates."""
    root = np.sqrt(atomic_masses[structure.numbers])[:, None]
    motions = [np.broadcast_to(axis, (len(structure), 3)) for axis in np.eye(3)]
    if not structure.pbc.any():
        centred = structure.positions - np.average(structure.positions, axis=0, weights=root[:, 0] ** 2)
        motions += [np.cross(axis, centred) for axis in np.eye(3)]
    return np.stack([(root * motion).ravel() for motion in motions])


def _complement(rows: Float[np.ndarray, "motions coordinates"]) -> Float[np.ndarray, "coordinates rest"]:
    """Orthonormal columns orthogonal to every row; rows may depend on each other (a linear molecule)."""
    rows = rows / np.linalg.norm(rows, axis=1).clip(min=1e-12)[:, None]
    _, size, right = np.linalg.svd(rows)
    return right[int((size > 1e-5).sum()) :].T


def model_hessian(model: Model, structure: Structure) -> Float[np.ndarray, "coordinates coordinates"]:
    """Exact second derivatives of the model's energy, eV/Å², `(3·atoms, 3·atoms)`."""
    return hessian(model, build_graph(structure, model.cutoff)).detach().cpu().numpy()


def calculator_hessian(
    calculator: Calculator, structure: Structure, step: float = 0.005
) -> Float[np.ndarray, "coordinates coordinates"]:
    """Second derivatives of any ASE calculator, by central differences of its forces.

        H_kl ≈ −[F_l(x_k + h) − F_l(x_k − h)] / 2h, then symmetrised

    Args:
        calculator: the force field, or the quantum chemistry.
        structure: where.
        step: h in Å; 6·atoms force calls.

    Returns:
        The Hessian, eV/Å², `(3·atoms, 3·atoms)`.

    >>> from ase.calculators.morse import MorsePotential
    >>> pair = Structure([6, 8], [[0, 0, 0], [0, 0, 1.0]])
    >>> matrix = calculator_hessian(MorsePotential(r0=1.0, epsilon=1.0, rho0=6.0), pair)
    >>> float(matrix[2, 2].round(1)), float(matrix[2, 5].round(1))  # 2 ε (ρ₀/r₀)² = 72
    (72.1, -72.1)
    """
    atoms = structure.to_ase()
    atoms.calc = calculator
    rows = np.empty((3 * len(structure), 3 * len(structure)))
    for index, row in enumerate(rows):
        ahead, behind = (_pushed_forces(atoms, index, sign * step) for sign in (1, -1))
        row[:] = (behind - ahead) / (2 * step)
    return 0.5 * (rows + rows.T)


def _pushed_forces(atoms: Atoms, coordinate: int, step: float) -> Float[np.ndarray, " coordinates"]:
    rest = atoms.get_positions()
    pushed = rest.copy()
    pushed.flat[coordinate] += step
    atoms.set_positions(pushed)
    forces = atoms.get_forces().ravel()
    atoms.set_positions(rest)
    return forces


def match_modes(reference: Modes, model: Modes) -> list[MatchedMode]:
    """Pair the modes of two Hessians of one structure so that the sum of squared overlaps is largest.

    Sorting by wavenumber would pair the wrong motions wherever two modes cross. Both must have the same
    atoms, order and orientation.

    Raises:
        InputError: the two have different numbers of modes.
    """
    if reference.vectors.shape != model.vectors.shape:
        raise InputError(
            "the modes are of different structures",
            got=f"{reference.vectors.shape} and {model.vectors.shape}",
        )
    overlap = (reference.vectors @ model.vectors.T) ** 2
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    return [
        MatchedMode(
            float(reference.wavenumbers[i]), float(model.wavenumbers[j]), min(float(overlap[i, j]), 1.0)
        )
        for i, j in zip(rows, columns, strict=True)
    ]


def mean_absolute_error(matched: list[MatchedMode]) -> float:
    """Mean of |ν̃_model − ν̃_reference| over matched modes, cm⁻¹.

    >>> mean_absolute_error([MatchedMode(1000.0, 1010.0, 1.0), MatchedMode(3000.0, 2980.0, 1.0)])
    15.0
    """
    return float(np.mean([abs(mode.model - mode.reference) for mode in matched]))


def broadened(
    wavenumbers: Float[np.ndarray, " modes"], grid: Float[np.ndarray, " points"], width: float = 15.0
) -> Float[np.ndarray, " points"]:
    """Sum of Lorentzians, one of unit area for each mode: a line spectrum as an instrument would draw it.

    Args:
        wavenumbers: centres, cm⁻¹.
        grid: where to evaluate, cm⁻¹.
        width: full width at half maximum, cm⁻¹.

    Returns:
        Modes per cm⁻¹, `(points,)`.

    >>> grid = np.arange(0.0, 2000.0)
    >>> float(broadened(np.array([1000.0]), grid, 10.0).sum().round(2))
    1.0
    """
    offset = (grid[:, None] - wavenumbers[None, :]) / (0.5 * width)
    return (1.0 / (1.0 + offset**2)).sum(axis=1) / (0.5 * math.pi * width)


def density_of_states(
    velocities: Float[np.ndarray, "frames atoms 3"],
    masses: Float[np.ndarray, " atoms"],
    interval: float,
    resolution: float = 10.0,
) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
    """Vibrational density of states of a trajectory, anharmonic and at its own temperature.

    The Fourier transform of the mass-weighted velocity autocorrelation, taken as the power spectrum of the
    velocities (Wiener-Khinchin), averaged over overlapping Hann windows (Welch 1967):

        D(ν̃) ∝ Σ_i m_i ∫ ⟨v_i(0)·v_i(t)⟩ e^(−2πi c ν̃ t) dt,    ∫ D dν̃ = 1

    Motion of the centre of mass is taken out first.

    Args:
        velocities: any unit.
        masses: u.
        interval: time between frames, fs; wavenumbers reach 1/(2c·interval).
        resolution: wanted spacing of the result, cm⁻¹; the windows are as long as that needs.

    Returns:
        Wavenumbers, cm⁻¹, and density per cm⁻¹, each `(points,)`.

    Raises:
        InputError: fewer than 8 frames.
    """
    if len(velocities) < 8:
        raise InputError(
            "the trajectory is too short for a spectrum",
            got=f"{len(velocities)} frames",
            accepted="8 or more",
        )
    relative = velocities - np.average(velocities, axis=1, weights=masses)[:, None]
    window = min(len(velocities), max(8, math.ceil(1.0 / (SPEED_OF_LIGHT * interval * resolution))))
    frequency, power = welch(relative, fs=1.0 / interval, nperseg=window, detrend=False, axis=0)  # pyright: ignore[reportArgumentType]
    density = (power * masses[None, :, None]).sum(axis=(1, 2))
    wavenumbers = frequency / SPEED_OF_LIGHT
    return wavenumbers, density / np.trapezoid(density, wavenumbers)
