"""Intertwiners by linear algebra alone: the maps that commute with a group, found as a null space.

Knows nothing about degrees or couplings, so it serves every group and is the oracle of the closed forms.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError

Matrices = Sequence[Float[np.ndarray, "_ _"]]

RANK = 1e-9
"""Singular values below this fraction of the largest count as zero."""


def intertwiners(rho_in: Matrices, rho_out: Matrices) -> Float64[np.ndarray, "maps rows_out rows_in"]:
    """Orthonormal basis of the linear maps W with ρ_out(g) W = W ρ_in(g) for every g given.

    The equations are stacked, (ρ_out ⊗ 1 − 1 ⊗ ρ_inᵀ) vec W = 0, and their null space is taken from a
    singular value decomposition (Finzi, Welling & Wilson, ICML 2021). Elements of the group and generators
    of its Lie algebra may be mixed: the equation is the same. Two random rotations, or the three generators,
    are enough for SO(3); one inversion more for O(3).

    The basis itself depends on the space only, not on the decomposition: vectors are taken greedily from the
    columns of the projector, the largest first, so each has a positive pivot.

    Args:
        rho_in: matrices `(rows_in, rows_in)`, one per element.
        rho_out: matrices `(rows_out, rows_out)` of the same elements in the same order.

    Returns:
        `(maps, rows_out, rows_in)`, Σ W_a W_b = δ_ab; no map at all gives `maps` = 0.

    Raises:
        InputError: no elements, lists of different lengths, or matrices that are not square and alike.

    >>> swap, sign = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1.0]])
    >>> intertwiners([swap], [sign]).round(4)
    array([[[0.7071, 0.7071]]])
    """
    rows_in, rows_out = _shape(rho_in, "rho_in"), _shape(rho_out, "rho_out")
    if len(rho_in) != len(rho_out):
        raise InputError(
            "the two representations list different numbers of elements",
            got=f"{len(rho_in)} and {len(rho_out)}",
        )
    equations = [
        np.kron(after, np.eye(rows_in)) - np.kron(np.eye(rows_out), before.T)
        for before, after in zip(rho_in, rho_out, strict=True)
    ]
    basis = pivoted_basis(_null_space(np.concatenate(equations)))
    return basis.reshape(len(basis), rows_out, rows_in)


def _shape(matrices: Matrices, name: str) -> int:
    shapes = {np.shape(matrix) for matrix in matrices}
    rows = next(iter(shapes))[0] if len(shapes) == 1 else 0
    if shapes != {(rows, rows)}:
        raise InputError(f"{name} must be square matrices of one size", got=sorted(shapes) or "none")
    return rows


def _null_space(equations: Float64[np.ndarray, "rows columns"]) -> Float64[np.ndarray, "null columns"]:
    _, values, right = np.linalg.svd(equations, full_matrices=False)
    return right[values <= RANK * max(1.0, values.max(initial=0.0))]


def pivoted_basis(span: Float64[np.ndarray, "vectors size"]) -> Float64[np.ndarray, "rank size"]:
    """Orthonormal basis of the space that the rows span; it depends on the space only, not on the rows.

    Vectors are taken greedily from the columns of the orthogonal projector, the longest first (the earliest
    of equal ones), so each has a positive pivot. A symmetric projector may be handed in as it is.

    >>> pivoted_basis(np.array([[0.0, 2.0, 0.0], [0.0, -1.0, 0.0]]))
    array([[0., 1., 0.]])
    """
    _, values, right = np.linalg.svd(span, full_matrices=False)
    basis = right[values > RANK * max(1.0, values.max(initial=0.0))]
    chosen = np.zeros_like(basis)
    rest = basis.copy()
    for index in range(len(basis)):
        weight = np.einsum("as,as->s", rest, rest)
        pivot = int(np.argmax(weight > weight.max() * (1 - 1e-6)))
        column = rest[:, pivot] @ rest
        column -= (column @ chosen[:index].T) @ chosen[:index]
        chosen[index] = column / np.linalg.norm(column)
        rest -= np.outer(rest @ chosen[index], chosen[index])
    return chosen
