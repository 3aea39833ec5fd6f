"""Functions on the sphere: from coefficients to values on a quadrature grid and back, exactly.

A product of band-limited functions is band-limited. Evaluated on a grid whose quadrature is exact for the
total degree, pointwise products are therefore *exactly* equivariant: no rotation of the input changes more
than rounding. This is how many-body products are formed without a table of Clebsch-Gordan coefficients.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from intertwine.groups import spherical_harmonics
from intertwine.groups.wigner import so3_generators


@dataclass(frozen=True, eq=False)
class SphereGrid:
    """Quadrature points on the sphere with their weights, exact for polynomials up to `degree`.

    Attributes:
        points: unit vectors, `(grid, 3)`.
        weights: positive or negative, summing to one, `(grid,)`.
        degree: Σ_g weights[g] f(points[g]) is the mean of f for every polynomial f of this degree or less.
    """

    points: Float[np.ndarray, "grid 3"]
    weights: Float[np.ndarray, " grid"]
    degree: int

    def synthesis(self, l_max: int) -> Float[np.ndarray, "grid harmonics"]:
        """Matrix from coefficients of Y_lm, l ≤ l_max, to values on the grid."""
        return np.concatenate(
            [spherical_harmonics(degree, self.points) for degree in range(l_max + 1)], axis=1
        )

    def turning(self, l_max: int) -> Float[np.ndarray, "3 grid harmonics"]:
        """Matrices from coefficients to values of r × ∇f along x, y and z: the function turned a little."""
        values, start = np.zeros((3, len(self.points), (l_max + 1) ** 2)), 0
        for degree in range(l_max + 1):
            rows = slice(start, start := start + 2 * degree + 1)
            values[:, :, rows] = spherical_harmonics(degree, self.points) @ so3_generators(degree)
        return -values

    def analysis(self, l_max: int) -> Float[np.ndarray, "harmonics grid"]:
        """Matrix from values on the grid to coefficients: c_lm = Σ_g w_g Y_lm(g) f(g), the mean of Y_lm f.

        With component normalisation the mean of Y_lm² is one, so this undoes `synthesis` exactly.
        """
        return (self.synthesis(l_max) * self.weights[:, None]).T


@cache
def sphere_grid(degree: int) -> SphereGrid:
    """Smallest Lebedev grid exact to `degree` (Lebedev & Laikov 1999, tables from SciPy).

    >>> grid = sphere_grid(10)
    >>> grid.points.shape, round(float(grid.weights.sum()), 12)
    ((50, 3), 1.0)
    """
    from scipy.integrate import lebedev_rule  # a second of imports, needed by the first model only

    for order in [*range(3, 33, 2), *range(35, 132, 6)]:
        if order >= degree:
            points, weights = lebedev_rule(order)
            return SphereGrid(np.ascontiguousarray(points.T), weights / weights.sum(), order)
    raise ValueError(f"no Lebedev rule of degree {degree} or more is tabulated; accepted: degree <= 131")
