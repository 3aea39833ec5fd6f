"""Laws of Muon: the polar factor is one, no channel is special, matrices do not feel each other."""

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from intertwine.encoders.body_ordered import BodyOrderedEncoder, BodyOrderedSpec
from intertwine.groups import Irreps
from intertwine.nn import SchurLinear
from intertwine.train.muon import Muon, polar_factor

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 12)
IRREPS = Irreps("0e + 1o + 2e")


def drawn(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def orthogonal(seed: int, size: int) -> Tensor:
    return torch.linalg.qr(drawn(seed, size, size)).Q


class Maps(nn.Module):
    """Two maps side by side in one parameter, and something that is no map."""

    def __init__(self, seed: int, rows: int = 5, columns: int = 3) -> None:
        super().__init__()
        self.pair = nn.Parameter(drawn(seed, rows, 2 * columns))
        self.stack = nn.Parameter(drawn(seed + 1, 2, columns, rows))
        self.scale = nn.Parameter(drawn(seed + 2, 7))
        self.linear_maps = {"pair": 2, "stack": 1}

    def pull(self, seed: int) -> None:
        for number, parameter in enumerate(self.parameters()):
            parameter.grad = drawn(seed + number, *parameter.shape)


@given(seeds, sizes, sizes, st.floats(0.0, 1.5))
@settings(max_examples=40)
def test_singular_vectors_stay_and_singular_values_become_one(seed, rows, columns, spread):
    """Over a condition of up to 30; the quintic promises no more than about one."""
    least = min(rows, columns)
    U, V = orthogonal(seed, rows)[:, :least], orthogonal(seed + 1, columns)[:, :least]
    values = 10.0 ** (-spread * torch.linspace(0, 1, least, dtype=torch.float64))
    found = U.mT @ polar_factor((U * values) @ V.mT[None])[0] @ V
    torch.testing.assert_close(found, torch.diag(found.diagonal()), atol=1e-10, rtol=0)
    assert found.diagonal().min() > 0.68
    assert found.diagonal().max() < 1.21


def test_nothing_comes_of_nothing():
    assert torch.equal(polar_factor(torch.zeros(2, 3, 4)), torch.zeros(2, 3, 4))


@given(seeds)
@settings(max_examples=10)
def test_a_turn_of_the_channels_turns_the_training(seed):
    """W → QWR for orthogonal Q, R: no basis of the channels is preferred, as Adam prefers one."""
    Q, R = orthogonal(seed, 4), orthogonal(seed + 1, 6)
    layer = SchurLinear(IRREPS, IRREPS, 4, 6).double()
    turned = copy.deepcopy(layer)
    turned.weight.data = Q @ layer.weight.data @ R
    optimizers = [Muon(each, lr=0.03, weight_decay=0.1) for each in (layer, turned)]
    x, y = drawn(seed, 8, IRREPS.dim, 4), drawn(seed + 1, 8, IRREPS.dim, 6)
    for _ in range(3):
        for each, inputs, outputs in ((layer, x, y), (turned, x @ Q.mT, y @ R)):
            each.zero_grad()
            (each(inputs) - outputs).square().sum().backward()
        for optimizer in optimizers:
            optimizer.step()
    torch.testing.assert_close(turned.weight, Q @ layer.weight @ R, atol=1e-9, rtol=0)


@given(seeds)
@settings(max_examples=10)
def test_each_matrix_goes_its_way_as_if_it_were_alone(seed):
    """Against the formula, matrix by matrix; what is no map goes as Adam sends it."""
    model, alone = Maps(seed), Maps(seed)
    optimizer, adam = Muon(model, lr=0.02), torch.optim.Adam([alone.scale], lr=0.02)
    memory = {name: torch.zeros_like(value) for name, value in alone.named_parameters()}
    for step in range(3):
        model.pull(seed + step)
        alone.pull(seed + step)
        optimizer.step()
        adam.step()
        for name, value in alone.named_parameters():
            if name == "scale":
                continue
            memory[name] = 0.95 * memory[name] + value.grad
            ahead = value.grad + 0.95 * memory[name]
            parts = ahead.chunk(2, dim=1 if name == "pair" else 0)
            for place, part in zip(value.data.chunk(2, dim=1 if name == "pair" else 0), parts, strict=True):
                factor = polar_factor(part.reshape(1, *part.shape[-2:])).reshape(part.shape)
                rows, columns = part.shape[-2:]
                place.sub_(0.02 * math.sqrt(max(rows, columns) / rows) * factor)
    for name, value in model.named_parameters():
        torch.testing.assert_close(value, dict(alone.named_parameters())[name], atol=1e-10, rtol=0)


@pytest.mark.parametrize(("rows", "columns"), [(64, 64), (24, 192), (64, 16)])
def test_a_step_moves_an_entry_by_the_rate_times_what_it_is_at_the_start(rows, columns):
    layer = SchurLinear(IRREPS, IRREPS, rows, columns)
    before = layer.weight.detach().clone()
    layer.weight.grad = torch.randn_like(layer.weight)
    Muon(layer, lr=0.01).step()
    moved = (layer.weight - before).square().mean().sqrt() / before.square().mean().sqrt()
    assert 0.006 < moved < 0.0115


def test_a_state_goes_on_where_it_was_left():
    first, second = Maps(1), Maps(1)
    one, two = Muon(first, lr=0.02), Muon(second, lr=0.02)
    for step in range(2):
        first.pull(step)
        one.step()
    second.load_state_dict(first.state_dict())
    two.load_state_dict(copy.deepcopy(one.state_dict()))
    for model, optimizer in ((first, one), (second, two)):
        model.pull(9)
        optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_all_maps_between_channels_of_the_encoder_are_taken():
    encoder = BodyOrderedEncoder(BodyOrderedSpec(species=(1, 6, 8)))
    taken = {id(parameter) for parameter in Muon(encoder, lr=0.01).param_groups[0]["params"]}
    left = [name for name, parameter in encoder.named_parameters() if id(parameter) not in taken]
    assert left == [
        "density.species",
        "layers.0.orders",
        "layers.1.orders",
        "layers.1.residual_scale",
    ]
