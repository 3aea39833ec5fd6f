"""Errors with units, the same whatever the batches, silent about what is not labelled."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from copper import clusters, crystals
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.encoders import BodyOrderedSpec
from intertwine.observables import Model, ModelSpec
from intertwine.train import Errors, evaluate

FRAMES = crystals(3) + clusters(4)


@pytest.fixture(scope="module")
def model() -> Model:
    encoder = BodyOrderedSpec(species=(29,), channels=3, layers=1, l_max=1, hidden_l=0, radial=3, cutoff=4.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Model(ModelSpec(encoder=encoder, reference_energies={29: 0.3})).double()


def test_numbers_and_units(model: Model) -> None:
    found = evaluate(model, FRAMES)
    sizes = {name: (errors.n, errors.unit) for name, errors in found.errors.items()}
    atoms = sum(len(frame) for frame in FRAMES)
    assert sizes == {
        "energy": (7, "eV"),
        "energy_per_atom": (7, "eV/atom"),
        "forces": (3 * atoms, "eV/Å"),
        "stress": (27, "eV/Å^3"),
    }
    np.testing.assert_array_equal(
        found.reference["forces"], np.concatenate([frame.labels["forces"].ravel() for frame in FRAMES])
    )
    np.testing.assert_allclose(
        found.reference["energy_per_atom"], [frame.labels["energy"] / len(frame) for frame in FRAMES]
    )


@settings(max_examples=8)
@given(size=st.integers(1, 9))
def test_the_size_of_the_batches_does_not_matter(model: Model, size: int) -> None:
    one, other = evaluate(model, FRAMES), evaluate(model, FRAMES, batch_size=size)
    for name in one.predicted:
        np.testing.assert_allclose(one.predicted[name], other.predicted[name], atol=1e-10)


def test_labels_made_by_the_model_are_predicted_without_error(model: Model) -> None:
    said = evaluate(model, FRAMES[3:], batch_size=4).predicted
    forces = said["forces"].reshape(4, 4, 3)
    frames = [
        frame.replace(labels={"energy": said["energy"][i], "forces": forces[i]})
        for i, frame in enumerate(FRAMES[3:])
    ]
    for errors in evaluate(model, frames).errors.values():
        assert errors.rmse < 1e-12
        assert errors.r2 == pytest.approx(1.0)


def test_what_is_not_labelled_is_not_compared(model: Model) -> None:
    bare = FRAMES[0].replace(labels={})
    assert evaluate(model, [bare]).errors == {}
    with_bare, without = evaluate(model, [bare, FRAMES[0], bare]), evaluate(model, [FRAMES[0]])
    for name in without.predicted:
        np.testing.assert_array_equal(with_bare.reference[name], without.reference[name])
        np.testing.assert_allclose(with_bare.predicted[name], without.predicted[name], atol=1e-12)
    assert evaluate(model, []).errors == {}


def test_progress_counts_structures(model: Model) -> None:
    done: list[int] = []
    evaluate(model, FRAMES, batch_size=3, progress=done.append)
    assert done == [3, 6, 7]


numbers = st.lists(st.floats(-100, 100), min_size=2, max_size=20)


@given(numbers, st.floats(-5, 5))
def test_errors_of_a_constant_offset(values: list[float], offset: float) -> None:
    reference = np.array(values)
    errors = Errors.between(reference + offset, reference, "eV")
    assert errors.mae == pytest.approx(abs(offset), abs=1e-9)
    assert errors.rmse == pytest.approx(abs(offset), abs=1e-9)
    spread = reference.std()
    if spread > 1e-3:
        assert errors.r2 == pytest.approx(1 - (offset / spread) ** 2, rel=1e-6, abs=1e-6)


def test_r2_of_equal_references_is_no_number_and_none_in_the_record(model: Model) -> None:
    errors = Errors.between(np.ones(3), np.zeros(3), "eV")
    assert np.isnan(errors.r2)
    assert evaluate(model, FRAMES[:1]).record()["energy"]["r2"] is None


def test_evaluating_and_reading_a_configuration_do_not_wake_lightning() -> None:
    code = "import sys, intertwine.train as t; t.evaluate, t.load_config; print('lightning' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False"
