"""The compiled sums over particles equal torch's, and step aside where torch is needed."""

import numpy as np
import pytest
import torch
from drawn_clouds import cloud, element, encoder, moved
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from intertwine.encoders import PlanarCloud, planar
from intertwine.ops import native
from intertwine.ops.cloud_sums import can_sum

built = pytest.mark.skipif(not can_sum(torch.zeros(1)), reason="the kernels were not built")
GROUPS = ("SO(2)", "O(2)")
LONG = (5, 0, 300, 1, 8, 120, 121, 119)
"""Numbers of particles beside the 120 that the kernel takes at once, and beside its lanes."""

sizes = st.fixed_dictionaries(
    {
        "group": st.sampled_from(GROUPS),
        "infrared_safe": st.booleans(),
        "orders": st.integers(1, 8),
        "width": st.sampled_from([1, 3, 8, 17]),
        "functions": st.integers(1, 5),
        "heads": st.integers(1, 3),
        "channels": st.sampled_from([1, 4]),
        "rounds": st.integers(1, 3),
        "particles": st.sampled_from([0.5, 30.0]),
    }
)


def in_single(event: PlanarCloud) -> PlanarCloud:
    return PlanarCloud(event.direction.float(), event.scalars.float(), event.weight.float(), event.counts)


def both(model, event: PlanarCloud) -> tuple[torch.Tensor, torch.Tensor]:
    """By the kernel, and by torch, which has to keep gradients."""
    with torch.no_grad():
        fast = model(event)
    plain = model(event)
    assert plain.requires_grad
    return fast, plain.detach()


def gap(fast: torch.Tensor, plain: torch.Tensor) -> float:
    return ((fast - plain).abs().max() / plain.abs().max().clamp_min(1.0)).item()


@built
@given(sizes, st.integers(0, 1000), st.lists(st.integers(0, 40), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_the_kernel_equals_torch(sizes: dict, seed: int, counts: list[int]) -> None:
    event = cloud(seed, tuple(counts))
    assert gap(*both(encoder(seed=seed, **sizes), event)) < 1e-12


@built
@pytest.mark.parametrize("safe", [False, True])
@pytest.mark.parametrize("group", GROUPS)
def test_for_any_number_of_particles_in_both_precisions(group: str, safe: bool) -> None:
    model, event = encoder(group, infrared_safe=safe, orders=3, width=32, functions=16), cloud(1, LONG)
    fast, plain = both(model, event)
    assert gap(fast, plain) < 1e-12
    assert (fast[1] == 0).all()
    with torch.no_grad():
        assert gap(model.float()(in_single(event)).double(), plain) < 1e-5


@built
def test_the_kernel_is_what_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planar, "planar_harmonics", None)
    with torch.no_grad():
        assert encoder("O(2)")(cloud(0)).abs().max() > 0
    frozen = encoder("SO(2)").requires_grad_(False)
    assert frozen(cloud(0)).abs().max() > 0


@built
@given(st.floats(-7.0, 7.0), st.integers(0, 1000), st.booleans())
@settings(max_examples=10)
@pytest.mark.parametrize("group", GROUPS)
@torch.no_grad()
def test_what_the_kernel_tells_turns_with_the_event(group: str, angle: float, seed: int, flip: bool) -> None:
    model, event = encoder(group, seed), cloud(seed)
    g = element(angle, flip and group == "O(2)")
    expected = torch.from_numpy(np.array(model.irreps.matrix(g))) @ model(event)
    torch.testing.assert_close(model(moved(event, g)), expected, atol=1e-12, rtol=0)


@built
@pytest.mark.parametrize("size", [1e2, 1e4])
def test_units_may_saturate(size: float) -> None:
    event = cloud(3, LONG)
    loud = PlanarCloud(event.direction, size * event.scalars, event.weight, event.counts)
    fast, plain = both(encoder("O(2)"), loud)
    assert fast.isfinite().all()
    assert gap(fast, plain) < 1e-12


@built
def test_what_is_no_number_stays_with_its_event() -> None:
    event = cloud(4, (3, 9, 5))
    event.scalars[4, 0] = torch.nan
    fast, plain = both(encoder("O(2)"), event)
    assert torch.equal(fast.isnan(), plain.isnan())
    assert fast.isnan().flatten(1).any(1).tolist() == [False, True, False]


@built
def test_the_number_of_threads_does_not_matter() -> None:
    model, event, before = encoder("O(2)").requires_grad_(False), cloud(5, LONG), torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(model(event))
    finally:
        torch.set_num_threads(before)
    assert max(gap(other, found[0]) for other in found[1:]) < 1e-14


@built
def test_gradients_run_through_torch() -> None:
    model, event = encoder().requires_grad_(False), cloud(6)
    event.direction.requires_grad_()
    (slope,) = torch.autograd.grad(model(event).square().sum(), [event.direction])
    assert slope.abs().max() > 0


@built
@torch.no_grad()
def test_who_counts_operations_sees_those_of_torch() -> None:
    model, event = encoder(), cloud(7)
    expected = model(event)
    with FlopCounterMode(display=False) as counter:
        torch.testing.assert_close(model(event), expected, rtol=0, atol=1e-12)
    assert counter.get_total_flops() > 2 * len(event.weight) * sum(
        w.numel() for w in model.networks[0].parameters()
    )


@torch.no_grad()
def test_without_the_kernel_torch_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model, event = encoder("O(2)"), cloud(8)
    before = model(event)
    monkeypatch.setattr(native, "usable", lambda *_: False)
    torch.testing.assert_close(model(event), before, rtol=0, atol=1e-12)


@pytest.mark.parametrize("counts", [[-1, 4], [4, -1]])
@torch.no_grad()
def test_numbers_that_no_event_has_are_not_read(counts: list[int]) -> None:
    event = cloud(0, (3,))
    with pytest.raises(RuntimeError, match="negative"):
        encoder()(PlanarCloud(event.direction, event.scalars, event.weight, counts))


@torch.no_grad()
def test_columns_that_the_model_does_not_know_are_not_read() -> None:
    event = cloud(0, (3,))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        encoder()(PlanarCloud(event.direction, event.scalars[:, :1], event.weight, (3,)))
