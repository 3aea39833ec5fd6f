"""Charges and dipoles of atoms: what the electrostatic energy is made of."""

from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from intertwine.graph import Graph
from intertwine.ops.segment import segment_sum


@dataclass(frozen=True, eq=False)
class Sources:
    """Gaussian charges, and dipoles of the same width, at the atoms.

    Args:
        charges: q, e, `(atoms,)`.
        dipoles: p, e·Å, `(atoms, 3)`; None where there are none.
    """

    charges: Float64[Tensor, " atoms"]
    dipoles: Float64[Tensor, "atoms 3"] | None = None

    def part(self, atoms: slice) -> "Sources":
        """Those of some of the atoms."""
        return Sources(self.charges[atoms], None if self.dipoles is None else self.dipoles[atoms])


def total_dipole(graph: Graph, sources: Sources) -> Float64[Tensor, "systems 3"]:
    """µ = Σ q x + Σ p of every system, e·Å.

    In a system that repeats along an axis Σ q x depends on which image of an atom is meant, and is left out:
    of the charges only Q x̄ is kept, which a translation of everything needs.

    >>> from intertwine.data import Structure
    >>> from intertwine.graph import build_graph
    >>> pair = build_graph(Structure([1, 9], [[0, 0, 0], [0, 0, 0.9]]), cutoff=3.0)
    >>> total_dipole(pair, Sources(torch.tensor([0.5, -0.5], dtype=torch.float64)))
    tensor([[ 0.0000,  0.0000, -0.4500]], dtype=torch.float64)
    """
    index = graph.batch, graph.n_systems
    mean = (segment_sum(sources.charges, *index) / graph.counts).index_select(0, graph.batch)
    repeats = graph.pbc.any(1).index_select(0, graph.batch)
    moments = torch.where(repeats, mean, sources.charges)[:, None] * graph.positions
    return segment_sum(moments if sources.dipoles is None else moments + sources.dipoles, *index)
