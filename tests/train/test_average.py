"""The average lies between the weights that it has seen, and is part of the state."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from intertwine.train.average import MovingAverage

values = st.lists(st.floats(-10, 10), min_size=1, max_size=20)


def follow(average: MovingAverage, model: nn.Linear, path: list[float]) -> float:
    for value in path:
        model.weight.data.fill_(value)
        average.update(model)
    return average.model.weight.item()  # type: ignore[union-attr]


def fresh(decay: float) -> tuple[nn.Linear, MovingAverage]:
    model = nn.Linear(1, 1, bias=False).double()
    model.weight.data.fill_(0.0)
    return model, MovingAverage(model, decay)


@given(values, st.floats(0.0, 0.999))
def test_it_is_a_weighted_mean_of_what_it_saw(path: list[float], decay: float) -> None:
    model, average = fresh(decay)
    expected = 0.0
    for step, value in enumerate(path):
        keep = min(decay, (1 + step) / (10 + step))
        expected = keep * expected + (1 - keep) * value
    assert follow(average, model, path) == pytest.approx(expected, abs=1e-12)


@given(values, st.integers(0, 20))
def test_it_is_restored_to_the_bit(path: list[float], cut: int) -> None:
    model, average = fresh(0.99)
    whole = follow(average, model, path)
    model, first = fresh(0.99)
    follow(first, model, path[:cut])
    _, second = fresh(0.99)
    second.load_state_dict(first.state_dict())
    assert follow(second, model, path[cut:]) == whole


def test_it_never_asks_for_gradients_and_leaves_the_model_alone() -> None:
    model, average = fresh(0.9)
    model.weight.data.fill_(2.0)
    average.update(model)
    assert model.weight.item() == 2.0
    assert not any(parameter.requires_grad for parameter in average.parameters())
    assert torch.is_grad_enabled()
