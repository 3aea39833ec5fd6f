"""Where an irrep of a compact group stands: eigenvalues first, then a small null space."""

import numpy as np
from jaxtyping import Float64

from intertwine.groups.intertwiners import intertwiners, pivoted_basis
from intertwine.groups.representation import Irrep, Representation

SAME = 1e-6
"""Eigenvalues that differ by less are one; those of Casimir operators and reflections are integers."""


def isotypic_maps(representation: Representation, irrep: Irrep) -> Float64[np.ndarray, "maps d rows"]:
    """Orthonormal basis of the equivariant maps from a representation of a compact group to an irrep.

    What acts on the irrep as a number c acts so on everything the maps do not send to zero. The Casimir
    operator −Σ_k X_k² is such a thing, l(l+1) for rotations of space and m² for turns about an axis, and so
    is the inversion. Their common eigenspace is taken first, and the equations of the generators are solved
    inside it: they have (copies·d)·d unknowns instead of rows·d.

    >>> from intertwine.groups.cartesian import CartesianTensor
    >>> isotypic_maps(CartesianTensor("ij=ji"), Irrep.parse("2e")).shape
    (1, 5, 6)
    """
    large, small = representation.generators(), irrep.generators()
    inside = np.eye(representation.dim)
    for operator, on_irrep in _splitting(large, small, len(representation.group.generators)):
        number = np.trace(on_irrep) / irrep.dim
        if np.abs(on_irrep - number * np.eye(irrep.dim)).max() < SAME:
            values, vectors = np.linalg.eigh(inside @ operator @ inside.T)
            inside = vectors.T[np.abs(values - number) < SAME * max(1.0, abs(number))] @ inside
    if not len(inside):
        return np.zeros((0, irrep.dim, representation.dim))
    maps = intertwiners(list(inside @ large @ inside.T), list(small)) @ inside
    return pivoted_basis(maps.reshape(len(maps), irrep.dim * representation.dim)).reshape(maps.shape)


def _splitting(
    large: Float64[np.ndarray, "generators rows rows"],
    small: Float64[np.ndarray, "generators d d"],
    discrete: int,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Symmetric operators on both spaces that every equivariant map carries into each other."""
    casimir, casimir_small = (
        -np.einsum("kij,kjl->il", rho[discrete:], rho[discrete:]) for rho in (large, small)
    )
    reflections = [((a + a.T) / 2, (b + b.T) / 2) for a, b in zip(large, small, strict=True)]
    return [(casimir, casimir_small), *reflections[:discrete]]
