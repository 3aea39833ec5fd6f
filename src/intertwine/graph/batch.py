"""A batch is a disjoint union: systems side by side, no edge between them."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from intertwine.data.labels import LABELS
from intertwine.errors import InputError
from intertwine.graph.graph import Graph

MASK = "has_"


def collate(graphs: Sequence[Graph]) -> Graph:
    """The disjoint union of graphs (each may be a batch already), in order.

    Atoms keep their order, edges too, and no edge joins two systems, so a model that sums over neighbours
    gives every system what it gives it alone. A label that only some systems have is filled with zeros and
    comes with a mask `has_<label>` `(systems,)`; one that all have comes without a mask.

    Args:
        graphs: one or more, of one cutoff, on one device.

    Returns:
        A graph of `Σ n_systems` systems whose `max_degree` is the largest of all.

    Raises:
        InputError: no graph, or graphs of different cutoffs.

    >>> from intertwine.data.structure import Structure
    >>> from intertwine.graph.build import build_graph
    >>> atom = Structure([2], [[0, 0, 0]], labels={"energy": -1.5})
    >>> batch = collate([build_graph(atom, 3.0), build_graph(atom.replace(labels={}), 3.0)])
    >>> batch.batch, batch.labels["energy"], batch.labels["has_energy"]
    (tensor([0, 1]), tensor([-1.5000,  0.0000], dtype=torch.float64), tensor([ True, False]))
    """
    if not graphs:
        raise InputError("cannot batch an empty list of graphs", accepted="one graph or more")
    cutoffs = {graph.cutoff for graph in graphs}
    if len(cutoffs) > 1:
        raise InputError("cannot batch graphs of different cutoffs", got=sorted(cutoffs), fix="rebuild them")
    device = graphs[0].positions.device
    sizes = torch.tensor(
        [(graph.n_atoms, graph.n_edges, graph.n_systems, graph.max_degree) for graph in graphs]
    )
    first_atom, _, first_system, _ = (torch.cumsum(sizes, 0) - sizes).to(device).unbind(1)
    n_atoms, n_edges, _, old_degree = sizes.to(device).unbind(1)
    max_degree = max(graph.max_degree for graph in graphs)

    part_of_edge = torch.repeat_interleave(n_edges)
    atom_offset = first_atom.index_select(0, part_of_edge)
    local = _cat(graphs, "receiver")
    rank = _cat(graphs, "slot") - local * old_degree.index_select(0, part_of_edge)
    receiver = local + atom_offset
    return Graph(
        numbers=_cat(graphs, "numbers"),
        positions=_cat(graphs, "positions"),
        cell=_cat(graphs, "cell"),
        pbc=_cat(graphs, "pbc"),
        batch=_cat(graphs, "batch") + torch.repeat_interleave(first_system, n_atoms),
        receiver=receiver,
        sender=_cat(graphs, "sender") + atom_offset,
        shift=_cat(graphs, "shift"),
        slot=receiver * max_degree + rank,
        n_systems=sum(graph.n_systems for graph in graphs),
        max_degree=max_degree,
        cutoff=graphs[0].cutoff,
        labels=_collate_labels(graphs),
        charge=_conditions(graphs, "charge"),
        electric_field=_conditions(graphs, "electric_field"),
        **_collate_bonds(graphs, first_atom),
    )


def _cat(graphs: Sequence[Graph], field: str) -> Tensor:
    return torch.cat([getattr(graph, field) for graph in graphs])


def _collate_bonds(graphs: Sequence[Graph], first_atom: Tensor) -> dict[str, Tensor]:
    """Bonds of all graphs that have some, with the places of their atoms in the batch."""
    pairs = [
        (graph.bonds + first, graph.bond_shifts)
        for graph, first in zip(graphs, first_atom, strict=True)
        if graph.bonds is not None
    ]
    return {
        name: torch.cat(parts)
        for name, parts in zip(("bonds", "bond_shifts"), zip(*pairs, strict=True), strict=bool(pairs))
    }


def _conditions(graphs: Sequence[Graph], name: str) -> Tensor | None:
    """A condition of every system, zero where only others have it; None where none has."""
    given = [getattr(graph, name) for graph in graphs]
    example = next((value for value in given if value is not None), None)
    if example is None:
        return None
    rest = example.shape[1:]
    return torch.cat(
        [
            example.new_zeros(g.n_systems, *rest) if v is None else v
            for g, v in zip(graphs, given, strict=True)
        ]
    )


def _collate_labels(graphs: Sequence[Graph]) -> dict[str, Tensor]:
    names = {name for graph in graphs for name in graph.labels if not name.startswith(MASK)}
    labels: dict[str, Tensor] = {}
    for name in sorted(names):
        if all(name in graph.labels and MASK + name not in graph.labels for graph in graphs):
            labels[name] = torch.cat([graph.labels[name] for graph in graphs])
            continue
        example = next(graph.labels[name] for graph in graphs if name in graph.labels)
        labels[name] = torch.cat([_value(graph, name, example) for graph in graphs])
        labels[MASK + name] = torch.cat([_mask(graph, name) for graph in graphs])
    return labels


def _value(graph: Graph, name: str, example: Tensor) -> Tensor:
    """The label of a graph, or zeros of the shape of the `example` that another graph has."""
    if name in graph.labels:
        return graph.labels[name]
    return example.new_zeros((len(graph.system_of(LABELS[name].per)), *example.shape[1:]))


def _mask(graph: Graph, name: str) -> Tensor:
    """Which systems of a graph have the label, `(systems,)`."""
    if MASK + name in graph.labels:
        return graph.labels[MASK + name]
    present = name in graph.labels
    return torch.full((graph.n_systems,), present, dtype=torch.bool, device=graph.positions.device)


def uncollate(graph: Graph) -> list[Graph]:
    """The systems of a batch, one graph each: the inverse of `collate`.

    Labels that a mask denies to a system are dropped from it. `max_degree` stays that of the batch.

    >>> from intertwine.data.structure import Structure
    >>> from intertwine.graph.build import build_graph
    >>> atom = build_graph(Structure([2], [[0, 0, 0]]), cutoff=3.0)
    >>> [part.n_atoms for part in uncollate(collate([atom] * 3))]
    [1, 1, 1]
    """
    return list(_systems(graph))


def _systems(graph: Graph) -> Iterator[Graph]:
    n_atoms = graph.counts
    n_edges = torch.zeros_like(n_atoms).index_add(
        0, graph.batch.index_select(0, graph.receiver), torch.ones_like(graph.receiver)
    )
    atom = edge = 0
    for system, (atoms, edges) in enumerate(zip(n_atoms.tolist(), n_edges.tolist(), strict=True)):
        a, e = slice(atom, atom + atoms), slice(edge, edge + edges)
        yield Graph(
            numbers=graph.numbers[a],
            positions=graph.positions[a],
            cell=graph.cell[system : system + 1],
            pbc=graph.pbc[system : system + 1],
            batch=torch.zeros_like(graph.batch[a]),
            receiver=graph.receiver[e] - atom,
            sender=graph.sender[e] - atom,
            shift=graph.shift[e],
            slot=graph.slot[e] - atom * graph.max_degree,
            n_systems=1,
            max_degree=graph.max_degree,
            cutoff=graph.cutoff,
            labels=_labels_of(graph, system),
            charge=None if graph.charge is None else graph.charge[system : system + 1],
            electric_field=None
            if graph.electric_field is None
            else graph.electric_field[system : system + 1],
            **_bonds_of(graph, system, atom),
        )
        atom, edge = atom + atoms, edge + edges


def _bonds_of(graph: Graph, system: int, first_atom: int) -> dict[str, Tensor]:
    own = graph.system_of("bond") == system
    if graph.bonds is None or graph.bond_shifts is None or not bool(own.any()):
        return {}
    return {"bonds": graph.bonds[own] - first_atom, "bond_shifts": graph.bond_shifts[own]}


def _labels_of(graph: Graph, system: int) -> dict[str, Tensor]:
    labels: dict[str, Tensor] = {}
    for name, value in graph.labels.items():
        mask = graph.labels.get(MASK + name)
        if name.startswith(MASK) or (mask is not None and not mask[system]):
            continue
        labels[name] = value[graph.system_of(LABELS[name].per) == system]
    return labels
