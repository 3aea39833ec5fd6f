"""Which sum goes with which boundary condition."""

import torch
from jaxtyping import Float64
from torch import Tensor

from intertwine.electrostatics.mesh import Mesh
from intertwine.electrostatics.open_space import all_pairs, pair_energies, pair_matrix
from intertwine.electrostatics.periodic import Bulk
from intertwine.electrostatics.slab import Slab
from intertwine.electrostatics.sources import Sources
from intertwine.electrostatics.spec import LongRangeSpec
from intertwine.electrostatics.wire import Wire
from intertwine.graph import Graph


def electrostatic_energies(graph: Graph, sources: Sources, spec: LongRangeSpec) -> Float64[Tensor, " atoms"]:
    """Coulomb energy of every atom's charge and dipole with all others, eV, without self-energies.

    Empty space: all pairs. Three periodic axes: the Ewald sum, or a mesh from `spec.mesh_from` atoms on, with
    a neutralising background where the cell is charged. Two: the same with images far apart, corrected. One:
    near images, and far ones by their multipoles.

    Args:
        graph: one system or a batch; each with its own boundary condition.
        sources: charges, e, and dipoles, e·Å.
        spec: width and accuracy.

    >>> from intertwine.data import Structure
    >>> from intertwine.graph import build_graph
    >>> ions = build_graph(Structure([11, 17], [[0, 0, 0], [0, 0, 10.0]]), cutoff=3.0)
    >>> charges = torch.tensor([1.0, -1.0], dtype=torch.float64)
    >>> round(electrostatic_energies(ions, Sources(charges), LongRangeSpec()).sum().item(), 6)
    -1.439965
    """
    parts = graph.parts
    if not bool(graph.pbc.any()):
        pairs = all_pairs([part.stop - part.start for part in parts], graph.positions.device)
        return pair_energies(graph.positions, pairs, sources, spec.width)
    return torch.cat(
        [_of_one(graph, number, part, sources.part(part), spec) for number, part in enumerate(parts)]
    )


def interaction_matrices(graph: Graph, spec: LongRangeSpec) -> list[Float64[Tensor, "n n"]]:
    """J of E = ½ q·J·q of every system, with self-energies on its diagonal, eV/e².

    In periodic systems up to one number in all entries, which tells nothing apart where Σq is given.
    """
    return [
        _images(graph, number, part, spec).matrix()
        if bool(graph.pbc[number].any())
        else pair_matrix(graph.positions[part], spec.width)
        for number, part in enumerate(graph.parts)
    ]


def _of_one(graph: Graph, number: int, part: slice, sources: Sources, spec: LongRangeSpec) -> Tensor:
    positions, pbc = graph.positions[part], graph.pbc[number]
    if not bool(pbc.any()):
        pairs = all_pairs([len(positions)], positions.device)
        return pair_energies(positions, pairs, sources, spec.width)
    if bool(pbc.all()) and len(positions) >= spec.mesh_from:
        return Mesh(positions, graph.cell[number], spec.width, spec.mesh_accuracy).energies(sources)
    return _images(graph, number, part, spec).energies(sources)


def _images(graph: Graph, number: int, part: slice, spec: LongRangeSpec) -> Bulk | Slab | Wire:
    positions, cell, pbc = graph.positions[part], graph.cell[number], graph.pbc[number]
    axes = int(pbc.sum())
    if axes == 3:
        return Bulk(positions, cell, spec.width, spec.accuracy)
    if axes == 2:
        return Slab(positions, cell, pbc, spec.width, spec.accuracy)
    return Wire(positions, cell, pbc, spec.width)
