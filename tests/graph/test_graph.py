"""What a graph says: its edge vectors, its dense places, its leaves, and that it stays as it was made."""

import dataclasses

import numpy as np
import pytest
import torch
from drawn_crystals import CUTOFF, crystals
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

from intertwine.data.structure import Structure
from intertwine.errors import InputError
from intertwine.graph import Graph, build_graph, collate, neighbours

SLAB = Structure(
    [8, 1, 1],
    [[0.1, 0.2, 0.3], [0.9, 0.2, 0.5], [0.2, 2.9, 0.1]],
    cell=[[2.5, 0, 0], [0.7, 2.8, 0], [0, 0, 0]],
    pbc=[True, True, False],
)
ATOM = Structure([2], [[1, 2, 3]])


@given(structure=crystals())
def test_an_edge_vector_leads_from_the_receiver_to_the_image_of_the_sender(structure: Structure) -> None:
    graph = build_graph(structure, CUTOFF)
    i, j, shift = neighbours(structure.positions, structure.cell, structure.pbc, CUTOFF)
    np.testing.assert_array_equal(graph.receiver.numpy(), i)
    x = structure.positions
    truth = [x[b] + s @ structure.cell - x[a] for a, b, s in zip(i, j, shift, strict=True)]
    np.testing.assert_allclose(graph.edge_vectors().numpy(), np.reshape(truth, (-1, 3)), atol=1e-12)
    assert (graph.edge_vectors().norm(dim=1) < CUTOFF + 1e-9).all()


@settings(max_examples=40)
@given(structures=st.lists(crystals(), min_size=1, max_size=4))
def test_slots_are_places_in_a_dense_table_of_atoms_and_neighbours(structures: list[Structure]) -> None:
    graph = collate([build_graph(structure, CUTOFF) for structure in structures])
    atom, rank = graph.slot // graph.max_degree, graph.slot % graph.max_degree
    degree = torch.bincount(graph.receiver, minlength=graph.n_atoms)
    assert torch.equal(atom, graph.receiver)
    assert (graph.slot.diff() > 0).all()
    assert torch.equal(rank, torch.cat([torch.arange(n) for n in degree.tolist()]))
    assert graph.max_degree == max(1, int(degree.max()))


@pytest.mark.parametrize("systems", [[SLAB], [SLAB, ATOM, SLAB.replace(cell=1.3 * SLAB.cell)]])
def test_edge_vectors_have_the_right_derivatives_in_positions_and_cell(systems: list[Structure]) -> None:
    graph = collate([build_graph(structure, 2.7) for structure in systems])

    def cubes(positions: torch.Tensor, cell: torch.Tensor) -> torch.Tensor:
        return graph.replace(positions=positions, cell=cell).edge_vectors() ** 3

    at = graph.positions.requires_grad_(), graph.cell.requires_grad_()
    assert torch.autograd.gradcheck(cubes, at)
    assert torch.autograd.gradgradcheck(cubes, at)


def test_an_atom_alone_is_a_graph_without_edges() -> None:
    graph = build_graph(ATOM, CUTOFF)
    assert (graph.n_atoms, graph.n_edges, graph.n_systems, graph.max_degree) == (1, 0, 1, 1)
    vectors = graph.replace(positions=graph.positions.requires_grad_()).edge_vectors()
    assert vectors.shape == (0, 3)
    (slope,) = torch.autograd.grad(vectors.sum(), graph.positions)
    assert torch.equal(slope, torch.zeros(1, 3, dtype=torch.float64))


@settings(max_examples=40)
@given(structures=st.lists(crystals(), min_size=1, max_size=4))
def test_counts_and_volumes_are_those_of_the_structures(structures: list[Structure]) -> None:
    graph = collate([build_graph(structure, CUTOFF) for structure in structures])
    assert graph.counts.tolist() == [len(structure) for structure in structures]
    volumes = [structure.volume for structure in structures]
    np.testing.assert_allclose(graph.volume.numpy(), volumes, rtol=1e-10, atol=1e-10)


def test_a_graph_is_frozen_and_owns_its_arrays() -> None:
    graph = build_graph(SLAB, CUTOFF)
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.cutoff = 1.0  # pyright: ignore[reportAttributeAccessIssue]
    before = SLAB.positions.copy(), SLAB.cell.copy(), SLAB.numbers.copy(), SLAB.pbc.copy()
    for tensor in (graph.positions, graph.cell, graph.numbers, graph.pbc):
        tensor.zero_()
    after = SLAB.positions, SLAB.cell, SLAB.numbers, SLAB.pbc
    assert all(np.array_equal(old, new) for old, new in zip(before, after, strict=True))


def test_a_graph_is_a_pytree_of_its_tensors() -> None:
    graph = build_graph(SLAB.replace(labels={"energy": -3.0}), CUTOFF)
    leaves, tree = pytree.tree_flatten(graph)
    assert len(leaves) == 10
    assert all(isinstance(leaf, torch.Tensor) for leaf in leaves)
    back = pytree.tree_unflatten(leaves, tree)
    assert isinstance(back, Graph)
    for field in dataclasses.fields(Graph):
        assert getattr(back, field.name) is getattr(graph, field.name) or field.name == "labels"
    assert back.labels["energy"] is graph.labels["energy"]
    names = [pytree.keystr(path) for path, _ in pytree.tree_leaves_with_path(graph)]
    assert names[:2] == [".numbers", ".positions"]
    assert names[-1] == ".labels['energy']"
    nothing = pytree.tree_unflatten([None] * 10, tree)  # tracing puts other things than tensors there
    assert (nothing.positions, nothing.cutoff) == (None, CUTOFF)
    assert pytree.treespec_loads(pytree.treespec_dumps(tree)) == tree


def test_a_graph_moves_whole_to_another_device() -> None:
    graph = build_graph(SLAB.replace(labels={"energy": -3.0}), CUTOFF).to("meta")
    assert {leaf.device.type for leaf in pytree.tree_leaves(graph)} == {"meta"}


def test_a_graph_can_be_traced_through() -> None:
    graph = collate([build_graph(SLAB, CUTOFF)] * 2)
    traced = make_fx(lambda g: g.edge_vectors().square().sum())(graph)
    longer = graph.replace(positions=1.1 * graph.positions, cell=1.1 * graph.cell)
    torch.testing.assert_close(traced(longer), longer.edge_vectors().square().sum())


@pytest.mark.parametrize("cutoff", [0.0, -1.0, float("nan"), float("inf")])
def test_a_cutoff_that_is_no_length_is_refused(cutoff: float) -> None:
    with pytest.raises(InputError, match=r"cutoff cannot be used; got: .*; accepted: a positive length in Å"):
        build_graph(ATOM, cutoff)
    with pytest.raises(InputError, match="skin cannot be used"):
        build_graph(ATOM, 1.0, skin=cutoff - 1.0)
