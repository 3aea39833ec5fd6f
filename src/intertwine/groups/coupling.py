"""Clebsch-Gordan coefficients of any three irreps of any group."""

from functools import lru_cache

import numpy as np
from jaxtyping import Complex128, Float64

from intertwine.groups.clebsch_gordan import clebsch_gordan
from intertwine.groups.finite import FiniteIrrep
from intertwine.groups.intertwiners import pivoted_basis
from intertwine.groups.orthogonal import DegreeIrrep
from intertwine.groups.planar import O2Irrep, OrderIrrep, SO2Irrep
from intertwine.groups.representation import Irrep, require_same_group


@lru_cache(maxsize=4096)
def coupling(left: Irrep, right: Irrep, out: Irrep) -> Float64[np.ndarray, "paths rows1 rows2 rows3"]:
    """Every way in which two irreps combine to a third: an orthonormal basis of the equivariant products.

    Each C has unit norm and is invariant, Σ C_abc ρ1_ai ρ2_bj ρ3_ck = C_ijk; z_k = Σ_ij C_ijk x_i y_j turns
    like the third. For O(3) and SO(3) there is at most one, e3nn's `wigner_3j`. For O(2) and SO(2) they are
    products of complex numbers, z1 z2 and z̄1 z2, for SO(2) also i times these. For finite groups they are
    the columns of the Reynolds projector, chosen by pivots.

    Args:
        left, right, out: irreps of one group.

    Returns:
        Read-only `(paths, rows1, rows2, rows3)`; no path at all gives `paths` = 0.

    Raises:
        InputError: the groups differ.

    >>> T1u, T2g = Irrep.parse("T1u", "Oh"), Irrep.parse("T2g", "Oh")
    >>> coupling(T1u, T1u, T2g).shape, coupling(T1u, T1u, T1u).shape
    ((1, 3, 3, 3), (0, 3, 3, 3))
    """
    require_same_group(left, right, out)
    if isinstance(left, DegreeIrrep) and isinstance(right, DegreeIrrep) and isinstance(out, DegreeIrrep):
        table = _of_degrees(left, right, out)
    elif isinstance(left, OrderIrrep) and isinstance(right, OrderIrrep) and isinstance(out, OrderIrrep):
        table = _of_orders(left, right, out)
    elif isinstance(left, FiniteIrrep) and isinstance(right, FiniteIrrep) and isinstance(out, FiniteIrrep):
        table = _of_tables(left, right, out)
    else:
        raise TypeError(f"no coupling is known for {type(left).__name__}")
    table.flags.writeable = False
    return table


def _of_degrees(
    left: DegreeIrrep, right: DegreeIrrep, out: DegreeIrrep
) -> Float64[np.ndarray, "paths _ _ _"]:
    if any(irrep == out for _, irrep in left.product(right)):
        return clebsch_gordan(left.l, right.l, out.l)[None].copy()
    return np.zeros((0, left.dim, right.dim, out.dim))


def _of_tables(left: FiniteIrrep, right: FiniteIrrep, out: FiniteIrrep) -> Float64[np.ndarray, "paths _ _ _"]:
    order = len(left.table)
    pair = np.einsum("gai,gbj->gabij", left.table, right.table).reshape(order, -1)
    size = left.dim * right.dim * out.dim
    mean = (pair.T @ out.table.reshape(order, -1) / order).reshape(
        left.dim * right.dim, left.dim * right.dim, out.dim, out.dim
    )
    projector = mean.transpose(0, 2, 1, 3).reshape(size, size)
    return pivoted_basis(projector).reshape(-1, left.dim, right.dim, out.dim)


def _of_orders(left: OrderIrrep, right: OrderIrrep, out: OrderIrrep) -> Float64[np.ndarray, "paths _ _ _"]:
    """Bilinear products of complex numbers: a row of 0e is real, one of 0o imaginary, one of m complex."""
    z1, z2 = _complex_rows(left)[:, None], _complex_rows(right)
    if out.m == left.m + right.m:
        product = z1 * z2
    elif out.m == abs(left.m - right.m):
        product = z1.conj() * z2 if left.m <= right.m else z1 * z2.conj()
    else:
        return np.zeros((0, left.dim, right.dim, out.dim))
    phases = [1, 1j] if isinstance(out, SO2Irrep) else [1]
    tables = [_real_rows(phase * product, out) for phase in phases]
    kept = [table / np.linalg.norm(table) for table in tables if table.any()]
    return np.array(kept).reshape(-1, left.dim, right.dim, out.dim)


def _complex_rows(irrep: OrderIrrep) -> Complex128[np.ndarray, " rows"]:
    """The complex number that each row stands for."""
    odd = isinstance(irrep, O2Irrep) and irrep.p < 0
    return np.array([1, 1j] if irrep.m else [1j if odd else 1], dtype=np.complex128)


def _real_rows(
    values: Complex128[np.ndarray, "rows1 rows2"], irrep: OrderIrrep
) -> Float64[np.ndarray, "rows1 rows2 rows3"]:
    """The rows of a complex number: real and imaginary part, or the one that the scalar keeps."""
    odd = isinstance(irrep, O2Irrep) and irrep.p < 0
    parts = np.stack([np.real(values), np.imag(values)], axis=-1)
    return parts if irrep.m else parts[..., [int(odd)]]
