"""What the atoms of a ligand feel of the sites of a receptor at a pose: the cross encoder."""

from typing import Annotated, NamedTuple

import torch
from jaxtyping import Float, Int64
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from intertwine.groups import Irreps
from intertwine.nn.schur_linear import SchurLinear
from intertwine.ops.harmonics import spherical_harmonics
from intertwine.ops.norm import normalise
from intertwine.ops.radial import bessel_basis
from intertwine.ops.segment import segment_sum


class CrossSpec(BaseModel):
    """Sizes of a `CrossEncoder`.

    >>> CrossSpec().invariants
    112
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cutoff: Annotated[float, Field(gt=0)] = 5.5
    """Å; sites further from an atom do not touch it."""
    channels: Annotated[int, Field(ge=1)] = 16
    l_max: Annotated[int, Field(ge=0, le=4)] = 2
    """Highest degree of the features that meet."""
    radial: Annotated[int, Field(ge=1)] = 8
    """Number of radial functions."""
    neighbours: Annotated[float, Field(gt=0)] = 30.0
    """Typical number of sites around an atom (a scale, not a limit)."""

    @property
    def invariants(self) -> int:
        """Width of what the encoder gives for each atom."""
        return self.channels * (2 * self.l_max + 3)


class Contacts(NamedTuple):
    """Pairs of an atom at a pose and a site that touch.

    Attributes:
        atom: pose · atoms + atom, ascending, `(pairs,)`.
        site: `(pairs,)`.
        vector: from the atom to the site, Å, `(pairs, 3)`.
    """

    atom: Int64[Tensor, "pairs"]
    site: Int64[Tensor, "pairs"]
    vector: Float[Tensor, "pairs 3"]


def contacts(
    positions: Float[Tensor, "poses atoms 3"], sites: Float[Tensor, "sites 3"], cutoff: float
) -> Contacts:
    """All pairs nearer than a cutoff (Å); the vectors are differentiable in the positions.

    >>> found = contacts(torch.zeros(1, 2, 3), torch.tensor([[1.0, 0, 0], [9.0, 0, 0]]), 3.0)
    >>> found.atom.tolist(), found.site.tolist()
    ([0, 1], [0, 0])
    """
    flat = positions.flatten(0, 1)
    with torch.no_grad():
        near = torch.cdist(flat, sites, compute_mode="donot_use_mm_for_euclid_dist") < cutoff
        atom, site = near.nonzero(as_tuple=True)
    return Contacts(atom, site, sites.index_select(0, site) - flat.index_select(0, atom))


class CrossEncoder(nn.Module):
    """Invariants of each ligand atom in the field of a receptor, from features that both bring along.

    Sites j bring features S_j and atoms i features H_i, of degrees l ≤ L, the latter turned with the pose.
    With r̂ from the atom to the site, each channel c has a density of what is around the atom, and a field of
    what the sites point at it,

        A_i[lm] = Σ_j R_l(r_ij) S_j[00] Y_lm(r̂_ij),      F_i = Σ_j R(r_ij) Σ_lm S_j[lm] Y_lm(r̂_ij),

    and the invariants are A_i[00], F_i, A_i[l]·H_i[l] for each l, and √(1 + |A_i[l]|²) − 1 for l > 0: the
    angles between bonds of the ligand and directions in the pocket, the depth of burial, the shape of what is
    around. All are zero without a site in reach, and C² in the positions.

    Args:
        spec: sizes.
        channels_in: channels of the features that are brought, degrees up to `spec.l_max`.
    """

    def __init__(self, spec: CrossSpec, channels_in: int) -> None:
        super().__init__()
        self.spec = spec
        rows = Irreps.spherical_harmonics(spec.l_max)
        self.of_sites = SchurLinear(rows, rows, channels_in, spec.channels)
        self.of_atoms = SchurLinear(rows, rows, channels_in, spec.channels)
        scale = (spec.neighbours * spec.radial) ** -0.5
        self.radial = nn.Parameter(torch.randn(spec.radial, (spec.l_max + 2) * spec.channels) * scale)

    def forward(
        self,
        found: Contacts,
        sites: Float[Tensor, "sites lm channels"],
        atoms: Float[Tensor, "poses_atoms lm channels"],
    ) -> Float[Tensor, "poses_atoms invariants"]:
        """Invariants of every atom at every pose.

        Args:
            found: pairs in reach (`contacts`).
            sites: S, from `of_sites`.
            atoms: H at every pose, turned, from `of_atoms`.
        """
        spec, count = self.spec, len(atoms)
        direction, length = normalise(found.vector)
        harmonics = spherical_harmonics(spec.l_max, direction)[:, :, None]
        radial = bessel_basis(length, spec.cutoff, spec.radial) @ self.radial
        *by_degree, of_field = radial.chunk(spec.l_max + 2, dim=1)
        brought = sites.index_select(0, found.site)
        field = segment_sum((harmonics * brought).sum(1) * of_field, found.atom, count)
        invariants = [field]
        for l, weight in enumerate(by_degree):
            rows = slice(l * l, (l + 1) * (l + 1))
            values = harmonics[:, rows] * (weight * brought[:, 0])[:, None]
            density = segment_sum(values, found.atom, count)
            invariants.append((density * atoms[:, rows]).sum(1))
            invariants.append(density[:, 0] if l == 0 else (1.0 + density.square().sum(1)).sqrt() - 1.0)
        return torch.cat(invariants, dim=1)
