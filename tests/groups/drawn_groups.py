"""Groups for Hypothesis: any of the 36, as they stand and turned, with their elements and representations."""

import numpy as np
from drawn_rotations import haar, seeds
from hypothesis import strategies as st

from intertwine.groups import (
    GROUP_NAMES,
    CartesianTensor,
    Group,
    Irrep,
    Irreps,
    ProductRepresentation,
    Representation,
    RestrictedRepresentation,
    get_group,
)

standing = st.sampled_from(GROUP_NAMES).map(get_group)
turned = st.builds(get_group, st.sampled_from(GROUP_NAMES), haar)
groups = st.one_of(standing, turned)

FORMULAS = ("i", "ij=ji", "ij=-ji", "ij", "ijk=ikj")


def drawn_elements(group: Group, seed: int, count: int = 3) -> np.ndarray:
    """Elements drawn from the Haar measure, then the discrete generators."""
    return np.concatenate([group.sample(np.random.default_rng(seed), count), group.generators])


def all_irreps(group: Group, degree: int = 3) -> list[Irrep]:
    """Every irrep of a finite group, of a compact one those up to a degree."""
    return [irrep for _, irrep in group.irreps(degree)]


@st.composite
def irreps_of(draw: st.DrawFn, group: Group, degree: int = 3, terms: int = 3) -> Irreps:
    """A direct sum of a few irreps of a group, some of them with multiplicity 0 or 2."""
    irrep = st.sampled_from(all_irreps(group, degree))
    return Irreps(draw(st.lists(st.tuples(st.integers(0, 2), irrep), min_size=1, max_size=terms)), group)


@st.composite
def representations_of(draw: st.DrawFn, group: Group) -> Representation:
    """A representation of at most 18 rows: a sum of irreps, restricted from O(3), a product, a tensor."""
    kind = draw(st.sampled_from(["sum", "restricted", "product", "tensor"]))
    if kind == "restricted":
        return RestrictedRepresentation(draw(irreps_of(get_group("O(3)"), 2, 2)), group)
    if kind == "product":
        factor = irreps_of(group, 1, 1)
        return ProductRepresentation(draw(factor), draw(factor))
    if kind == "tensor":
        return CartesianTensor(draw(st.sampled_from(FORMULAS)), group, draw(st.booleans()))
    return draw(irreps_of(group, 2, 3))


def mean_over(group: Group, degree: int, *representations: Representation) -> float:
    """The Haar mean of the product of characters, by a sum that is exact up to a degree."""
    elements, weights = group.quadrature(degree)
    characters = np.ones(len(elements))
    for representation in representations:
        characters = characters * representation.character(elements)
    return float(weights @ characters)


def null_space(equations: np.ndarray) -> np.ndarray:
    """Orthonormal columns x with E x = 0, as eigenvectors of EᵀE: singular values below 1e-5 are zero."""
    values, vectors = np.linalg.eigh(equations.T @ equations)
    return vectors[:, values < 1e-10]


__all__ = [
    "all_irreps",
    "drawn_elements",
    "groups",
    "irreps_of",
    "mean_over",
    "null_space",
    "representations_of",
    "seeds",
    "standing",
    "turned",
]
