"""Any pointwise function between features, applied to signals on the group or on the sphere."""

from collections.abc import Callable
from zlib import crc32

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn

from intertwine.errors import InputError
from intertwine.groups import Irrep, Irreps
from intertwine.groups.representation import require_same_group
from intertwine.nn.constant import Constant
from intertwine.nn.rows import rows_of

SAME_POINT = 9
"""Decimals to which the coordinates of two points of an orbit agree when they are one point."""


class Polynomial(nn.Module):
    """A learned polynomial without constant term, channel by channel: f(x) = Σ_k c_k xᵏ, k = 1 … degree.

    It begins as x + x²/2, the start of the series of 2·silu(x).

    Args:
        channels: number of channels.
        degree: highest power, ≥ 1.

    >>> Polynomial(2, degree=3)(torch.ones(5, 2))[0].tolist()
    [1.5, 1.5]
    """

    def __init__(self, channels: int, degree: int = 3) -> None:
        super().__init__()
        if degree < 1:
            raise InputError("the degree of a polynomial is too low", got=degree, accepted=">= 1")
        self.degree = degree
        start = torch.zeros(degree, channels)
        start[:2] = torch.tensor([[1.0], [0.5]])[:degree]
        self.coefficients = nn.Parameter(start)

    def forward(self, x: Float[Tensor, "*batch channels"]) -> Float[Tensor, "*batch channels"]:
        total = torch.zeros_like(x)
        for coefficient in self.coefficients.flip(0):  # Horner's rule
            total = (total + coefficient) * x
        return total


class OrbitNonlinearity(nn.Module):
    """Features read as a signal on an orbit of the group, a function applied at each point, read back.

        s(g) = ⟨ρ_in(g) v, x⟩ / √rows,    y = √rows · mean over g of ρ_out(g) v φ(s(g))

    Each irrep of dimension d stands once and has a fixed vector v of length √d, so that φ = identity gives
    y = x. For a finite group v is generic, the signal lives on all elements, and y is exactly equivariant for
    every φ. For O(3), SO(3), O(2) and SO(2) v is fixed by the turns or mirrors about the axis, the signal
    lives on the sphere or the circle (twice, with opposite signs of the pseudo-scalars, where there are any),
    and the mean is a quadrature: exact for a polynomial φ of `degree`, approximate for any other.
    (de Haan et al., ICLR 2021; Cohen et al., ICLR 2018.)

    Args:
        irreps_in, irreps_out: what stands on the representation axis before and after, each irrep once.
        channels: number of channels.
        function: φ on `(…, points, channels)`, elementwise in points; `Polynomial` of degree 3 if not given.
        degree: of φ as a polynomial; a compact group needs it for a function of its own, and for one that is
            no polynomial the equivariance error falls as it grows.
        whole_group: take generic v also for a compact group: more points, and maps between irreps of opposite
            natural parity become possible.

    Attributes:
        points: number of points of the orbit.

    Raises:
        InputError: different groups, a repeated irrep, or a function without its degree on a compact group.

    >>> square = Irreps("A1 + B1 + E", "C4v")
    >>> OrbitNonlinearity(square, square, 4, torch.nn.functional.silu).points
    8
    """

    def __init__(
        self,
        irreps_in: Irreps,
        irreps_out: Irreps,
        channels: int,
        function: Callable[[Tensor], Tensor] | None = None,
        degree: int | None = None,
        whole_group: bool = False,
    ) -> None:
        super().__init__()
        require_same_group(irreps_in, irreps_out)
        self.irreps_in, self.irreps_out = irreps_in, irreps_out
        self.function = (
            Polynomial(channels, 3 if degree is None else degree) if function is None else function
        )
        degree = self.function.degree if isinstance(self.function, Polynomial) else degree
        group = irreps_in.group
        if degree is None and group.kind == "compact":
            raise InputError(
                "a function on the orbit of a compact group needs a degree",
                got=f"{group.name} without degree",
                accepted="degree >= 1",
                fix="give the degree of the polynomial, or one that is high enough for another function",
            )
        elements, weights = group.quadrature(
            max(irreps_out.degree, 0) + (degree or 0) * max(irreps_in.degree, 0)
        )
        generic = whole_group or group.kind == "finite"
        points = [_orbit(irreps, elements, generic) for irreps in (irreps_in, irreps_out)]
        (before, after), weights = _distinct(points, weights)
        scale = max(irreps_in.dim, 1) ** 0.5
        self.synthesis = Constant(before / scale)
        self.analysis = Constant((after * weights[:, None]).T * scale)

    @property
    def points(self) -> int:
        """Number of points of the orbit."""
        return len(self.synthesis.value)

    def forward(
        self, x: Float[Tensor, "*batch rows_in channels"]
    ) -> Float[Tensor, "*batch rows_out channels"]:
        return self.analysis.value @ self.function(self.synthesis.value @ x)

    def extra_repr(self) -> str:
        return f"[{self.irreps_in}] -> [{self.irreps_out}], {self.points} points"


def _orbit(
    irreps: Irreps, elements: Float64[np.ndarray, "n 3 3"], generic: bool
) -> Float64[np.ndarray, "n rows"]:
    """ρ(g) v for each element."""
    start = np.zeros(irreps.dim)
    for irrep, rows in rows_of(irreps).items():
        start[rows] = _start(irrep, generic)
    return irreps.matrix(elements) @ start


def _start(irrep: Irrep, generic: bool) -> Float64[np.ndarray, " rows"]:
    """A vector of length √d: generic, another for each label, or the component of order 0 (cosine)."""
    rows = np.arange(irrep.dim)
    phase = 2 * np.pi * crc32(irrep.label.encode()) / 2**32
    start = np.cos(rows + phase) if generic else (rows == (irrep.dim - 1) // 2).astype(np.float64)
    return start * np.sqrt(irrep.dim) / np.linalg.norm(start)


def _distinct(
    points: list[np.ndarray], weights: Float64[np.ndarray, " n"]
) -> tuple[list[np.ndarray], Float64[np.ndarray, " points"]]:
    """Points that coincide taken together, with their common weight."""
    joined = np.concatenate(points, axis=1)
    _, first, number = np.unique(
        joined.round(SAME_POINT) + 0.0, axis=0, return_index=True, return_inverse=True
    )
    return [part[first] for part in points], np.bincount(number.ravel(), weights)
