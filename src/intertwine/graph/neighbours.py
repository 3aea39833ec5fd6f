"""Which atoms see each other: every pair closer than a cutoff, lattice images included.

The search is vesin's, chosen by measurement (`benchmarks/neighbours.py`, cutoff 5 Å, one thread, CPU time
of one sorted int64 list; vesin 0.6.2, matscipy 1.3.1; both agree with brute force everywhere):

    ===================  ========  ==========  ==========
    system                  pairs       vesin    matscipy
    ===================  ========  ==========  ==========
    9-atom molecule            72    0.028 ms    0.010 ms
    one Cu atom                42    0.025 ms    0.013 ms
    one atom, 1.2 Å cell      304    0.041 ms    0.037 ms
    108 Cu                   4624    0.28 ms     0.64 ms
    864 Cu                  36958    3.6 ms      6.3 ms
    10 976 Cu              469766    51 ms       78 ms
    ===================  ========  ==========  ==========

vesin is right everywhere but slow without bound in two places, and `neighbours` walks round them: a cell much
more skewed than its lattice (10 s for four atoms and vectors a hundred times too long) is reduced first, and
empty space along open axes (19 s for an atom that flew 3·10⁴ Å off a slab of 300) is closed up.
"""

import math
from typing import Final

import numpy as np
import vesin
from ase.geometry import minkowski_reduce
from jaxtyping import Bool, Float, Int64

from intertwine.errors import InputError

Pairs = tuple[Int64[np.ndarray, "edges"], Int64[np.ndarray, "edges"], Int64[np.ndarray, "edges 3"]]

SKEWED: Final = 4.0
"""Product of the lattice vectors' lengths over the volume beyond which a cell is reduced; 1.4 for fcc."""

SPREAD: Final = 100.0
"""Extent along open axes, in cutoffs, beyond which empty space is closed up."""

CROWDED: Final = 1e5
"""Neighbours of one atom beyond which a cell must be a mistake; matter has a thousand within 14 Å."""


def neighbours(
    positions: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "3 3"],
    pbc: Bool[np.ndarray, "3"],
    cutoff: float,
) -> Pairs:
    """All (i, j, S) with |x_j + S · cell − x_i| < cutoff, both directions, sorted by i.

    Args:
        positions: x, Å, `(atoms, 3)`; they may lie outside the cell.
        cell: lattice vectors as rows, Å, of either handedness; rows of open axes are not read.
        pbc: which axes repeat.
        cutoff: Å, positive.

    Returns:
        i `(edges,)` ascending, j `(edges,)` and S `(edges, 3)`, whole numbers that are zero on open axes.
        An atom is its own neighbour through its images, never as itself; the cutoff may be many times the
        cell. The order of the edges of one i is not promised.

    Raises:
        InputError: a cell so small that an atom would have more than `CROWDED` neighbours.

    >>> i, j, S = neighbours(np.zeros((1, 3)), np.diag([1.0, 0, 0]), np.array([True, False, False]), 2.5)
    >>> i, sorted(S[:, 0].tolist())  # one atom of a wire sees two images on either side
    (array([0, 0, 0, 0]), [-2, -1, 1, 2])
    """
    box, basis = np.eye(3), None
    if pbc.any():
        box = spanned(cell, pbc)
        _refuse_crowd(len(positions), box, int(pbc.sum()), cutoff)
        box, basis = reduced(box, pbc)
    if not pbc.all():
        positions = gathered(positions, box[~pbc], cutoff)
    finder = vesin.NeighborList(cutoff=cutoff, full_list=True, sorted=True, n_threads=1)
    i, j, shift = finder.compute(positions, box, pbc, quantities="ijS", copy=False)
    shift = shift.astype(np.int64)
    return i.astype(np.int64), j.astype(np.int64), shift if basis is None else shift @ basis


def spanned(cell: Float[np.ndarray, "3 3"], pbc: Bool[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """The cell with its open axes replaced by unit vectors orthogonal to each other and to the periodic ones.

    >>> spanned(np.diag([2.0, 3.0, 0.0]), np.array([True, True, False])).round(6) + 0.0
    array([[2., 0., 0.],
           [0., 3., 0.],
           [0., 0., 1.]])
    """
    if pbc.all():
        return cell
    if not pbc.any():
        return np.eye(3)
    box = cell.copy()
    box[~pbc] = np.linalg.svd(cell[pbc])[2][int(pbc.sum()) :]
    return box


def reduced(
    box: Float[np.ndarray, "3 3"], pbc: Bool[np.ndarray, "3"]
) -> tuple[Float[np.ndarray, "3 3"], Int64[np.ndarray, "3 3"] | None]:
    """A box of the same lattice that is not skewed, and the whole numbers H with new = H · old, if any.

    >>> box, _ = reduced(np.array([[1.0, 0, 0], [7, 1, 0], [0, 0, 1]]), np.ones(3, dtype=bool))
    >>> np.linalg.norm(box, axis=1)
    array([1., 1., 1.])
    """
    if np.sqrt((box**2).sum(1)).prod() < SKEWED * abs(np.linalg.det(box)):
        return box, None
    short, basis = minkowski_reduce(box, pbc)  # pyright: ignore[reportArgumentType] (ASE takes three)
    return np.ascontiguousarray(short), basis.astype(np.int64)


def gathered(
    positions: Float[np.ndarray, "atoms 3"], axes: Float[np.ndarray, "open 3"], cutoff: float
) -> Float[np.ndarray, "atoms 3"]:
    """The atoms moved along open axes to start at zero, gaps that no pair can cross narrowed to two cutoffs.

    >>> gathered(np.array([[0.0, 0, 0], [0, 0, 1], [0, 0, 900]]), np.array([[0.0, 0, 1]]), 3.0)[:, 2]
    array([0., 1., 7.])
    """
    if len(positions) == 0 or np.ptp(positions) < SPREAD * cutoff:
        return positions
    for axis in axes:
        height = positions @ axis
        order = np.argsort(height)
        excess = np.maximum(np.diff(height[order]) - 2 * cutoff, 0.0)
        drop = np.full(len(height), height[order[0]])
        drop[order[1:]] += np.cumsum(excess)
        positions = positions - drop[:, None] * axis
    return positions


def _refuse_crowd(n_atoms: int, box: Float[np.ndarray, "3 3"], n_periodic: int, cutoff: float) -> None:
    """Say that a cell is too small, rather than fill the memory with its images."""
    ball = (1.0, 2 * cutoff, math.pi * cutoff**2, 4 / 3 * math.pi * cutoff**3)[n_periodic]
    expected = n_atoms * ball / abs(np.linalg.det(box))
    if expected > CROWDED:
        raise InputError(
            "the cell is too small for its atoms",
            got=f"about {expected:.1g} neighbours of each atom within {cutoff:g} Å",
            accepted=f"at most {CROWDED:.0g}",
            fix="check the unit of the cell (Å) and the cutoff",
        )
