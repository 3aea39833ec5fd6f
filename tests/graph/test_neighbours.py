"""Every pair within the cutoff is found once: against brute force, and counts that number theory knows."""

import numpy as np
import pytest
from drawn_crystals import KINDS, assert_same_pairs, crystals, pair_set, unimodular
from hypothesis import example, given, settings
from hypothesis import strategies as st

from intertwine.data.structure import Structure
from intertwine.errors import InputError
from intertwine.graph import brute_force_neighbours, neighbours
from intertwine.graph.neighbours import SKEWED, SPREAD, gathered, reduced, spanned

OPEN = np.zeros(3, dtype=bool)
PERIODIC = np.ones(3, dtype=bool)


def both_ways(structure: Structure, cutoff: float) -> tuple[set, set]:
    system = structure.positions, structure.cell, structure.pbc, cutoff
    return pair_set(*neighbours(*system)), pair_set(*brute_force_neighbours(*system))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60)
@given(data=st.data(), cutoff=st.floats(0.5, 5.0))
def test_the_pairs_are_those_of_brute_force(kind: str, data: st.DataObject, cutoff: float) -> None:
    structure = data.draw(crystals(kinds=(kind,)))
    found, truth = both_ways(structure, min(cutoff, 3.0) if kind == "tiny" else cutoff)
    assert_same_pairs(found, truth, structure, min(cutoff, 3.0) if kind == "tiny" else cutoff)


@given(structure=crystals())
def test_pairs_are_sorted_come_both_ways_and_shift_only_along_periodic_axes(structure: Structure) -> None:
    i, j, shift = neighbours(structure.positions, structure.cell, structure.pbc, 3.0)
    assert (np.diff(i) >= 0).all()
    assert not shift[:, ~structure.pbc].any()
    assert pair_set(i, j, shift) == pair_set(j, i, -shift)


@pytest.mark.parametrize(
    ("radius", "count"),
    [(1, 7), (2, 33), (3, 123), (4, 257), (5, 515), (6, 925), (7, 1419), (8, 2109), (9, 3071), (10, 4169)],
)
def test_one_atom_sees_as_many_images_as_there_are_lattice_points_in_a_ball(radius: int, count: int) -> None:
    """Gauss's problem in three dimensions, A000605 of the On-Line Encyclopedia of Integer Sequences."""
    i, _, _ = neighbours(np.full((1, 3), 0.3), np.eye(3), PERIODIC, radius + 1e-6)
    assert len(i) == count - 1


@pytest.mark.parametrize(("shell", "count"), [(0.75, 12), (1.1, 18), (1.3, 42), (1.5, 54)])
def test_the_shells_of_a_face_centred_cubic_atom(shell: float, count: int) -> None:
    """12, 6, 24 and 12 neighbours at a/√2, a, a√(3/2) and a√2."""
    primitive = 0.5 * 3.6 * (1 - np.eye(3))
    assert len(neighbours(np.zeros((1, 3)), primitive, PERIODIC, 3.6 * shell)[0]) == count


@pytest.mark.parametrize("pbc", [OPEN, np.array([True, False, True]), PERIODIC])
def test_isolated_atoms_have_no_neighbours(pbc: np.ndarray) -> None:
    i, j, shift = neighbours(np.array([[0.0, 0, 0], [9, 9, 9]]), 30 * np.eye(3), pbc, 5.0)
    assert i.shape == j.shape == (0,)
    assert shift.shape == (0, 3)
    assert i.dtype == j.dtype == shift.dtype == np.int64


def test_atoms_in_one_place_are_neighbours_and_no_atom_is_its_own() -> None:
    i, j, _ = neighbours(np.zeros((2, 3)), np.zeros((3, 3)), OPEN, 1.0)
    assert (i.tolist(), j.tolist()) == ([0, 1], [1, 0])


@pytest.mark.parametrize("outside", [0, 4, 4000, 4_000_000])
def test_atoms_may_lie_far_outside_the_cell(outside: float) -> None:
    rng = np.random.default_rng(5)
    inside = rng.uniform(0, 4, size=(5, 3))
    away = inside + outside * rng.integers(-1, 2, size=(5, 3))
    lengths = []
    for positions in (inside, away):
        i, j, shift = neighbours(positions, 4 * np.eye(3), PERIODIC, 5.0)
        lengths.append(np.sort(np.linalg.norm(positions[j] + 4.0 * shift - positions[i], axis=1)))
    np.testing.assert_allclose(*lengths, atol=1e-8)


