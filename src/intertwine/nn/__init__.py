"""Layers with parameters that commute with the group; they know no atoms."""

from intertwine.nn.constant import Constant
from intertwine.nn.gate import Gate
from intertwine.nn.invariant_network import InvariantNetwork
from intertwine.nn.schur_linear import SchurLinear
from intertwine.nn.sphere_product import SphereProduct
from intertwine.nn.tensor_product import TensorProduct

__all__ = [
    "Constant",
    "Gate",
    "InvariantNetwork",
    "SchurLinear",
    "SphereProduct",
    "TensorProduct",
]
