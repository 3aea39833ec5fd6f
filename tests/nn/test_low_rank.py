"""Adapters change a frozen layer by a map of small rank, and never its symmetry."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from intertwine.groups import Irreps, get_group
from intertwine.nn import InvariantNetwork, LowRankAdapters, SchurLinear
from intertwine.nn.rows import act

SEEDS = st.integers(0, 2**32 - 1)
RANKS = st.integers(1, 5)
FEW = settings(max_examples=15)
GROUPS = {"O(3)": "2x0e + 1o + 2e", "SO(2)": "0 + 2x1 + 2", "C4": "A + B + E", "m-3m": "A1g + Eg + T1u"}


def adapted(layer: nn.Module, rank: int, seed: int = 0) -> LowRankAdapters:
    """A layer with adapters that have learned something."""
    adapters = LowRankAdapters(layer, rank)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for factor in adapters.changes.parameters():
            factor.copy_(torch.randn(factor.shape, generator=generator))
    return adapters


@given(SEEDS, RANKS)
@FEW
@pytest.mark.parametrize("name", GROUPS)
def test_an_adapted_layer_commutes_with_its_group(name: str, seed: int, rank: int) -> None:
    irreps, generator = Irreps(GROUPS[name], name), torch.Generator().manual_seed(seed)
    layer = adapted(SchurLinear(irreps, irreps, 6, 4).double(), rank, seed)
    (g,) = torch.from_numpy(get_group(name).sample(np.random.default_rng(seed), 1))
    x = torch.randn(5, irreps.dim, 6, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(layer(act(irreps, g, x)), act(irreps, g, layer(x)), atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("rank", [1, 3, 9])
def test_adapters_that_have_learned_nothing_change_no_bit(rank: int) -> None:
    layer = SchurLinear(Irreps("0e + 1o"), Irreps("0e + 1o"), 8, 6)
    x = torch.randn(7, 4, 8)
    before = layer(x)
    assert torch.equal(LowRankAdapters(layer, rank)(x), before)


@given(SEEDS, RANKS)
@FEW
def test_every_block_of_every_weight_changes_by_the_rank_given(seed: int, rank: int) -> None:
    """And by all of it, where the block has so much."""
    irreps = Irreps("2x0e + 1o")
    for layer in (SchurLinear(irreps, irreps, 6, 3), InvariantNetwork([6, 4, 1])):
        before = copy.deepcopy(layer).double()
        after = adapted(layer.double(), rank, seed).merged()
        for old, new in zip(before.parameters(), after.parameters(), strict=True):
            blocks = (new - old).detach().reshape(-1, *old.shape[-2:])
            expected = min(rank, *old.shape[-2:])
            ranks = torch.linalg.matrix_rank(blocks, rtol=1e-10)
            assert ranks.tolist() == [expected] * len(blocks)


def test_a_merged_layer_is_a_plain_one_that_does_the_same() -> None:
    layer = SchurLinear(Irreps("0e + 1o"), Irreps("0e + 1o"), 8, 6).double()
    adapters = adapted(layer, rank=2)
    merged = adapters.merged()
    assert type(merged) is SchurLinear
    assert merged.state_dict().keys() == layer.state_dict().keys()
    assert all(weight.requires_grad for weight in merged.parameters())
    x = torch.randn(7, 4, 8, dtype=torch.float64)
    torch.testing.assert_close(merged(x), adapters(x), atol=1e-13, rtol=1e-13)
    assert (merged(x) - layer(x)).abs().max() > 0.1


def test_learning_moves_the_adapters_and_no_bit_of_the_layer() -> None:
    layer = SchurLinear(Irreps("0e + 1o"), Irreps("0e + 1o"), 8, 6)
    before = copy.deepcopy(layer.state_dict())
    adapters = LowRankAdapters(layer, rank=2)
    optimizer = torch.optim.AdamW(adapters.parameters(), lr=0.1, weight_decay=0.1)
    x, y = torch.randn(7, 4, 8), torch.randn(7, 4, 6)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        losses.append((adapters(x) - y).square().mean())
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.8 * losses[0]
    assert all(torch.equal(value, before[name]) for name, value in adapters.module.state_dict().items())


def test_what_the_layer_did_not_train_is_not_adapted() -> None:
    network = InvariantNetwork([6, 4, 1])
    network.weights[0].requires_grad_(False)
    adapters = adapted(network, rank=2)
    assert adapters.names == ("weights.1",)
    merged = adapters.merged()
    assert torch.equal(merged.get_parameter("weights.0"), network.get_parameter("weights.0"))
    assert not merged.get_parameter("weights.0").requires_grad
