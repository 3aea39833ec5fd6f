"""Sums over elements that equal the Haar mean exactly, for functions of bounded degree."""

from functools import cache

import numpy as np
from jaxtyping import Float, Float64


def turns_about_z(angles: Float[np.ndarray, "*batch"]) -> Float64[np.ndarray, "*batch 3 3"]:
    """Right-handed turns about z by angles in radians.

    >>> turns_about_z(np.array(np.pi)).round(12).diagonal()
    array([-1., -1.,  1.])
    """
    turns = np.zeros((*np.shape(angles), 3, 3))
    turns[..., 0, 0] = turns[..., 1, 1] = np.cos(angles)
    turns[..., 1, 0], turns[..., 0, 1] = np.sin(angles), -np.sin(angles)
    turns[..., 2, 2] = 1.0
    return turns


@cache
def rotation_quadrature(
    degree: int,
) -> tuple[Float64[np.ndarray, "nodes 3 3"], Float64[np.ndarray, " nodes"]]:
    """Rotations and weights with Σ w D_l(R) = mean of D_l over SO(3) (zero for l > 0), for l ≤ `degree`.

    R = turn_z(α) turn_y(β) turn_z(γ): equal steps in α and γ, Gauss-Legendre nodes in cos β. The functions
    of SO(3) of degree l are trigonometric polynomials in α and γ and, once these are averaged, polynomials in
    cos β, so each rule is exact. (degree+1)²·⌈(degree+1)/2⌉ nodes.

    >>> rotations, weights = rotation_quadrature(2)
    >>> len(rotations), bool(np.allclose(np.einsum("g,gij->ij", weights, rotations), 0))
    (18, True)
    """
    steps = turns_about_z(np.arange(degree + 1) * 2 * np.pi / (degree + 1))
    cosine, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    tilt = turns_about_z(np.arccos(cosine))[:, [1, 2, 0]][:, :, [1, 2, 0]]  # about y: the axes renamed
    rotations = np.einsum("aij,bjk,ckl->abcil", steps, tilt, steps).reshape(-1, 3, 3)
    spread = np.broadcast_to(weights[:, None] / 2 / len(steps) ** 2, (len(steps), len(cosine), len(steps)))
    return rotations, spread.ravel()
