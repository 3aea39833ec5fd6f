"""Systems that repeat in space: the sum over waves, which for smeared charges is all there is."""

import math

import torch
from jaxtyping import Float64
from torch import Tensor

from intertwine.electrostatics.gaussian import COULOMB
from intertwine.electrostatics.sources import Sources


@torch.no_grad()
def wave_steps(cell: Float64[Tensor, "3 3"], width: float, accuracy: float) -> Float64[Tensor, "waves 3"]:
    """Whole numbers n of the waves k = n · (reciprocal vectors) ≠ 0 that count, one of each pair ±k.

    Those with e^{−s²k²/2} of at least the accuracy.

    >>> len(wave_steps(2 * torch.pi * torch.eye(3, dtype=torch.float64), width=1.0, accuracy=0.3))
    9
    """
    basis = reciprocal_basis(cell)
    most = math.sqrt(-2 * math.log(accuracy)) / width
    reach = [int(most * length / (2 * math.pi)) for length in cell.norm(dim=1).tolist()]
    axes = [torch.arange(-n, n + 1, dtype=cell.dtype, device=cell.device) for n in reach]
    steps = torch.cartesian_prod(*axes)
    steps = steps[len(steps) // 2 + 1 :]  # in lexical order the other half is minus this one
    return steps[(steps @ basis).norm(dim=1) <= most]


def reciprocal_basis(cell: Float64[Tensor, "3 3"]) -> Float64[Tensor, "3 3"]:
    """Reciprocal lattice vectors as rows, Å⁻¹, 2π included."""
    a, b, c = cell
    across = torch.stack([torch.linalg.cross(b, c), torch.linalg.cross(c, a), torch.linalg.cross(a, b)])
    return 2 * math.pi * across / (a * across[0]).sum()


def cell_volume(cell: Float64[Tensor, "3 3"]) -> Float64[Tensor, ""]:
    """|a · (b × c)|, Å³."""
    return (cell[0] * torch.linalg.cross(cell[1], cell[2])).sum().abs()


def without_self(
    waves: Float64[Tensor, " atoms"], sources: Sources, width: float, volume: Float64[Tensor, ""]
) -> Float64[Tensor, " atoms"]:
    """Energies, eV, from what all waves bring: less each Gaussian with itself and with the background."""
    q, p = sources.charges, sources.dipoles
    own = math.sqrt(2 / math.pi) / width * q**2
    if p is not None:
        own = own + math.sqrt(2 / math.pi) / (3 * width**3) * (p**2).sum(1)
    return 0.5 * COULOMB * (waves - own - 2 * math.pi * width**2 / volume * q * q.sum())


class Bulk:
    """Smeared charges in a cell that repeats along three axes.

        E = (1/2V) Σ_{k≠0} 4π/k² e^{−s²k²/2} |S(k)|² − self − π s² Q²/V
        S(k) = Σ_i (q_i + i k·p_i) e^{ik·x_i}

    The last term belongs to the homogeneous background that neutralises a charged cell: with it the energy is
    that of point charges in that background, less what smearing takes from pairs at short range. Conducting
    ("tin-foil") surroundings, as in any Ewald sum without a surface term.

    Args:
        positions: Å.
        cell: lattice vectors as rows, Å.
        width: s of `smeared_coulomb`, Å.
        accuracy: where e^{−s²k²/2} is cut off.
        steps: the waves, where somebody has listed them by `wave_steps` already.
    """

    def __init__(
        self,
        positions: Float64[Tensor, "atoms 3"],
        cell: Float64[Tensor, "3 3"],
        width: float,
        accuracy: float,
        steps: Float64[Tensor, "waves 3"] | None = None,
    ) -> None:
        self.k = (wave_steps(cell, width, accuracy) if steps is None else steps) @ reciprocal_basis(cell)
        square = (self.k**2).sum(1)
        self.volume, self.width = cell_volume(cell), width
        self.weights = 8 * math.pi / self.volume * torch.exp(-0.5 * width**2 * square) / square
        phase = positions @ self.k.T
        self.cos, self.sin = phase.cos(), phase.sin()

    def energies(self, sources: Sources) -> Float64[Tensor, " atoms"]:
        """Energy of every atom with all others and all images, eV."""
        q, p = sources.charges, sources.dipoles
        real, imaginary = q @ self.cos, q @ self.sin
        if p is not None:
            along = p @ self.k.T
            real, imaginary = real - (along * self.sin).sum(0), imaginary + (along * self.cos).sum(0)
        real, imaginary = self.weights * real, self.weights * imaginary
        waves = q * (self.cos @ real + self.sin @ imaginary)
        if p is not None:
            waves = waves + (along * (self.cos * imaginary - self.sin * real)).sum(1)
        return without_self(waves, sources, self.width, self.volume)

    def matrix(self) -> Float64[Tensor, "atoms atoms"]:
        """J of ½ q·J·q up to one number in all entries, self-energies on its diagonal, eV/e²."""
        scale = self.weights.sqrt()
        cos, sin = self.cos * scale, self.sin * scale
        return COULOMB * (cos @ cos.T + sin @ sin.T)
