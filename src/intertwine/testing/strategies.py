"""Hypothesis strategies for structures, graphs and motions; needs `hypothesis` (extra: dev).

from hypothesis import given
from intertwine.testing import strategies

@given(strategies.structures(species=(1, 8)), strategies.rotations())
def test_energy_does_not_turn(structure, rotation): ...
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from intertwine.data import Structure
from intertwine.errors import require
from intertwine.graph import build_graph
from intertwine.groups import quaternion_to_rotation
from intertwine.testing.probes import molecule, periodic_system

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Kind = Literal["molecule", "wire", "slab", "bulk"]

PERIODIC: dict[str, tuple[bool, bool, bool]] = {
    "wire": (False, False, True),
    "slab": (True, True, False),
    "bulk": (True, True, True),
}
"""Periodic axes of each kind of system but the molecule."""


def _hypothesis() -> Any:
    return require("hypothesis.strategies", extra="dev")


def rotations() -> "SearchStrategy[np.ndarray]":
    """Proper rotations `[3, 3]`; shrinks to the identity.

    >>> rotations().is_empty
    False
    """
    st = _hypothesis()
    part = st.floats(-1, 1, allow_nan=False, width=32)
    quaternions = st.tuples(st.floats(0.125, 1, width=32), part, part, part)
    return quaternions.map(lambda q: quaternion_to_rotation(np.array(q)))


def orthogonal_matrices() -> "SearchStrategy[np.ndarray]":
    """Rotations and reflections, O(3), `[3, 3]`; shrinks to the identity."""
    st = _hypothesis()
    return st.tuples(rotations(), st.booleans()).map(lambda pair: -pair[0] if pair[1] else pair[0])


def translations(largest: float = 20.0) -> "SearchStrategy[np.ndarray]":
    """Vectors `[3]` with components up to `largest` Å; shrinks to zero."""
    st = _hypothesis()
    part = st.floats(-largest, largest, allow_nan=False, width=32)
    return st.tuples(part, part, part).map(np.array)


def permutations(size: int) -> "SearchStrategy[np.ndarray]":
    """Orders of `size` atoms, `[size]`; shrinks to the order given."""
    return _hypothesis().permutations(range(size)).map(np.array)


def structures(
    species: Collection[int] = (1, 6, 8),
    kinds: Collection[Kind] = ("molecule", "wire", "slab", "bulk"),
    max_atoms: int = 6,
    cutoff: float = 5.0,
) -> "SearchStrategy[Structure]":
    """Random systems at sensible distances, without symmetry; shrinks to few atoms and open space.

    Args:
        species: atomic numbers to draw from.
        kinds: shapes to draw from.
        max_atoms: at most so many atoms.
        cutoff: Å; atoms start within 0.7 of it.
    """
    st = _hypothesis()

    def make(kind: Kind, atoms: int, seed: int) -> Structure:
        rng = np.random.default_rng(seed)
        if kind == "molecule":
            return molecule(species, atoms, cutoff, rng)
        return periodic_system(species, atoms, PERIODIC[kind], cutoff, rng)

    return st.builds(make, st.sampled_from(list(kinds)), st.integers(1, max_atoms), st.integers(0, 2**16))


def graphs(cutoff: float = 5.0, **options: Any) -> "SearchStrategy[Any]":
    """Graphs of `structures(cutoff=cutoff, **options)`, neighbours within `cutoff` Å."""
    return structures(cutoff=cutoff, **options).map(lambda structure: build_graph(structure, cutoff))
