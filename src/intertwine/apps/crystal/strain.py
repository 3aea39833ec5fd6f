"""Measures of a deformation gradient F = ∂x/∂X that no rotation of the deformed body changes."""

import torch
from jaxtyping import Float
from torch import Tensor


def right_cauchy_green(F: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3 3"]:
    """C = FᵀF, symmetric and positive definite; under F ↦ RFQ it becomes QᵀCQ, whatever the rotation R."""
    return F.transpose(-1, -2) @ F


def cayley_strain(C: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Z = (C + 1)⁻¹(C − 1) = tanh(½ ln C): Hencky's logarithmic strain, bent to lie between −1 and 1.

    Rational in C, so smooth where eigenvalues meet, as the logarithm by eigenvectors is not; odd under
    C ↦ C⁻¹; equal to every other strain to first order; bounded in any deformation.

    >>> cayley_strain(torch.diag(torch.tensor([1.0, 4.0, 1.0])))[1, 1].item()  # tanh(ln 2)
    0.6000...
    """
    one = torch.eye(3, dtype=C.dtype, device=C.device)
    area = cofactor(C + one)
    volume = ((C + one)[..., 0, :] * area[..., 0, :]).sum(-1)[..., None, None]
    return (C - one) @ area / volume


def cofactor(C: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3 3"]:
    """cof C = det C · C⁻ᵀ, cross products of rows: polynomials, differentiable by every means there is.

    >>> cofactor(torch.diag(torch.tensor([1.0, 2.0, 3.0]))).diagonal().tolist()
    [6.0, 3.0, 2.0]
    """
    rows = C.unbind(-2)
    return torch.stack([torch.linalg.cross(rows[k - 2], rows[k - 1]) for k in range(3)], dim=-2)


def volume_ratio(C: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch"]:
    """J = det F = √det C."""
    return (C[..., 0, :] * cofactor(C)[..., 0, :]).sum(-1).sqrt()


def from_green(E: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3 3"]:
    """C of Green and Lagrange's strain E = ½(C − 1), in which elastic constants of all orders are counted."""
    return 2 * E + torch.eye(3, dtype=E.dtype, device=E.device)
