"""What an elastic stiffness tells: moduli of a polycrystal, of every direction, and whether it is stable.

NumPy only. Tensors are full, `(*batch, 3, 3, 3, 3)`; `intertwine.groups.voigt` writes and reads matrices.
"""

from intertwine.apps.elasticity.directions import (
    linear_compressibility,
    poisson_extremes,
    shear_extremes,
    young_modulus,
)
from intertwine.apps.elasticity.moduli import Moduli, kelvin_moduli, moduli
from intertwine.apps.elasticity.stiffness import compliance

__all__ = [
    "Moduli",
    "compliance",
    "kelvin_moduli",
    "linear_compressibility",
    "moduli",
    "poisson_extremes",
    "shear_extremes",
    "young_modulus",
]
