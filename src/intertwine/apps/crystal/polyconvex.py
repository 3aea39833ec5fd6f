"""An energy that is polyconvex: a minimum exists in every boundary value problem, and no wave grows."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import softplus

from intertwine.apps.crystal.strain import cofactor, volume_ratio
from intertwine.groups import CartesianTensor
from intertwine.nn.constant import Constant


class PolyconvexNetwork(nn.Module):
    """A convex function of F, its cofactors and its determinant, invariant under a finite group.

        n = Σ_k c_k mean over g of s(A_k:(gᵀCg − 1) + B_k:(gᵀ(cof C)g − 1) + d_k (J − 1) + b_k)
        f = n − n(1) − ∂n/∂J (J − 1),    c_k ≥ 0,    A_k, B_k positive semidefinite,    s = softplus

    A:FᵀF is convex in F and B:(cof F)ᵀ(cof F) in cof F; s is convex and does not fall; so the sum is convex
    in (F, cof F, J), which is Ball's polyconvexity. Taking off a multiple of J keeps it: the mean of the
    normal stresses of the undeformed crystal becomes zero, and all of its stress where the group is cubic.

    A real crystal is not polyconvex: its energy is periodic in shear, and softens on the way from one lattice
    to another. The condition is for moderate strains, where finite elements must not fail, and a false prior
    beyond. (J. M. Ball, Arch. Ration. Mech. Anal. 63, 337, 1977; D. K. Klein et al., J. Mech. Phys. Solids
    159, 104703, 2022.)

    Args:
        strain: the symmetric tensors under the group.
        width: k.
        scale: typical strain.

    >>> network = PolyconvexNetwork(CartesianTensor("ij=ji", "Oh"), 4, 0.1)
    >>> network(torch.eye(3)).abs().item() < 1e-6
    True
    """

    def __init__(self, strain: CartesianTensor, width: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.elements = Constant(strain.group.elements)
        self.stretch = nn.Parameter(torch.randn(width, 3, 3) / 3)
        self.areas = nn.Parameter(torch.randn(width, 3, 3) / 3)
        self.volume = nn.Parameter(torch.randn(width))
        self.bias = nn.Parameter(torch.randn(width))
        self.read = nn.Parameter(torch.full((width,), -1.0 - math.log(width)))

    def forward(self, C: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch"]:
        one = torch.eye(3, dtype=C.dtype, device=C.device)
        J = volume_ratio(C)
        inner = (
            (C - one).flatten(-2) @ self._orbit(self.stretch).T
            + (cofactor(C) - one).flatten(-2) @ self._orbit(self.areas).T
        ).unflatten(-1, (len(self.elements.value), -1))
        inner = (inner + (J - 1)[..., None, None] * self.volume) / self.scale
        read = softplus(self.read)
        value = softplus(inner + self.bias).mean(-2) - softplus(self.bias)
        traces = (2 * self.stretch.square().sum((1, 2)) + 4 * self.areas.square().sum((1, 2))) / 3
        slope = torch.sigmoid(self.bias) * (traces + self.volume) / self.scale
        return (value - slope * (J - 1)[..., None]) @ read

    def _orbit(self, factors: Float[Tensor, "width 3 3"]) -> Float[Tensor, "orbit 9"]:
        """g L Lᵀ gᵀ of all elements and functions."""
        turned = self.elements.value[:, None] @ factors
        return (turned @ turned.transpose(-1, -2)).flatten(-2).flatten(0, 1)
