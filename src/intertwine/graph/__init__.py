"""Matter as tensors: frozen graphs, neighbour lists, batches, and what the symmetries of space do to them."""

from intertwine.graph.batch import collate, uncollate
from intertwine.graph.brute_force import brute_force_neighbours
from intertwine.graph.build import build_graph
from intertwine.graph.equivalents import recelled, reframed, reimaged, reordered, supercell, wrapped
from intertwine.graph.graph import Graph
from intertwine.graph.motion import moved, permuted, strained
from intertwine.graph.neighbour_list import NeighbourList
from intertwine.graph.neighbours import neighbours

__all__ = [
    "Graph",
    "NeighbourList",
    "brute_force_neighbours",
    "build_graph",
    "collate",
    "moved",
    "neighbours",
    "permuted",
    "recelled",
    "reframed",
    "reimaged",
    "reordered",
    "strained",
    "supercell",
    "uncollate",
    "wrapped",
]
