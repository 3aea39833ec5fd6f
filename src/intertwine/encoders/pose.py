"""What the atoms of a ligand feel of the sites of a receptor at a pose: the cross encoder."""

from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from intertwine.groups import Irreps
from intertwine.nn.schur_linear import SchurLinear
from intertwine.ops.pose_fields import pose_fields


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
        points: Float[Tensor, "poses_atoms 3"],
        places: Float[Tensor, "sites 3"],
        sites: Float[Tensor, "sites lm channels"],
        atoms: Float[Tensor, "poses_atoms lm channels"],
    ) -> Float[Tensor, "poses_atoms invariants"]:
        """Invariants of every atom at every pose.

        Args:
            points: where the atoms are, Å.
            places: where the sites are, Å.
            sites: S, from `of_sites`.
            atoms: H at every pose, turned, from `of_atoms`.
        """
        degrees = [2 * l + 1 for l in range(self.spec.l_max + 1)]
        felt = pose_fields(points, places, sites, self.radial, self.spec.cutoff)
        *densities, field = felt.split((*degrees, 1), dim=1)
        invariants = [field[:, 0]]
        for density, own in zip(densities, atoms.split(degrees, dim=1), strict=True):
            size = (1.0 + density.square().sum(1)).sqrt() - 1.0 if density.shape[1] > 1 else density[:, 0]
            invariants += [(density * own).sum(1), size]
        return torch.cat(invariants, dim=1)
