"""From a frozen structure to its graph."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float64, Num
from torch import Tensor

from intertwine.data.labels import LABELS
from intertwine.data.structure import Structure
from intertwine.errors import InputError
from intertwine.graph.graph import Graph
from intertwine.graph.neighbours import neighbours
from intertwine.graph.slots import slots


def build_graph(structure: Structure, cutoff: float, skin: float = 0.0) -> Graph:
    """The graph of one structure: an edge for every pair closer than `cutoff`, lattice images included.

    Args:
        structure: atoms, cell and labels.
        cutoff: Å, positive.
        skin: Å; edges reach this much further, so that they last while atoms move (see `NeighbourList`).

    Returns:
        A `Graph` of one system, float64, on the CPU, with its own copy of every array.

    Raises:
        InputError: the cutoff is not a positive length, or the skin a negative one.

    >>> import numpy as np
    >>> from intertwine.data.structure import Structure
    >>> copper = Structure([29], np.zeros((1, 3)), cell=1.805 * (1 - np.eye(3)), pbc=np.ones(3, bool))
    >>> graph = build_graph(copper, cutoff=2.6)  # one atom and twelve images of itself
    >>> graph.n_edges, graph.max_degree
    (12, 12)
    """
    if not (math.isfinite(cutoff) and cutoff > 0):
        raise InputError("the neighbour cutoff cannot be used", got=cutoff, accepted="a positive length in Å")
    if not (math.isfinite(skin) and skin >= 0):
        raise InputError("the neighbour skin cannot be used", got=skin, accepted="a length in Å, or zero")
    receiver, sender, shift = neighbours(structure.positions, structure.cell, structure.pbc, cutoff + skin)
    n_atoms = len(structure)
    slot, max_degree = slots(receiver, n_atoms)
    return Graph(
        numbers=torch.from_numpy(structure.numbers.astype(np.int64)),
        positions=float64(structure.positions),
        cell=float64(structure.cell)[None],
        pbc=torch.from_numpy(structure.pbc.copy())[None],
        batch=torch.zeros(n_atoms, dtype=torch.int64),
        receiver=torch.from_numpy(receiver),
        sender=torch.from_numpy(sender),
        shift=torch.from_numpy(shift.astype(np.float64)),
        slot=torch.from_numpy(slot),
        n_systems=1,
        max_degree=max_degree,
        cutoff=float(cutoff),
        labels=graph_labels(structure.labels),
        **{name: float64(np.array(value))[None] for name, value in structure.conditions.items()},
        **graph_bonds(structure),
    )


def graph_bonds(structure: Structure) -> dict[str, Tensor]:
    """Fields `bonds` and `bond_shifts` of a graph; none where the structure has no bonds.

    >>> graph_bonds(Structure([1, 1], [[0, 0, 0], [0, 0, 1]], bonds=[[0, 1]]))["bonds"]
    tensor([[0, 1]])
    """
    if not len(structure.bonds):
        return {}
    return {"bonds": torch.from_numpy(structure.bonds.copy()), "bond_shifts": float64(structure.bond_shifts)}


def graph_labels(labels: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """Labels of one structure as tensors, in alphabetical order: the order of a dict is part of a pytree.

    Labels per atom or bond stay as they are, those per system get a leading axis of length 1.

    >>> graph_labels({"energy": np.array(-1.5)})
    {'energy': tensor([-1.5000], dtype=torch.float64)}
    """
    return {
        name: float64(value)[None] if LABELS[name].per == "system" else float64(value)
        for name, value in sorted(labels.items())
    }


def float64(values: Num[np.ndarray, "..."]) -> Float64[Tensor, "..."]:
    """A tensor that owns its values: structures are read-only, tensors are not.

    >>> float64(np.array([1, 2]))
    tensor([1., 2.], dtype=torch.float64)
    """
    return torch.from_numpy(np.array(values, dtype=np.float64))
