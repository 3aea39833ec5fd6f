"""The uncertainty of a model obeys the symmetries of its energy and the algebra of linear regression."""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from intertwine.data import Structure
from intertwine.errors import InputError
from intertwine.graph import Graph, build_graph, collate
from intertwine.observables.uncertainty import LastLayerPosterior, committee, energy_rows, force_rows
from intertwine.testing import strategies

sys.path.insert(0, str(Path(__file__).parents[1] / "engines"))
from small_potentials import small_model

MODEL = small_model(1, 6, 8).requires_grad_(False)
WATER = Structure([8, 1, 1], [[0, 0, 0.12], [0, 0.76, -0.48], [0, -0.76, -0.48]])


def graph(*structures: Structure) -> Graph:
    return collate([build_graph(structure, MODEL.cutoff) for structure in structures])


def rattled(number: int, amplitude: float = 0.1, seed: int = 0) -> list[Structure]:
    rng = np.random.default_rng(seed)
    return [
        WATER.replace(positions=WATER.positions + amplitude * rng.normal(size=(3, 3))) for _ in range(number)
    ]


def posterior(frames: list[Structure], ridge: float = 1e-6) -> LastLayerPosterior:
    rows = energy_rows(MODEL, graph(*frames))
    rows = rows / torch.tensor([[float(len(frame))] for frame in frames]).sqrt()
    precision = rows.T @ rows + ridge * torch.eye(rows.shape[1]).double()
    return LastLayerPosterior(MODEL.energy.head.last_weights(), precision, {"energy": 0.5, "forces": 2.0})


def with_last_weights(weights: torch.Tensor) -> torch.nn.Module:
    """The same model with other last weights."""
    model = small_model(1, 6, 8).requires_grad_(False)
    head = model.energy.head
    maps = [*(readout.weights[-1] for readout in head.linear), head.network.weights[-1]]
    for weight, part in zip(maps, weights.split([len(weight) for weight in maps]), strict=True):
        weight.copy_(part[:, None])
    return model


def test_the_head_is_linear_in_its_last_weights() -> None:
    features = MODEL.encoder(graph(*rattled(3)))
    head = MODEL.energy.head
    torch.testing.assert_close(head.last_features(features) @ head.last_weights(), head(features))


def test_a_committee_is_what_models_with_those_weights_say() -> None:
    batch, weights = graph(*rattled(2)), MODEL.energy.head.last_weights()
    deviations = 0.1 * torch.randn(3, len(weights), generator=torch.Generator().manual_seed(0)).double()
    said = committee(MODEL, batch, deviations)
    for member, deviation in enumerate(deviations):
        other = with_last_weights(weights + deviation)(batch, ("energy", "forces"))
        torch.testing.assert_close(said.energy[member], other["energy"], rtol=1e-12, atol=1e-10)
        torch.testing.assert_close(said.forces[member], other["forces"], rtol=1e-10, atol=1e-10)


def test_rows_of_forces_are_minus_the_derivatives_of_rows_of_energies() -> None:
    frames, step = rattled(2), 1e-4
    components = torch.tensor([[0, 4, 8], [8, 3, 3]])
    rows = force_rows(MODEL, graph(*frames), components)
    for system, frame in enumerate(frames):
        for place, component in enumerate(components[system].tolist()):
            moved = np.zeros(9)
            moved[component] = step
            sides = [
                frame.replace(positions=frame.positions + sign * moved.reshape(3, 3)) for sign in (1, -1)
            ]
            upper, lower = energy_rows(MODEL, graph(*sides))
            torch.testing.assert_close(
                rows[system, place], -(upper - lower) / (2 * step), rtol=1e-5, atol=1e-6
            )


def test_the_deviation_is_that_of_dense_linear_algebra() -> None:
    law, rows = posterior(rattled(40)), energy_rows(MODEL, graph(*rattled(5, 0.2, seed=1)))
    inverse = np.linalg.inv(law.precision.numpy())
    expected = 0.5 * np.sqrt(np.einsum("ni,ij,nj->n", rows.numpy(), inverse, rows.numpy()))
    np.testing.assert_allclose(law.deviation(rows, "energy"), expected, rtol=1e-5)
    np.testing.assert_allclose(law.deviation(rows, "forces"), 4 * expected, rtol=1e-5)


