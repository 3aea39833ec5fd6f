"""What every layer reads of an edge: its direction, its length, its fading at the cutoff."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from intertwine.graph import Graph
from intertwine.ops.contract import Neighbourhoods
from intertwine.ops.harmonics import spherical_harmonics
from intertwine.ops.norm import normalise
from intertwine.ops.radial import bessel_basis


class EdgeGeometry(NamedTuple):
    """Edges as numbers, computed once and shared by all layers.

    Attributes:
        direction: unit vector from the centre to its neighbour, `(edges, 3)`.
        harmonics: Y_lm of the direction, `(edges, (l_max+1)²)`.
        radial: radial basis of the length, zero with two derivatives at the cutoff, `(edges, radial)`.
        sender: neighbour of each edge, `(edges,)`.
        neighbourhoods: which edges belong to which centre.
    """

    direction: Float[Tensor, "edges 3"]
    harmonics: Float[Tensor, "edges lm"]
    radial: Float[Tensor, "edges radial"]
    sender: Int64[Tensor, " edges"]
    neighbourhoods: Neighbourhoods


def edge_geometry(graph: Graph, l_max: int, radial: int, cutoff: float, dtype: torch.dtype) -> EdgeGeometry:
    """Edge quantities of a graph in the precision of the model; vectors are formed in float64 first.

    Args:
        graph: atoms and edges; edges longer than `cutoff` (Å) contribute exactly zero.
        l_max: highest degree of the harmonics.
        radial: number of radial functions.
        cutoff: Å.
        dtype: precision of the result.
    """
    direction, length = normalise(graph.edge_vectors().to(dtype))
    around = Neighbourhoods(graph.receiver, graph.slot, graph.n_atoms, graph.max_degree)
    return EdgeGeometry(
        direction,
        spherical_harmonics(l_max, direction),
        bessel_basis(length, cutoff, radial),
        graph.sender,
        around,
    )
