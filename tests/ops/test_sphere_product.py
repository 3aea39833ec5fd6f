"""The compiled product on the sphere equals the plain one: values, first, second and third derivatives."""

import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from intertwine.ops import sphere_product as module
from intertwine.ops.native import usable
from intertwine.ops.sphere_product import plain_sphere_product, sphere_product

built = pytest.mark.skipif(not usable(torch.zeros(1)), reason="the kernels were not built")

degrees = st.tuples(st.integers(0, 4), st.integers(0, 3))
atoms = st.integers(0, 4)
channels = st.integers(1, 19)
Product = Callable[[Tensor, Tensor, int, int], Tensor]


def drawn(
    degrees: tuple[int, int], atoms: int, channels: int, dtype: torch.dtype = torch.float64
) -> list[Tensor]:
    """x, orders, a gradient of the result and directions in which to go once more."""
    generator = torch.Generator().manual_seed(channels)
    rows, rows_out = ((l + 1) ** 2 for l in degrees)
    shapes = [(atoms, rows, 3 * channels), (atoms, 3, channels), (atoms, rows_out, channels)]
    leaves = [torch.randn(shape, generator=generator, dtype=dtype, requires_grad=True) for shape in shapes]
    return [*leaves, torch.randn(shapes[0], generator=generator, dtype=dtype)]


def derivatives(product: Product, degrees: tuple[int, int], given: list[Tensor]) -> list[Tensor]:
    """Value, gradients, gradients of the gradient along a direction, and gradients of those."""
    x, orders, gy, hx = given
    y = product(x, orders, *degrees)
    first = torch.autograd.grad(y, (x, orders), gy, create_graph=True)
    second = torch.autograd.grad((first[0] * hx).sum(), (x, orders, gy), retain_graph=True)
    both = (first[0] * hx).sum() + first[1].square().sum()
    mixed = torch.autograd.grad(both, (x, orders, gy), create_graph=True)
    third = torch.autograd.grad(sum(value.square().sum() for value in mixed), (x, orders, gy))
    return [y, *first, *second, *mixed, *third]


def assert_equal(ours: list[Tensor], plain: list[Tensor], tolerance: float) -> None:
    for one, other in zip(ours, plain, strict=True):
        scale = other.abs().max().item() if other.numel() else 0.0
        torch.testing.assert_close(one, other, rtol=0, atol=tolerance * max(scale, 1.0))


@built
@given(degrees, atoms, channels)
@settings(max_examples=40, deadline=None)
def test_the_kernel_equals_torch_in_three_derivatives(
    degrees: tuple[int, int], atoms: int, channels: int
) -> None:
    given = drawn(degrees, atoms, channels)
    assert_equal(
        derivatives(sphere_product, degrees, given), derivatives(plain_sphere_product, degrees, given), 1e-12
    )


@built
@pytest.mark.parametrize("degrees", [(3, 1), (3, 0), (2, 2), (6, 3)])
def test_in_single_precision_too(degrees: tuple[int, int]) -> None:
    given = drawn(degrees, 3, 24, torch.float32)
    exact = [value.double() for value in derivatives(plain_sphere_product, degrees, given)[:6]]
    assert_equal([value.double() for value in derivatives(sphere_product, degrees, given)[:6]], exact, 1e-5)


@built
def test_the_kernel_is_what_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "plain_sphere_product", None)
    x, orders, gy, hx = drawn((3, 1), 2, 8)
    (gx,) = torch.autograd.grad(sphere_product(x, orders, 3, 1), x, gy, create_graph=True)
    assert torch.autograd.grad((gx * hx).sum(), orders)[0].abs().max() > 0.0


@built
def test_threads_change_nothing() -> None:
    given = drawn((3, 1), 7, 8)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = derivatives(sphere_product, (3, 1), given)
        torch.set_num_threads(2)
        two = derivatives(sphere_product, (3, 1), given)
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(one[:6], two[:6], strict=True))


def test_degrees_beyond_the_kernel_run_in_torch() -> None:
    x, orders, *_ = drawn((8, 4), 1, 1)
    assert sphere_product(x, orders, 8, 4).shape == (1, 25, 1)


def test_tracers_and_transforms_see_operations_of_torch() -> None:
    x, orders, *_ = (value.detach() for value in drawn((2, 1), 3, 4))
    batched = torch.func.vmap(lambda x, orders: sphere_product(x[None], orders[None], 2, 1)[0])(x, orders)
    torch.testing.assert_close(batched, sphere_product(x, orders, 2, 1))


def test_who_watches_the_derivative_alone_changes_nothing() -> None:
    x, orders, gy, _ = drawn((2, 1), 3, 4)
    y = sphere_product(x, orders, 2, 1)
    with FlopCounterMode(display=False):
        watched = torch.autograd.grad(y, (x, orders), gy)
    assert_equal(
        list(watched), list(torch.autograd.grad(sphere_product(x, orders, 2, 1), (x, orders), gy)), 0.0
    )


def test_the_kernels_can_be_switched_off() -> None:
    code = "import torch; from intertwine.ops.native import usable; print(usable(torch.zeros(1)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"INTERTWINE_NATIVE": "0"}, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False", done.stderr
