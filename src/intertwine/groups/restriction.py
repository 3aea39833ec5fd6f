"""Decomposition of any representation into irreps, and restriction to a subgroup: branching."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from intertwine.groups.group import Group
from intertwine.groups.hom import hom
from intertwine.groups.irreps import Irreps
from intertwine.groups.representation import Irrep, Representation, RestrictedRepresentation


@dataclass(frozen=True, eq=False)
class Decomposition:
    """A representation written as a sum of irreps.

    Attributes:
        irreps: what it contains, each irrep with its multiplicity, in the group's order.
        basis: orthogonal Q with Q ρ(g) Qᵀ = `irreps.matrix(g)`; Q x are the components in that basis.
    """

    irreps: Irreps
    basis: Float64[np.ndarray, "rows rows"]


def decompose(representation: Representation) -> Decomposition:
    """Write a representation as a sum of irreps, with the change of basis.

    The basis is chosen by pivots among the maps from each irrep into the representation, and among those
    that its endomorphisms make of the first: it depends on the representation only.

    >>> from intertwine.groups.representation import ProductRepresentation
    >>> vector = Irrep.parse("1o")
    >>> decompose(ProductRepresentation(vector, vector)).irreps
    1x0e+1x1e+1x2e
    """
    group = representation.group
    candidates = group.irreps(max(representation.degree, 0))
    terms: list[tuple[int, Irrep]] = []
    rows = [np.zeros((0, representation.dim))]
    for _, irrep in candidates:
        copies = list(_embeddings(irrep, representation))
        if copies:
            terms.append((len(copies), irrep))
            rows += copies
    return Decomposition(Irreps(terms, group), np.concatenate(rows))


def restrict(representation: Representation, subgroup: Group) -> Decomposition:
    """Read a representation on a subgroup only, and decompose it there.

    Features computed in the larger group enter a network of the smaller one through `basis`: the crystal
    harmonics are restricted Y_lm.

    Args:
        representation: of the larger group.
        subgroup: in an orientation in which it is one.

    Raises:
        InputError: not a subgroup.

    >>> from intertwine.groups import get_group
    >>> restrict(Irrep.parse("4e"), get_group("Oh")).irreps
    1xA1g+1xEg+1xT1g+1xT2g
    """
    return decompose(RestrictedRepresentation(representation, subgroup))


def _embeddings(irrep: Irrep, representation: Representation) -> Iterator[Float64[np.ndarray, "d rows"]]:
    """Isometries, one per copy, whose rows carry the irrep; copies are orthogonal to each other."""
    maps = hom(representation, irrep) * np.sqrt(irrep.dim)
    taken = np.zeros((0, maps[0].size if len(maps) else 0))
    for map in maps:
        flat = map.ravel()
        rest = flat - taken.T @ (taken @ flat)
        norm = np.linalg.norm(rest)
        if norm < 1e-6 * np.sqrt(irrep.dim):
            continue
        copy = (rest * np.sqrt(irrep.dim) / norm).reshape(map.shape)
        taken = np.concatenate([taken, [(e @ copy).ravel() / np.sqrt(irrep.dim) for e in irrep.algebra]])
        yield copy
