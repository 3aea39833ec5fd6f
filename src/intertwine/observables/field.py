"""The part of the energy that an electric field brings."""

from collections.abc import Mapping

import torch
from jaxtyping import Float64
from torch import Tensor

from intertwine.graph import Graph
from intertwine.ops.segment import segment_sum


def field_energy(graph: Graph, responses: Mapping[str, Tensor], charged: bool) -> Float64[Tensor, " systems"]:
    """Energy of each system in its field 𝓔, eV, but for what the network itself feels of the field.

        E(𝓔) = −(µ + Q x̄)·𝓔 − ½ 𝓔·α·𝓔 − ⅙ β𝓔𝓔𝓔

    Q x̄ is `dipole_of_charge`, so that Σ_i Z*_i = Q as it must be.

    Args:
        graph: with an electric field, V/Å.
        responses: of dipole µ `(systems, 3)`, polarisability α and hyperpolarisability β at zero field those
            that have a head.
        charged: whether Q is counted here; the charges of atoms, where there are any, are already.
    """
    field = graph.electric_field
    assert field is not None
    energy = field.new_zeros(graph.n_systems)
    factor = 1.0
    for order, value in enumerate(responses.values(), start=1):
        factor /= order
        for _ in range(order):
            value = torch.einsum("s...a,sa->s...", value, field)
        energy = energy - factor * value
    if charged and graph.charge is not None:
        energy = energy - (dipole_of_charge(graph, graph.charge) * field).sum(1)
    return energy


def dipole_of_charge(graph: Graph, charge: Float64[Tensor, " systems"]) -> Float64[Tensor, "systems 3"]:
    """Q x̄, e·Å: the charge of each system at the mean of its positions, about the origin of the coordinates.

    What a translation by t adds Q t to; the rest of a dipole is that of a neutral system.

    >>> from intertwine.data import Structure
    >>> from intertwine.graph import build_graph
    >>> pair = Structure([1, 1], [[0, 0, 1.0], [0, 0, 2.0]], charge=-1)
    >>> graph = build_graph(pair, cutoff=3.0)
    >>> dipole_of_charge(graph, graph.charge)
    tensor([[ 0.0000,  0.0000, -1.5000]], dtype=torch.float64)
    """
    share = (charge / graph.counts).index_select(0, graph.batch)
    return segment_sum(share[:, None] * graph.positions, graph.batch, graph.n_systems)
