"""Elastic constants of all orders as derivatives of the energy at the undeformed crystal."""

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from intertwine.apps.crystal.law import ConstitutiveLaw
from intertwine.apps.crystal.strain import from_green
from intertwine.errors import InputError
from intertwine.groups.index_symmetry import VOIGT_PAIRS


def elastic_constants(law: ConstitutiveLaw, order: int = 2) -> Float64[np.ndarray, "*six"]:
    """C_IJ = ∂²W/∂η_I∂η_J, C_IJK = ∂³W/∂η_I∂η_J∂η_K, … at F = 1, in the law's unit (Brugger 1964).

    η are the components of E = ½(FᵀF − 1) in Voigt order xx, yy, zz, yz, xz, xy, the last three doubled.

    Args:
        law: fitted.
        order: 2, 3 or 4: number of indices.

    Raises:
        InputError: another order.

    >>> from intertwine.apps.crystal import LawSpec
    >>> C = elastic_constants(ConstitutiveLaw(LawSpec(group="m-3m")).double())
    >>> C.shape, bool(abs(C[0, 1] - C[1, 2]) < 1e-15)
    ((6, 6), True)
    """
    if order not in (2, 3, 4):
        raise InputError("elastic constants of this order are not computed", got=order, accepted="2, 3, 4")
    basis = torch.zeros(6, 3, 3, dtype=torch.float64)
    for number, (i, j) in enumerate(VOIGT_PAIRS):
        basis[number, i, j] = basis[number, j, i] = 1.0 if i == j else 0.5
    dtype = next(law.parameters()).dtype

    def energy(strain: Tensor) -> Tensor:
        return law.of_cauchy_green(from_green(torch.tensordot(strain, basis.to(dtype), 1)))

    derivative = energy
    for _ in range(order):
        derivative = torch.func.jacrev(derivative)
    return derivative(torch.zeros(6, dtype=dtype)).detach().double().numpy()
