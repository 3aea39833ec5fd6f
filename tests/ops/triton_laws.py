"""Laws of the Triton kernels, which `test_triton.py` has Triton's interpreter run in a process of its own."""

import pytest
import torch
from hypothesis import example, given, settings
from test_sphere_product import assert_equal, atoms, channels, degrees, derivatives, drawn

from intertwine.ops import native, triton
from intertwine.ops import sphere_product as module
from intertwine.ops.sphere_product import plain_sphere_product, sphere_product


def test_a_tensor_on_the_cpu_goes_to_triton() -> None:
    x = torch.zeros(1)
    assert triton.usable(x)
    assert not native.usable(x)


@given(degrees, atoms, channels)
@example((3, 1), 4, 19)
@example((2, 0), 0, 3)
@example((0, 0), 1, 1)
@settings(max_examples=4, deadline=None)
def test_the_kernels_equal_torch_in_three_derivatives(
    degrees: tuple[int, int], atoms: int, channels: int
) -> None:
    given = drawn(degrees, atoms, channels)
    assert_equal(
        derivatives(sphere_product, degrees, given), derivatives(plain_sphere_product, degrees, given), 1e-12
    )


@pytest.mark.parametrize("degrees", [(3, 1), (6, 3)])
def test_in_single_precision_too(degrees: tuple[int, int]) -> None:
    given = drawn(degrees, 2, 19, torch.float32)
    exact = derivatives(plain_sphere_product, degrees, [value.double() for value in given])
    ours = derivatives(sphere_product, degrees, given)
    assert_equal([value.double() for value in ours[:6]], exact[:6], 1e-6)


def test_no_derivative_of_forces_needs_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "plain_sphere_product", None)
    x, orders, gy, hx = drawn((3, 1), 2, 8)
    (gx,) = torch.autograd.grad(sphere_product(x, orders, 3, 1), x, gy, create_graph=True)
    assert torch.autograd.grad((gx * hx).sum(), orders)[0].abs().max() > 0.0


def test_the_derivatives_are_those_of_finite_differences() -> None:
    x, orders, *_ = drawn((1, 1), 1, 2)
    for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck):
        assert check(lambda x, orders: sphere_product(x, orders, 1, 1), (x, orders), fast_mode=True)


def test_transforms_see_operations_of_torch() -> None:
    x, orders, *_ = (value.detach() for value in drawn((2, 1), 3, 4))
    batched = torch.func.vmap(lambda x, orders: sphere_product(x[None], orders[None], 2, 1)[0])(x, orders)
    torch.testing.assert_close(batched, sphere_product(x, orders, 2, 1))
