"""The stiffness as a map of strains to stresses: its inverse, its logarithm, and back.

In Mandel's form the 6×6 matrix of C_ijkl is that map in an orthonormal basis; turning the crystal turns the
matrix by an orthogonal one. Whatever function of a symmetric matrix is taken is therefore again a tensor.
"""

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError
from intertwine.groups.voigt import from_voigt, voigt_matrix


def compliance(
    stiffness: Float[np.ndarray, "*batch 3 3 3 3"],
) -> Float64[np.ndarray, "*batch 3 3 3 3"]:
    """S with ε_ij = S_ijkl σ_kl where σ_ij = C_ijkl ε_kl; the same function undoes itself.

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


def log_stiffness(
    stiffness: Float[np.ndarray, "*batch 3 3 3 3"],
) -> Float64[np.ndarray, "*batch 3 3 3 3"]:
    """log C, so that every symmetric tensor is the logarithm of a stable stiffness: what a model may learn.

    Args:
        stiffness: C in GPa, symmetric and stable.

    Raises:
        InputError: a stiffness that is not stable (see `kelvin_moduli`).

    >>> isotropic = np.e * np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))
    >>> log_stiffness(isotropic)[0, 0, 0, 0].round(12).item()
    1.0
    """
    matrix = voigt_matrix(stiffness, 4, "mandel")
    values, vectors = np.linalg.eigh(matrix)
    if values.min(initial=1.0) <= 0:
        raise InputError(
            "only a stable stiffness has a logarithm", got=f"a Kelvin modulus of {values.min():g} GPa"
        )
    return from_voigt(_function(np.log(values), vectors), 4, "mandel")


def exp_stiffness(
    logarithm: Float[np.ndarray, "*batch 3 3 3 3"],
) -> Float64[np.ndarray, "*batch 3 3 3 3"]:
    """The stiffness C = exp L, GPa; stable whatever L is. Undoes `log_stiffness`.

    >>> exp_stiffness(np.zeros((3, 3, 3, 3)))[0, 0, 0, 0].item()
    1.0
    """
    values, vectors = np.linalg.eigh(voigt_matrix(logarithm, 4, "mandel"))
    return from_voigt(_function(np.exp(values), vectors), 4, "mandel")


def _function(
    values: Float64[np.ndarray, "*batch 6"], vectors: Float64[np.ndarray, "*batch 6 6"]
) -> Float64[np.ndarray, "*batch 6 6"]:
    return (vectors * values[..., None, :]) @ vectors.swapaxes(-1, -2)
