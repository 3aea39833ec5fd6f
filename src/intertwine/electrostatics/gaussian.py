"""What two smeared charges do to each other: Coulomb's law without its singularity."""

import math
from typing import Final

import torch
from ase.units import Bohr, Hartree
from jaxtyping import Float64
from torch import Tensor

COULOMB: Final = Hartree * Bohr
"""e²/4πε₀, eV·Å."""

SERIES = 14
"""Terms of the series near zero: enough for float64 where r is below the width."""


def smeared_coulomb(r: Float64[Tensor, " pairs"], width: float, order: int = 0) -> list[Tensor]:
    """B_0 … B_order of Gaussian charges at a distance r, Å⁻¹, Å⁻³, Å⁻⁵, …

        B_0 = erf(r/√2 s)/r,    B_l = −(1/r) dB_{l−1}/dr = √(2/π)/s^{2l+1} ∫₀¹ t^{2l} e^{−r²t²/2s²} dt

    Beyond a few widths B_0 is 1/r to rounding; at r = 0 everything is finite and smooth.

    Args:
        r: distances, Å.
        width: s, Å: √2 times the standard deviation of either Gaussian.
        order: 0 for charges, 2 for dipoles with each other.

    >>> (b,) = smeared_coulomb(torch.tensor([0.0, 20.0], dtype=torch.float64), width=1.0)
    >>> round(b[0].item(), 6), b[1].item()
    (0.797885, 0.05)
    """
    x = (r / width) ** 2
    near = x < 1.0
    small, far = torch.where(near, x, 0.0), torch.where(near, width, r)
    gauss = math.sqrt(2 / math.pi) / width * torch.exp(-0.5 * (far / width) ** 2)
    value = torch.special.erf(far / (math.sqrt(2) * width)) / far
    found = []
    for l in range(order + 1):
        if l > 0:
            value = ((2 * l - 1) * value - gauss / width ** (2 * l - 2)) / far**2
        found.append(torch.where(near, _series(small, l) * width ** -(2 * l + 1), value))
    return found


def _series(x: Float64[Tensor, " pairs"], l: int) -> Float64[Tensor, " pairs"]:
    """√(2/π) Σ_n (−x/2)ⁿ / n!(2n + 2l + 1), by Horner's rule."""
    total = torch.zeros_like(x)
    for n in reversed(range(SERIES)):
        total = total * x + (-0.5) ** n / (math.factorial(n) * (2 * n + 2 * l + 1))
    return math.sqrt(2 / math.pi) * total
