"""A list with a skin never misses a neighbour, and is rebuilt no more often than it must be."""

import numpy as np
import pytest
import torch
from drawn_crystals import CUTOFF, crystals, edge_table, rotations, toy_energies
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.data.structure import Structure
from intertwine.errors import InputError
from intertwine.graph import NeighbourList, build_graph, wrapped

SKIN = 0.6
PAIR = Structure([1, 8], [[0, 0, 0], [0, 0, 1.5]], labels={"energy": 1.0})
BULK = Structure([6, 6], [[0, 0, 0], [1, 1, 1]], cell=2.2 * np.eye(3) + 0.2, pbc=[True] * 3)


def at(structure: Structure, height: float) -> Structure:
    """The structure with its second atom lifted."""
    return structure.replace(positions=structure.positions + np.outer([0, 1], [0, 0, height]))


@settings(max_examples=60)
@given(structure=crystals(max_atoms=4), seed=st.integers(0, 999), step=st.sampled_from([0.02, 0.1, 0.5]))
def test_a_wandering_system_has_the_edges_of_a_fresh_graph(
    structure: Structure, seed: int, step: float
) -> None:
    """Random walks of atoms, drift, strain of the cell and wrapping, step after step."""
    rng = np.random.default_rng(seed)
    moving = NeighbourList(CUTOFF, SKIN)
    for number in range(12):
        found, fresh = moving.graph(structure), build_graph(structure, CUTOFF)
        assert (found.cutoff, found.n_systems) == (CUTOFF, 1)
        torch.testing.assert_close(toy_energies(found), toy_energies(fresh), rtol=1e-12, atol=1e-9)
        if number % 3 == 0:
            table, truth = edge_table(found), edge_table(fresh)
            assert len(table) == len(truth)
            np.testing.assert_allclose(table.sum(0), truth.sum(0), atol=1e-8)
        strain = np.eye(3) + 0.1 * step * rng.normal(size=(3, 3)) * (number % 2)
        structure = structure.replace(
            positions=structure.positions @ strain
            + step * rng.normal(size=(len(structure) + 1, 3))[:-1]
            + 1.0,
            cell=structure.cell @ strain,
        )
        structure = wrapped(structure) if number == 7 else structure


@given(rotation=rotations(), share=st.floats(0, 1), steps=st.integers(1, 9))
def test_two_atoms_just_left_out_are_seen_when_they_meet(
    rotation: np.ndarray, share: float, steps: int
) -> None:
    """However the approach is shared between the two."""
    apart, near = CUTOFF + SKIN + 1e-6, CUTOFF - 1e-3
    moving = NeighbourList(CUTOFF, SKIN)
    for gone in np.linspace(0, apart - near, steps + 1):
        line = np.array([[share * gone, 0, 0], [apart - (1 - share) * gone, 0, 0], [50, 1, 0], [90, 0, 0]])
        found = moving.graph(Structure([1, 1, 1, 1], line @ rotation))
    assert len(edge_table(found)) == 2


@given(rotation=rotations(), axes=st.sets(st.integers(0, 2), min_size=1), sheared=st.floats(0, 1))
def test_images_just_left_out_are_seen_when_the_cell_shrinks(
    rotation: np.ndarray, axes: set[int], sheared: float
) -> None:
    """Squeezed along some axes while sheared along others, the atoms riding on the cell or not."""
    moving = NeighbourList(CUTOFF, SKIN)
    pbc = np.isin(np.arange(3), list(axes))
    for length in np.linspace(CUTOFF + SKIN + 1e-6, CUTOFF - 1e-3, 5):
        cell = length * np.eye(3) + sheared * (CUTOFF - length) * np.eye(3, k=1)
        structure = Structure([1], [[1.0, 2.0, 3.0]], cell @ rotation, pbc)
        found = moving.graph(structure)
        np.testing.assert_allclose(
            edge_table(found).sum(0), edge_table(build_graph(structure, CUTOFF)).sum(0), atol=1e-9
        )
        assert len(edge_table(found)) == len(edge_table(build_graph(structure, CUTOFF)))
    assert len(edge_table(found)) > 0


def test_edges_are_kept_while_no_atom_has_moved_half_the_skin() -> None:
    moving = NeighbourList(CUTOFF, SKIN)
    first = moving.graph(PAIR)
    kept = moving.graph(at(PAIR, 0.59).replace(labels={"energy": 2.0}))  # each has moved 0.295 from the mean
    assert (moving.builds, kept.receiver is first.receiver) == (1, True)
    assert kept.positions[1, 2] == 1.5 + 0.59
    assert kept.labels["energy"].tolist() == [2.0]
    moving.graph(at(PAIR, 0.61))
    assert moving.builds == 2
    moving.graph(at(PAIR, 1.2))  # measured from where edges were last searched
    assert moving.builds == 2


def test_a_system_that_drifts_as_a_whole_keeps_its_edges() -> None:
    moving = NeighbourList(CUTOFF, SKIN)
    for time in range(50):
        moving.graph(PAIR.replace(positions=PAIR.positions + 3.0 * time))
    assert moving.builds == 1


def test_a_breathing_crystal_keeps_its_edges_while_the_skin_allows() -> None:
    """Shrunk by s, what was left out is farther than s · 3.6 Å: enough while s ≥ 3.0 / 3.6."""
    moving = NeighbourList(CUTOFF, SKIN)
    for scale, builds in ((1.0, 1), (1.3, 1), (0.84, 1), (0.83, 2), (1.0, 2)):
        found = moving.graph(BULK.replace(cell=scale * BULK.cell, positions=scale * BULK.positions))
        assert moving.builds == builds
        np.testing.assert_allclose(found.cell[0].numpy(), scale * BULK.cell)


@pytest.mark.parametrize(
    "other",
    [
        BULK.replace(numbers=[6, 7]),
        BULK.replace(pbc=[True, True, False]),
        BULK.replace(cell=0.7 * BULK.cell),
        Structure([6], [[0, 0, 0]], BULK.cell, BULK.pbc),
    ],
)
def test_another_system_gets_its_own_edges(other: Structure) -> None:
    moving = NeighbourList(CUTOFF, SKIN)
    moving.graph(BULK)
    found = moving.graph(other)
    assert moving.builds == 2
    assert torch.equal(found.receiver, build_graph(other, CUTOFF, SKIN).receiver)


def test_without_a_skin_every_change_is_searched() -> None:
    moving = NeighbourList(CUTOFF, skin=0.0)
    for height in (0.0, 0.0, 1e-9):
        moving.graph(at(PAIR, height))
    assert moving.builds == 2


def test_lengths_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match=r"skin cannot be used; got: -0\.1"):
        NeighbourList(CUTOFF, -0.1).graph(PAIR)
