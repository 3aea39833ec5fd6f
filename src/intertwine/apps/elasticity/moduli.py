"""Moduli that no rotation changes: those of a polycrystal, and Kelvin's six."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from intertwine.apps.elasticity.stiffness import compliance
from intertwine.groups.voigt import voigt_matrix

Values = Float64[np.ndarray, "*batch"] | np.float64
"""One number per crystal."""


@dataclass(frozen=True, eq=False)
class Moduli:
    """Bounds and mean of the moduli of a random polycrystal, GPa, each of shape `(*batch,)`.

    Voigt's bound holds the strain uniform, Reuss's the stress; Hill takes the mean of the two.
    (R. Hill, Proc. Phys. Soc. A 65, 349, 1952.)

    Attributes:
        bulk_voigt, bulk_reuss: K, GPa.
        shear_voigt, shear_reuss: G, GPa.
    """

    bulk_voigt: Values
    bulk_reuss: Values
    shear_voigt: Values
    shear_reuss: Values

    @property
    def bulk(self) -> Values:
        """Hill's K, GPa."""
        return (self.bulk_voigt + self.bulk_reuss) / 2

    @property
    def shear(self) -> Values:
        """Hill's G, GPa."""
        return (self.shear_voigt + self.shear_reuss) / 2

    @property
    def young(self) -> Values:
        """E = 9KG / (3K + G) of Hill's moduli, GPa."""
        return 9 * self.bulk * self.shear / (3 * self.bulk + self.shear)

    @property
    def poisson(self) -> Values:
        """ν = (3K − 2G) / (6K + 2G) of Hill's moduli."""
        return (3 * self.bulk - 2 * self.shear) / (6 * self.bulk + 2 * self.shear)

    @property
    def anisotropy(self) -> Values:
        """The universal index A = 5 G_V/G_R + K_V/K_R − 6: 0 where isotropic, positive where stable.

        (S. I. Ranganathan, M. Ostoja-Starzewski, Phys. Rev. Lett. 101, 055504, 2008.)
        """
        return 5 * self.shear_voigt / self.shear_reuss + self.bulk_voigt / self.bulk_reuss - 6


def moduli(stiffness: Float[np.ndarray, "*batch 3 3 3 3"]) -> Moduli:
    """Voigt's, Reuss's and Hill's moduli of a polycrystal of this crystal.

        K_V = C_iijj / 9,    G_V = (3 C_ijij − C_iijj) / 30
        K_R = 1 / S_iijj,    G_R = 15 / (6 S_ijij − 2 S_iijj)

    Args:
        stiffness: C, GPa.

    Raises:
        InputError: a singular stiffness.

    >>> from intertwine.groups.voigt import from_voigt
    >>> copper = np.diag([168.4 - 121.4] * 3 + [75.4] * 3)
    >>> copper[:3, :3] += 121.4
    >>> found = moduli(from_voigt(copper, 4))
    >>> [round(float(value), 2) for value in (found.bulk, found.shear, found.young, found.anisotropy)]
    [137.07, 47.34, 127.35, 1.82]
    """
    pressure, total = _contractions(stiffness)
    inverse_pressure, inverse_total = _contractions(compliance(stiffness))
    return Moduli(
        bulk_voigt=pressure / 9,
        bulk_reuss=1 / inverse_pressure,
        shear_voigt=(3 * total - pressure) / 30,
        shear_reuss=15 / (6 * inverse_total - 2 * inverse_pressure),
    )


def kelvin_moduli(stiffness: Float[np.ndarray, "*batch 3 3 3 3"]) -> Float64[np.ndarray, "*batch 6"]:
    """The six eigenvalues of the map from strain to stress, GPa, ascending; of an isotropic body 2G and 3K.

    All are positive if and only if every strain costs energy, which is Born's condition of stability for a
    crystal of any class (F. Mouhat, F.-X. Coudert, Phys. Rev. B 90, 224104, 2014). They are those of Mandel's
    matrix; those of Voigt's depend on the axes.

    Args:
        stiffness: C, GPa.

    >>> kelvin_moduli(np.einsum("ij,kl->ijkl", np.eye(3), np.eye(3))).round(12) + 0.0
    array([0., 0., 0., 0., 0., 3.])
    """
    return np.linalg.eigvalsh(voigt_matrix(stiffness, 4, "mandel"))


def _contractions(
    tensor: Float[np.ndarray, "*batch 3 3 3 3"],
) -> tuple[Values, Values]:
    """T_iijj and T_ijij."""
    return np.einsum("...iijj->...", tensor), np.einsum("...ijij->...", tensor)
