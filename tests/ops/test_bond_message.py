"""The compiled message equals the plain one: values, first, second and third derivatives."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from intertwine.ops import bond_message as module
from intertwine.ops.bond_message import Bonds, bond_message, plain_bond_message
from intertwine.ops.contract import Neighbourhoods
from intertwine.ops.native import usable

built = pytest.mark.skipif(not usable(torch.zeros(1)), reason="the kernels were not built")

Message = Callable[[list[Tensor]], Tensor]


class Case:
    """Random edges among some atoms: the leaves, and both roads as functions of them."""

    def __init__(self, atoms: int, edges: int, l_max: int, hidden_l: int, radial: int, channels: int) -> None:
        self.generator = torch.Generator().manual_seed(edges)
        ends = torch.randint(0, max(atoms, 1), (2, edges if atoms else 0), generator=self.generator)
        receiver, self.sender = ends[0].sort().values, ends[1]
        degree = torch.bincount(receiver, minlength=atoms)
        most = max(int(degree.max()) if atoms else 0, 1)
        rank = torch.arange(len(receiver)) - (degree.cumsum(0) - degree)[receiver]
        self.around = Neighbourhoods(receiver, receiver * most + rank, atoms, most)
        rows, width = (l_max + 1) ** 2, (l_max + 1) * channels
        shapes = [(len(receiver), rows), (len(receiver), 3), (len(receiver), radial)]
        shapes += [(atoms, (hidden_l + 1) ** 2, channels), (radial, width)]
        shapes += [(radial, width), (radial, width - channels)] if hidden_l else []
        self.leaves = [self.random(*shape).requires_grad_() for shape in shapes]
        self.grad = self.random(atoms, rows, channels).requires_grad_()

    def random(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator, dtype=torch.float64)

    def fast(self, x: list[Tensor]) -> Tensor:
        return bond_message(Bonds(*x[:3]), x[3], x[4:], self.sender, self.around)

    def plain(self, x: list[Tensor]) -> Tensor:
        return plain_bond_message(Bonds(*x[:3]), x[3], x[4:], self.sender, self.around)

    def derivatives(self, message: Message, dtype: torch.dtype = torch.float64) -> list[Tensor]:
        """Value, gradients, and gradients of the gradients along directions."""
        x, grad = [leaf.to(dtype) for leaf in self.leaves], self.grad.to(dtype)
        y = message(x)
        first = torch.autograd.grad(y, x, grad, create_graph=True, materialize_grads=True)
        slope = sum(value.square().sum() for value in first[:4])
        second = torch.autograd.grad(slope, [*x, grad], materialize_grads=True)  # pyright: ignore[reportArgumentType]
        return [y, *first, *second]


cases = st.builds(
    Case,
    atoms=st.integers(0, 6),
    edges=st.integers(0, 40),
    l_max=st.integers(1, 4),
    hidden_l=st.integers(0, 1),
    radial=st.integers(1, 9),
    channels=st.sampled_from([1, 3, 8, 37]),
)


def assert_equal(ours: list[Tensor], exact: list[Tensor], tolerance: float) -> None:
    for one, other in zip(ours, exact, strict=True):
        scale = other.abs().max().item() if other.numel() else 0.0
        torch.testing.assert_close(one.double(), other, rtol=0, atol=tolerance * max(scale, 1.0))


@built
@given(cases)
@settings(max_examples=60, deadline=None)
def test_the_kernel_equals_torch_in_two_derivatives(case: Case) -> None:
    assert_equal(case.derivatives(case.fast), case.derivatives(case.plain), 1e-12)


@built
@pytest.mark.parametrize("sizes", [(5, 60, 3, 1, 8, 32), (3, 9, 6, 1, 2, 5), (4, 30, 2, 0, 7, 16)])
def test_in_single_precision_too(sizes: tuple[int, ...]) -> None:
    case = Case(*sizes)
    assert_equal(case.derivatives(case.fast, torch.float32), case.derivatives(case.plain), 1e-5)


@built
@pytest.mark.parametrize("hidden_l", [0, 1])
def test_the_derivatives_are_those_of_finite_differences(hidden_l: int) -> None:
    case = Case(3, 5, 2, hidden_l, 2, 2)
    assert torch.autograd.gradcheck(lambda *x: case.fast(list(x)), case.leaves)
    assert torch.autograd.gradgradcheck(lambda *x: case.fast(list(x)), case.leaves)


@built
def test_third_derivatives_and_directions_of_weights_run_through_torch() -> None:
    def mixed(message: Message, case: Case) -> list[Tensor]:
        first = torch.autograd.grad(message(case.leaves), case.leaves, case.grad, create_graph=True)
        total = sum(value.square().sum() for value in first)
        second = torch.autograd.grad(total, [*case.leaves, case.grad], create_graph=True)  # pyright: ignore[reportArgumentType]
        cubes = sum(value.square().sum() for value in second)
        return [*second, *torch.autograd.grad(cubes, case.leaves)]  # pyright: ignore[reportArgumentType]

    case = Case(3, 7, 3, 1, 2, 3)
    assert_equal(mixed(case.fast, case), mixed(case.plain, case), 1e-12)


@built
def test_the_kernel_is_what_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "plain_bond_message", None)
    case = Case(4, 20, 3, 1, 8, 8)
    assert all(value.abs().max() > 0.0 for value in case.derivatives(case.fast))


@built
def test_forces_do_not_pay_for_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[list[Tensor | None]] = []
    run = module._run
    monkeypatch.setattr(module, "_run", lambda *a, **k: found.append(run(*a, **k)) or found[-1])
    case = Case(4, 20, 3, 1, 8, 8)
    x = [2.0 * leaf for leaf in case.leaves[:4]] + case.leaves[4:]
    energy = case.fast(x).square().sum()
    forces = torch.autograd.grad(energy, case.leaves[:4], create_graph=True)
    assert [value is None for value in found[1]] == [False] * 4 + [True] * 4
    sum(force.square().sum() for force in forces).backward()  # pyright: ignore[reportAttributeAccessIssue]
    assert all(leaf.grad is not None and leaf.grad.abs().max() > 0.0 for leaf in case.leaves)


@built
def test_a_number_of_threads_gives_one_result() -> None:
    case = Case(6, 40, 3, 1, 8, 8)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = case.derivatives(case.fast)
        torch.set_num_threads(2)
        two, again = case.derivatives(case.fast), case.derivatives(case.fast)
    finally:
        torch.set_num_threads(before)
    assert_equal(two, one, 1e-13)
    assert all(torch.equal(a, b) for a, b in zip(two, again, strict=True))


def test_degrees_beyond_the_kernel_run_in_torch() -> None:
    case = Case(2, 4, 7, 1, 1, 1)
    assert torch.equal(case.fast(case.leaves), case.plain(case.leaves))


def test_transforms_see_operations_of_torch() -> None:
    case = Case(3, 6, 2, 1, 2, 3)
    scales = torch.tensor([1.0, 2.0], dtype=torch.float64)
    x = [leaf.detach() for leaf in case.leaves]
    batched = torch.func.vmap(lambda scale: case.fast([*x[:3], scale * x[3], *x[4:]]))(scales)
    torch.testing.assert_close(batched[1], 2.0 * case.fast(x))


MODEL = """
import torch
from intertwine.data import Structure
from intertwine.encoders.body_ordered import BodyOrderedEncoder, BodyOrderedSpec
from intertwine.graph import build_graph
torch.manual_seed(0)
water = Structure(numbers=[8, 1, 1], positions=[[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
encoder = BodyOrderedEncoder(BodyOrderedSpec(species=(1, 8), channels=4)).double()
print(encoder(build_graph(water, cutoff=5.0)).layers[-1].flatten().tolist())
"""


def test_an_encoder_gives_the_same_without_kernels() -> None:
    def printed(native: str) -> Tensor:
        environment = os.environ | {"INTERTWINE_NATIVE": native}
        done = subprocess.run([sys.executable, "-c", MODEL], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return torch.tensor(eval(done.stdout), dtype=torch.float64)

    torch.testing.assert_close(printed("1"), printed("0"), rtol=1e-12, atol=1e-13)
