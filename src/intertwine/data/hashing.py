"""Content hashes: which data a model was trained on, whatever the file was called."""

import hashlib
from collections.abc import Iterable

import numpy as np

from intertwine.data.structure import Structure


def structure_hash(structure: Structure) -> str:
    """SHA-256 of numbers, positions, cell, pbc, labels, conditions and bonds, as 64 hexadecimal digits.

    Every bit of every value counts, except that -0 equals 0, and that no charge, field and bonds are nothing;
    `info` does not count. The same on every machine and version.

    >>> one = Structure([1], [[0, 0, 0.0]])
    >>> structure_hash(one) == structure_hash(one.replace(positions=[[0, -0.0, 0]], info={"source": "a"}))
    True
    >>> structure_hash(one) == structure_hash(one.replace(labels={"energy": 0.0}))
    False
    """
    digest = hashlib.sha256(b"intertwine structure 1")
    fields = {name: getattr(structure, name) for name in ("numbers", "positions", "cell", "pbc")}
    under = {name: np.asarray(value) for name, value in structure.conditions.items()} | structure.pairs
    for name, array in [*fields.items(), *sorted(structure.labels.items()), *under.items()]:
        digest.update(f"\n{name} {array.shape}\n".encode())
        digest.update(_bytes(array))
    return digest.hexdigest()


def data_hash(structures: Iterable[Structure]) -> str:
    """SHA-256 over the structures in their order, as 64 hexadecimal digits.

    >>> data_hash([])[:8]
    'f2e686ea'
    """
    digest = hashlib.sha256(b"intertwine data 1")
    for structure in structures:
        digest.update(bytes.fromhex(structure_hash(structure)))
    return digest.hexdigest()


def _bytes(array: np.ndarray) -> bytes:
    if array.dtype.kind == "f":
        return (array + 0.0).astype("<f8").tobytes()
    return array.astype("<i8").tobytes()
