"""Frames along edges: they carry every edge onto y, smoothly up to a roll, with no digits lost anywhere."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from intertwine.errors import InputError
from intertwine.groups import spherical_harmonics, wigner_d
from intertwine.ops.edge_frames import edge_frames

L_MAX = 6
POLES = [sign * np.eye(3)[axis] for axis in range(3) for sign in (1.0, -1.0)]
CORNERS = [np.array(signs) for signs in itertools.product((1.0, -1.0), repeat=3)]
BORDERS = [np.array([0.0, signs[0], signs[1]]) for signs in itertools.product((1.0, -1.0), repeat=2)]


@st.composite
def near(draw: st.DrawFn) -> np.ndarray:
    """A special direction, missed by 1e-15 … 0.1."""
    seed, size = draw(st.integers(0, 2**32 - 1)), 10.0 ** -draw(st.integers(1, 15))
    return draw(st.sampled_from(POLES + BORDERS)) + size * np.random.default_rng(seed).standard_normal(3)


vectors = st.lists(
    st.one_of(
        st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).standard_normal(3)),
        st.sampled_from(POLES + CORNERS + BORDERS),
        near(),
    ),
    min_size=1,
    max_size=5,
).map(lambda rows: torch.from_numpy(np.stack(rows)))
rolls = st.one_of(st.none(), st.floats(-7, 7))


def drawn_roll(roll: float | None, edges: Tensor) -> Tensor | None:
    return None if roll is None else torch.full_like(edges[:, 0], roll)


@given(vectors, rolls)
def test_the_edge_stands_along_y_in_its_frame(edges: Tensor, roll: float | None) -> None:
    turned = (edge_frames(1, edges, drawn_roll(roll, edges))[1] @ edges.unsqueeze(2)).squeeze(2)
    length = edges.norm(dim=1)
    torch.testing.assert_close(turned[:, 1], length, atol=0, rtol=1e-14)
    assert (turned[:, ::2].abs() <= 1e-15 * 4 * length[:, None]).all()


@given(vectors, rolls)
def test_all_degrees_are_turned_by_the_same_rotation(edges: Tensor, roll: float | None) -> None:
    frames = edge_frames(L_MAX, edges, drawn_roll(roll, edges))
    rotation = frames[1].numpy()
    np.testing.assert_allclose(np.linalg.det(rotation), 1.0, atol=1e-14)
    for l, frame in enumerate(frames):
        np.testing.assert_allclose(frame.numpy(), wigner_d(l, rotation), atol=1e-13)


@given(vectors)
def test_harmonics_of_an_edge_have_order_zero_only_in_its_frame(edges: Tensor) -> None:
    unit = edges / edges.norm(dim=1, keepdim=True)
    for l, frame in enumerate(edge_frames(L_MAX, edges)):
        seen = frame @ torch.from_numpy(spherical_harmonics(l, unit.numpy())).unsqueeze(2)
        expected = torch.zeros_like(seen)
        expected[:, l] = math.sqrt(2 * l + 1)
        torch.testing.assert_close(seen, expected, atol=1e-13, rtol=0)


@given(vectors, st.floats(-7, 7))
def test_a_roll_turns_the_frame_about_its_edge(edges: Tensor, roll: float) -> None:
    angle = drawn_roll(roll, edges)
    turn = np.array([[math.cos(roll), 0, -math.sin(roll)], [0, 1, 0], [math.sin(roll), 0, math.cos(roll)]])
    for l, (plain, rolled) in enumerate(
        zip(edge_frames(L_MAX, edges), edge_frames(L_MAX, edges, angle), strict=True)
    ):
        torch.testing.assert_close(rolled, torch.from_numpy(wigner_d(l, turn)) @ plain, atol=1e-13, rtol=0)


@given(vectors)
def test_single_precision_loses_no_more_than_rounding(edges: Tensor) -> None:
    single = edges.float()
    frames = edge_frames(L_MAX, single)
    assert frames[1].dtype == torch.float32
    for l, frame in enumerate(frames):
        product = frame.double() @ frame.double().mT
        torch.testing.assert_close(
            product, torch.eye(2 * l + 1).double().expand_as(product), atol=4e-6, rtol=0
        )


def test_frames_differentiate_twice_at_the_poles_and_near_them() -> None:
    close = [pole + 1e-5 * np.roll(pole, 1) for pole in POLES]
    edges = torch.from_numpy(np.stack(POLES + close + CORNERS[:2])).requires_grad_()
    assert gradcheck(lambda edges: tuple(edge_frames(3, edges)[1:]), edges)
    assert gradgradcheck(lambda edges: edge_frames(2, edges)[2], edges)


@given(vectors)
def test_derivatives_of_high_degrees_are_bounded_everywhere(edges: Tensor) -> None:
    """The first derivative of degree l grows as l, the second as l²: no direction is worse than another."""
    unit = (edges / edges.norm(dim=1, keepdim=True)).requires_grad_()
    entry = edge_frames(L_MAX, unit)[L_MAX].sum(dim=(1, 2))
    (first,) = torch.autograd.grad(entry.sum(), unit, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), unit)
    assert first.abs().max() < 13 * 13 * L_MAX
    assert second.abs().max() < 13 * 13 * L_MAX**2 * 3


def test_an_edge_of_no_length_has_no_frame() -> None:
    nowhere = torch.zeros(1, 3, requires_grad=True)
    frames = edge_frames(2, nowhere, torch.ones(1))
    assert [frame.abs().sum().item() for frame in frames] == [1.0, 0.0, 0.0]
    (slope,) = torch.autograd.grad(frames[2].sum(), nowhere)
    assert torch.equal(slope, torch.zeros(1, 3))


def test_a_negative_degree_is_refused() -> None:
    with pytest.raises(InputError, match="no negative degree"):
        edge_frames(-1, torch.eye(3))
