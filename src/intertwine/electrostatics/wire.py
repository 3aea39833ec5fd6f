"""Systems that repeat along one axis: near images one by one, all others by their multipoles."""

import math
from collections.abc import Callable
from typing import Final

import torch
from jaxtyping import Bool, Float64, Int64
from scipy.special import zeta
from torch import Tensor

from intertwine.electrostatics.gaussian import COULOMB, smeared_coulomb
from intertwine.electrostatics.open_space import energies_of_pairs
from intertwine.electrostatics.sources import Sources
from intertwine.ops.norm import norm

DEGREE: Final = 18
"""Of the last multipole; images four times as far away as a pair is apart are cut off at 4⁻²⁰."""


class Wire:
    """Smeared charges that repeat along one axis, with empty space around.

        U(r) = Σ_{|n|≤N} B_0(|r + na|) + 2 Σ_{l=2,4,…} r^l P_l(cos θ) ζ(l+1, N+1)/a^{l+1} − 2 H_N/a

    is what two charges and all their images do to each other. The sum over 1/|n|a, which has no end, is left
    out (H_N, the N-th harmonic number, takes off what is in it): it does nothing in a neutral cell, and of a
    charged wire the energy is counted from it. U does not depend on N.

    Args:
        positions: Å.
        cell: lattice vectors as rows, Å; those of the open axes are not used.
        pbc: which axes repeat; one of them.
        width: s of `smeared_coulomb`, Å.
    """

    def __init__(
        self,
        positions: Float64[Tensor, "atoms 3"],
        cell: Float64[Tensor, "3 3"],
        pbc: Bool[Tensor, "3"],
        width: float,
    ) -> None:
        (self.axis,), self.width, self.atoms = cell[pbc], width, len(positions)
        self.pairs = torch.triu_indices(self.atoms, self.atoms, device=cell.device)
        r = positions[self.pairs[1]] - positions[self.pairs[0]]
        period = self.axis.detach().norm()
        r = r - (r.detach() @ self.axis.detach() / period**2).round()[:, None] * self.axis
        reach = max(4 * r.detach().norm(dim=1).max().item(), 14 * width)
        self.images = math.ceil(reach / period.item())
        n = torch.arange(-self.images, self.images + 1, device=cell.device)
        self.near = r[:, None] + n[None, :, None] * self.axis
        self.direct = r
        self.same = self.pairs[0] == self.pairs[1]
        self.share = torch.where(self.same, 0.5, 1.0).to(r)[:, None] * ~(self.same[:, None] & (n == 0))

    def energies(self, sources: Sources) -> Float64[Tensor, " atoms"]:
        """Energy of every atom with all others and all images, eV."""
        pairs = self.pairs[:, :, None].expand(-1, -1, self.near.shape[1]).flatten(1)
        near = energies_of_pairs(self.near.flatten(0, 1), pairs, sources, self.width, self.share.flatten())
        far = _with_dipoles(self._far, self.direct, self.pairs, sources)
        far = 0.5 * COULOMB * torch.where(self.same, 0.5 * far, far)
        return near.index_add(0, self.pairs.flatten(), far.repeat(2))

    def matrix(self) -> Float64[Tensor, "atoms atoms"]:
        """J of ½ q·J·q up to one number in all entries, self-energies on its diagonal, eV/e²."""
        (b,) = smeared_coulomb(norm(self.near).flatten(), self.width)
        upper = b.reshape(self.near.shape[:2]).sum(1) + self._far(self.direct)
        i, j = self.pairs
        full = upper.new_zeros(self.atoms, self.atoms).index_put((i, j), upper)
        return COULOMB * (full + full.T - torch.diag(full.diagonal()))

    def _far(self, r: Float64[Tensor, "pairs 3"]) -> Float64[Tensor, " pairs"]:
        """What images beyond the near ones do."""
        period, square = norm(self.axis), (r**2).sum(1)
        z = r @ self.axis / period
        last, this = torch.ones_like(z), z
        total = -2 * sum(1 / n for n in range(1, self.images + 1)) / period * last
        for l in range(2, DEGREE + 1):
            last, this = this, ((2 * l - 1) * z * this - (l - 1) * square * last) / l
            if l % 2 == 0:
                total = total + 2 * float(zeta(l + 1, self.images + 1)) / period ** (l + 1) * this
        return total


def _with_dipoles(
    potential: Callable[[Tensor], Tensor],
    r: Float64[Tensor, "pairs 3"],
    pairs: Int64[Tensor, "2 pairs"],
    sources: Sources,
) -> Float64[Tensor, " pairs"]:
    """(q_i − p_i·∇)(q_j + p_j·∇) U(r) of every pair."""
    i, j = pairs
    q_i, q_j = sources.charges[i], sources.charges[j]
    if sources.dipoles is None:
        return q_i * q_j * potential(r)
    p_i, p_j = sources.dipoles[i], sources.dipoles[j]
    with torch.enable_grad():
        r = r if r.requires_grad else r.detach().requires_grad_(True)
        value = potential(r)
        value = q_j * value + (p_j * _slope(value, r)).sum(1)
        return q_i * value - (p_i * _slope(value, r)).sum(1)


def _slope(value: Float64[Tensor, " pairs"], r: Float64[Tensor, "pairs 3"]) -> Float64[Tensor, "pairs 3"]:
    return torch.autograd.grad(value.sum(), r, create_graph=True)[0]
