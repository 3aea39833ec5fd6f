"""The stiffness as a map of strains to stresses, and its inverse."""

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError
from intertwine.groups.voigt import from_voigt, voigt_matrix


def compliance(
    stiffness: Float[np.ndarray, "*batch 3 3 3 3"],
) -> Float64[np.ndarray, "*batch 3 3 3 3"]:
    """S with ε_ij = S_ijkl σ_kl where σ_ij = C_ijkl ε_kl; the same function undoes itself.

    In Mandel's form C is that map in an orthonormal basis, and S the inverse matrix.

    Args:
        stiffness: C, GPa.

    Returns:
        S, 1/GPa; in Voigt form it is `voigt_matrix(S, 4, "strain")`.

    Raises:
        InputError: some strain costs no stress at all: the stiffness is singular.

    >>> isotropic = 2 * np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))  # C ε = 2 ε
    >>> compliance(isotropic)[0, 0, 0, 0].item()
    0.5
    """
    matrix = voigt_matrix(stiffness, 4, "mandel")
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        raise InputError("the stiffness is singular: some strain costs no stress") from None
    return from_voigt(inverse, 4, "mandel")
