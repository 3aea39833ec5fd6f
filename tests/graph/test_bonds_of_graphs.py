"""Bonds join the same matter whatever it is written as, and come out of a batch as they went in."""

from typing import Any

import numpy as np
import torch
from drawn_crystals import CUTOFF, crystals, rotations, unimodular
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from intertwine.data import Label, Structure
from intertwine.data.labels import declare
from intertwine.graph import (
    Graph,
    NeighbourList,
    build_graph,
    collate,
    moved,
    permuted,
    recelled,
    reframed,
    reimaged,
    reordered,
    supercell,
    uncollate,
    wrapped,
)

declare(Label("hopping", "eV", "ij", per="bond", quantity="energy"))


@st.composite
def bonded(draw: Any) -> Structure:
    """A crystal that names some pairs, each labelled with the square of its vector."""
    structure, n_bonds = draw(crystals(max_atoms=4)), draw(st.integers(1, 4))
    pairs = draw(arrays(np.int64, (n_bonds, 2), elements=st.integers(0, len(structure) - 1)))
    shifts = draw(arrays(np.int64, (n_bonds, 3), elements=st.integers(-3, 3))) * structure.pbc
    return labelled(structure.replace(bonds=pairs, bond_shifts=shifts))


def labelled(structure: Structure) -> Structure:
    vectors = bonds_of(structure)
    return structure.replace(labels={"hopping": vectors[:, :, None] * vectors[:, None]})


def bonds_of(structure: Structure) -> np.ndarray:
    return build_graph(structure, CUTOFF).bond_vectors().numpy()


def assert_sound(structure: Structure, vectors: np.ndarray, elements: np.ndarray) -> None:
    """Bonds of these vectors, between atoms of these elements, and labels that follow them."""
    size = 1 + np.abs(structure.positions).max() + np.abs(structure.cell).max()
    np.testing.assert_allclose(bonds_of(structure), vectors, atol=1e-11 * size)
    np.testing.assert_array_equal(structure.numbers[structure.bonds], elements)
    found, truth = structure.labels["hopping"], labelled(structure).labels["hopping"]
    np.testing.assert_allclose(found, truth, atol=1e-10 * size**2)


@given(bonded(), st.data())
def test_bonds_follow_their_matter_however_it_is_written(structure: Structure, data: st.DataObject) -> None:
    vectors, elements, pbc = bonds_of(structure), structure.numbers[structure.bonds], structure.pbc
    cells = data.draw(arrays(np.int64, (len(structure), 3), elements=st.integers(-4, 4))) * pbc
    basis = np.eye(3, dtype=np.int64)
    basis[np.ix_(pbc, pbc)] = data.draw(unimodular(int(pbc.sum()), 3))
    order = data.draw(st.permutations(range(len(structure))))
    for other in (
        *(reimaged(structure, cells), wrapped(structure), recelled(structure, basis)),
        *(reordered(structure, order), reordered(wrapped(recelled(structure, basis)), order)),
    ):
        assert_sound(other, vectors, elements)
    turn = data.draw(rotations())
    assert_sound(reframed(structure, turn, np.array([3.0, -1.0, 9.0])), vectors @ turn.T, elements)


@given(bonded(), st.tuples(*[st.integers(1, 3)] * 3))
@settings(max_examples=50)
def test_every_copy_in_a_supercell_has_the_bonds_of_its_cell(structure: Structure, along: tuple) -> None:
    a, b, c = np.where(structure.pbc, along, 1).tolist()
    vectors, elements = bonds_of(structure), structure.numbers[structure.bonds]
    larger = supercell(structure, (a, b, c))
    assert_sound(larger, np.tile(vectors, (a * b * c, 1)), np.tile(elements, (a * b * c, 1)))
    starts = larger.bonds[:, 0].reshape(a * b * c, -1)
    np.testing.assert_array_equal(starts // len(structure), np.arange(a * b * c)[:, None] + 0 * starts)


def assert_same_bonds(found: Graph, truth: Graph) -> None:
    for name in ("bonds", "bond_shifts", "labels"):
        torch.testing.assert_close(getattr(found, name), getattr(truth, name))
    torch.testing.assert_close(found.bond_vectors(), truth.bond_vectors(), rtol=1e-10, atol=1e-9)


@given(st.lists(st.one_of(bonded(), crystals(max_atoms=3)), min_size=1, max_size=4), st.data())
@settings(max_examples=50)
def test_a_batch_keeps_the_bonds_of_every_system(structures: list[Structure], data: st.DataObject) -> None:
    graphs = [build_graph(structure, CUTOFF) for structure in structures]
    batch = collate(graphs)
    for found, graph in zip(uncollate(batch), graphs, strict=True):
        assert_same_bonds(found, graph)
    assert batch.system_of("bond").tolist() == [
        system for system, structure in enumerate(structures) for _ in structure.bonds
    ]
    turn = torch.from_numpy(data.draw(rotations()))
    whole, first = moved(batch, turn), 0
    torch.testing.assert_close(whole.bond_vectors(), batch.bond_vectors() @ turn.T, rtol=0, atol=1e-8)
    orders = [data.draw(st.permutations(range(len(structure)))) for structure in structures]
    order = []
    for one in orders:
        order += [first + atom for atom in one]
        first += len(one)
    fresh = collate(
        [build_graph(reordered(s, one), CUTOFF) for s, one in zip(structures, orders, strict=True)]
    )
    assert_same_bonds(permuted(batch, torch.tensor(order)), fresh)


def test_a_neighbour_list_follows_the_bonds_of_every_step() -> None:
    pair = Structure([1, 1], [[0, 0, 0], [0, 0, 0.7]])
    steps = [pair.replace(bonds=bonds) for bonds in ([[0, 1]], [[1, 0], [0, 0]], ())]
    moving = NeighbourList(CUTOFF)
    for step in steps:
        assert_same_bonds(moving.graph(step), build_graph(step, CUTOFF))
    assert moving.builds == 1
