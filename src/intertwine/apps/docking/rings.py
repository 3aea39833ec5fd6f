"""Aromatic rings of atoms whose bond orders no file tells: five or six in a plane, at short distance."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float64

FLAT = 0.08
"""Å, root mean square distance from the plane; puckered sugars have 0.15 and more."""
SHORT = 1.46
"""Å, mean bond; of a ring with single bonds between carbons it is 1.5."""


def flat_rings(
    members: Sequence[int], neighbours: Sequence[Sequence[int]], positions: Float64[np.ndarray, "atoms 3"]
) -> set[frozenset[int]]:
    """Rings of five and six among `members` that are flat and short enough to be aromatic.

    >>> angle = np.arange(6) * np.pi / 3
    >>> hexagon = 1.39 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    >>> flat_rings(range(6), [[(k + 1) % 6, (k - 1) % 6] for k in range(6)], hexagon)
    {frozenset({0, 1, 2, 3, 4, 5})}
    """
    inside = {k for k in members if len(neighbours[k]) in (2, 3)}
    found: set[frozenset[int]] = set()
    for start in sorted(inside):
        for path in _cycles([start], neighbours, inside):
            places = positions[path] - positions[path].mean(axis=0)
            bonds = np.linalg.norm(places - np.roll(places, 1, axis=0), axis=1)
            if bonds.mean() < SHORT and np.linalg.svd(places)[1][2] < FLAT * len(path) ** 0.5:
                found.add(frozenset(path))
    return found


def _cycles(path: list[int], neighbours: Sequence[Sequence[int]], inside: set[int]) -> Iterator[list[int]]:
    """Cycles of five or six through the first of `path`, which is their least member."""
    for k in neighbours[path[-1]]:
        if k == path[0] and len(path) in (5, 6):
            yield path
        elif k in inside and k > path[0] and k not in path and len(path) < 6:
            yield from _cycles([*path, k], neighbours, inside)
