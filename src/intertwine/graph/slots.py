"""The place of every edge in a dense table of atoms × neighbours."""

import numpy as np
from jaxtyping import Int64


def slots(receiver: Int64[np.ndarray, "edges"], n_atoms: int) -> tuple[Int64[np.ndarray, "edges"], int]:
    """slot = receiver · max_degree + rank, rank counting 0, 1, … the edges of one receiver.

    Args:
        receiver: centre of each edge, ascending, `(edges,)`.
        n_atoms: number of atoms.

    Returns:
        `slot` `(edges,)`, all different, and `max_degree` ≥ 1, the largest number of edges of one atom.

    >>> slots(np.array([0, 0, 2, 2, 2]), n_atoms=3)
    (array([0, 1, 6, 7, 8]), 3)
    >>> slots(np.array([], dtype=np.int64), n_atoms=3)[1]
    1
    """
    degree = np.bincount(receiver, minlength=n_atoms)
    max_degree = max(1, int(degree.max(initial=0)))
    first = np.cumsum(degree) - degree
    return np.arange(len(receiver)) + (max_degree * np.arange(n_atoms) - first)[receiver], max_degree
