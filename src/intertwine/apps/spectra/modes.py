"""Harmonic modes of vibration, from a Hessian.

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

from intertwine.data.structure import Structure
from intertwine.errors import InputError
from intertwine.graph import build_graph
from intertwine.observables import Model, hessian

HBAR: Final = units._hbar * units.J * units.s
"""Reduced Planck constant in eV and ASE's unit of time, the one that makes eV, Å and u consistent."""


@dataclass(frozen=True, eq=False)
class Modes:
    """Harmonic modes of a structure, in order of rising wavenumber.

    Args:
        wavenumbers: cm⁻¹; negative where the curvature is (an imaginary frequency).
        vectors: one mode a row, in mass-weighted coordinates, orthonormal.
    """

    wavenumbers: Float[np.ndarray, " modes"]
    vectors: Float[np.ndarray, "modes coordinates"]

    def displacements(self, masses: Float[np.ndarray, " atoms"]) -> Float[np.ndarray, "modes atoms 3"]:
        """∂x/∂Q of every mode, in 1/√u: how far the atoms go per unit of the normal coordinate Q (Å√u)."""
        return self.vectors.reshape(len(self.vectors), -1, 3) / np.sqrt(masses)[:, None]

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


def vibrations_of(structure: Structure) -> int:
    """Number of its modes: 3N − 6 of a molecule, 3N − 5 of a straight one, 3N − 3 where an axis repeats.

    >>> vibrations_of(Structure([8, 6, 8], [[0, 0, -1.16], [0, 0, 0], [0, 0, 1.16]]))
    4
    """
    return _complement(_rigid_motions(structure)).shape[1]


def _rigid_motions(structure: Structure) -> Float[np.ndarray, "motions coordinates"]:
    """Translations, and rotations of an open structure, in mass-weighted coordinates."""
    root = np.sqrt(atomic_masses[structure.numbers])[:, None]
    motions = [np.broadcast_to(axis, (len(structure), 3)) for axis in np.eye(3)]
    if not structure.pbc.any():
        centred = structure.positions - np.average(structure.positions, axis=0, weights=root[:, 0] ** 2)
        motions += [np.cross(axis, centred) for axis in np.eye(3)]
    return np.stack([(root * motion).ravel() for motion in motions])


def _complement(rows: Float[np.ndarray, "motions coordinates"]) -> Float[np.ndarray, "coordinates rest"]:
    """Orthonormal columns orthogonal to every row; a molecule bent by 10⁻⁴ or less turns only two ways."""
    rows = rows / np.linalg.norm(rows, axis=1).max()
    _, size, right = np.linalg.svd(rows)
    return right[int((size > 1e-4).sum()) :].T


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
    wavenumbers: Float[np.ndarray, " modes"],
    grid: Float[np.ndarray, " points"],
    width: float = 15.0,
    areas: Float[np.ndarray, " modes"] | None = None,
) -> Float[np.ndarray, " points"]:
    """Sum of Lorentzians, one for each mode: a line spectrum as an instrument would draw it.

    Args:
        wavenumbers: centres, cm⁻¹.
        grid: where to evaluate, cm⁻¹.
        width: full width at half maximum, cm⁻¹.
        areas: of the lines, in any unit; 1 by default, which counts modes.

    Returns:
        Unit of the areas per cm⁻¹, `(points,)`.

    >>> grid = np.arange(0.0, 2000.0)
    >>> float(broadened(np.array([1000.0]), grid, 10.0, np.array([3.0])).sum().round(1))
    3.0
    """
    offset = (grid[:, None] - wavenumbers[None, :]) / (0.5 * width)
    lines = 1.0 / (1.0 + offset**2) / (0.5 * math.pi * width)
    return lines.sum(axis=1) if areas is None else lines @ areas