def test_drawn_members_scatter_as_the_formula_says() -> None:
    law, batch, members = posterior(rattled(40)), graph(*rattled(3, 0.2, seed=1)), 4000
    deviations = law.draw(members, "energy", torch.Generator().manual_seed(0))
    energies = energy_rows(MODEL, batch) @ deviations.T
    sampling_error = 1 / np.sqrt(2 * members)
    np.testing.assert_allclose(
        energies.std(1), law.deviation(energy_rows(MODEL, batch), "energy"), rtol=4 * sampling_error
    )


@settings(max_examples=25)
@given(strategies.structures(cutoff=4.0), strategies.orthogonal_matrices(), strategies.translations())
def test_moving_a_system_rigidly_leaves_its_rows(
    structure: Structure, rotation: np.ndarray, translation: np.ndarray
) -> None:
    moved = structure.replace(
        positions=structure.positions @ rotation.T + translation, cell=structure.cell @ rotation.T
    )
    here, there = (energy_rows(MODEL, graph(one)) for one in (structure, moved))
    torch.testing.assert_close(there, here, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("copies", [2, 5])
def test_the_deviation_of_independent_copies_adds_up(copies: int) -> None:
    """The same environment is wrong by the same amount each time: errors of copies do not average out."""
    law, frame = posterior(rattled(10)), rattled(1, 0.3, seed=2)[0]
    positions = np.concatenate([frame.positions + np.array([50.0 * copy, 0, 0]) for copy in range(copies)])
    many = Structure(np.tile(frame.numbers, copies), positions)
    one, all_ = (law.deviation(energy_rows(MODEL, graph(s)), "energy") for s in (frame, many))
    torch.testing.assert_close(all_, copies * one, rtol=1e-9, atol=0.0)


def test_the_further_a_molecule_is_stretched_beyond_training_the_less_is_known_of_it() -> None:
    def stretched(factor: float) -> Structure:
        return WATER.replace(positions=factor * WATER.positions)

    law = posterior([stretched(factor) for factor in np.linspace(0.95, 1.05, 21)])
    inside, beyond = (
        law.deviation(energy_rows(MODEL, graph(*map(stretched, factors))), "energy")
        for factors in (np.linspace(0.95, 1.05, 10), np.linspace(1.06, 1.4, 18))
    )
    assert inside.max() < beyond.min()
    assert (beyond.diff() > 0).all()


def test_of_a_new_element_nothing_is_known() -> None:
    law = posterior(rattled(40))
    methane = Structure([6, 1, 1, 1, 1], np.vstack([np.zeros(3), 1.09 * np.eye(3), -0.63 * np.ones(3)]))
    foreign, own = (energy_rows(MODEL, graph(*frames)) for frames in ([methane], rattled(40, seed=5)))
    assert law.deviation(foreign, "energy") > 10 * law.deviation(own, "energy").max()


def test_a_frame_that_was_trained_on_has_a_leverage_below_one() -> None:
    frames = rattled(40)
    deviation = posterior(frames).deviation(energy_rows(MODEL, graph(*frames)), "energy")
    assert (deviation <= 0.5 * np.sqrt(3) * (1 + 1e-9)).all()


def test_another_label_never_makes_anything_less_certain() -> None:
    frames, rows = rattled(12), energy_rows(MODEL, graph(*rattled(10, 0.4, seed=4)))
    deviations = [posterior(frames[:n]).deviation(rows, "energy") for n in range(2, 13)]
    assert all((after <= before * (1 + 1e-9)).all() for before, after in pairwise(deviations))


def test_it_comes_back_from_a_file_and_knows_its_model(tmp_path: Path) -> None:
    law = posterior(rattled(5))
    again = LastLayerPosterior.load(law.save(tmp_path / "uncertainty.safetensors")).check(MODEL)
    assert torch.equal(again.precision, law.precision)
    assert again.scales == law.scales
    with pytest.raises(InputError, match="belongs to another model"):
        again.check(small_model(1, 6, 8, seed=1))
    with pytest.raises(InputError, match="the uncertainty of stress was not calibrated; accepted: energy"):
        again.scale("stress")


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no uncertainty at"):
        LastLayerPosterior.load(tmp_path / "none.safetensors")
    (tmp_path / "pickle.safetensors").write_bytes(b"\x80\x04pickle")
    with pytest.raises(InputError, match="is not an uncertainty of a model"):
        LastLayerPosterior.load(tmp_path / "pickle.safetensors")
