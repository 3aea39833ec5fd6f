"""Constitutive laws of crystals."""
