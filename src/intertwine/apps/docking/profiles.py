"""What a turn about a bond costs by itself, whatever its atoms meet: profiles that crystals show."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from intertwine.errors import require
from intertwine.ops.norm import normalise

WAVES = 7
"""Coefficients of a profile: those of cos 0, cos θ, …, cos 6θ."""

Profiles = tuple[Int64[np.ndarray, "torsions 4"], Float64[np.ndarray, "torsions waves"]]


def profiles_of(
    molecule: Any, heavy: Int64[np.ndarray, " atoms"], torsions: Int64[np.ndarray, "torsions 2"]
) -> Profiles:
    """For each bond that turns a dihedral angle θ about it, and Σₖ cₖ cos kθ, from 0 at best to 1 at worst.

    The shapes are those of the torsions that RDKit finds in crystals of small molecules (Riniker & Landrum,
    J. Chem. Inf. Model. 55, 2562 (2015)), each scaled to a height of one; a bond about which they say nothing
    has no profile, only zeros.

    Args:
        molecule: RDKit's, sanitised, with hydrogens.
        heavy: indices of its heavy atoms.
        torsions: bonds (a, b) of heavy atoms, numbered among themselves.

    Returns:
        heavy atoms (i, a, b, j) of each angle, and the coefficients.

    >>> from intertwine.apps.docking.ligand import embedded, ligand_from
    >>> ester = ligand_from(embedded("CC(=O)OCC"))
    >>> cis, trans = (ester.waves @ np.cos(np.arange(WAVES)[:, None] * np.array([0.0, np.pi]))).T
    >>> ester.dihedrals.tolist(), cis.round(1).tolist(), trans.round(1).tolist()
    ([[2, 1, 3, 4], [1, 3, 4, 5]], [0.0, 1.0], [1.0, 0.0])
    """
    geometry = require("rdkit.Chem.rdDistGeom", extra="docking")
    place = {int(k): number for number, k in enumerate(heavy)}
    rows = {(int(a), int(b)): number for number, (a, b) in enumerate(torsions)}
    dihedrals = np.zeros((len(torsions), 4), dtype=np.int64)
    waves = np.zeros((len(torsions), WAVES))
    for found in geometry.GetExperimentalTorsions(molecule, geometry.ETKDGv3()):
        atoms = [place.get(int(k), -1) for k in found["atomIndices"]]
        atoms = atoms if (atoms[1], atoms[2]) in rows else atoms[::-1]
        row = rows.get((atoms[1], atoms[2]))
        if row is not None and min(atoms) >= 0:
            dihedrals[row] = atoms
            waves[row] = _scaled(np.array(found["V"]) * np.array(found["signs"]))
    return dihedrals, waves


def _scaled(cosines: Float64[np.ndarray, " orders"]) -> Float64[np.ndarray, " waves"]:
    """Coefficients of cos kθ, k = 0, 1, …, such that the least value is 0 and the largest 1."""
    angles = np.linspace(0.0, np.pi, 1801)
    curve = np.cos(np.arange(1, WAVES) * angles[:, None]) @ cosines
    height = np.ptp(curve)
    if height < 1e-6:
        return np.zeros(WAVES)
    return np.concatenate(([-curve.min()], cosines)) / height


def angles_of(
    x: Float[Tensor, "poses atoms 3"], dihedrals: Int64[Tensor, "torsions 4"]
) -> tuple[Float[Tensor, "poses torsions"], Float[Tensor, "poses torsions"]]:
    """Cosine and sine of dihedral angles, positive where the far bond is clockwise of the near one.

    Both are 0 where three of the four atoms lie on a line.
    """
    i, a, b, j = (x[:, column] for column in dihedrals.unbind(1))
    axis = normalise(b - a)[0]
    near, far = torch.linalg.cross(axis, i - a), torch.linalg.cross(axis, j - b)
    near, far = normalise(near)[0], normalise(far)[0]
    return (near * far).sum(-1), (torch.linalg.cross(near, far) * axis).sum(-1)


def height(
    waves: Float[Tensor, "torsions waves"],
    cosine: Float[Tensor, "poses torsions"],
    sine: Float[Tensor, "poses torsions"],
) -> Float[Tensor, "poses torsions"]:
    """Σₖ cₖ cos kθ, by the recurrence of complex powers; C^∞ in the angle.

    >>> height(torch.tensor([[1.0, 0.5, 0, 0, 0, 0, 2.0]]), torch.tensor([[-1.0]]), torch.zeros(1, 1))
    tensor([[2.5000]])
    """
    real, imaginary = torch.ones_like(cosine), torch.zeros_like(sine)
    total = waves[:, 0].expand_as(cosine)
    for k in range(1, WAVES):
        real, imaginary = real * cosine - imaginary * sine, imaginary * cosine + real * sine
        total = total + waves[:, k] * real
    return total


def about(
    waves: Float[Tensor, "torsions waves"],
    cosine: Float[Tensor, "one torsions"],
    sine: Float[Tensor, "one torsions"],
) -> Float[Tensor, "torsions waves two"]:
    """The same profiles as functions of the turn φ away from an angle θ₀: of cos kφ and of sin kφ.

    cₖ cos k(θ₀ + φ) = [cₖ cos kθ₀] cos kφ + [−cₖ sin kθ₀] sin kφ.
    """
    orders = torch.arange(WAVES, dtype=waves.dtype, device=waves.device)
    phase = torch.atan2(sine, cosine)[0, :, None] * orders
    return torch.stack((waves * phase.cos(), -waves * phase.sin()), dim=-1)


def turned(
    both: Float[Tensor, "torsions waves two"], turns: Float[Tensor, "poses torsions"]
) -> tuple[Float[Tensor, "poses torsions"], Float[Tensor, "poses torsions"]]:
    """Values of profiles `about` a conformer at turns φ away from it, and their slopes per radian."""
    orders = torch.arange(WAVES, dtype=turns.dtype, device=turns.device)
    phase = turns[..., None] * orders
    cosine, sine = phase.cos(), phase.sin()
    value = (both[..., 0] * cosine + both[..., 1] * sine).sum(-1)
    return value, (orders * (both[..., 1] * cosine - both[..., 0] * sine)).sum(-1)
