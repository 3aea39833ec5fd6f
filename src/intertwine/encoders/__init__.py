"""Encoders: from a graph, or a cloud of particles, to equivariant features."""

from intertwine.encoders.body_ordered import BodyOrderedEncoder, BodyOrderedSpec
from intertwine.encoders.elements import SharedElements
from intertwine.encoders.features import AtomFeatures
from intertwine.encoders.planar import PlanarCloud, PlanarEncoder, PlanarSpec

__all__ = [
    "AtomFeatures",
    "BodyOrderedEncoder",
    "BodyOrderedSpec",
    "PlanarCloud",
    "PlanarEncoder",
    "PlanarSpec",
    "SharedElements",
]
