"""Exact algebra of symmetry groups in NumPy float64; torch is never imported here.

What stands is the O(3) part, in closed form: irreps and their grammar, Clebsch-Gordan coefficients, Wigner
matrices, spherical harmonics, rotations; and, for any group, intertwiners by null space, the oracle of the
closed forms. Matrices act on columns, rows of degree l run m = −l…l, and degree 1 is (x, y, z).
"""

from intertwine.groups.clebsch_gordan import clebsch_gordan, exact_clebsch_gordan
from intertwine.groups.harmonics import spherical_harmonics
from intertwine.groups.intertwiners import intertwiners
from intertwine.groups.irreps import Irrep, Irreps
from intertwine.groups.rotations import (
    axis_angle_to_rotation,
    quaternion_to_rotation,
    random_orthogonal,
    random_rotation,
    rotation_to_quaternion,
)
from intertwine.groups.wigner import so3_generators, wigner_d

__all__ = [
    "Irrep",
    "Irreps",
    "axis_angle_to_rotation",
    "clebsch_gordan",
    "exact_clebsch_gordan",
    "intertwiners",
    "quaternion_to_rotation",
    "random_orthogonal",
    "random_rotation",
    "rotation_to_quaternion",
    "so3_generators",
    "spherical_harmonics",
    "wigner_d",
]
