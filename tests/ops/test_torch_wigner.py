"""Wigner matrices in torch: the exact ones, e3nn's, a representation, differentiable at every rotation."""

from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from intertwine.errors import InputError
from intertwine.groups import axis_angle_to_rotation, random_rotation, wigner_d
from intertwine.ops.wigner import wigner_matrices

L_MAX = 8
AXES = [
    np.array(axis) for axis in ([1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [1.0, 1, 0], [0, 1.0, -1], [1.0, 1, 1])
]
SPECIAL = [
    axis_angle_to_rotation(axis, angle)
    for axis in AXES
    for angle in (0.0, 1e-9, 1e-4, np.pi / 2, np.pi - 1e-7, np.pi)
]
"""Identity, half turns and their neighbours: where Euler's angles lose digits."""

rotations = st.one_of(
    st.integers(0, 2**32 - 1).map(lambda seed: random_rotation(np.random.default_rng(seed))),
    st.sampled_from(SPECIAL),
)


@given(st.lists(rotations, min_size=1, max_size=4).map(np.stack))
def test_they_are_the_exact_ones(turns: np.ndarray) -> None:
    for l, matrix in enumerate(wigner_matrices(L_MAX, torch.from_numpy(turns))):
        np.testing.assert_allclose(matrix.numpy(), wigner_d(l, turns), atol=1e-12, rtol=0)


@pytest.fixture(scope="module")
def o3() -> Iterator[ModuleType]:
    """e3nn.o3 in double precision: it takes the precision of its generators from the global default."""
    from e3nn import o3

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield o3
    torch.set_default_dtype(before)


# torch.matrix_exp, with which e3nn turns, is off by up to 1e-10 for angles between 0.001 and 0.05
euler_angles = st.tuples(st.floats(0.1, 6.1), st.floats(0.1, 3.1), st.floats(0.1, 6.1))


@given(angles=euler_angles)
@settings(max_examples=20)
def test_they_are_those_of_e3nn(o3: ModuleType, angles: tuple[float, float, float]) -> None:
    euler = [torch.tensor(angle, dtype=torch.float64) for angle in angles]
    for l, matrix in enumerate(wigner_matrices(6, o3.angles_to_matrix(*euler)[None])):
        torch.testing.assert_close(matrix[0], o3.wigner_D(l, *euler), atol=1e-12, rtol=0)


@given(rotations, rotations)
def test_the_matrix_of_a_product_is_the_product_of_matrices(first: np.ndarray, second: np.ndarray) -> None:
    both = torch.from_numpy(np.stack([first, second, first @ second]))
    for matrix in wigner_matrices(L_MAX, both):
        torch.testing.assert_close(matrix[0] @ matrix[1], matrix[2], atol=1e-12, rtol=0)


@given(st.lists(rotations, min_size=1, max_size=4).map(np.stack))
def test_single_precision_loses_no_more_than_rounding(turns: np.ndarray) -> None:
    for l, matrix in enumerate(wigner_matrices(L_MAX, torch.from_numpy(turns).float())):
        assert matrix.dtype == torch.float32
        np.testing.assert_allclose(matrix.numpy(), wigner_d(l, turns), atol=3e-6, rtol=0)


def turned_by(axis: Tensor, rotation: Tensor) -> Tensor:
    """exp(axis ×) times a rotation: a chart in which every change is a turn."""
    x, y, z = axis.unbind(-1)
    zero = torch.zeros_like(x)
    rows = [zero, -z, y, z, zero, -x, -y, x, zero]
    return torch.linalg.matrix_exp(torch.stack(rows, dim=-1).unflatten(-1, (3, 3))) @ rotation


def test_they_differentiate_twice_at_every_special_rotation() -> None:
    special = torch.from_numpy(np.stack(SPECIAL))
    axis = torch.zeros(len(special), 3, dtype=torch.float64, requires_grad=True)

    def matrices(axis: Tensor) -> tuple[Tensor, ...]:
        return tuple(wigner_matrices(3, turned_by(axis, special))[1:])

    assert gradcheck(matrices, axis, fast_mode=True)
    assert gradgradcheck(matrices, axis, fast_mode=True)


def test_a_negative_degree_is_refused() -> None:
    with pytest.raises(InputError, match="no negative degree"):
        wigner_matrices(-1, torch.eye(3)[None])
