"""Birch and Murnaghan's equation of state: energy against volume in closed form, fitted without a search."""

from dataclasses import dataclass

import numpy as np
from ase import units
from jaxtyping import Float, Float64
from numpy.polynomial import Polynomial

from intertwine.errors import IntertwineError


@dataclass(frozen=True)
class BirchMurnaghan:
    """The third-order equation of state, a cubic in x = V^(−2/3): E(V) = Σ_k c_k x^k, k = 0 … 3.

    (F. Birch, Phys. Rev. 71, 809, 1947.) With E' = dE/dx and E'(x₀) = 0 at V₀ = x₀^(−3/2):

        B = (4/9) x₀^(7/2) E''(x₀),    B' = 4 + (2/3) x₀ E'''/E''

    Attributes:
        volume: V₀, Å³.
        energy: E(V₀), eV.
        bulk_modulus: B(V₀), GPa.
        bulk_derivative: B' = dB/dp at p = 0.
        polynomial: of x, in powers of Å⁻², eV.
    """

    volume: float
    energy: float
    bulk_modulus: float
    bulk_derivative: float
    polynomial: Polynomial

    @classmethod
    def fit(
        cls, volumes: Float[np.ndarray, " points"], energies: Float[np.ndarray, " points"]
    ) -> "BirchMurnaghan":
        """The equation nearest to the points, by linear least squares.

        Args:
            volumes: four at least, Å³.
            energies: eV.

        Raises:
            IntertwineError: the energies have no minimum among the volumes.

        >>> V = np.linspace(10.0, 14.0, 7)
        >>> found = BirchMurnaghan.fit(V, (V ** (-2 / 3) - 12.0 ** (-2 / 3)) ** 2)
        >>> round(found.volume, 9), round(found.bulk_derivative, 6)
        (12.0, 4.0)
        """
        x = volumes ** (-2 / 3)
        curve = Polynomial.fit(x, energies, 3).convert()
        at = _minimum(*curve.deriv().coef)
        if not x.min() <= at <= x.max():
            raise IntertwineError(
                "the energy has no minimum among the volumes; do: start from a relaxed crystal, or widen them"
            )
        bend = curve.deriv(2)
        stiffness = float(4 / 9 * at**3.5 * bend(at)) / units.GPa
        steepening = 4 + float(2 / 3 * at * curve.deriv(3)(at) / bend(at))
        return cls(at**-1.5, float(curve(at)), stiffness, steepening, curve)

    def at(self, volumes: Float[np.ndarray, " points"]) -> Float64[np.ndarray, " points"]:
        """E(V), eV."""
        return self.polynomial(volumes ** (-2 / 3))

    def pressure(self, volumes: Float[np.ndarray, " points"]) -> Float64[np.ndarray, " points"]:
        """p = −dE/dV, GPa."""
        slope = self.polynomial.deriv()(volumes ** (-2 / 3))
        return 2 / 3 * volumes ** (-5 / 3) * slope / units.GPa


def _minimum(a: float, b: float, c: float) -> float:
    """Where a + bx + cx² rises through zero, exact also where c is next to nothing; NaN where it never does.

    >>> _minimum(-6.0, 5.0, 1.0), _minimum(-6.0, 3.0, 0.0), _minimum(1.0, 0.0, 1.0)
    (1.0, 2.0, nan)
    """
    square = b**2 - 4 * a * c
    if square <= 0:
        return float("nan")
    root = square**0.5
    return float(-2 * a / (b + root) if b > 0 else (root - b) / (2 * c))
