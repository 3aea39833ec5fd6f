"""Matter as tensors: graphs, neighbours, batches and the motions that act on them."""

from intertwine.graph.batch import collate, uncollate
from intertwine.graph.build import build_graph
from intertwine.graph.graph import Graph
from intertwine.graph.motion import strained

__all__ = ["Graph", "build_graph", "collate", "strained", "uncollate"]
