"""Intertwine: declare the symmetry, learn the physics."""

__version__ = "0.1.0"
