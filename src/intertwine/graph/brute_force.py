"""The oracle of every neighbour list: try every pair and every lattice image that could be close enough."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Int64

from intertwine.graph.neighbours import Pairs


def brute_force_neighbours(
    positions: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "3 3"],
    pbc: Bool[np.ndarray, "3"],
    cutoff: float,
    centres: Sequence[int] | None = None,
) -> Pairs:
    """All (i, j, S) with |x_j + S · cell − x_i| < cutoff, found without any cell list.

    With P the pseudo-inverse of the periodic lattice vectors, an image at distance r from its centre has
    S = (r − (x_j − x_i)) · P, so |S + (x_j − x_i) · P| ≤ cutoff · |columns of P| bounds the images to try.

    Args:
        positions: Å, `(atoms, 3)`, anywhere in space.
        cell: lattice vectors as rows, Å; rows of open axes are not read.
        pbc: which axes repeat.
        cutoff: Å.
        centres: only pairs whose i is one of these, ascending; all atoms if None.

    Returns:
        i `(edges,)` ascending, j `(edges,)`, S `(edges, 3)`.

    >>> i, j, S = brute_force_neighbours(np.zeros((1, 3)), np.eye(3), np.array([True, False, False]), 1.5)
    >>> S[:, 0]
    array([-1,  1])
    """
    shifts = _images_in_reach(positions, cell, pbc, cutoff)
    images = positions + (shifts @ cell)[:, None, :]
    found = [np.empty((0, 5), dtype=np.int64)]
    for i in range(len(positions)) if centres is None else centres:
        close = ((images - positions[i]) ** 2).sum(-1) < cutoff**2
        close[(shifts == 0).all(1), i] = False
        image, j = np.nonzero(close)
        found.append(np.column_stack([np.full(len(j), i), j, shifts[image]]).astype(np.int64))
    table = np.concatenate(found)
    return table[:, 0], table[:, 1], table[:, 2:]


def _images_in_reach(
    positions: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "3 3"],
    pbc: Bool[np.ndarray, "3"],
    cutoff: float,
) -> Int64[np.ndarray, "images 3"]:
    """Every lattice translation that could bring any atom within the cutoff of any other."""
    inverse = np.linalg.pinv(cell[pbc]) if pbc.any() else np.zeros((3, 0))
    steps = positions @ inverse
    spread = np.ptp(steps, axis=0) if len(steps) else np.zeros(inverse.shape[1])
    reach = np.floor(spread + cutoff * np.linalg.norm(inverse, axis=0) + 1e-9).astype(int)
    chosen = list(product(*(range(-most, most + 1) for most in reach)))
    shifts = np.zeros((len(chosen), 3), dtype=np.int64)
    shifts[:, pbc] = np.array(chosen, dtype=np.int64).reshape(len(chosen), -1)
    return shifts
