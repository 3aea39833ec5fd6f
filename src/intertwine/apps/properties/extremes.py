"""Where a property that depends on direction is least and largest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Float, Float64

from intertwine.apps.elasticity import (
    linear_compressibility,
    poisson_extremes,
    shear_extremes,
    young_modulus,
)

STEP: Final = 2
"""Degrees between the directions that are looked at first."""

FINE: Final = 0.05
"""Degrees between those about the best of them."""

Property = Callable[[np.ndarray], np.ndarray]
"""Directions `(points, 3)` to the least and largest value along each, `(points, 2)`."""


@dataclass(frozen=True)
class Extremes:
    """Least and largest value of a property, and unit vectors along which it has them."""

    least: float
    least_along: tuple[float, ...]
    largest: float
    largest_along: tuple[float, ...]

    @classmethod
    def of(cls, property: Property) -> "Extremes":
        """Of a property whose values in each direction lie between the two that the function gives."""
        first = _where(lambda n: property(n)[..., 0])
        last = _where(lambda n: -property(n)[..., 1])
        low, high = property(np.stack([first, last]))
        return cls(float(low[0]), tuple(first.tolist()), float(high[1]), tuple(last.tolist()))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "least": self.least,
            "least_along": list(self.least_along),
            "largest": self.largest,
            "largest_along": list(self.largest_along),
        }


def sphere(step: int = STEP) -> Float64[np.ndarray, "polar azimuth 3"]:
    """Unit vectors at equal steps of polar angle (0 to 180°) and azimuth (0 to 360°), both ends included.

    >>> sphere(90).round(12)[1, 1].tolist()
    [0.0, 1.0, 0.0]
    """
    polar = np.radians(np.arange(0, 181, step))[:, None]
    azimuth = np.radians(np.arange(0, 361, step))[None, :]
    parts = (np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar) + 0 * azimuth)
    return np.stack(parts, axis=-1)


def extremes(compliance: Float[np.ndarray, "3 3 3 3"]) -> dict[str, Extremes]:
    """Least and largest Young's and shear modulus (GPa), Poisson ratio and linear compressibility (1/GPa).

    Looked for along directions 2° apart and then, about the best of them, 0.05° apart; across each direction
    the extremes are exact.

    Args:
        compliance: S of a stable crystal, 1/GPa.

    >>> isotropic = 0.25 * (np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))
    ...     + np.einsum("il,jk->ijkl", np.eye(3), np.eye(3)))
    >>> round(extremes(isotropic)["young"].largest, 12)
    2.0
    """
    return {
        "young": Extremes.of(lambda n: _twice(young_modulus(compliance, n))),
        "shear": Extremes.of(lambda n: shear_extremes(compliance, n)),
        "poisson": Extremes.of(lambda n: poisson_extremes(compliance, n)),
        "compressibility": Extremes.of(lambda n: _twice(linear_compressibility(compliance, n))),
    }


def _twice(values: Float64[np.ndarray, "*points"] | np.float64) -> Float64[np.ndarray, "*points 2"]:
    return np.stack([values, values], axis=-1)


def _where(function: Callable[[np.ndarray], np.ndarray]) -> Float64[np.ndarray, "3"]:
    """The direction in which a function is least."""
    coarse = sphere().reshape(-1, 3)
    best = coarse[np.argmin(function(coarse))]
    across = np.linalg.svd(best[None])[2][1:]
    steps = np.radians(np.arange(-STEP, STEP + FINE / 2, FINE))
    near = best + np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) @ across
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    closest_first = near[np.argsort(-(near @ best), kind="stable")]  # where all are equal, the coarse one
    return closest_first[np.argmin(np.round(function(closest_first), 12))]
