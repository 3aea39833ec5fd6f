"""Which atoms of a receptor are bonded, told by how near they are."""

import numpy as np
from ase.data import covalent_radii
from jaxtyping import Bool, Float64, Int64
from scipy.spatial import KDTree

SLACK = 0.4
"""Å beyond the sum of two covalent radii."""
LONGEST = 2.6


def bonded_pairs(
    numbers: Int64[np.ndarray, " atoms"],
    positions: Float64[np.ndarray, "atoms 3"],
    residue: Int64[np.ndarray, " atoms"],
    linked: Bool[np.ndarray, " atoms"],
) -> Int64[np.ndarray, "bonds 2"]:
    """Pairs i < j closer than the sum of their covalent radii and 0.4 Å.

    Atoms of two residues are bonded only where both are `linked`, so that a clash is no bond. Hydrogens go to
    the nearest heavy atom alone.

    >>> places = np.array([[0.0, 0, 0], [1.2, 0, 0], [3.0, 0, 0]])
    >>> bonded_pairs(np.array([6, 8, 8]), places, np.zeros(3, dtype=int), np.ones(3, dtype=bool))
    array([[0, 1]])
    """
    pairs = KDTree(positions).query_pairs(LONGEST, output_type="ndarray").astype(np.int64)
    i, j = pairs.T
    distance = np.linalg.norm(positions[i] - positions[j], axis=1)
    radii = covalent_radii[numbers]
    near = distance < radii[i] + radii[j] + SLACK
    near &= (residue[i] == residue[j]) | (linked[i] & linked[j])
    hydrogen = numbers == 1
    heavy = near & ~hydrogen[i] & ~hydrogen[j]
    mixed = near & (hydrogen[i] != hydrogen[j])
    return np.concatenate([pairs[heavy], _nearest_only(pairs[mixed], distance[mixed], hydrogen)])


def _nearest_only(
    pairs: Int64[np.ndarray, "pairs 2"],
    distance: Float64[np.ndarray, " pairs"],
    hydrogen: Bool[np.ndarray, " atoms"],
) -> Int64[np.ndarray, "kept 2"]:
    light = np.where(hydrogen[pairs[:, 0]], pairs[:, 0], pairs[:, 1])
    order = np.lexsort((distance, light))
    _, first = np.unique(light[order], return_index=True)
    return pairs[order[first]]
