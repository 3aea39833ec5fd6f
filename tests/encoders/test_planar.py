"""The planar encoder commutes with turns and mirrors and counts particles as physics does."""

import numpy as np
import pytest
import torch
from drawn_clouds import cloud, element, encoder, moved
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.encoders import PlanarCloud
from intertwine.errors import InputError
from intertwine.groups import Irreps, get_group
from intertwine.nn import SchurLinear
from intertwine.ops.planar import gather_products, planar_harmonics, spread_products

FEW = settings(max_examples=10)
ANGLES = st.floats(-7.0, 7.0)
SEEDS = st.integers(0, 1000)
GROUPS = ("SO(2)", "O(2)")


@given(ANGLES, SEEDS, st.booleans())
@FEW
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("safe", [False, True])
def test_every_order_turns_with_the_event(
    group: str, safe: bool, angle: float, seed: int, flip: bool
) -> None:
    model, event = encoder(group, seed, infrared_safe=safe), cloud(seed)
    g = element(angle, flip and group == "O(2)")
    expected = torch.from_numpy(np.array(model.irreps.matrix(g))) @ model(event)
    torch.testing.assert_close(model(moved(event, g)), expected, atol=1e-12, rtol=0)


def test_no_order_is_idle() -> None:
    for group in GROUPS:
        found = encoder(group)(cloud(3))[3].abs().amax(dim=1)
        assert (found > 1e-6).all(), group


def test_mirrors_are_no_symmetry_of_so2_models() -> None:
    model, event, g = encoder("SO(2)"), cloud(1), element(0.0, True)
    scalars = model(event)[:, 0]
    assert (model(moved(event, g))[:, 0] - scalars).abs().max() > 1e-6


def test_a_mirror_symmetric_event_has_nothing_odd() -> None:
    half = cloud(2, (6,))
    other = moved(half, element(0.0, True))
    both = PlanarCloud(
        *(torch.cat([getattr(half, n), getattr(other, n)]) for n in ("direction", "scalars", "weight")), (12,)
    )
    found = encoder("O(2)")(moved(both, element(0.3, False)))[0]
    assert found[1].abs().max() < 1e-15 < 1e-6 < found[0].abs().max()


def test_even_features_cannot_answer_what_is_odd() -> None:
    group = get_group("O(2)")
    layer = SchurLinear(Irreps("4x0e + 2x1", group), Irreps("0o", group), 3, 2)
    assert layer(torch.randn(5, 8, 3)).abs().max() == 0.0


@given(SEEDS)
@FEW
def test_the_order_of_particles_does_not_matter(seed: int) -> None:
    model, event = encoder(), cloud(seed, (7,))
    mixed = torch.randperm(7, generator=torch.Generator().manual_seed(seed))
    other = PlanarCloud(event.direction[mixed], event.scalars[mixed], event.weight[mixed], (7,))
    torch.testing.assert_close(model(other), model(event), atol=1e-13, rtol=0)


def test_events_do_not_see_one_another() -> None:
    model, event = encoder(), cloud(4, (5, 3))
    alone = PlanarCloud(event.direction[5:], event.scalars[5:], event.weight[5:], (3,))
    torch.testing.assert_close(model(alone)[0], model(event)[1], atol=1e-13, rtol=0)


@pytest.mark.parametrize("safe", [False, True])
def test_an_event_without_particles_is_exactly_zero(safe: bool) -> None:
    model = encoder(infrared_safe=safe)
    assert model(cloud(0))[1].abs().max() == 0.0
    assert model(cloud(0, (0,))).abs().max() == 0.0
    assert model(cloud(0, ())).shape == (0, 9, 12)


@pytest.mark.parametrize("group", GROUPS)
def test_a_soft_particle_is_not_seen(group: str) -> None:
    model, event, extra = encoder(group, infrared_safe=True), cloud(5, (6,)), cloud(6, (1,))
    gaps = []
    for weight in (1e-3, 1e-6, 1e-9):
        parts = ((getattr(event, n), getattr(extra, n)) for n in ("direction", "scalars"))
        more = PlanarCloud(
            *(torch.cat(p) for p in parts), torch.cat([event.weight, torch.tensor([weight])]), (7,)
        )
        gaps.append((model(more) - model(event)).abs().max().item())
    assert gaps[0] > 1e-6
    assert gaps[1] < 1.1e-3 * gaps[0]
    assert gaps[2] < 1e-9


@given(st.floats(0.01, 0.99), SEEDS)
@FEW
def test_a_collinear_splitting_is_not_seen(share: float, seed: int) -> None:
    event = cloud(seed, (6,))
    split = PlanarCloud(
        torch.cat([event.direction, event.direction[:1]]),
        torch.cat([event.scalars, event.scalars[:1]]),
        torch.cat([event.weight[:1] * share, event.weight[1:], event.weight[:1] * (1 - share)]),
        (7,),
    )
    safe, unsafe = encoder(infrared_safe=True), encoder()
    torch.testing.assert_close(safe(split), safe(event), atol=1e-13, rtol=0)
    assert (unsafe(split) - unsafe(event)).abs().max() > 1e-6


@given(SEEDS)
@FEW
def test_spreading_is_the_adjoint_of_gathering(seed: int) -> None:
    event = cloud(seed)
    rows = planar_harmonics(event.direction, 3)
    table = torch.randn(4, 7, 2, dtype=torch.float64)
    gathered = (gather_products(rows, event.scalars, event.counts) * table).sum()
    spread = (event.scalars * spread_products(rows, table, event.counts)).sum()
    torch.testing.assert_close(gathered, spread)


def test_gradients_are_finite_where_nothing_has_a_direction() -> None:
    model, event = encoder(infrared_safe=True), cloud(1)
    still = PlanarCloud(event.direction * 0, event.scalars, event.weight * 0, event.counts)
    model(still).sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_particles_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(InputError, match="do not agree in number"):
        PlanarCloud(torch.zeros(2, 2), torch.zeros(2, 1), torch.ones(2), [1])
