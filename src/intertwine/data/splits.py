"""Splits that can be told and repeated: seeded, by content, with hashes and indices on record."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from intertwine.data.hashing import data_hash, structure_hash
from intertwine.data.structure import Structure
from intertwine.errors import InputError


@dataclass(frozen=True, eq=False)
class Split(Mapping[str, list[Structure]]):
    """Structures by part, with what is needed to make the same split again.

    Args:
        parts: structures of each part.
        indices: their places in the sequence that was split, ascending.
        hashes: `data_hash` of each part.
        seed: the seed.
    """

    parts: Mapping[str, list[Structure]]
    indices: Mapping[str, list[int]]
    hashes: Mapping[str, str]
    seed: int

    def __getitem__(self, name: str) -> list[Structure]:
        return self.parts[name]

    def __iter__(self):
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)

    def record(self) -> dict[str, Any]:
        """The split as plain values for a JSON file.

        >>> atoms = [Structure([z], [[0, 0, 0]]) for z in (1, 2)]
        >>> list(split(atoms, {"train": 2}, seed=0).record()["parts"]["train"])
        ['hash', 'indices']
        """
        parts = {name: {"hash": self.hashes[name], "indices": self.indices[name]} for name in self.parts}
        return {"seed": self.seed, "parts": parts}


def split(structures: Sequence[Structure], sizes: Mapping[str, int | float | None], seed: int) -> Split:
    """Disjoint random parts of `structures`, the same for the same content, sizes and seed.

    Structures are ranked by SHA-256 of seed and content, and dealt out in the order of `sizes`. So the split
    depends neither on the order of the frames in a file nor on the version of a random generator, and equal
    frames stand together.

    Args:
        structures: what to split.
        sizes: number of frames (int), fraction of all frames (float), or None for the rest (once).
        seed: any integer.

    Raises:
        InputError: the sizes ask for more than there is, or leave a part empty.

    >>> atoms = [Structure([z], [[0, 0, 0]]) for z in range(1, 11)]
    >>> parts = split(atoms, {"train": 0.6, "valid": 2, "test": None}, seed=7)
    >>> {name: len(part) for name, part in parts.items()}
    {'train': 6, 'valid': 2, 'test': 2}
    """
    counts = _counts(sizes, len(structures))
    hashes = [structure_hash(structure) for structure in structures]
    ranks = [hashlib.sha256(f"{seed} {content}".encode()).hexdigest() for content in hashes]
    order = sorted(range(len(structures)), key=lambda index: (ranks[index], index))
    indices, start = {}, 0
    for name, count in counts.items():
        indices[name] = sorted(order[start : start + count])
        start += count
    parts = {name: [structures[index] for index in chosen] for name, chosen in indices.items()}
    return Split(parts, indices, {name: data_hash(part) for name, part in parts.items()}, seed)


def _counts(sizes: Mapping[str, int | float | None], total: int) -> dict[str, int]:
    """Frames of each part; fractions are rounded so that fractions that add up to one use every frame."""
    for name, size in sizes.items():
        fits = (
            size is None
            or (isinstance(size, int) and size > 0)
            or (isinstance(size, float) and 0 < size <= 1)
        )
        if not fits or isinstance(size, bool):
            accepted = "a number of frames, a fraction between 0 and 1, or None for the rest"
            raise InputError(f"size of part '{name}'", got=size, accepted=accepted)
    if sum(size is None for size in sizes.values()) > 1:
        raise InputError("more than one part asks for the rest", accepted="None once")
    counts, fraction = {}, 0.0
    for name, size in sizes.items():
        if isinstance(size, float):
            counts[name] = round((fraction + size) * total) - round(fraction * total)
            fraction += size
        else:
            counts[name] = size or 0
    rest = total - sum(counts.values())
    counts.update({name: rest for name, size in sizes.items() if size is None})
    if rest < 0 or 0 in counts.values():
        asked = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise InputError(f"{total} frames cannot be split", got=asked, accepted="parts of at least one frame")
    return counts
