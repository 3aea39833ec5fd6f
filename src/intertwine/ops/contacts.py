"""Pairs of an atom at a pose and a fixed site that are near each other."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor


class Contacts(NamedTuple):
    """Pairs of a point and a site that touch.

    Attributes:
        atom: number of the point, ascending, `(pairs,)`.
        site: `(pairs,)`.
        vector: from the point to the site, Å, `(pairs, 3)`.
    """

    atom: Int64[Tensor, "pairs"]
    site: Int64[Tensor, "pairs"]
    vector: Float[Tensor, "pairs 3"]


def contacts(points: Float[Tensor, "*points 3"], sites: Float[Tensor, "sites 3"], cutoff: float) -> Contacts:
    """All pairs nearer than a cutoff (Å); the vectors are differentiable.

    Points may stand in a table, as pose · atoms + atom; their numbers are those of the table laid flat.

    >>> found = contacts(torch.zeros(1, 2, 3), torch.tensor([[1.0, 0, 0], [9.0, 0, 0]]), 3.0)
    >>> found.atom.tolist(), found.site.tolist()
    ([0, 1], [0, 0])
    """
    flat = points.reshape(-1, 3)
    with torch.no_grad():
        near = torch.cdist(flat, sites, compute_mode="donot_use_mm_for_euclid_dist") < cutoff
        atom, site = near.nonzero(as_tuple=True)
    return Contacts(atom, site, sites.index_select(0, site) - flat.index_select(0, atom))
