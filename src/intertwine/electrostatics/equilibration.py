"""Charge equilibration: the charges with which the energy is lowest."""

import torch
from jaxtyping import Float64
from torch import Tensor


def equilibrated(
    electronegativity: Float64[Tensor, " atoms"],
    matrix: Float64[Tensor, "atoms atoms"],
    charge: Float64[Tensor, ""],
) -> Float64[Tensor, " atoms"]:
    """argmin_q χ·q + ½ q·A·q with Σq = Q, e (Rappé & Goddard, J. Phys. Chem. 95, 3358 (1991)).

        q = u + v (Q − Σu)/Σv,    A u = −χ,    A v = 1

    One linear solve, differentiable any number of times.

    Args:
        electronegativity: χ, eV/e.
        matrix: A, hardness on the diagonal and interactions, eV/e², positive on charges with Σq = 0; the same
            number added to all entries changes nothing.
        charge: Q, e.

    >>> one = torch.ones(2, dtype=torch.float64)
    >>> equilibrated(torch.stack([one[0], 3 * one[1]]), torch.diag(one), 0 * one[0])
    tensor([ 1., -1.], dtype=torch.float64)
    """
    sides = torch.stack([-electronegativity, torch.ones_like(electronegativity)], dim=1)
    u, v = torch.linalg.solve(matrix, sides).unbind(1)
    return u + v * ((charge - u.sum()) / v.sum())
