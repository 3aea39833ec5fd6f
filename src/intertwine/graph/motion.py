"""Motions of matter: strain, turning, shifting, renumbering."""

from jaxtyping import Float64
from torch import Tensor

from intertwine.graph.graph import Graph


def strained(graph: Graph, strain: Float64[Tensor, "systems 3 3"]) -> Graph:
    """Deform space: x → x + x·ε for positions and cell rows alike; differentiable in ε.

    Args:
        graph: one system or a batch.
        strain: ε of each system, dimensionless, `(systems, 3, 3)`; a pure strain when symmetric.

    Returns:
        The deformed graph with the same edges.
    """
    if graph.n_systems == 1:
        displacement = graph.positions @ strain[0]
    else:
        per_atom = strain.index_select(0, graph.batch)
        displacement = (graph.positions.unsqueeze(1) @ per_atom).squeeze(1)
    return graph.replace(positions=graph.positions + displacement, cell=graph.cell + graph.cell @ strain)
