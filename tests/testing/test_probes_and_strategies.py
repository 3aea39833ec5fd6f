"""Probes are what they claim to be, for any chemistry; strategies draw sound systems only."""

import numpy as np
import pytest
from ase.data import covalent_radii
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.data import Structure
from intertwine.graph import Graph
from intertwine.graph.neighbours import neighbours
from intertwine.testing import LAWS, MorsePotential, molecule, prepare, probes, strategies
from intertwine.testing.laws.comparison import energy_gap
from intertwine.testing.laws.periodic import unimodular

COUNT = {"molecule": 0, "wire": 1, "slab": 2, "triclinic bulk": 3, "one-atom cell": 3}

elements = st.sets(st.integers(1, 94), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(elements, st.floats(2.0, 7.0), st.integers(0, 1000))
def test_probes_have_their_shape_their_species_and_neighbours_at_sensible_distances(species, cutoff, seed):
    made = probes(species, cutoff, np.random.default_rng(seed))
    assert {probe.name: int(probe.structure.pbc.sum()) for probe in made} == COUNT
    for _, structure in made:
        assert set(structure.species) <= species
        i, j, shift = neighbours(structure.positions, structure.cell, structure.pbc, cutoff)
        lengths = np.linalg.norm(
            structure.positions[j] + shift @ structure.cell - structure.positions[i], axis=1
        )
        radii = np.maximum(covalent_radii[structure.numbers], 0.7)
        assert len(lengths) > 0
        assert (lengths / np.minimum(radii[i] + radii[j], 0.7 * cutoff)).min() > 0.65
    assert set(species) <= set(made[0].structure.species)


def test_no_probe_but_the_one_atom_cell_has_forces_that_vanish_by_symmetry():
    trial = prepare(MorsePotential())
    for probe, prediction in zip(
        trial.probes, trial.predict([p.structure for p in trial.probes]), strict=True
    ):
        small = np.abs(prediction.forces).min() < 1e-6
        assert small == (probe.name == "one-atom cell")


@settings(max_examples=50, deadline=None)
@given(st.tuples(st.booleans(), st.booleans(), st.booleans()).map(np.array), st.integers(0, 10**6))
def test_changes_of_lattice_vectors_are_unimodular_and_leave_open_axes_alone(pbc, seed):
    matrix = unimodular(pbc, np.random.default_rng(seed))
    assert round(abs(np.linalg.det(matrix))) == 1
    assert (matrix[~pbc] == np.eye(3)[~pbc]).all()
    assert (matrix[:, ~pbc] == np.eye(3)[:, ~pbc]).all()


@settings(max_examples=20, deadline=None)
@given(strategies.structures(species=(1, 8), max_atoms=4), strategies.orthogonal_matrices())
def test_strategies_draw_systems_on_which_a_sound_potential_is_invariant(structure, matrix):
    model = MorsePotential(species=(1, 8))
    turned = structure.replace(positions=structure.positions @ matrix.T, cell=structure.cell @ matrix.T)
    before, after = prepare(model).predict([structure, turned])
    assert energy_gap(after.energy, before.energy) < 1e-10


@settings(max_examples=20, deadline=None)
@given(strategies.graphs(cutoff=3.0, max_atoms=3), strategies.translations(), st.data())
def test_graphs_translations_and_permutations_have_the_shape_they_promise(graph, shift, data):
    assert isinstance(graph, Graph)
    assert graph.cutoff == 3.0
    assert shift.shape == (3,)
    order = data.draw(strategies.permutations(graph.n_atoms))
    assert sorted(order.tolist()) == list(range(graph.n_atoms))


@settings(max_examples=50, deadline=None)
@given(strategies.rotations())
def test_rotations_are_proper(rotation):
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_the_users_frames_become_probes_and_large_or_lonely_ones_do_not_stop_the_run():
    rng = np.random.default_rng(0)
    frames = [
        Structure([8], np.zeros((1, 3))),
        Structure([6], np.zeros((1, 3)), 2.2 * np.eye(3), True),
        molecule((1, 6, 8), 150, 4.0, rng),
    ]
    trial = prepare(MorsePotential(), frames, budget=0.5)
    assert [probe.name for probe in trial.probes[5:]] == ["O (yours)", "C (yours)"]
    for law in (
        law for law in LAWS if law.name in ("rotation", "derivative.forces", "supercell", "batch", "nve")
    ):
        assert all(result.passed for result in law.results(trial)[0]), law.name
