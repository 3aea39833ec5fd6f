"""A neighbour list with a skin: the edges of a moving system, found anew only when they must be."""

import math

import numpy as np
from jaxtyping import Bool, Float, Int

from intertwine.data.structure import Structure
from intertwine.graph.build import build_graph, float64, graph_bonds, graph_labels
from intertwine.graph.graph import Graph


class NeighbourList:
    """Graphs of one system as it moves, sharing their edges from step to step (L. Verlet, 1967).

    Edges are searched up to cutoff + skin. Let the cell become cell · F and the atoms x · F + u. A pair left
    out was longer than cutoff + skin, so now it is longer than σ_min(F) · (cutoff + skin) − 2 max |u|,
    σ_min being the smallest singular value. While that is at least the cutoff no edge can be missing, and the
    old ones serve; with a fixed cell this is the rule "no atom has moved more than half the skin". Rigid
    translation is taken out of u. Edges longer than the cutoff stay: a model's envelope is zero there.

    Args:
        cutoff: Å, positive.
        skin: Å; 0 searches at every change.

    Attributes:
        builds: how many times edges have been searched.

    Raises:
        InputError: (at the first graph) the cutoff is not a positive length, or the skin a negative one.

    >>> moving = NeighbourList(cutoff=3.0, skin=0.5)
    >>> for distance in (0.7, 0.8, 0.9, 1.5):
    ...     graph = moving.graph(Structure([1, 1], [[0, 0, 0], [0, 0, distance]]))
    >>> moving.builds, graph.positions[1, 2].item()
    (2, 1.5)
    """

    def __init__(self, cutoff: float, skin: float = 0.5) -> None:
        self.cutoff = cutoff
        self.skin = skin
        self.builds = 0
        self._last: tuple[Structure, Graph] | None = None

    def graph(self, structure: Structure) -> Graph:
        """The graph of `structure` at this step, with edges that are new or still good."""
        moved = self.follow(structure.numbers, structure.pbc, structure.positions, structure.cell)
        if moved is not None:
            bonds = {"bonds": None, "bond_shifts": None} | graph_bonds(structure)
            return moved.replace(labels=graph_labels(structure.labels), **bonds)
        graph = build_graph(structure, self.cutoff, self.skin)
        self._last = structure, graph
        self.builds += 1
        return graph

    def follow(
        self,
        numbers: Int[np.ndarray, " atoms"],
        pbc: Bool[np.ndarray, "3"],
        positions: Float[np.ndarray, "atoms 3"],
        cell: Float[np.ndarray, "3 3"],
    ) -> Graph | None:
        """The graph of atoms that only moved, without labels; None where edges have to be searched.

        For what is done a million times: no `Structure` is made and checked.

        >>> moving = NeighbourList(cutoff=3.0)
        >>> pair = Structure([1, 1], [[0, 0, 0], [0, 0, 0.7]])
        >>> where = pair.numbers, pair.pbc, pair.positions, pair.cell
        >>> moving.follow(*where) is None, moving.graph(pair).n_edges, moving.follow(*where).n_edges
        (True, 2, 2)
        """
        if self._last is None:
            return None
        old, graph = self._last
        if not (np.array_equal(old.numbers, numbers) and np.array_equal(old.pbc, pbc)):
            return None
        if not self._reaches(old, positions, cell):
            return None
        return graph.replace(positions=float64(positions), cell=float64(cell)[None], labels={})

    def _reaches(
        self, old: Structure, positions: Float[np.ndarray, "atoms 3"], cell: Float[np.ndarray, "3 3"]
    ) -> bool:
        """Whether every pair now within the cutoff was within cutoff + skin in `old`."""
        if np.array_equal(old.cell, cell):
            squeeze, moved = 1.0, positions - old.positions
        else:
            change = deformation(old, cell)
            squeeze = float(np.linalg.svd(change, compute_uv=False)[-1])
            moved = positions - old.positions @ change
        moved = moved - moved.mean(0)
        farthest = math.sqrt((moved**2).sum(1).max())
        return squeeze * (self.cutoff + self.skin) - 2 * farthest >= self.cutoff


def deformation(old: Structure, cell: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "3 3"]:
    """F with new cell = old cell · F on the periodic axes, and F = 1 across them.

    >>> wire = Structure([1], [[0, 0, 0]], cell=np.diag([2, 0, 0]), pbc=[True, False, False])
    >>> deformation(wire, np.diag([3.0, 0, 0])).round(9).tolist()
    [[1.5, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    vectors = old.cell[old.pbc]
    inverse = np.linalg.pinv(vectors)
    return inverse @ cell[old.pbc] + np.eye(3) - inverse @ vectors
