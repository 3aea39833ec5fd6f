"""What is picked is what brute force would pick, and never the same thing twice."""

import numpy as np
import pytest
import torch
from copper_clusters import clusters, random_model
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.apps.calibration import design, uncertainty_of
from intertwine.apps.select import METHODS, greedy, information_gain, select, variance
from intertwine.data import Structure
from intertwine.errors import InputError
from intertwine.groups import random_rotation
from intertwine.observables.uncertainty import LastLayerPosterior

MODEL = random_model()
TRAIN = clusters(20)
POSTERIOR = uncertainty_of(MODEL, TRAIN, clusters(8, seed=1))
POOL = [*clusters(8, seed=2, amplitude=0.1), *clusters(8, seed=3, amplitude=0.3)]
SEEDS = st.integers(0, 2**32 - 1)


def indices(frames: list[Structure]) -> list[int]:
    return [int(frame.info["pool_index"]) for frame in frames]


@settings(max_examples=30)
@given(SEEDS, st.integers(1, 4))
def test_greedy_d_optimality_is_brute_force(seed: int, labels: int) -> None:
    """Every pick is the frame that makes det(1 + Σ BᵀB) largest, by determinants of NumPy."""
    blocks = torch.from_numpy(np.random.default_rng(seed).normal(size=(8, labels, 5)))
    chosen = greedy(blocks, blocks[:, 0], 4, torch.ones(8) > 0, information_gain)

    def volume(frames: list[int]) -> float:
        rows = blocks[frames].reshape(-1, 5).numpy()
        return np.linalg.slogdet(np.eye(5) + rows.T @ rows)[1]

    for step in range(4):
        options = [k for k in range(8) if k not in chosen[:step]]
        assert chosen[step] == max(options, key=lambda k: volume([*chosen[:step], k]))


@settings(max_examples=30)
@given(SEEDS)
def test_exact_picks_condition_on_labels_without_noise(seed: int) -> None:
    """The variance left after exact labels: that of the part of a row outside the rows picked."""
    rows = torch.from_numpy(np.random.default_rng(seed).normal(size=(8, 5)))
    chosen = greedy(rows[:, None], rows, 3, torch.ones(8) > 0, variance, exact=True)
    for step in range(3):
        basis = np.linalg.qr(rows[chosen[:step]].numpy().T)[0]
        left = np.linalg.norm(rows.numpy() - rows.numpy() @ basis @ basis.T, axis=1)
        assert left[chosen[step]] > 0.99 * left.max()


@pytest.mark.parametrize("method", METHODS)
def test_of_two_frames_that_are_the_same_one_is_picked(method: str) -> None:
    rotation = random_rotation(np.random.default_rng(0))
    turned = [frame.replace(positions=frame.positions @ rotation.T + 1.0) for frame in POOL[:6]]
    chosen = indices(select(MODEL, [*POOL[:6], *turned], 6, POSTERIOR, method=method))
    assert sorted(index % 6 for index in chosen) == list(range(6))
    with pytest.raises(InputError, match="7 frames cannot be chosen; got: 6 of 12"):
        select(MODEL, [*POOL[:6], *turned], 7, POSTERIOR, method=method)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_known_is_not_picked(method: str) -> None:
    chosen = select(MODEL, POOL, 6, POSTERIOR, known=[*TRAIN, *POOL[:10]], method=method)
    assert sorted(indices(chosen)) == list(range(10, 16))


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_picks_the_same_frames_and_keeps_what_they_say(method: str) -> None:
    marked = [frame.replace(info={"name": f"frame {k}"}) for k, frame in enumerate(POOL)]
    first, again = (select(MODEL, marked, 5, POSTERIOR, method=method, seed=3) for _ in range(2))
    assert indices(first) == indices(again)
    assert len(set(indices(first))) == 5
    assert all(frame.info["name"] == f"frame {frame.info['pool_index']}" for frame in first)


def test_the_uncertainty_on_a_frame_is_that_of_its_energy_per_atom() -> None:
    rows = design(MODEL, POOL)
    sigma = POSTERIOR.deviation(rows.energy, "energy") / rows.atoms
    chosen = select(MODEL, POOL, 16, POSTERIOR, method="uncertainty")
    told = {frame.info["pool_index"]: frame.info["uncertainty"] for frame in chosen}
    np.testing.assert_allclose([told[k] for k in range(16)], sigma, rtol=1e-9)
    assert chosen[0].info["uncertainty"] == max(told.values())


def test_what_is_too_uncertain_is_skipped() -> None:
    everything = select(MODEL, POOL, 16, POSTERIOR)
    limit = float(np.median([frame.info["uncertainty"] for frame in everything]))
    chosen = select(MODEL, POOL, 8, POSTERIOR, max_uncertainty=limit)
    assert max(frame.info["uncertainty"] for frame in chosen) <= limit
    with pytest.raises(InputError, match="got: 8 of 16 that are new, different and not too uncertain"):
        select(MODEL, POOL, 9, POSTERIOR, max_uncertainty=limit)


def test_frames_unlike_the_training_frames_come_first() -> None:
    """Eight frames of the pool are rattled as the training frames or less, eight twice as much."""
    for method in ("dopt", "uncertainty"):
        assert sum(index >= 8 for index in indices(select(MODEL, POOL, 6, POSTERIOR, method=method))) >= 5


def test_without_weight_on_forces_only_energies_count() -> None:
    law = LastLayerPosterior(POSTERIOR.mean, POSTERIOR.precision, POSTERIOR.scales)
    assert indices(select(MODEL, POOL, 4, law, seed=0)) == indices(select(MODEL, POOL, 4, law, seed=1))


def test_a_wrong_method_is_told() -> None:
    with pytest.raises(InputError, match="unknown method 'dop'; accepted: dopt, uncertainty, random; do:"):
        select(MODEL, POOL, 2, POSTERIOR, method="dop")
