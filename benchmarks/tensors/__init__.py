"""Tensors and responses on public data, from dipoles to elastic constants."""
