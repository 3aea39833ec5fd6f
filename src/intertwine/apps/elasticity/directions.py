"""Moduli of a crystal along directions, and their extremes across them, in closed form.

A response across a direction n is a quadratic form in the direction m: its extremes in the plane across n are
the two eigenvalues of the form in that plane, and no angle is scanned. (Definitions: A. Marmier et al.,
Comput. Phys. Commun. 181, 2102, 2010.)
"""

import numpy as np
from jaxtyping import Float, Float64


def young_modulus(
    compliance: Float[np.ndarray, "3 3 3 3"], directions: Float[np.ndarray, "*points 3"]
) -> Float64[np.ndarray, "*points"] | np.float64:
    """E(n) = 1 / (S_ijkl n_i n_j n_k n_l), the stiffness of a bar cut along n.

    Args:
        compliance: S, 1/GPa.
        directions: n; their length does not matter.

    Returns:
        GPa.

    >>> isotropic = 0.5 * np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))
    >>> young_modulus(isotropic, np.array([1.0, 2.0, 3.0])).round(12).item()
    2.0
    """
    return 1 / np.einsum("ijkl,...i,...j,...k,...l->...", compliance, *[_unit(directions)] * 4, optimize=True)


def linear_compressibility(
    compliance: Float[np.ndarray, "3 3 3 3"], directions: Float[np.ndarray, "*points 3"]
) -> Float64[np.ndarray, "*points"] | np.float64:
    """β(n) = S_ijkk n_i n_j, how much a length along n shrinks per pressure; negative where it grows.

    Args:
        compliance: S, 1/GPa.
        directions: n; their length does not matter.

    Returns:
        1/GPa.

    >>> isotropic = 0.5 * np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))
    >>> linear_compressibility(isotropic, np.array([1.0, 2.0, 3.0])).round(12).item()
    0.5
    """
    return np.einsum("ijkk,...i,...j->...", compliance, *[_unit(directions)] * 2, optimize=True)


def shear_extremes(
    compliance: Float[np.ndarray, "3 3 3 3"], directions: Float[np.ndarray, "*points 3"]
) -> Float64[np.ndarray, "*points 2"]:
    """Least and largest shear modulus of a plane, G(n, m) = 1 / (4 S_ijkl n_i m_j n_k m_l) over all m ⟂ n.

    Args:
        compliance: S of a stable crystal, 1/GPa.
        directions: n, across the plane; their length does not matter.

    Returns:
        GPa, the least first.

    >>> isotropic = 0.25 * (np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))
    ...     + np.einsum("il,jk->ijkl", np.eye(3), np.eye(3)))
    >>> shear_extremes(isotropic, np.array([1.0, 2.0, 3.0])).round(12)
    array([1., 1.])
    """
    n = _unit(directions)
    form = 4 * np.einsum("ijkl,...i,...k->...jl", compliance, n, n, optimize=True)
    return 1 / _extremes_across(form, n)[..., ::-1]


def poisson_extremes(
    compliance: Float[np.ndarray, "3 3 3 3"], directions: Float[np.ndarray, "*points 3"]
) -> Float64[np.ndarray, "*points 2"]:
    """Least and largest Poisson ratio, ν(n, m) = −E(n) S_ijkl n_i n_j m_k m_l over all m ⟂ n.

    Args:
        compliance: S, 1/GPa.
        directions: n, along which the crystal is pulled; their length does not matter.

    Returns:
        The least first; negative where the crystal gets thicker.

    >>> isotropic = 0.5 * np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))
    >>> abs(poisson_extremes(isotropic, np.array([1.0, 2.0, 3.0]))).max().round(12).item()
    0.0
    """
    n = _unit(directions)
    form = -np.einsum("ijkl,...i,...j->...kl", compliance, n, n, optimize=True)
    return _extremes_across(form * np.asarray(young_modulus(compliance, n))[..., None, None], n)


def _extremes_across(
    form: Float64[np.ndarray, "*points 3 3"], n: Float64[np.ndarray, "*points 3"]
) -> Float64[np.ndarray, "*points 2"]:
    """Least and largest value of a quadratic form on the unit vectors across n."""
    frame = np.linalg.svd(n[..., None, :])[2][..., 1:, :]  # rows: two unit vectors across n
    return np.linalg.eigvalsh(frame @ form @ frame.swapaxes(-1, -2))


def _unit(directions: Float[np.ndarray, "*points 3"]) -> Float64[np.ndarray, "*points 3"]:
    return directions / np.linalg.norm(directions, axis=-1, keepdims=True)
