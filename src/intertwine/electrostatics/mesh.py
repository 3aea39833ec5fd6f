"""Large systems that repeat in space: charges on a mesh and fast Fourier transforms."""

import math
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float64
from scipy.fft import next_fast_len
from torch import Tensor

from intertwine.electrostatics.periodic import cell_volume, reciprocal_basis, without_self
from intertwine.electrostatics.sources import Sources
from intertwine.errors import InputError, require

NODES = 5
"""Points of the mesh along an axis over which a charge is spread: quartic splines, three times smooth."""

WORST = 0.02
"""Relative error of forces with a mesh as wide as s; it falls as the fifth power of the spacing."""


class Mesh:
    """The energy of `Bulk` in a time that grows as N log N.

    Charges are spread over a mesh by splines, their potential is found by fast Fourier transforms and read by
    the same splines, which are taken back by the influence function that errs least (Hockney & Eastwood,
    "Computer simulation using particles" (1988), in fractional coordinates, so that any cell is as good as a
    cube). Smeared charges are what remains of point charges when the part at short range is left out: there
    is no sum over neighbours. Splines and their adjoint are torch-pme's.

    Args:
        positions: Å.
        cell: lattice vectors as rows, Å.
        width: s of `smeared_coulomb`, Å.
        accuracy: of the forces, relative; those of the energy are ten times smaller.

    Raises:
        InputError: torch-pme is not installed.
    """

    def __init__(
        self,
        positions: Float64[Tensor, "atoms 3"],
        cell: Float64[Tensor, "3 3"],
        width: float,
        accuracy: float,
    ) -> None:
        self.positions, self.cell, self.width = positions, cell, width
        spacing = width * (accuracy / WORST) ** 0.2
        self.size = [
            fast_length(max(2 * NODES, 2 * math.ceil(0.5 * a / spacing)))
            for a in cell.detach().norm(dim=1).tolist()
        ]

    def energies(self, sources: Sources) -> Float64[Tensor, " atoms"]:
        """Energy of every atom with all others and all images, eV.

        Raises:
            InputError: there are dipoles, for which there is no mesh.
        """
        if sources.dipoles is not None:
            raise InputError(
                "a mesh carries charges, no dipoles of atoms", fix="set longrange.mesh_from to more atoms"
            )
        q, volume = sources.charges, cell_volume(self.cell)
        splines = self._splines()
        density = torch.fft.rfftn(splines.points_to_mesh(q[:, None]), dim=(1, 2, 3))
        potential = torch.fft.irfftn(density * self.influence, s=self.size, dim=(1, 2, 3))
        waves = q * splines.mesh_to_points(potential)[:, 0] * math.prod(self.size) / volume
        return without_self(waves, sources, self.width, volume)

    def _splines(self) -> Any:
        lib = require("torchpme.lib", extra="longrange")
        size = torch.tensor(self.size, device=self.cell.device)
        splines = lib.MeshInterpolator(self.cell, size, NODES, method="P3M")
        splines.compute_weights(self.positions)
        return splines

    @cached_property
    def influence(self) -> Float64[Tensor, "nx ny nz"]:
        """4π/k² e^{−s²k²/2} / U², with U² what the splines do to a wave, its aliases included; 0 at k = 0."""
        like = {"dtype": self.cell.dtype, "device": self.cell.device}
        steps = [torch.fft.fftfreq(n, 1 / n, **like) for n in self.size[:2]]
        steps.append(torch.fft.rfftfreq(self.size[2], 1 / self.size[2], **like))
        back = [_spread(step / n) for step, n in zip(steps, self.size, strict=True)]
        k = torch.stack(torch.meshgrid(*steps, indexing="ij"), dim=-1) @ reciprocal_basis(self.cell)
        square = (k**2).sum(-1)
        square = torch.where(square == 0, math.inf, square)
        wave = 4 * math.pi * torch.exp(-0.5 * self.width**2 * square) / square
        return wave * torch.einsum("x,y,z->xyz", *back)


def fast_length(least: int) -> int:
    """The next number of points, from `least` on, that a Fourier transform likes.

    >>> fast_length(127)
    128
    """
    return int(next_fast_len(least) or least)


def _spread(fraction: Float64[Tensor, " waves"]) -> Float64[Tensor, " waves"]:
    """W²/(Σ_b W_b²)² of one axis, W_b = sinc^p(f + b): the best inverse of spreading and reading."""
    aliases = fraction[:, None] + torch.arange(-4, 5, device=fraction.device)
    square = torch.sinc(aliases) ** (2 * NODES)
    return square[:, 4] / square.sum(1) ** 2
