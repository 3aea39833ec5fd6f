"""Laws of the Triton kernels, which `test_triton.py` has Triton's interpreter run in a process of its own."""

import pytest
import torch
from test_bond_message import Case
from test_sphere_product import assert_equal, derivatives, drawn

from intertwine.ops import bond_message, native, triton
from intertwine.ops import sphere_product as module
from intertwine.ops.sphere_product import plain_sphere_product, sphere_product


def test_a_tensor_on_the_cpu_goes_to_triton() -> None:
    x = torch.zeros(1)
    assert triton.usable(x)
    assert not native.usable(x)


@pytest.mark.parametrize(
    ("degrees", "atoms", "channels"),
    [((3, 1), 4, 19), ((2, 3), 3, 7), ((4, 0), 1, 5), ((6, 3), 1, 2), ((2, 0), 0, 3), ((0, 0), 1, 1)],
)
def test_the_product_equals_torchs_in_three_derivatives(
    degrees: tuple[int, int], atoms: int, channels: int
) -> None:
    given = drawn(degrees, atoms, channels)
    assert_equal(
        derivatives(sphere_product, degrees, given), derivatives(plain_sphere_product, degrees, given), 1e-12
    )


def test_the_product_in_single_precision_too() -> None:
    degrees = 3, 1
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


@pytest.mark.parametrize(
    "sizes",
    [
        (3, 11, 2, 0, 2, 5),
        (2, 6, 3, 1, 8, 2),
        (1, 17, 1, 1, 3, 37),  # several blocks of edges, and of channels
        (2, 2, 5, 1, 17, 3),
        (3, 0, 1, 0, 1, 1),
        (0, 0, 1, 1, 1, 1),
    ],
)
def test_the_message_equals_torchs_in_two_derivatives(sizes: tuple[int, ...]) -> None:
    case = Case(*sizes)
    assert_equal(case.derivatives(case.fast), case.derivatives(case.plain), 1e-12)


def test_the_message_in_single_precision_too() -> None:
    case = Case(2, 18, 3, 1, 8, 19)
    ours = [value.double() for value in case.derivatives(case.fast, torch.float32)]
    assert_equal(ours, case.derivatives(case.plain), 1e-6)


def test_only_the_gradients_asked_for_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[list[torch.Tensor | None]] = []
    run = bond_message._run
    monkeypatch.setattr(bond_message, "_run", lambda *a, **k: found.append(run(*a, **k)) or found[-1])
    monkeypatch.setattr(bond_message, "plain_bond_message", None)
    case = Case(2, 5, 1, 1, 3, 5)
    x = [2.0 * leaf for leaf in case.leaves[:4]] + case.leaves[4:]
    torch.autograd.grad(case.fast(x).square().sum(), case.leaves[:4])
    assert [value is None for value in found[1]] == [False] * 4 + [True] * 4
