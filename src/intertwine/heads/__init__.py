"""Heads: from features to raw predictions."""

from intertwine.heads.pairs import PairFeatures
from intertwine.heads.scalar import ScalarHead
from intertwine.heads.tensor import TensorHead, TensorSpec
from intertwine.heads.vector import DirectForceHead

__all__ = ["DirectForceHead", "PairFeatures", "ScalarHead", "TensorHead", "TensorSpec"]
