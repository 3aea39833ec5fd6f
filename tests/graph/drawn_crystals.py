"""Hypothesis strategies over what a neighbour list must survive, and a toy potential to label it with."""

from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from intertwine.data.structure import Structure
from intertwine.graph import Graph, build_graph, strained

KINDS = ("orthogonal", "triclinic", "skewed", "tiny", "left-handed", "needle")
CUTOFF = 3.0


def unimodular(size: int, largest: int) -> st.SearchStrategy[np.ndarray]:
    """Whole matrices of determinant ±1: a shear down, a shear up, a reordering of rows."""
    entries = arrays(np.int64, (size, size), elements=st.integers(-largest, largest))

    def product(lower: np.ndarray, upper: np.ndarray, order: list[int]) -> np.ndarray:
        one = np.eye(size, dtype=np.int64)
        return ((np.tril(lower, -1) + one) @ (np.triu(upper, 1) + one))[order]

    return st.builds(product, entries, entries, st.permutations(range(size)))


@st.composite
def cells(draw: Any, kind: str) -> np.ndarray:
    """Three lattice vectors, Å."""
    low, high = (0.9, 1.5) if kind == "tiny" else (2.5, 5.0)
    lengths = draw(st.tuples(*[st.floats(low, high)] * 3))
    cell = np.diag(lengths)
    if kind == "needle":
        cell[2] *= 10
    if kind != "orthogonal":
        tilt = 0.3 * draw(arrays(np.float64, (3, 3), elements=st.floats(-1, 1)))
        cell = cell @ (np.eye(3) + np.tril(tilt))
    if kind == "skewed":
        cell = draw(unimodular(3, 2)) @ cell
    if kind == "left-handed":
        cell = cell[[1, 0, 2]]
    return cell


@st.composite
def crystals(draw: Any, max_atoms: int = 5, kinds: tuple[str, ...] = KINDS) -> Structure:
    """Molecules, wires, slabs and bulk of every kind of cell, atoms outside it or on each other too."""
    kind = draw(st.sampled_from(kinds))
    pbc = np.array(draw(st.tuples(*[st.booleans()] * 3)))
    cell = draw(cells(kind))
    n_atoms = draw(st.integers(1, 2 if kind == "tiny" else max_atoms))
    steps = draw(arrays(np.float64, (n_atoms, 3), elements=st.floats(-2, 2)))
    positions = steps @ cell
    if draw(st.booleans()):
        cell = np.where(pbc[:, None], cell, 0.0)  # open axes have no vector
    numbers = draw(st.lists(st.sampled_from([1, 6, 8]), min_size=n_atoms, max_size=n_atoms))
    return Structure(numbers, positions, cell, pbc)


@st.composite
def rotations(draw: Any) -> np.ndarray:
    """Orthogonal matrices, proper and improper."""
    seed = draw(st.integers(0, 2**32 - 1))
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]


def toy_energies(graph: Graph) -> torch.Tensor:
    """E of each system: ½ Σ over edges of z_i z_j (1 − r²/r_c²)³, a pair potential smooth at the cutoff."""
    square = (graph.edge_vectors() ** 2).sum(1) / graph.cutoff**2
    charges = graph.numbers.double()
    pairs = 0.5 * charges[graph.receiver] * charges[graph.sender] * (1 - square).clamp(min=0) ** 3
    return pairs.new_zeros(graph.n_systems).index_add(0, graph.batch[graph.receiver], pairs)


def toy_labels(structure: Structure, cutoff: float = CUTOFF) -> dict[str, np.ndarray]:
    """Energy, forces and (in a crystal) stress of the toy potential, by differentiating its graph."""
    graph = build_graph(structure, cutoff)
    positions = graph.positions.requires_grad_()
    strain = torch.zeros(1, 3, 3, dtype=torch.float64, requires_grad=True)
    energy = toy_energies(strained(graph.replace(positions=positions), strain))
    slope, pull = torch.autograd.grad(energy.sum(), (positions, strain))
    labels = {"energy": energy.detach().numpy()[0], "forces": -slope.numpy()}
    if structure.pbc.all():
        stress = pull.numpy()[0] / structure.volume
        labels["stress"] = (stress + stress.T) / 2
    return labels


def pair_set(i: np.ndarray, j: np.ndarray, shift: np.ndarray) -> set[tuple[int, ...]]:
    """Pairs as a set; none may come twice."""
    pairs = [tuple(row) for row in np.column_stack([i, j, shift]).tolist()]
    assert len(pairs) == len(set(pairs)), "a pair came twice"
    return set(pairs)


def assert_same_pairs(found: set, truth: set, structure: Structure, cutoff: float) -> None:
    """Equal, but for pairs that are at the cutoff to rounding."""
    for i, j, *shift in found ^ truth:
        x = structure.positions
        length = np.linalg.norm(x[j] + np.array(shift) @ structure.cell - x[i])
        assert abs(length - cutoff) < 1e-9 * (1 + np.abs(x).max()), (i, j, shift, length)


def edge_table(graph: Graph) -> np.ndarray:
    """Receiver, sender and edge vector of each edge within the cutoff, in an order of its own."""
    vectors = graph.edge_vectors().detach().numpy()
    table = np.column_stack([graph.receiver.numpy(), graph.sender.numpy(), vectors])
    table = table[np.linalg.norm(vectors, axis=1) < graph.cutoff]
    return table[np.lexsort((table[:, 2:] @ [0.7548777, 0.5698403, 0.4301597], table[:, 1], table[:, 0]))]
