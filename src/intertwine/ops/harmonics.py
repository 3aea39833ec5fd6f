"""Real spherical harmonics in torch, differentiable to any order."""

from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.groups import clebsch_gordan
from intertwine.groups import spherical_harmonics as exact_harmonics


@cache
def _raising_table(degree: int) -> Float[np.ndarray, "_ _"]:
    """Matrix T with Y_degree(v) = (Y_{degree−1}(v) ⊗ v) T on unit vectors, `(3(2·degree−1), 2·degree+1)`."""
    coupling = clebsch_gordan(degree - 1, 1, degree)
    probe = np.array([[0.36, 0.48, 0.8]])
    raised = np.einsum("a,b,abc->c", exact_harmonics(degree - 1, probe)[0], probe[0], coupling)
    target = exact_harmonics(degree, probe)[0]
    scale = float(raised @ target) / float(raised @ raised)
    return scale * coupling.reshape(-1, 2 * degree + 1)


def spherical_harmonics(
    l_max: int, direction: Float[Tensor, "points 3"]
) -> Float[Tensor, "points harmonics"]:
    """Real spherical harmonics Y_lm of all degrees 0…l_max on unit vectors, `(points, (l_max+1)²)`.

    Degree l is the stretched Clebsch-Gordan product of degree l−1 with the vector itself, one outer product
    and one matrix product each: few operations, so that first, second and third derivatives stay cheap.

    Order and sign are e3nn's (l = 1 is x, y, z); "component" normalisation, Σ_m Y_lm² = 2l+1.

    Args:
        l_max: highest degree, ≥ 0.
        direction: unit vectors (dimensionless). The zero vector gives zero for every l > 0.

    >>> spherical_harmonics(1, torch.tensor([[0.0, 0.0, 1.0]]))
    tensor([[1.0000, 0.0000, 0.0000, 1.7321]])
    """
    degrees = [torch.ones_like(direction[:, :1])]
    for degree in range(1, l_max + 1):
        table = torch.as_tensor(_raising_table(degree), dtype=direction.dtype, device=direction.device)
        outer = degrees[-1].unsqueeze(2) * direction.unsqueeze(1)
        degrees.append(outer.flatten(1) @ table)
    return torch.cat(degrees, dim=1)
