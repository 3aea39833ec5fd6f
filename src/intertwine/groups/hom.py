"""The one primitive: all equivariant linear maps between two representations of a group.

Linear layers, couplings, invariants, restrictions and tensor patterns are read off from it.
"""

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError
from intertwine.groups.intertwiners import pivoted_basis
from intertwine.groups.irreps import Irreps
from intertwine.groups.isotypic import isotypic_maps
from intertwine.groups.representation import Irrep, Representation, require_same_group


def hom(rep_in: Representation, rep_out: Representation) -> Float64[np.ndarray, "maps rows_out rows_in"]:
    """Orthonormal basis of the maps W with ρ_out(g) W = W ρ_in(g) for every element g.

    Between sums of irreps the maps are written down (Schur's lemma). Those to an irrep are the columns of the
    Reynolds projector, the mean of ρ_out(g) ⊗ ρ_in(g), for a finite group; for a compact one the null space
    of its generators' equations inside the isotypic part. Between two other representations every map goes
    through irreps. The basis depends on the space of maps only: it is chosen by pivots.

    Args:
        rep_in, rep_out: representations of one group.

    Returns:
        `(maps, rows_out, rows_in)`, Σ W_a W_b = δ_ab.

    Raises:
        InputError: the groups differ.

    >>> hom(Irrep.parse("E", "C4"), Irrep.parse("E", "C4")).shape
    (2, 2, 2)
    >>> hom(Irreps("2x0e + 1o"), Irreps("0e + 1o")).shape
    (3, 4, 5)
    """
    require_same_group(rep_in, rep_out)
    if isinstance(rep_in, Irreps | Irrep) and isinstance(rep_out, Irreps | Irrep):
        return _by_schur(Irreps(rep_in), Irreps(rep_out))
    if isinstance(rep_out, Irrep):
        return _onto(rep_in, rep_out)
    if isinstance(rep_in, Irrep):
        maps = _onto(rep_out, rep_in).transpose(0, 2, 1)
    else:
        maps = _through_irreps(rep_in, rep_out)
    basis = pivoted_basis(maps.reshape(len(maps), rep_out.dim * rep_in.dim))
    return basis.reshape(len(basis), rep_out.dim, rep_in.dim)


def invariants(representation: Representation) -> Float64[np.ndarray, "invariants rows"]:
    """Orthonormal basis of the vectors that no element moves.

    >>> from intertwine.groups import get_group, restrict
    >>> invariants(restrict(Irrep.parse("4e"), get_group("Oh")).irreps).shape
    (1, 9)
    """
    return hom(representation.group.trivial, representation)[:, :, 0]


def reynolds(rep_in: Representation, rep_out: Representation) -> Float64[np.ndarray, "size size"]:
    """The projector on the equivariant maps of a finite group, (1/|G|) Σ_g ρ_out(g) ⊗ ρ_in(g).

    It acts on maps flattened row by row; its eigenvalues are 0 and 1.

    >>> one = Irrep.parse("A", "C2")
    >>> reynolds(one, one)
    array([[1.]])
    """
    require_same_group(rep_in, rep_out)
    before, after = (rep.matrix(rep.group.elements) for rep in (rep_in, rep_out))
    n_in, n_out, order = rep_in.dim, rep_out.dim, len(before)
    mean = after.reshape(order, -1).T @ before.reshape(order, -1) / order
    size = n_in * n_out
    return mean.reshape(n_out, n_out, n_in, n_in).transpose(0, 2, 1, 3).reshape(size, size)


def project_map(
    map: Float[np.ndarray, "rows_out rows_in"], rep_in: Representation, rep_out: Representation
) -> Float64[np.ndarray, "rows_out rows_in"]:
    """The equivariant map nearest to a given one: its part along every element of `hom`.

    Raises:
        InputError: the map has another shape.

    >>> vector = Irrep.parse("1o")
    >>> project_map(np.diag([1.0, 2.0, 6.0]), vector, vector).diagonal()
    array([3., 3., 3.])
    """
    _require_shape(map, rep_in, rep_out)
    basis = hom(rep_in, rep_out)
    return np.einsum("a,aij->ij", np.einsum("aij,ij->a", basis, map), basis)


def average_map(
    map: Float[np.ndarray, "rows_out rows_in"], rep_in: Representation, rep_out: Representation
) -> Float64[np.ndarray, "rows_out rows_in"]:
    """The mean of ρ_out(g) W ρ_in(g)ᵀ over the group: every element of a finite one, or exact quadrature.

    Equal to `project_map`, by another road.

    Raises:
        InputError: the map has another shape.

    >>> vector = Irrep.parse("1o")
    >>> average_map(np.diag([1.0, 2.0, 6.0]), vector, vector).diagonal().round(12)
    array([3., 3., 3.])
    """
    _require_shape(map, rep_in, rep_out)
    elements, weights = rep_in.group.quadrature(max(rep_in.degree + rep_out.degree, 0))
    before, after = rep_in.matrix(elements), rep_out.matrix(elements)
    return np.einsum("g,gij,jk,glk->il", weights, after, map, before, optimize=True)


def _onto(representation: Representation, irrep: Irrep) -> Float64[np.ndarray, "maps rows_out rows_in"]:
    """Equivariant maps from any representation to an irrep."""
    if representation.group.kind == "compact":
        return isotypic_maps(representation, irrep)
    basis = pivoted_basis(reynolds(representation, irrep))
    return basis.reshape(len(basis), irrep.dim, representation.dim)


def _through_irreps(
    rep_in: Representation, rep_out: Representation
) -> Float64[np.ndarray, "products rows_out rows_in"]:
    """Maps that go to an irrep and from there on: together they span all."""
    products: list[np.ndarray] = [np.zeros((0, rep_out.dim, rep_in.dim))]
    for _, irrep in rep_in.group.irreps(max(min(rep_in.degree, rep_out.degree), 0)):
        before, after = hom(rep_in, irrep), hom(rep_out, irrep)
        pairs = np.einsum("aki,bkj->abij", after, before)
        products.append(pairs.reshape(len(after) * len(before), rep_out.dim, rep_in.dim))
    return np.concatenate(products)


def _by_schur(rep_in: Irreps, rep_out: Irreps) -> Float64[np.ndarray, "maps rows_out rows_in"]:
    maps: list[np.ndarray] = []
    sources = [(irrep, start) for irrep, start in _copies(rep_in)]
    for target, row in _copies(rep_out):
        for source, column in sources:
            if source != target:
                continue
            for element in target.algebra:
                map = np.zeros((rep_out.dim, rep_in.dim))
                map[row : row + target.dim, column : column + target.dim] = element / np.sqrt(target.dim)
                maps.append(map)
    return np.array(maps).reshape(len(maps), rep_out.dim, rep_in.dim)


def _copies(irreps: Irreps) -> list[tuple[Irrep, int]]:
    """Every copy of every irrep with its first row."""
    copies: list[tuple[Irrep, int]] = []
    for (multiplicity, irrep), rows in zip(irreps, irreps.slices(), strict=True):
        copies += [(irrep, rows.start + copy * irrep.dim) for copy in range(multiplicity)]
    return copies


def _require_shape(map: np.ndarray, rep_in: Representation, rep_out: Representation) -> None:
    if np.shape(map) != (rep_out.dim, rep_in.dim):
        raise InputError(
            "the map does not fit the representations",
            got=f"shape {np.shape(map)}",
            accepted=f"({rep_out.dim}, {rep_in.dim})",
        )
