"""Laws of the loss: zero for the truth, linear in the weights, blind to what is not labelled."""

import numpy as np
import pytest
import torch
from copper import clusters
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.data import LABELS, Label, Structure
from intertwine.data.labels import declare
from intertwine.graph import Graph, build_graph, collate
from intertwine.train.losses import deviations, loss, penalty
from intertwine.train.tally import Tally, unit_of

declare(Label("exchange", "meV", "ij", per="bond"))
WEIGHTS = {"energy": 2.0, "forces": 30.0, "stress": 5.0}
seeds = st.integers(0, 2**32 - 1)


def frame(rng: np.random.Generator, labels: tuple[str, ...] = tuple(LABELS)) -> Structure:
    atoms = int(rng.integers(1, 5))
    bonds = rng.integers(atoms, size=(3, 2))
    values = {name: rng.normal(size=LABELS[name].full_shape(atoms, 3)) for name in labels}
    values = {n: LABELS[n].symmetrised(v) if LABELS[n].rank > 1 else v for n, v in values.items()}
    places = rng.normal(size=(atoms, 3)) * 3
    numbers = rng.integers(1, 9, size=atoms)
    return Structure(numbers, places, 20 * np.eye(3), [True] * 3, values, bonds=bonds)


def drawn_batch(rng: np.random.Generator, partly: bool = False) -> Graph:
    def some() -> tuple[str, ...]:
        return tuple(name for name in LABELS if not partly or rng.random() < 0.6)

    return collate([build_graph(frame(rng, some()), 2.0) for _ in range(4)])


def guess(batch: Graph, rng: np.random.Generator) -> dict[str, torch.Tensor]:
    labels = {name: value for name, value in batch.labels.items() if name in LABELS}
    return {name: value + torch.from_numpy(rng.normal(size=value.shape)) for name, value in labels.items()}


@settings(max_examples=30)
@given(seeds, st.sampled_from(["mse", "huber"]))
def test_the_truth_costs_nothing_and_anything_else_something(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    batch = drawn_batch(rng)
    assert loss(deviations(batch.labels, batch), WEIGHTS, penalty(kind)).item() == 0.0
    assert loss(deviations(guess(batch, rng), batch), WEIGHTS, penalty(kind)).item() > 0.0


@settings(max_examples=30)
@given(seeds, st.floats(0.1, 10.0))
def test_loss_is_linear_in_the_weights(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    batch = drawn_batch(rng)
    found = deviations(guess(batch, rng), batch)
    whole = loss(found, WEIGHTS)
    parts = [loss(found, {name: factor * weight}) for name, weight in WEIGHTS.items()]
    torch.testing.assert_close(torch.stack(parts).sum(), factor * whole)


@settings(max_examples=30)
@given(seeds)
def test_what_is_not_labelled_has_no_say(seed: int) -> None:
    """A partly labelled batch costs, label by label, the mean over the frames that have the label."""
    rng = np.random.default_rng(seed)
    batch = drawn_batch(rng, partly=True)
    predicted = guess(batch, rng)
    found = deviations(predicted, batch)
    for name, value in predicted.items():
        mask = batch.labels.get(f"has_{name}", torch.ones(batch.n_systems, dtype=torch.bool))
        rows = mask[batch.system_of(LABELS[name].per)]
        difference = (value - batch.labels[name])[rows]
        if LABELS[name].extensive:
            difference = difference / batch.counts[rows].reshape(-1, *[1] * LABELS[name].rank)
        expected = difference.square().mean() if rows.any() else torch.tensor(0.0, dtype=torch.float64)
        torch.testing.assert_close(found[name].mean(torch.square), expected)


def test_gradient_of_a_masked_label_is_zero() -> None:
    rng = np.random.default_rng(0)
    frames = [frame(rng, ("energy", "forces")), frame(rng, ("energy",))]
    batch = collate([build_graph(structure, 2.0) for structure in frames])
    forces = torch.randn(batch.n_atoms, 3, dtype=torch.float64, requires_grad=True)
    loss(deviations({"forces": forces}, batch), WEIGHTS).backward()
    assert forces.grad is not None
    assert (forces.grad[batch.batch == 0] != 0).all()
    assert (forces.grad[batch.batch == 1] == 0).all()


def test_energy_is_counted_per_atom() -> None:
    one, two = (frame.replace(labels={"energy": 0.0}) for frame in clusters(2))
    batch = collate([build_graph(one, 4.0), build_graph(two, 4.0)])
    off = {"energy": torch.tensor([4.0, -8.0], dtype=torch.float64)}
    assert deviations(off, batch)["energy"].values.tolist() == [1.0, -2.0]
    assert unit_of("energy") == "eV/atom"


@given(st.floats(-5, 5), st.floats(0.01, 2.0))
def test_huber_is_the_square_near_zero_and_grows_linearly_far_away(value: float, delta: float) -> None:
    deviation = torch.tensor(value, dtype=torch.float64, requires_grad=True)
    cost = penalty("huber", delta)(deviation)
    (slope,) = torch.autograd.grad(cost, deviation)
    assert slope.item() == pytest.approx(2 * min(max(value, -delta), delta), abs=1e-12)
    assert cost.item() <= value**2 + 1e-12


@settings(max_examples=30)
@given(seeds, st.integers(1, 5))
def test_a_tally_of_batches_is_the_tally_of_the_whole(seed: int, cut: int) -> None:
    rng = np.random.default_rng(seed)
    graphs = [build_graph(frame(rng), 2.0) for _ in range(6)]
    offset = 0.1 + rng.random()

    def figures(parts: list[list[Graph]]) -> dict[str, float]:
        tally = Tally()
        for part in parts:
            batch = collate(part)
            off = {name: value + offset for name, value in batch.labels.items()}
            tally.add(deviations(off, batch))
            again = Tally()
            again.load_state_dict(tally.state_dict())
            tally = again
        return tally.figures()

    whole, parted = figures([graphs]), figures([graphs[:cut], graphs[cut:]])
    assert whole.keys() == parted.keys()
    for name, value in whole.items():
        assert parted[name] == pytest.approx(value, rel=1e-12)
    assert whole["forces_mae"] == pytest.approx(offset) == whole["forces_rmse"]
