"""Matter as tensors: one frozen value holds one system or a batch of them (a disjoint union)."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor
from torch.utils import _pytree as pytree


@dataclass(frozen=True, eq=False)
class Graph:
    """Atoms and the directed edges j → i between those closer than a cutoff, for one or many systems.

    An edge says that atom i = `receiver` sees the image of atom j = `sender` that lies `shift` lattice
    vectors away; every pair appears in both directions, and an atom may see its own images. The edge
    vector is

        r_e = x[sender] + shift · cell[system] − x[receiver].

    Edges are sorted by receiver, so that sums over neighbours are sums over runs, and `slot` places each
    edge in a dense table of `n_atoms × max_degree` places. Geometry is always float64, whatever the
    precision of the model that reads it. A graph is a PyTorch pytree: its tensors are leaves, `n_systems`,
    `max_degree` and `cutoff` are structure. Make one with `build_graph`, batch several with `collate`.

    Args:
        numbers: atomic numbers, `(atoms,)`.
        positions: x, Å, `(atoms, 3)`.
        cell: lattice vectors as rows, Å, `(systems, 3, 3)`; zero rows on open axes that have none.
        pbc: which axes repeat, `(systems, 3)`.
        batch: the system of each atom, ascending, `(atoms,)`.
        receiver: centre i of each edge, ascending, `(edges,)`.
        sender: neighbour j of each edge, `(edges,)`.
        shift: lattice image of j, whole numbers, `(edges, 3)`.
        slot: `receiver * max_degree + rank`, rank counting the edges of one receiver, `(edges,)`.
        n_systems: how many systems.
        max_degree: at least the largest number of edges of one receiver, and at least 1.
        cutoff: Å; edges may be a little longer (a skin), never missing when shorter.
        labels: float64 reference values by canonical name (`energy` (systems,), eV; `forces` (atoms, 3),
            eV/Å; `stress` (systems, 3, 3), eV/Å³; …) and, where only some systems have one, the bool mask
            `has_<label>` (systems,); the values of systems without it are zero.
        charge: total charge, e, `(systems,)`; None where every system is neutral.
        electric_field: homogeneous, V/Å, `(systems, 3)`; None where there is none.
        bonds: ordered pairs (i, j) of atoms that have labels or outputs of their own, at any distance, system
            by system, `(bonds, 2)`; None where there are none.
        bond_shifts: lattice image of each j, whole numbers, `(bonds, 3)`; None where `bonds` is.

    >>> from intertwine.data.structure import Structure
    >>> from intertwine.graph.build import build_graph
    >>> graph = build_graph(Structure([1, 1], [[0, 0, 0], [0, 0, 0.74]]), cutoff=3.0)
    >>> graph.n_atoms, graph.n_edges, graph.n_systems
    (2, 2, 1)
    >>> graph.edge_vectors()
    tensor([[ 0.0000,  0.0000,  0.7400],
            [ 0.0000,  0.0000, -0.7400]], dtype=torch.float64)
    """

    numbers: Int64[Tensor, "atoms"]
    positions: Float64[Tensor, "atoms 3"]
    cell: Float64[Tensor, "systems 3 3"]
    pbc: Bool[Tensor, "systems 3"]
    batch: Int64[Tensor, "atoms"]
    receiver: Int64[Tensor, "edges"]
    sender: Int64[Tensor, "edges"]
    shift: Float64[Tensor, "edges 3"]
    slot: Int64[Tensor, "edges"]
    n_systems: int
    max_degree: int
    cutoff: float
    labels: dict[str, Tensor] = dataclasses.field(default_factory=dict)
    charge: Float64[Tensor, "systems"] | None = None
    electric_field: Float64[Tensor, "systems 3"] | None = None
    bonds: Int64[Tensor, "bonds 2"] | None = None
    bond_shifts: Float64[Tensor, "bonds 3"] | None = None

    def edge_vectors(self) -> Float64[Tensor, "edges 3"]:
        """r_e = x[sender] + shift · cell − x[receiver], Å; differentiable in `positions` and `cell`."""
        return self._vectors(self.receiver, self.sender, self.shift)

    def bond_vectors(self) -> Float64[Tensor, "bonds 3"]:
        """r = x[j] + shift · cell − x[i] of every bond (i, j), Å; differentiable in `positions` and `cell`.

        >>> from intertwine.data.structure import Structure
        >>> from intertwine.graph.build import build_graph
        >>> pair = Structure([1, 1], [[0, 0, 0], [0, 0, 9]], bonds=[[1, 0]])
        >>> build_graph(pair, cutoff=3.0).bond_vectors()
        tensor([[ 0.,  0., -9.]], dtype=torch.float64)
        """
        if self.bonds is None or self.bond_shifts is None:
            return self.positions.new_zeros(0, 3)
        return self._vectors(self.bonds[:, 0], self.bonds[:, 1], self.bond_shifts)

    def _vectors(
        self, start: Int64[Tensor, "pairs"], end: Int64[Tensor, "pairs"], shift: Float64[Tensor, "pairs 3"]
    ) -> Float64[Tensor, "pairs 3"]:
        ends = self.positions.index_select(0, end) - self.positions.index_select(0, start)
        if self.n_systems == 1:
            return ends + shift @ self.cell[0]
        system = self.batch.index_select(0, start)
        for vector, steps in zip(self.cell.unbind(1), shift.split(1, dim=1), strict=True):
            ends = ends + steps * vector.index_select(0, system)
        return ends

    def system_of(self, per: str) -> Int64[Tensor, "values"]:
        """The system of every value per `"atom"`, `"bond"` or `"system"`, ascending, `(values,)`."""
        if per == "atom":
            return self.batch
        if per == "bond":
            return self.batch[:0] if self.bonds is None else self.batch.index_select(0, self.bonds[:, 0])
        return torch.arange(self.n_systems, device=self.batch.device)

    @property
    def n_atoms(self) -> int:
        """Number of atoms in all systems."""
        return self.numbers.shape[0]

    @property
    def n_edges(self) -> int:
        """Number of directed edges in all systems."""
        return self.receiver.shape[0]

    @property
    def counts(self) -> Int64[Tensor, "systems"]:
        """Number of atoms of each system, `(systems,)`."""
        zeros = self.batch.new_zeros(self.n_systems)
        return zeros.index_add(0, self.batch, torch.ones_like(self.batch))

    @property
    def parts(self) -> list[slice]:
        """Where the atoms of each system stand."""
        ends = self.counts.cumsum(0).tolist()
        return [slice(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]

    @property
    def volume(self) -> Float64[Tensor, "systems"]:
        """|a · (b × c)| of each cell, Å³, `(systems,)`; zero where a lattice vector is missing."""
        a, b, c = self.cell.unbind(1)
        return (a * torch.linalg.cross(b, c)).sum(-1).abs()

    def replace(self, **changes: Any) -> "Graph":
        """A copy with some fields changed; whoever changes edges keeps them sorted, with `slot` to match.

        >>> from intertwine.data.structure import Structure
        >>> from intertwine.graph.build import build_graph
        >>> build_graph(Structure([2], [[0, 0, 0]]), cutoff=3.0).replace(cutoff=2.0).cutoff
        2.0
        """
        return dataclasses.replace(self, **changes)

    def to(self, device: torch.device | str) -> "Graph":
        """The same graph with every tensor on `device`; dtypes never change."""
        if self.positions.device == torch.device(device):
            return self
        return pytree.tree_map(lambda tensor: tensor.to(device), self)


_LEAVES = tuple(field.name for field in dataclasses.fields(Graph) if field.type not in (int, float))
_CONTEXT = ("n_systems", "max_degree", "cutoff")


def _flatten(graph: Graph) -> tuple[list[Any], tuple[Any, ...]]:
    """Tensors that are there, and what is the same for all graphs of this kind, their names among it."""
    there = tuple(name for name in _LEAVES if getattr(graph, name) is not None)
    context = (",".join(there), *(getattr(graph, name) for name in _CONTEXT))
    return [getattr(graph, name) for name in there], context


def _flatten_with_keys(graph: Graph) -> tuple[list[Any], tuple[Any, ...]]:
    leaves, context = _flatten(graph)
    return [
        (pytree.GetAttrKey(name), leaf) for name, leaf in zip(context[0].split(","), leaves, strict=True)
    ], context


def _unflatten(leaves: Any, context: tuple[Any, ...]) -> Graph:
    """Rebuild without `__init__`: while PyTorch traces, leaves need not be tensors."""
    graph = object.__new__(Graph)
    there, *counts = context
    graph.__dict__.update(dict.fromkeys(_LEAVES) | dict(zip(there.split(","), leaves, strict=True)))
    graph.__dict__.update(zip(_CONTEXT, counts, strict=True))
    return graph


pytree.register_pytree_node(
    Graph,
    _flatten,
    _unflatten,
    serialized_type_name="intertwine.graph.Graph",
    to_dumpable_context=list,
    from_dumpable_context=tuple,
    flatten_with_keys_fn=_flatten_with_keys,
)
