"""Systems that repeat along two axes: a bulk of slabs far apart, and what that gets wrong put right."""

import math

import torch
from jaxtyping import Bool, Float64
from torch import Tensor

from intertwine.electrostatics.gaussian import COULOMB
from intertwine.electrostatics.periodic import Bulk
from intertwine.electrostatics.sources import Sources


class Slab:
    """Smeared charges that repeat along two axes, with empty space on both sides.

    Along the third axis the cell is made so long that the images, but for the fields of their total dipole
    and charge, no longer feel each other (e^{−kL} below the accuracy for the longest wave in the plane).
    Those fields are taken off in closed form, per pair and with z along the normal (Yeh & Berkowitz,
    J. Chem. Phys. 111, 3155 (1999); charged: Ballenegger, Arnold & Cerdà, J. Chem. Phys. 131, 094107 (2009)):

        E = E_bulk + (2π/V) [M² − Q Σ q_i z_i² − Q² L²/12],    M = Σ q_i z_i + p_i·n

    The energy does not depend on L. Of a charged slab it is counted from the infinite energy of its plane.

    Args:
        positions: Å.
        cell: lattice vectors as rows, Å; the one of the open axis is not used.
        pbc: which axes repeat; two of them.
        width: s of `smeared_coulomb`, Å.
        accuracy: of the sum over waves and of the separation of images.
    """

    def __init__(
        self,
        positions: Float64[Tensor, "atoms 3"],
        cell: Float64[Tensor, "3 3"],
        pbc: Bool[Tensor, "3"],
        width: float,
        accuracy: float,
    ) -> None:
        a, b = cell[pbc]
        across = torch.linalg.cross(a, b)
        area = torch.linalg.norm(across)
        self.normal = across / area
        self.height = positions @ self.normal
        self.length = _length(a.detach(), b.detach(), self.height.detach(), width, accuracy)
        self.volume = area * self.length
        long = torch.stack([a, b, self.length * self.normal])
        self.bulk = Bulk(positions, long, width, accuracy)

    def energies(self, sources: Sources) -> Float64[Tensor, " atoms"]:
        """Energy of every atom with all others and all images, eV."""
        q, z = sources.charges, self.height
        moments = q * z if sources.dipoles is None else q * z + sources.dipoles @ self.normal
        first, charge = moments.sum(), q.sum()
        second = 2 * moments * z - q * z**2
        own = moments * first - 0.5 * (second * charge + q * second.sum()) - q * charge * self.length**2 / 12
        return self.bulk.energies(sources) + COULOMB * 2 * math.pi / self.volume * own

    def matrix(self) -> Float64[Tensor, "atoms atoms"]:
        """J of ½ q·J·q up to one number in all entries, self-energies on its diagonal, eV/e²."""
        apart = (self.height[:, None] - self.height[None]) ** 2
        return self.bulk.matrix() - COULOMB * 2 * math.pi / self.volume * apart


def _length(a: Tensor, b: Tensor, height: Tensor, width: float, accuracy: float) -> float:
    """Thickness, and room for the longest wave to die away and for the Gaussians, Å."""
    plane = torch.stack([a, b])
    reciprocal = 2 * math.pi * torch.linalg.inv(plane @ plane.T) @ plane
    shortest = min(
        torch.linalg.norm(m * reciprocal[0] + n * reciprocal[1]).item()
        for m, n in ((1, 0), (0, 1), (1, 1), (1, -1))
    )
    decay = -math.log(accuracy)
    thickness = (height.max() - height.min()).item() if len(height) else 0.0
    return thickness + decay / shortest + 2 * width * math.sqrt(2 * decay)
