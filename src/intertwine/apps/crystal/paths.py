"""Deformations one after another, and what a law says along them."""

import numpy as np
import torch
from jaxtyping import Float, Float64

from intertwine.apps.crystal.law import ConstitutiveLaw


def bain_path(ratios: Float[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3 3"]:
    """Stretch along z at constant volume: c/a relative to the undeformed crystal; fcc reaches bcc at 1/√2.

    >>> F = bain_path(np.array([1.0, 0.5**0.5]))
    >>> np.linalg.det(F).round(12).tolist(), round(float(F[1, 2, 2] / F[1, 0, 0]), 4)
    ([1.0, 1.0], 0.7071)
    """
    a = ratios ** (-1 / 3)
    return np.stack([np.diag([x, x, x * ratio]) for x, ratio in zip(a, ratios, strict=True)])


def shear_path(
    amounts: Float[np.ndarray, " n"], direction: Float[np.ndarray, "3"], plane: Float[np.ndarray, "3"]
) -> Float64[np.ndarray, "n 3 3"]:
    """F = 1 + γ s ⊗ m: planes across m slide along s by γ of their distance.

    >>> shear_path(np.array([0.2]), np.array([2.0, 0, 0]), np.array([0, 0, 1.0]))[0, 0, 2].item()
    0.2
    """
    s, m = direction / np.linalg.norm(direction), plane / np.linalg.norm(plane)
    return np.eye(3) + amounts[:, None, None] * np.outer(s, m)


def pulled(
    law: ConstitutiveLaw, directions: Float[np.ndarray, "*points 3"], stretch: float
) -> Float64[np.ndarray, "*points"]:
    """n·P n of a crystal stretched along n and held in width, F = 1 + (λ − 1) n ⊗ n, in the law's unit."""
    n = directions / np.linalg.norm(directions, axis=-1, keepdims=True)
    F = np.eye(3) + (stretch - 1) * n[..., :, None] * n[..., None, :]
    _, P = law.stress(torch.from_numpy(F).to(next(law.parameters()).dtype))
    return np.einsum("...i,...ij,...j->...", n, P.double().numpy(), n)
