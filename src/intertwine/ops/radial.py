"""Radial functions of a bond length and the envelope that makes them vanish smoothly at the cutoff."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def envelope(x: Float[Tensor, "..."], power: int = 6) -> Float[Tensor, "..."]:
    """Polynomial cutoff f(x) for x = r/r_cut: f(0) = 1 and f = f' = f'' = 0 at x = 1 and beyond (C²).

    f(x) = 1 − (p+1)(p+2)/2 xᵖ + p(p+2) xᵖ⁺¹ − p(p+1)/2 xᵖ⁺²   (Gasteiger, Groß & Günnemann, ICLR 2020)

    >>> envelope(torch.tensor([0.0, 1.0, 1.5]))
    tensor([1., 0., 0.])
    """
    p = float(power)
    polynomial = (p + 1) * (p + 2) / 2 - p * (p + 2) * x + p * (p + 1) / 2 * x * x
    return torch.where(x < 1.0, 1.0 - x**power * polynomial, 0.0)


def bessel_basis(
    length: Float[Tensor, " edges"], cutoff: float, count: int, power: int = 6
) -> Float[Tensor, "edges count"]:
    """Radial basis B_n(r) = √2 sin(nπx)/(πx) · f(x) with x = r/r_c, dimensionless, n = 1…count.

    These are the zero-order spherical Bessel functions that vanish at the cutoff, times the C² `envelope`
    (Gasteiger, Groß & Günnemann, ICLR 2020). Finite at r = 0.

    Args:
        length: bond lengths r in Å, `(edges,)`.
        cutoff: r_c in Å.
        count: number of functions.
        power: p of the envelope.

    >>> bessel_basis(torch.tensor([1.0, 5.0]), 5.0, 3).shape
    torch.Size([2, 3])
    """
    x = (length / cutoff).unsqueeze(-1)
    n = torch.arange(1, count + 1, dtype=length.dtype, device=length.device)
    return torch.sinc(n * x) * n * (math.sqrt(2.0) * envelope(x, power))


def rational_basis(
    square: Float[Tensor, " pairs"], length: float, count: int
) -> Float[Tensor, "pairs count"]:
    """Functions of a distance that never end: T_n((r² − d²)/(r² + d²)), n = 0…count−1, dimensionless.

    Chebyshev polynomials of a rational map of [0, ∞) to [−1, 1): smooth in the vector, also at zero, at most
    one at any distance, and complete for what tends to a constant or falls off by even powers of r
    (J. P. Boyd, J. Comput. Phys. 70, 63 (1987)).

    Args:
        square: r², Å².
        length: d, Å; as many zeros lie below it as above.
        count: number of functions.

    >>> rational_basis(torch.tensor([0.0, 4.0, 1e9]), 2.0, 3).round(decimals=4)
    tensor([[ 1., -1.,  1.],
            [ 1.,  0., -1.],
            [ 1.,  1.,  1.]])
    """
    x = (square - length**2) / (square + length**2)
    functions = [torch.ones_like(x), x]
    for _ in range(2, count):
        functions.append(2.0 * x * functions[-1] - functions[-2])
    return torch.stack(functions[:count], dim=-1)
