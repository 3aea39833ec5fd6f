"""Layers with parameters that commute with the group; they know no atoms."""

from intertwine.nn.attention import EquivariantAttention
from intertwine.nn.averaging import GroupAverage, symmetrize
from intertwine.nn.constant import Constant
from intertwine.nn.edge_convolution import EdgeConvolution
from intertwine.nn.equivariant_mlp import EquivariantMLP, ProductStep
from intertwine.nn.equivariant_norm import EquivariantNorm
from intertwine.nn.equivariant_transformer import EquivariantTransformer
from intertwine.nn.gate import Gate
from intertwine.nn.invariant_network import InvariantNetwork
from intertwine.nn.invariant_polynomials import InvariantPolynomials
from intertwine.nn.low_rank import LowRankAdapters
from intertwine.nn.norm_nonlinearity import NormNonlinearity
from intertwine.nn.orbit_network import OrbitNetwork
from intertwine.nn.orbit_nonlinearity import OrbitNonlinearity, Polynomial
from intertwine.nn.projection import ProjectedLinear, project_linear, symmetric_part
from intertwine.nn.restriction import Restriction
from intertwine.nn.schur_linear import SchurLinear
from intertwine.nn.sphere_product import SphereProduct
from intertwine.nn.tensor_product import TensorProduct

__all__ = [
    "Constant",
    "EdgeConvolution",
    "EquivariantAttention",
    "EquivariantMLP",
    "EquivariantNorm",
    "EquivariantTransformer",
    "Gate",
    "GroupAverage",
    "InvariantNetwork",
    "InvariantPolynomials",
    "LowRankAdapters",
    "NormNonlinearity",
    "OrbitNetwork",
    "OrbitNonlinearity",
    "Polynomial",
    "ProductStep",
    "ProjectedLinear",
    "Restriction",
    "SchurLinear",
    "SphereProduct",
    "TensorProduct",
    "project_linear",
    "symmetric_part",
    "symmetrize",
]
