"""Batches are a matter of memory, never of results."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_potentials import small_model, systems

from intertwine.data import Structure
from intertwine.engines import IntertwineCalculator, Predictor
from intertwine.errors import InputError
from intertwine.observables import OUTPUTS

MODEL = small_model(1, 8, 29)
STRUCTURES = [Structure.from_ase(atoms) for atoms in systems().values()] * 2
ALONE = [Predictor(MODEL)([structure], OUTPUTS)[0] for structure in STRUCTURES]


@settings(max_examples=8)
@given(budget=st.integers(1, 1500), order=st.permutations(range(len(STRUCTURES))))
def test_any_batching_gives_what_each_structure_gives_alone(budget, order):
    predictor = Predictor(MODEL, batch_edges=budget)
    for index, result in zip(order, predictor([STRUCTURES[k] for k in order], OUTPUTS), strict=True):
        assert set(result) == set(OUTPUTS)
        for name, value in result.items():
            assert value.shape == ALONE[index][name].shape
            assert np.allclose(value, ALONE[index][name], rtol=0, atol=1e-10), name


def test_shapes_are_those_of_one_structure():
    shapes = {name: ALONE[0][name].shape for name in OUTPUTS}
    matrix = (3, 3)
    assert shapes == {"energy": (), "energies": (3,), "forces": (3, 3), "stress": matrix, "virial": matrix}


def test_a_batch_stays_within_its_budget_where_it_can():
    predictor = Predictor(MODEL, batch_edges=400)
    sizes = [[graph.n_edges + graph.n_atoms for graph in batch] for batch in predictor._batches(STRUCTURES)]
    assert sum(map(len, sizes)) == len(STRUCTURES)
    assert all(sum(batch) <= 400 or len(batch) == 1 for batch in sizes)
    assert 1 < len(sizes) < len(STRUCTURES)


def test_the_calculator_says_the_same():
    atoms = systems()["slab"]
    calculator = IntertwineCalculator(MODEL)
    assert np.allclose(calculator.get_forces(atoms), ALONE[1]["forces"], atol=1e-11)
    assert calculator.get_potential_energy(atoms) == pytest.approx(float(ALONE[1]["energy"]), abs=1e-10)


def test_labels_are_not_needed_and_not_read():
    labelled = STRUCTURES[0].replace(labels={"energy": 1.0e6})
    assert Predictor(MODEL)([labelled])[0]["energy"] == ALONE[0]["energy"]


def test_nothing_in_nothing_out():
    assert Predictor(MODEL)([]) == []


def test_an_unknown_element_names_the_structure():
    strange = Structure([8, 92], [[0, 0, 0], [0, 0, 2]])
    with pytest.raises(
        InputError, match=r"never seen the element U; got: structure 1 \(OU\); accepted: H, O, Cu"
    ):
        Predictor(MODEL)([STRUCTURES[0], strange])


def test_a_missing_model_is_one_clear_line(tmp_path):
    with pytest.raises(InputError, match="no model at"):
        Predictor.load(tmp_path / "model.safetensors")
