"""Wigner matrices of real rotations and the generators they come from."""

import math
from functools import cache

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError
from intertwine.groups.clebsch_gordan import clebsch_gordan
from intertwine.groups.rotations import require_proper


def wigner_d(l: int, rotation: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
    """Matrix of a proper rotation on degree l, in the real basis: Y_l(R v) = D_l(R) Y_l(v).

    D_1 is R itself; degree l stands once in (l−1) ⊗ 1, and is read off there:

        D_l = (2l+1) Cᵀ (D_{l−1} ⊗ R) C,    C = clebsch_gordan(l−1, 1, l)

    This needs no angles, so there is no orientation at which it loses digits. (The recursion of Ivanic &
    Ruedenberg, J. Phys. Chem. 100, 6342, 1996, written with the coupling itself.)

    Args:
        l: degree, ≥ 0.
        rotation: proper rotations, any leading shape. For reflections use `Irrep.matrix`.

    Returns:
        `(*batch, 2l+1, 2l+1)`, orthogonal, dimensionless.

    Raises:
        InputError: not orthogonal to 1e-6, or a reflection.

    >>> quarter_turn_about_z = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    >>> np.diag(wigner_d(2, quarter_turn_about_z)).round(12) + 0.0
    array([ 0. , -1. , -0.5,  0. ,  0.5])
    """
    if l < 0:
        raise InputError("a Wigner matrix has no negative degree", got=l, accepted="l >= 0")
    rotation = np.asarray(rotation, dtype=np.float64)
    require_proper(rotation)
    matrix = np.ones((*rotation.shape[:-2], 1, 1))
    for degree in range(1, l + 1):
        coupling = clebsch_gordan(degree - 1, 1, degree) * math.sqrt(2 * degree + 1)
        turned = np.einsum("...ai,...bj,ijk->...abk", matrix, rotation, coupling, optimize=True)
        matrix = np.einsum("abm,...abk->...mk", coupling, turned, optimize=True)
    return matrix


@cache
def so3_generators(l: int) -> Float64[np.ndarray, "3 rows rows"]:
    """Generators of rotations about x, y and z on degree l: D_l(turn by θ about n) = exp(θ Σ_k n_k X_k).

    Real and antisymmetric, with [X_x, X_y] = X_z and cyclic, and Σ_k X_k² = −l(l+1). They are the one
    coupling of l ⊗ 1 to l, so (X_k)_ij = √(l(l+1)(2l+1)) C_ikj with the sign of a right-handed turn.

    Args:
        l: degree, ≥ 0.

    Returns:
        Read-only `(3, 2l+1, 2l+1)`, per radian.

    >>> so3_generators(1)[2].round(12) + 0.0
    array([[ 0., -1.,  0.],
           [ 1.,  0.,  0.],
           [ 0.,  0.,  0.]])
    """
    if l < 0:
        raise InputError("a representation has no negative degree", got=l, accepted="l >= 0")
    if l == 0:
        generators = np.zeros((3, 1, 1))
    else:
        generators = math.sqrt(l * (l + 1) * (2 * l + 1)) * clebsch_gordan(l, 1, l).transpose(1, 0, 2)
    generators.flags.writeable = False
    return generators
