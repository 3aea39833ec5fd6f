"""Redocking of crystal complexes."""
