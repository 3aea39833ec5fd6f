"""Encoders: from a graph to equivariant features."""

from intertwine.encoders.body_ordered import BodyOrderedEncoder, BodyOrderedSpec
from intertwine.encoders.elements import SharedElements
from intertwine.encoders.features import AtomFeatures

__all__ = ["AtomFeatures", "BodyOrderedEncoder", "BodyOrderedSpec", "SharedElements"]
