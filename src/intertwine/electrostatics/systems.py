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
from intertwine.errors import InputError
from intertwine.graph import Graph


def electrostatic_energies(graph: Graph, sources: Sources, spec: LongRangeSpec) -> Float64[Tensor, " atoms"]:
    """Coulomb energy of every atom's charge and dipole with all others, eV, without self-energies.

    Empty space: all pairs. Three periodic axes: the Ewald sum, or a mesh from `spec.mesh_from` atoms on, with
    a neutralising background where the cell is charged. Two: the same with images far apart, corrected.

    Args:
        graph: one system or a batch; each with its own boundary condition.
        sources: charges, e, and dipoles, e·Å.
        spec: width and accuracy.

    Raises:
        InputError: a system that repeats along one axis.

    >>> from intertwine.data import Structure
    >>> from intertwine.graph import build_graph
    >>> ions = build_graph(Structure([11, 17], [[0, 0, 0], [0, 0, 10.0]]), cutoff=3.0)
    >>> charges = torch.tensor([1.0, -1.0], dtype=torch.float64)
    >>> round(electrostatic_energies(ions, Sources(charges), LongRangeSpec()).sum().item(), 6)
    -1.439965
    """
    parts = system_parts(graph)
    apart = [number for number, axes in enumerate(periodic_axes(graph)) if axes == 0]
    if len(apart) == len(parts):
        pairs = all_pairs([part.stop - part.start for part in parts], graph.positions.device)
        return pair_energies(graph.positions, pairs, sources, spec.width)
    return torch.cat(
        [_of_one(graph, number, part, sources.part(part), spec) for number, part in enumerate(parts)]
    )


def interaction_matrix(graph: Graph, number: int, spec: LongRangeSpec) -> Float64[Tensor, "n n"]:
    """J of E = ½ q·J·q in one system of a batch, with self-energies on its diagonal, eV/e².

    In periodic systems up to one number in all entries, which tells nothing apart where Σq is given.
    """
    part = system_parts(graph)[number]
    if periodic_axes(graph)[number] == 0:
        return pair_matrix(graph.positions[part], spec.width)
    return _waves(graph, number, part, spec).matrix()


def system_parts(graph: Graph) -> list[slice]:
    """Where the atoms of each system stand in the batch."""
    ends = graph.counts.cumsum(0).tolist()
    return [slice(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def periodic_axes(graph: Graph) -> list[int]:
    """Number of axes along which each system repeats.

    Raises:
        InputError: one axis, for which there is no sum here.
    """
    axes = graph.pbc.sum(1).tolist()
    if 1 in axes:
        raise InputError(
            "no sum of charges for systems that repeat along one axis",
            accepted="0, 2 or 3 periodic axes",
            fix="put empty space around the system and set pbc to three axes",
        )
    return axes


def _of_one(graph: Graph, number: int, part: slice, sources: Sources, spec: LongRangeSpec) -> Tensor:
    positions = graph.positions[part]
    axes = periodic_axes(graph)[number]
    if axes == 0:
        pairs = all_pairs([len(positions)], positions.device)
        return pair_energies(positions, pairs, sources, spec.width)
    if axes == 3 and len(positions) >= spec.mesh_from:
        return Mesh(positions, graph.cell[number], spec.width, spec.mesh_accuracy).energies(sources)
    return _waves(graph, number, part, spec).energies(sources)


def _waves(graph: Graph, number: int, part: slice, spec: LongRangeSpec) -> Bulk | Slab:
    positions, cell = graph.positions[part], graph.cell[number]
    if bool(graph.pbc[number].all()):
        return Bulk(positions, cell, spec.width, spec.accuracy)
    return Slab(positions, cell, graph.pbc[number], spec.width, spec.accuracy)