@given(basis=unimodular(3, 9), seed=st.integers(0, 99))
@example(basis=np.array([[1, 0, 0], [100, 1, 0], [170, 130, 1]]), seed=0)
def test_a_skewed_cell_has_the_neighbours_of_its_lattice(basis: np.ndarray, seed: int) -> None:
    """The same crystal by long vectors: S · H · cell are the translations of the plain cell."""
    positions = np.random.default_rng(seed).uniform(0, 3, size=(3, 3))
    plain = np.diag([3.0, 3.1, 3.2])
    i, j, shift = neighbours(positions, basis @ plain, PERIODIC, 4.0)
    assert pair_set(i, j, shift @ basis) == pair_set(*neighbours(positions, plain, PERIODIC, 4.0))


@given(basis=unimodular(2, 30))
def test_a_skewed_slab_has_the_neighbours_of_its_lattice(basis: np.ndarray) -> None:
    positions = np.random.default_rng(0).uniform(0, 3, size=(4, 3))
    plain, pbc, skew = np.diag([3.0, 0.0, 3.2]), np.array([True, False, True]), np.eye(3, dtype=int)
    skew[np.ix_(pbc, pbc)] = basis
    i, j, shift = neighbours(positions, skew @ plain, pbc, 4.0)
    assert pair_set(i, j, shift @ skew) == pair_set(*neighbours(positions, plain, pbc, 4.0))


@given(basis=unimodular(3, 30))
def test_what_is_searched_is_never_skewed_and_spans_the_same_lattice(basis: np.ndarray) -> None:
    skewed = basis @ np.diag([3.0, 3.1, 3.2])
    box, change = reduced(skewed, PERIODIC)
    assert np.linalg.norm(box, axis=1).prod() < SKEWED * abs(np.linalg.det(box))
    if change is not None:
        assert round(abs(np.linalg.det(change))) == 1
        np.testing.assert_allclose(change @ skewed, box, atol=1e-9)


@pytest.mark.parametrize("pbc", [OPEN, np.array([True, True, False]), np.array([False, False, True])])
def test_an_atom_that_flew_away_costs_nothing_and_changes_nothing(pbc: np.ndarray) -> None:
    """An open axis of a hundred thousand cutoffs is closed up before it is searched."""
    rng = np.random.default_rng(1)
    positions = rng.uniform(0, 6, size=(20, 3))
    cell = np.diag(np.where(pbc, 6.0, 0.0))
    away = np.concatenate([positions, positions[:1] + 1e5 * ~pbc, positions[:2] - 3e5 * ~pbc])
    found = pair_set(*neighbours(away, cell, pbc, 2.5))
    assert {pair for pair in found if max(pair[:2]) < 20} == pair_set(*neighbours(positions, cell, pbc, 2.5))
    assert found == pair_set(*brute_force_neighbours(away, cell, pbc, 2.5))
    assert np.abs(gathered(away, spanned(cell, pbc)[~pbc], 2.5)).max() < 0.5 * SPREAD * 2.5


@given(structure=crystals())
def test_open_axes_are_spanned_by_unit_vectors_across_the_periodic_ones(structure: Structure) -> None:
    box, pbc = spanned(structure.cell, structure.pbc), structure.pbc
    np.testing.assert_array_equal(box[pbc], structure.cell[pbc])
    np.testing.assert_allclose(box[~pbc] @ box[~pbc].T, np.eye(3)[~pbc][:, ~pbc], atol=1e-12)
    np.testing.assert_allclose(box[~pbc] @ box[pbc].T, 0.0, atol=1e-10)


def test_a_cell_far_too_small_is_one_line_and_not_a_full_memory() -> None:
    with pytest.raises(InputError, match=r"cell is too small for its atoms; got: about 5e\+08 neighbours"):
        neighbours(np.zeros((1, 3)), 0.01 * np.eye(3), PERIODIC, 5.0)
    found = neighbours(np.zeros((1, 3)), 0.3 * np.eye(3), PERIODIC, 5.0)
    assert len(found[0]) == pytest.approx(4 / 3 * np.pi * (5.0 / 0.3) ** 3, rel=0.01)
