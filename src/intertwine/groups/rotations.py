"""Rotations of space: Haar samples, axis and angle, unit quaternions."""

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError

ORTHOGONALITY = 1e-6
"""Largest entry of R Rᵀ − 1 that still counts as a rotation (float32 rotations have about 1e-7)."""


def random_rotation(rng: np.random.Generator) -> Float64[np.ndarray, "3 3"]:
    """A proper rotation drawn from the Haar measure of SO(3): every rotation is equally likely.

    A Gaussian 4-vector, normalised, is uniform on the unit quaternions (Shoemake, Graphics Gems III, 1992).

    >>> R = random_rotation(np.random.default_rng(0))
    >>> bool(np.allclose(R @ R.T, np.eye(3))), round(float(np.linalg.det(R)), 12)
    (True, 1.0)
    """
    return quaternion_to_rotation(rng.standard_normal(4))


def random_rotations(rng: np.random.Generator, count: int) -> Float64[np.ndarray, "count 3 3"]:
    """Many independent draws of `random_rotation`.

    >>> random_rotations(np.random.default_rng(0), 5).shape
    (5, 3, 3)
    """
    return quaternion_to_rotation(rng.standard_normal((count, 4)))


def random_orthogonal(rng: np.random.Generator) -> Float64[np.ndarray, "3 3"]:
    """An element of O(3) from its Haar measure: a rotation, followed by the inversion half of the time.

    >>> R = random_orthogonal(np.random.default_rng(0))
    >>> abs(round(float(np.linalg.det(R)), 12))
    1.0
    """
    return random_rotation(rng) * rng.choice([-1.0, 1.0])


def quaternion_to_rotation(q: Float[np.ndarray, "*batch 4"]) -> Float64[np.ndarray, "*batch 3 3"]:
    """The rotation v → q v q⁻¹ of quaternions (w, x, y, z), scalar first; their length does not matter.

    Raises:
        InputError: a quaternion is zero or not finite.

    >>> quaternion_to_rotation(np.array([0.0, 0.0, 0.0, 2.0])) + 0.0
    array([[-1.,  0.,  0.],
           [ 0., -1.,  0.],
           [ 0.,  0.,  1.]])
    """
    q = _unit(np.asarray(q, dtype=np.float64), "a quaternion")
    w, x, y, z = np.moveaxis(q, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def rotation_to_quaternion(rotation: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch 4"]:
    """The unit quaternion (w, x, y, z) of a proper rotation, of the two the one with w ≥ 0.

    It is the top eigenvector of a symmetric 4×4 matrix linear in R (Bar-Itzhack, J. Guid. Control Dyn. 23,
    1085, 2000): no case is singular, and a matrix slightly off is rounded to the closest rotation.

    Raises:
        InputError: not orthogonal to 1e-6, or a reflection.

    >>> rotation_to_quaternion(np.diag([1.0, -1.0, -1.0])).round(12) + 0.0
    array([0., 1., 0., 0.])
    """
    r = np.asarray(rotation, dtype=np.float64)
    require_proper(r)
    form = np.zeros((*r.shape[:-2], 4, 4))
    form[..., 1:, 1:] = r + np.swapaxes(r, -1, -2)
    trace = np.trace(r, axis1=-2, axis2=-1)
    form[..., 0, 0] = 2 * trace
    for row, (i, j) in enumerate([(2, 1), (0, 2), (1, 0)], start=1):
        form[..., 0, row] = form[..., row, 0] = r[..., i, j] - r[..., j, i]
    q = np.linalg.eigh(form).eigenvectors[..., -1]
    pivot = np.take_along_axis(q, (np.abs(q) > 1e-8).argmax(axis=-1)[..., None], axis=-1)
    return q * np.sign(pivot)


def axis_angle_to_rotation(
    axis: Float[np.ndarray, "*batch 3"], angle: float | Float[np.ndarray, "*batch"]
) -> Float64[np.ndarray, "*batch 3 3"]:
    """The right-handed turn by `angle` (radians) about `axis`, whose length does not matter.

    Raises:
        InputError: an axis is zero or not finite.

    >>> axis_angle_to_rotation(np.array([0.0, 0.0, 3.0]), np.pi / 2).round(12) + 0.0
    array([[ 0., -1.,  0.],
           [ 1.,  0.,  0.],
           [ 0.,  0.,  1.]])
    """
    axis = _unit(np.asarray(axis, dtype=np.float64), "an axis of rotation")
    half = np.broadcast_to(np.asarray(angle, dtype=np.float64)[..., None] / 2, (*axis.shape[:-1], 1))
    return quaternion_to_rotation(np.concatenate([np.cos(half), np.sin(half) * axis], axis=-1))


def require_orthogonal(matrix: Float64[np.ndarray, "*batch 3 3"]) -> None:
    """Refuse what is not in O(3) to within `ORTHOGONALITY`.

    Raises:
        InputError: R Rᵀ is not the identity, or an entry is not finite.

    >>> require_orthogonal(-np.eye(3))
    """
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(matrix @ np.swapaxes(matrix, -1, -2) - np.eye(3)).max(initial=0.0)
    if not error <= ORTHOGONALITY:
        raise InputError(
            "the matrix is not orthogonal",
            got=f"|R Rᵀ - 1| = {error:.1e}",
            accepted=f"<= {ORTHOGONALITY:.0e}",
        )


def require_proper(matrix: Float64[np.ndarray, "*batch 3 3"]) -> None:
    """Refuse what is not in SO(3): neither a distorted matrix nor a reflection is a rotation.

    Raises:
        InputError: not orthogonal to `ORTHOGONALITY`, or of determinant −1.

    >>> require_proper(np.eye(3))
    """
    require_orthogonal(matrix)
    if np.any(np.linalg.det(matrix) < 0):
        raise InputError(
            "the matrix reverses handedness", accepted="proper rotations", fix="use Irrep(l, p).matrix"
        )


def _unit(vectors: Float64[np.ndarray, "*batch n"], noun: str) -> Float64[np.ndarray, "*batch n"]:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    bad = ~(np.isfinite(length) & (length > 0))
    if bad.any():
        raise InputError(f"{noun} must be finite and not zero", got=vectors[bad[..., 0]][0].tolist())
    return vectors / length
