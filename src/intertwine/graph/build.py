"""From a frozen structure to its graph."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from intertwine.data.labels import LABELS
from intertwine.data.structure import Structure
from intertwine.errors import InputError
from intertwine.graph.graph import Graph
from intertwine.graph.neighbours import neighbours
from intertwine.graph.slots import slots


def build_graph(structure: Structure, cutoff: float) -> Graph:
    """The graph of one structure: an edge for every pair closer than `cutoff`, lattice images included.

    Args:
        structure: atoms, cell and labels.
        cutoff: Å, positive.

    Returns:
        A `Graph` of one system, float64, on the CPU, with its own copy of every array.

    Raises:
        InputError: the cutoff is not a positive number.

    >>> import numpy as np
    >>> copper = Structure(
    ...     numbers=np.array([29]), positions=np.zeros((1, 3)), cell=1.805 * (1 - np.eye(3)),
    ...     pbc=np.ones(3, bool), labels={}, info={},
    ... )
    >>> graph = build_graph(copper, cutoff=2.6)  # one atom and twelve images of itself
    >>> graph.n_edges, graph.max_degree
    (12, 12)
    """
    if not (math.isfinite(cutoff) and cutoff > 0):
        raise InputError("the neighbour cutoff cannot be used", got=cutoff, accepted="a positive length in Å")
    receiver, sender, shift = neighbours(structure.positions, structure.cell, structure.pbc, cutoff)
    n_atoms = len(structure.numbers)
    slot, max_degree = slots(receiver, n_atoms)
    return Graph(
        numbers=torch.from_numpy(structure.numbers.astype(np.int64)),
        positions=_tensor(structure.positions),
        cell=_tensor(structure.cell)[None],
        pbc=torch.from_numpy(structure.pbc.copy())[None],
        batch=torch.zeros(n_atoms, dtype=torch.int64),
        receiver=torch.from_numpy(receiver),
        sender=torch.from_numpy(sender),
        shift=torch.from_numpy(shift.astype(np.float64)),
        slot=torch.from_numpy(slot),
        n_systems=1,
        max_degree=max_degree,
        cutoff=float(cutoff),
        labels=_labels(structure.labels),
    )


def _labels(labels: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """Labels as float64 tensors: per atom as they are, per system with a leading axis of one system."""
    return {
        name: _tensor(value) if LABELS[name].per == "atom" else _tensor(value)[None]
        for name, value in labels.items()
    }


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(values, dtype=np.float64))
