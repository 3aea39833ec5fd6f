"""How far poses are from each other, whatever the names of equal atoms, and one of each kind of pose."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def symmetric_rmsd(
    x: Float[Tensor, "poses atoms 3"],
    reference: Float[Tensor, "others atoms 3"],
    symmetries: Int64[Tensor, "symmetries atoms"],
) -> Float[Tensor, "poses others"]:
    """RMSD of poses without superposition, the least over the automorphisms of the molecule, Å.

        RMSD(x, y) = min_s √( Σᵢ |xᵢ − y_{s(i)}|² / atoms )

    Args:
        x, reference: heavy atoms, Å.
        symmetries: permutations of the atoms that leave the molecule what it is; the identity among them.

    >>> flipped = torch.tensor([[[1.0, 0, 0], [0.0, 0, 0]]])
    >>> symmetric_rmsd(flipped, flipped.flip(1), torch.tensor([[0, 1], [1, 0]]))
    tensor([[0.]])
    """
    best = x.new_full((len(x), len(reference)), torch.inf)
    flat = x.flatten(1)
    for symmetry in symmetries:
        best = torch.minimum(best, torch.cdist(flat, reference[:, symmetry].flatten(1)))
    return best / x.shape[1] ** 0.5


def distinct(
    x: Float[Tensor, "poses atoms 3"],
    symmetries: Int64[Tensor, "symmetries atoms"],
    radius: float,
    count: int,
) -> Int64[Tensor, "kept"]:
    """The first of each cluster of poses that are sorted by energy: none within `radius` of an earlier one.

    Args:
        x: heavy atoms, Å, best pose first.
        symmetries: see `symmetric_rmsd`.
        radius: Å.
        count: stop after so many.

    >>> line = torch.arange(4.0)[:, None, None] * torch.tensor([1.0, 0, 0])
    >>> distinct(line, torch.tensor([[0]]), radius=1.5, count=9)
    tensor([0, 2])
    """
    kept: list[int] = []
    free = torch.ones(len(x), dtype=torch.bool, device=x.device)
    while len(kept) < count and bool(free.any()):
        first = int(free.nonzero()[0])
        kept.append(first)
        near = symmetric_rmsd(x, x[first : first + 1], symmetries)[:, 0] < radius
        free = free & ~near
        free[first] = False
    return torch.tensor(kept, dtype=torch.int64, device=x.device)
