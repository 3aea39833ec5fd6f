"""Rock salt by the rigid-ion model of Fumi and Tosi: the oracle whose constants are known."""

import math
from typing import Final

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from intertwine.data import Structure
from intertwine.electrostatics import COULOMB, Sources
from intertwine.electrostatics.periodic import Bulk
from intertwine.graph import Graph, build_graph
from intertwine.observables import differentiate
from intertwine.ops.norm import norm
from intertwine.ops.radial import envelope
from intertwine.ops.segment import segment_sum

CUTOFF: Final = 9.0
"""Å, of repulsion, dispersion and the part of Coulomb's law that is summed over neighbours."""

WIDTH: Final = 1.3
"""Å: where Coulomb's law is split in two."""

RHO: Final = 0.317
"""Å."""

PAIRS: Final = {
    (11, 11): (0.2637, 2.340, 1.048, 0.499),
    (11, 17): (0.2110, 2.755, 6.990, 8.676),
    (17, 17): (0.1582, 3.170, 72.40, 145.4),
}
"""A (eV), σ (Å), C (eV Å⁶) and D (eV Å⁸) by atomic numbers: J. Phys. Chem. Solids 25, 31 and 45 (1964)."""


def atom_energies(graph: Graph) -> Float64[Tensor, " atoms"]:
    """Energy of each ion of one crystal, eV: ½ Σ_j A e^{(σ−r)/ρ} − C/r⁶ − D/r⁸ + Coulomb."""
    r = norm(graph.edge_vectors())
    A, sigma, C, D = _parameters(graph)
    q = torch.where(graph.numbers == 11, 1.0, -1.0).double()
    near = A * torch.exp((sigma - r) / RHO) - C / r**6 - D / r**8
    split = COULOMB * q[graph.receiver] * q[graph.sender] * torch.erfc(r / (math.sqrt(2) * WIDTH)) / r
    pair = 0.5 * (near * envelope(r / CUTOFF) + split)
    waves = Bulk(graph.positions, graph.cell[0], WIDTH, 1e-10).energies(Sources(q))
    return segment_sum(pair, graph.receiver, graph.n_atoms) + waves


def labelled(structure: Structure) -> Structure:
    """With energy, forces and stress."""
    graph = build_graph(structure, CUTOFF)
    found = differentiate(atom_energies, graph, ("energy", "forces", "stress"))
    labels = {
        "energy": found["energy"][0].item(),
        "forces": found["forces"].numpy(),
        "stress": found["stress"][0].numpy(),
    }
    return structure.replace(labels=labels)


def _parameters(graph: Graph) -> tuple[Tensor, ...]:
    """Of the pair of ions on each edge."""
    kinds = graph.numbers[graph.receiver] + graph.numbers[graph.sender]
    table = {sum(pair): values for pair, values in PAIRS.items()}
    rows = torch.from_numpy(np.array([table[int(kind)] for kind in kinds.unique()]))
    index = torch.searchsorted(kinds.unique(), kinds)
    return tuple(rows[index].unbind(1))
