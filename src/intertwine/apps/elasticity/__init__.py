"""What an elastic stiffness tells: moduli of a polycrystal and of every direction, stability, sound.

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
from intertwine.apps.elasticity.waves import debye_temperature, debye_velocity, sound_velocities

__all__ = [
    "Moduli",
    "compliance",
    "debye_temperature",
    "debye_velocity",
    "kelvin_moduli",
    "linear_compressibility",
    "moduli",
    "poisson_extremes",
    "shear_extremes",
    "sound_velocities",
    "young_modulus",
]
