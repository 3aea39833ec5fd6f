"""Which atoms see each other: every pair closer than a cutoff, lattice images included."""

import numpy as np
import vesin
from jaxtyping import Bool, Float, Int64

Pairs = tuple[Int64[np.ndarray, "edges"], Int64[np.ndarray, "edges"], Int64[np.ndarray, "edges 3"]]


def neighbours(
    positions: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "3 3"],
    pbc: Bool[np.ndarray, "3"],
    cutoff: float,
) -> Pairs:
    """All (i, j, S) with |x_j + S · cell − x_i| < cutoff, both directions, sorted by i."""
    finder = vesin.NeighborList(cutoff=cutoff, full_list=True, sorted=True, n_threads=1)
    i, j, shift = finder.compute(positions, spanned(cell, pbc), pbc, quantities="ijS")
    return i.astype(np.int64), j.astype(np.int64), shift.astype(np.int64)


def spanned(cell: Float[np.ndarray, "3 3"], pbc: Bool[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """The cell with its open axes replaced by unit vectors orthogonal to the periodic ones."""
    if pbc.all():
        return cell
    if not pbc.any():
        return np.eye(3)
    complete = cell.copy()
    complete[~pbc] = np.linalg.svd(cell[pbc])[2][int(pbc.sum()) :]
    return complete
