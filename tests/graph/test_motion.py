"""The symmetries of space act on graphs and on structures, and the two ways round agree."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from drawn_crystals import (
    CUTOFF,
    crystals,
    edge_table,
    rotations,
    toy_energies,
    toy_labels,
    unimodular,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from intertwine.data.structure import Structure
from intertwine.errors import InputError
from intertwine.graph import (
    build_graph,
    collate,
    moved,
    permuted,
    recelled,
    reframed,
    reimaged,
    reordered,
    strained,
    supercell,
    wrapped,
)
from intertwine.graph.motion import turned

SHIFT = np.array([7.0, -3.0, 11.0])


def assert_labels_close(found: dict, truth: dict) -> None:
    assert set(found) == set(truth)
    for name, value in truth.items():
        np.testing.assert_allclose(
            np.asarray(found[name]), np.asarray(value), rtol=1e-9, atol=1e-9 * (1 + np.abs(value).max())
        )


@st.composite
def rewritings(draw: st.DrawFn, structure: Structure) -> Callable[[Structure], Structure]:
    """Another way to write the same matter."""
    pbc, n_atoms = structure.pbc, len(structure)
    way = draw(
        st.sampled_from(["reframed", "reordered", "reimaged", "wrapped", "recelled", "supercell", "deeper"])
    )
    if way == "reframed":
        rotation = draw(rotations())
        return lambda s: reframed(s, rotation, SHIFT)
    if way == "reordered":
        order = draw(st.permutations(range(n_atoms)))
        return lambda s: reordered(s, order)
    if way == "reimaged":
        shifts = draw(arrays(np.int64, (n_atoms, 3), elements=st.integers(-4, 4))) * pbc
        return lambda s: reimaged(s, shifts)
    if way == "wrapped":
        return wrapped
    if way == "recelled":
        basis = np.eye(3, dtype=np.int64)
        basis[np.ix_(pbc, pbc)] = draw(unimodular(int(pbc.sum()), 3))
        return lambda s: recelled(s, basis)
    along = [draw(st.integers(1, 2)) if axis else 1 for axis in pbc]
    repeats = (along[0], along[1], along[2])
    return lambda s: supercell(wrapped(s) if way == "deeper" else s, repeats)


@settings(max_examples=150)
@given(data=st.data())
def test_labels_of_the_same_matter_written_differently_are_its_labels_rewritten(data: st.DataObject) -> None:
    """toy labels ∘ rewrite = rewrite ∘ toy labels, through a fresh neighbour list on both sides."""
    plain = data.draw(crystals(max_atoms=3))
    rewrite = data.draw(rewritings(plain))
    labelled = rewrite(plain.replace(labels=toy_labels(plain)))
    assert_labels_close(toy_labels(rewrite(plain)), dict(labelled.labels))


@given(structure=crystals(max_atoms=3), rotation=rotations())
def test_moving_a_graph_is_building_the_moved_structure(structure: Structure, rotation: np.ndarray) -> None:
    structure = structure.replace(labels=toy_labels(structure))
    graph = moved(build_graph(structure, CUTOFF), torch.from_numpy(rotation), torch.from_numpy(SHIFT))
    fresh = build_graph(reframed(structure, rotation, SHIFT), CUTOFF)
    torch.testing.assert_close(graph.positions, fresh.positions)
    torch.testing.assert_close(graph.cell, fresh.cell)
    torch.testing.assert_close(graph.labels, fresh.labels)
    torch.testing.assert_close(toy_energies(graph), toy_energies(fresh), rtol=1e-10, atol=1e-9)


@given(structure=crystals(max_atoms=4), rotation=rotations())
def test_edge_vectors_turn_and_do_not_feel_a_translation(structure: Structure, rotation: np.ndarray) -> None:
    graph, turn = build_graph(structure, CUTOFF), torch.from_numpy(rotation)
    found = moved(graph, turn, torch.from_numpy(SHIFT)).edge_vectors()
    torch.testing.assert_close(found, graph.edge_vectors() @ turn.T, rtol=0, atol=1e-10)


@given(structure=crystals(max_atoms=4), data=st.data())
def test_wrapping_keeps_every_edge_vector(structure: Structure, data: st.DataObject) -> None:
    shifts = data.draw(arrays(np.int64, (len(structure), 3), elements=st.integers(-9, 9))) * structure.pbc
    tables = [
        edge_table(build_graph(way, CUTOFF - 0.0123456))
        for way in (structure, reimaged(structure, shifts), wrapped(structure))
    ]
    lengths = [np.sort(np.linalg.norm(table[:, 2:], axis=1)) for table in tables]
    np.testing.assert_allclose(lengths[1], lengths[0], atol=1e-9)
    np.testing.assert_allclose(lengths[2], lengths[0], atol=1e-9)
    inside = wrapped(structure)
    steps = inside.positions @ np.linalg.pinv(inside.cell[inside.pbc])
    assert ((steps > -1e-9) & (steps < 1 + 1e-9)).all()


@given(structures=st.lists(crystals(max_atoms=4), min_size=1, max_size=3), data=st.data())
def test_permuting_a_graph_is_building_the_permuted_structures(
    structures: list[Structure], data: st.DataObject
) -> None:
    structures = [structure.replace(labels=toy_labels(structure)) for structure in structures]
    orders = [data.draw(st.permutations(range(len(structure)))) for structure in structures]
    graph = collate([build_graph(structure, CUTOFF) for structure in structures])
    first = np.cumsum([0] + [len(structure) for structure in structures])
    whole = np.concatenate([start + np.array(order) for start, order in zip(first, orders, strict=False)])
    found = permuted(graph, torch.from_numpy(whole))
    fresh = collate(
        [build_graph(reordered(s, order), CUTOFF) for s, order in zip(structures, orders, strict=True)]
    )
    for name in ("numbers", "positions", "cell", "pbc", "batch", "labels"):
        torch.testing.assert_close(getattr(found, name), getattr(fresh, name))
    assert torch.equal(found.receiver, fresh.receiver)
    assert torch.equal(found.slot, fresh.slot)
    np.testing.assert_allclose(edge_table(found), edge_table(fresh), atol=1e-9)


def test_an_order_that_is_no_permutation_is_refused() -> None:
    graph = collate([build_graph(Structure([1], [[0, 0, 0]]), CUTOFF)] * 2)
    with pytest.raises(InputError, match="not a permutation; accepted: 0 to 1, once"):
        permuted(graph, torch.tensor([0, 0]))
    with pytest.raises(InputError, match="moves some to another system"):
        permuted(graph, torch.tensor([1, 0]))


@given(structure=crystals(max_atoms=3), seed=st.integers(0, 99), batched=st.booleans())
def test_strain_stretches_every_edge(structure: Structure, seed: int, batched: bool) -> None:
    graph = build_graph(structure.replace(labels={"energy": 0.0}), CUTOFF)
    graph = collate([graph, graph]) if batched else graph
    rng = np.random.default_rng(seed)
    strain = torch.from_numpy(0.1 * rng.normal(size=(graph.n_systems, 3, 3)))
    found, r = strained(graph, strain), graph.edge_vectors()
    system = graph.batch[graph.receiver]
    torch.testing.assert_close(
        found.edge_vectors(), r + torch.einsum("ea,eab->eb", r, strain[system]), rtol=0, atol=1e-10
    )
    assert found.labels == {}


@given(structure=crystals(max_atoms=3))
def test_the_derivative_in_strain_is_the_sum_of_forces_times_edges(structure: Structure) -> None:
    """∂E/∂ε_ab = ½ Σ_e r_a ∂E/∂r_b, Clausius' virial of pairs, edge by edge."""
    graph = build_graph(structure, CUTOFF)
    strain = torch.zeros(1, 3, 3, dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(toy_energies(strained(graph, strain)).sum(), strain)
    r = graph.edge_vectors()
    z = graph.numbers.double()
    short = (1 - (r**2).sum(1) / CUTOFF**2).clamp(min=0)
    slope = (-3.0 / CUTOFF**2 * z[graph.receiver] * z[graph.sender] * short**2)[:, None] * r
    torch.testing.assert_close(found[0], r.T @ slope, rtol=1e-9, atol=1e-9)


def test_turning_follows_the_rank() -> None:
    rng = np.random.default_rng(3)
    rotation = torch.from_numpy(np.linalg.qr(rng.normal(size=(3, 3)))[0])
    tensor = torch.from_numpy(rng.normal(size=(5, 3, 3, 3)))
    assert turned(tensor, rotation, rank=0) is tensor
    by_letters = torch.einsum("iA,jB,kC,nABC->nijk", rotation, rotation, rotation, tensor)
    torch.testing.assert_close(turned(tensor, rotation, rank=3), by_letters)


def test_what_is_not_the_same_matter_is_refused() -> None:
    slab = Structure([1], np.zeros((1, 3)), cell=np.diag([2, 2, 0]), pbc=[True, True, False])
    with pytest.raises(InputError, match="open axis has no images"):
        reimaged(slab, np.array([[0, 0, 1]]))
    with pytest.raises(InputError, match="do not span the same lattice"):
        recelled(slab, np.diag([2, 1, 1]))
    with pytest.raises(InputError, match="open axes cannot be mixed"):
        recelled(slab, np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1]]))
    with pytest.raises(InputError, match=r"cannot be repeated so; got: \(1, 1, 2\)"):
        supercell(slab, (1, 1, 2))
    with pytest.raises(InputError, match=r"cannot be repeated so; got: \(0, 1, 1\)"):
        supercell(slab, (0, 1, 1))
