"""The order of the batches is a function of seed and epoch; a place in it can be kept."""

from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.data import Structure
from intertwine.errors import InputError
from intertwine.graph import build_graph
from intertwine.train import GraphLoader
from intertwine.train.loader import ReplayLoader

GRAPHS = [build_graph(Structure([z], np.zeros((1, 3))), 3.0) for z in range(1, 14)]

sizes = st.integers(1, 15)
seeds = st.integers(0, 2**31)


def epoch(loader: GraphLoader) -> list[list[int]]:
    return [batch.numbers.tolist() for batch in loader]


@settings(max_examples=30)
@given(seeds, sizes)
def test_every_epoch_visits_every_graph_once(seed: int, size: int) -> None:
    loader = GraphLoader(GRAPHS, size, seed)
    for _ in range(3):
        batches = epoch(loader)
        assert len(batches) == len(loader)
        assert sorted(chain.from_iterable(batches)) == list(range(1, 14))


@settings(max_examples=30)
@given(seeds, sizes, st.integers(0, 5))
def test_batches_depend_on_seed_and_epoch_alone(seed: int, size: int, number: int) -> None:
    one, other = GraphLoader(GRAPHS, size, seed), GraphLoader(GRAPHS, size, seed)
    for _ in range(number):
        epoch(one)
    torch.manual_seed(seed + 1)  # whatever else is drawn in between changes nothing
    np.random.default_rng().random()
    other.load_state_dict({"epoch": number, "position": 0})
    assert epoch(one) == epoch(other)


def test_epochs_and_seeds_differ() -> None:
    orders = {tuple(GraphLoader(GRAPHS, 4, seed).order(number)) for seed in range(5) for number in range(5)}
    assert len(orders) == 25


@settings(max_examples=30)
@given(seeds, sizes, st.integers(0, 30))
def test_a_loader_goes_on_where_another_stopped(seed: int, size: int, taken: int) -> None:
    def stream(loader: GraphLoader):
        while True:
            for batch in loader:
                yield batch.numbers.tolist(), loader.state_dict()

    whole = stream(GraphLoader(GRAPHS, size, seed))
    state = {"epoch": 0, "position": 0}
    for _ in range(taken):
        _, state = next(whole)
    resumed = GraphLoader(GRAPHS, size, seed)
    resumed.load_state_dict(state)
    rest = stream(resumed)
    assert [next(rest) for _ in range(5)] == [next(whole) for _ in range(5)]


def test_unshuffled_order_is_the_given_one() -> None:
    loader = GraphLoader(GRAPHS, 5, shuffle=False)
    for _ in range(2):
        assert list(chain.from_iterable(epoch(loader))) == list(range(1, 14))


@pytest.mark.parametrize(("graphs", "size"), [([], 4), (GRAPHS, 0)])
def test_what_cannot_be_batched_is_refused(graphs: list, size: int) -> None:
    with pytest.raises(InputError, match="accepted: "):
        GraphLoader(graphs, size)


def rehearsing(seed: int, size: int) -> ReplayLoader:
    return ReplayLoader(GraphLoader(GRAPHS[:8], size, seed), GraphLoader(GRAPHS[8:], 2, seed))


@settings(max_examples=30)
@given(seeds, sizes)
def test_old_graphs_join_every_batch_and_come_round_in_turn(seed: int, size: int) -> None:
    loader, old = rehearsing(seed, size), []
    for _ in range(10):
        batches = epoch(loader)
        assert len(batches) == len(loader)
        assert sorted(z for batch in batches for z in batch if z <= 8) == list(range(1, 9))
        assert all(batch[-1] > 8 for batch in batches)
        old += [z for batch in batches for z in batch if z > 8]
    for start in range(0, len(old) - 4, 5):
        assert sorted(old[start : start + 5]) == list(range(9, 14))


@settings(max_examples=30)
@given(seeds, sizes, st.integers(0, 30))
def test_a_loader_with_old_graphs_goes_on_where_another_stopped(seed: int, size: int, taken: int) -> None:
    def stream(loader: ReplayLoader):
        while True:
            for batch in loader:
                yield batch.numbers.tolist(), loader.state_dict()

    whole = stream(rehearsing(seed, size))
    state = rehearsing(seed, size).state_dict()
    for _ in range(taken):
        _, state = next(whole)
    resumed = rehearsing(seed, size)
    resumed.load_state_dict(state)
    rest = stream(resumed)
    assert [next(rest) for _ in range(5)] == [next(whole) for _ in range(5)]
