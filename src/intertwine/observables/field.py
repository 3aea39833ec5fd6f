"""The part of the energy that an electric field brings."""

from collections.abc import Mapping

import torch
from jaxtyping import Float64
from torch import Tensor

from intertwine.graph import Graph


def field_energy(graph: Graph, responses: Mapping[str, Tensor]) -> Float64[Tensor, " systems"]:
    """Energy of each system in its field 𝓔, eV, but for what the network itself feels of the field.

        E(𝓔) = −(µ + Q x̄)·𝓔 − ½ 𝓔·α·𝓔 − ⅙ β𝓔𝓔𝓔

    A charged system adds its charge Q at the mean x̄ of its positions: its dipole is then about the origin of
    the coordinates, and Σ_i Z*_i = Q as it must be.

    Args:
        graph: with an electric field, V/Å.
        responses: of dipole µ `(systems, 3)`, polarisability α and hyperpolarisability β at zero field those
            that have a head.
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
    if graph.charge is not None:
        force = (graph.charge / graph.counts)[:, None] * field
        work = (force.index_select(0, graph.batch) * graph.positions).sum(1)
        energy = energy.index_add(0, graph.batch, -work)
    return energy
