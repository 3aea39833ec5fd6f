"""Exact algebra of symmetry groups in NumPy float64; torch is never imported here.

Every group is a closed subgroup of O(3) whose elements are 3×3 matrices: O(3), SO(3), O(2), SO(2), the 32
crystallographic point groups in any orientation, and whatever finite group generators give. One primitive,
`hom`, finds all equivariant maps between two representations; couplings, invariants and restrictions follow
from it. Matrices act on columns, rows of degree l run m = −l…l, and degree 1 is (x, y, z).
"""

from intertwine.groups.cartesian import CartesianTensor
from intertwine.groups.catalogue import GROUP_NAMES, get_group
from intertwine.groups.clebsch_gordan import clebsch_gordan, exact_clebsch_gordan
from intertwine.groups.components import AllowedTensor, allowed
from intertwine.groups.coupling import coupling
from intertwine.groups.finite import FiniteGroup, FiniteIrrep
from intertwine.groups.group import Group
from intertwine.groups.harmonics import spherical_harmonics
from intertwine.groups.hom import average_map, hom, invariants, project_map, reynolds
from intertwine.groups.intertwiners import intertwiners
from intertwine.groups.irreps import Irreps
from intertwine.groups.orthogonal import O3, SO3, O3Irrep, SO3Irrep
from intertwine.groups.planar import O2Group, O2Irrep, SO2Group, SO2Irrep
from intertwine.groups.point_groups import POINT_GROUPS, PointGroup
from intertwine.groups.powers import AntisymmetricPower, SymmetricPower, molien
from intertwine.groups.recognition import match_point_group
from intertwine.groups.representation import (
    Irrep,
    ProductRepresentation,
    Representation,
    RestrictedRepresentation,
)
from intertwine.groups.restriction import Decomposition, decompose, restrict
from intertwine.groups.rotations import (
    axis_angle_to_rotation,
    quaternion_to_rotation,
    random_orthogonal,
    random_rotation,
    random_rotations,
    rotation_to_quaternion,
)
from intertwine.groups.wigner import so3_generators, wigner_d

__all__ = [
    "GROUP_NAMES",
    "O3",
    "POINT_GROUPS",
    "SO3",
    "AllowedTensor",
    "AntisymmetricPower",
    "CartesianTensor",
    "Decomposition",
    "FiniteGroup",
    "FiniteIrrep",
    "Group",
    "Irrep",
    "Irreps",
    "O2Group",
    "O2Irrep",
    "O3Irrep",
    "PointGroup",
    "ProductRepresentation",
    "Representation",
    "RestrictedRepresentation",
    "SO2Group",
    "SO2Irrep",
    "SO3Irrep",
    "SymmetricPower",
    "allowed",
    "average_map",
    "axis_angle_to_rotation",
    "clebsch_gordan",
    "coupling",
    "decompose",
    "exact_clebsch_gordan",
    "get_group",
    "hom",
    "intertwiners",
    "invariants",
    "match_point_group",
    "molien",
    "project_map",
    "quaternion_to_rotation",
    "random_orthogonal",
    "random_rotation",
    "random_rotations",
    "restrict",
    "reynolds",
    "rotation_to_quaternion",
    "so3_generators",
    "spherical_harmonics",
    "wigner_d",
]
