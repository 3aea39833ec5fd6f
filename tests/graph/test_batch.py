"""A batch is the disjoint union of its systems, and forgets nothing of them."""

import numpy as np
import pytest
import torch
from drawn_crystals import CUTOFF, crystals, toy_energies
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils import _pytree as pytree

from intertwine.data.structure import Structure
from intertwine.errors import InputError
from intertwine.graph import Graph, build_graph, collate, uncollate

LABELLED = ((), ("energy",), ("forces",), ("energy", "forces", "stress"))


def labelled(structure: Structure, names: tuple[str, ...]) -> Structure:
    """The structure with labels no two of which are equal."""
    values = {
        "energy": structure.positions.sum(),
        "forces": structure.positions**2,
        "stress": structure.cell @ structure.cell.T,
    }
    return structure.replace(labels={name: values[name] for name in names})


partly_labelled = st.lists(
    st.builds(labelled, crystals(max_atoms=3), st.sampled_from(LABELLED)), min_size=1, max_size=5
)


def same(one: Graph, other: Graph, *, but: dict[str, int]) -> bool:
    """Whether two graphs have the same leaves, once the structure named in `but` is set on both."""
    left, right = (pytree.tree_flatten(graph.replace(**but)) for graph in (one, other))
    return left[1] == right[1] and all(torch.equal(a, b) for a, b in zip(left[0], right[0], strict=True))


@settings(max_examples=40)
@given(structures=partly_labelled)
def test_a_batch_comes_apart_into_what_it_was_made_of(structures: list[Structure]) -> None:
    graphs = [build_graph(structure, CUTOFF) for structure in structures]
    for part, graph in zip(uncollate(collate(graphs)), graphs, strict=True):
        rank = part.slot - part.receiver * part.max_degree
        slot = part.receiver * graph.max_degree + rank
        assert same(part.replace(slot=slot), graph, but={"max_degree": graph.max_degree})


@settings(max_examples=40)
@given(structures=partly_labelled, cut=st.integers(1, 4))
def test_batches_of_batches_are_batches(structures: list[Structure], cut: int) -> None:
    graphs = [build_graph(structure, CUTOFF) for structure in structures]
    halves = [collate(half) for half in (graphs[:cut], graphs[cut:]) if half]
    assert same(collate(halves), collate(graphs), but={})


@settings(max_examples=40)
@given(structures=partly_labelled)
def test_no_system_feels_another(structures: list[Structure]) -> None:
    graphs = [build_graph(structure, CUTOFF) for structure in structures]
    batch = collate(graphs)
    assert torch.equal(batch.batch[batch.sender], batch.batch[batch.receiver])
    torch.testing.assert_close(
        batch.edge_vectors(), torch.cat([graph.edge_vectors() for graph in graphs]), rtol=0, atol=1e-12
    )
    alone = torch.cat([toy_energies(graph) for graph in graphs])
    torch.testing.assert_close(toy_energies(batch), alone, rtol=1e-12, atol=1e-12)


@settings(max_examples=40)
@given(structures=partly_labelled)
def test_a_mask_says_which_systems_have_a_label(structures: list[Structure]) -> None:
    labels = collate([build_graph(structure, CUTOFF) for structure in structures]).labels
    for name in ("energy", "forces", "stress"):
        having = [name in structure.labels for structure in structures]
        assert (name in labels) == any(having)
        assert (f"has_{name}" in labels) == (any(having) and not all(having))
        if f"has_{name}" in labels:
            assert labels[f"has_{name}"].tolist() == having
        if name in labels:
            assert labels[name].dtype == torch.float64
            rows = len(structures) if name != "forces" else sum(map(len, structures))
            assert labels[name].shape[0] == rows


def test_a_missing_label_is_zero_where_it_is_missing() -> None:
    atom = Structure([1], np.ones((1, 3)))
    batch = collate([build_graph(labelled(atom, names), CUTOFF) for names in ((), ("forces",))])
    assert batch.labels["forces"].tolist() == [[0, 0, 0], [1, 1, 1]]
    assert batch.labels["has_forces"].tolist() == [False, True]


def test_what_cannot_be_batched_is_refused() -> None:
    atom = Structure([1], np.zeros((1, 3)))
    with pytest.raises(InputError, match="empty list of graphs"):
        collate([])
    with pytest.raises(InputError, match=r"different cutoffs; got: \[3\.0, 4\.0\]"):
        collate([build_graph(atom, 4.0), build_graph(atom, 3.0)])
