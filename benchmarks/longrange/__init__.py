"""Charges that reach beyond the cutoff."""
