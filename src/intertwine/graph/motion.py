"""What the symmetries of space do to a graph; edges keep their meaning, none is searched."""

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from intertwine.data.labels import LABELS
from intertwine.errors import InputError
from intertwine.graph.graph import Graph


def strained(graph: Graph, strain: Float64[Tensor, "systems 3 3"]) -> Graph:
    """x → x + x · ε and cell → cell + cell · ε, so that every edge vector r → r + r · ε.

    Differentiable in ε: with E the energy of the strained graph, −∂E/∂ε at ε = 0 is the virial and
    ∂E/∂ε / volume the stress. Labels are dropped, for they belong to the unstrained system.

    Args:
        graph: one system or many.
        strain: ε, `(systems, 3, 3)`, no unit.

    >>> from intertwine.data.structure import Structure
    >>> from intertwine.graph.build import build_graph
    >>> graph = build_graph(Structure([1, 1], [[0, 0, 0], [0, 0, 1]]), cutoff=3.0)
    >>> strained(graph, 0.1 * torch.eye(3, dtype=torch.float64)[None]).edge_vectors()[0]
    tensor([0.0000, 0.0000, 1.1000], dtype=torch.float64)
    """
    if graph.n_systems == 1:
        shifted = graph.positions @ strain[0]
    else:
        shifted = torch.einsum("na,nab->nb", graph.positions, strain.index_select(0, graph.batch))
    return graph.replace(
        positions=graph.positions + shifted, cell=graph.cell + graph.cell @ strain, labels={}
    )


def moved(
    graph: Graph,
    rotation: Float64[Tensor, "3 3"] | None = None,
    translation: Float64[Tensor, "3"] | None = None,
) -> Graph:
    """x → R x + t for every atom; cell, field and labels turn along: forces R f, stress R σ Rᵀ.

    Args:
        graph: one system or many.
        rotation: R, orthogonal, `(3, 3)`; reflections and inversion are welcome (the cell may then change
            its handedness).
        translation: t, Å, `(3,)`.

    >>> from intertwine.data.structure import Structure
    >>> from intertwine.graph.build import build_graph
    >>> pull = {"forces": [[0, 0, 1], [0, 0, -1]]}
    >>> graph = build_graph(Structure([1, 1], [[0, 0, 0], [0, 0, 1]], labels=pull), cutoff=3.0)
    >>> moved(graph, rotation=-torch.eye(3, dtype=torch.float64)).labels["forces"][:, 2]
    tensor([-1.,  1.], dtype=torch.float64)
    """
    positions, cell, labels = graph.positions, graph.cell, graph.labels
    if rotation is not None:
        positions, cell = positions @ rotation.mT, cell @ rotation.mT
        labels = {name: _turned_label(name, value, rotation) for name, value in labels.items()}
    if translation is not None:
        positions = positions + translation
    field = graph.electric_field
    if field is not None and rotation is not None:
        field = field @ rotation.mT
    return graph.replace(positions=positions, cell=cell, labels=labels, electric_field=field)


def _turned_label(name: str, value: Tensor, rotation: Tensor) -> Tensor:
    """A label as the turned system has it; masks are no labels and stay."""
    if name not in LABELS:
        return value
    value = turned(value, rotation, LABELS[name].rank)
    return value * torch.linalg.det(rotation).sign() if LABELS[name].axial else value


def turned(
    tensor: Float[Tensor, "*shape"], rotation: Float[Tensor, "3 3"], rank: int
) -> Float[Tensor, "*shape"]:
    """T_ij… → R_ia R_jb … T_ab…, over the last `rank` axes.

    >>> quarter = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    >>> turned(torch.tensor([1.0, 0, 0]), quarter, rank=1)
    tensor([0., 1., 0.])
    """
    for axis in range(tensor.ndim - rank, tensor.ndim):
        tensor = (tensor.movedim(axis, -1) @ rotation.mT).movedim(-1, axis)
    return tensor


def permuted(graph: Graph, order: Int64[Tensor, "atoms"]) -> Graph:
    """The same graph with its atoms in another order: new atom k is old atom `order[k]`.

    Args:
        graph: one system or many.
        order: a permutation that keeps every atom in its own system, `(atoms,)`.

    Raises:
        InputError: `order` is not such a permutation.

    >>> from intertwine.data.structure import Structure
    >>> from intertwine.graph.build import build_graph
    >>> graph = build_graph(Structure([1, 8], [[0, 0, 0], [0, 0, 1]]), cutoff=3.0)
    >>> permuted(graph, torch.tensor([1, 0])).numbers
    tensor([8, 1])
    """
    atoms = torch.arange(graph.n_atoms, device=order.device)
    if not torch.equal(order.sort().values, atoms):
        raise InputError(
            "the order of atoms is not a permutation", accepted=f"0 to {graph.n_atoms - 1}, once"
        )
    if not torch.equal(graph.batch[order], graph.batch):
        raise InputError("the order of atoms moves some to another system", fix="permute within each system")
    place = torch.empty_like(order)
    place[order] = atoms
    receiver, edges = place[graph.receiver].sort(stable=True)
    rank = (graph.slot - graph.receiver * graph.max_degree)[edges]
    labels = {
        name: value[order] if name in LABELS and LABELS[name].per == "atom" else value
        for name, value in graph.labels.items()
    }
    return graph.replace(
        bonds=None if graph.bonds is None else place[graph.bonds],
        numbers=graph.numbers[order],
        positions=graph.positions[order],
        receiver=receiver,
        sender=place[graph.sender][edges],
        shift=graph.shift[edges],
        slot=receiver * graph.max_degree + rank,
        labels=labels,
    )
