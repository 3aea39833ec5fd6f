"""What neighbours know, carried along bonds: the convolution of hidden scalars and vectors with harmonics."""

import ctypes
import math
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from intertwine.groups import clebsch_gordan
from intertwine.ops import native, triton
from intertwine.ops.contract import Neighbourhoods, neighbour_outer_sum
from intertwine.ops.native import address, kernel
from intertwine.ops.wanted import wanted

LARGEST = 6
"""Degree up to which the kernel has room."""


class Bonds(NamedTuple):
    """Edges as numbers.

    Attributes:
        harmonics: Y_lm of the directions, `(edges, (l_max+1)²)`.
        direction: unit vectors from centres to neighbours, `(edges, 3)`.
        radial: radial basis of the lengths, `(edges, radial)`.
    """

    harmonics: Float[Tensor, "edges lm"]
    direction: Float[Tensor, "edges 3"]
    radial: Float[Tensor, "edges radial"]


def bond_message(
    bonds: Bonds,
    hidden: Float[Tensor, "atoms rows channels"],
    weights: Sequence[Float[Tensor, "radial _"]],
    sender: Int64[Tensor, " edges"],
    around: Neighbourhoods,
) -> Float[Tensor, "atoms lm channels"]:
    """Hidden scalars h⁰ and vectors h¹ of neighbours j, convolved with the harmonics of their bonds.

        A_i[lm] = Σ_j Y_lm [R⁰_l h⁰_j + R^∥_l r̂·h¹_j] + R^⊥_l [Y_{l−1} ⊗ h¹_j]_lm,    R = B·W

    Equal roads: operations of torch, and a compiled kernel that streams the edges and writes nothing of size
    edges × channels: in C++ on a CPU, where asked for in Triton on a GPU (`ops.triton`). The kernels have
    their own first derivatives, the C++ one also second ones along directions of all but the weights, which
    is what forces and a training on them ask for; the others run through torch.

    Args:
        bonds: the edges.
        hidden: scalars alone (one row), or scalars and vectors (four).
        weights: W of R⁰ and, with vectors, of R^∥ and R^⊥: `(radial, degrees·channels)`, degrees
            l = 0 … l_max, for R^⊥ l = 1 … l_max.
        sender: neighbour of each edge.
        around: which edges belong to which centre.

    >>> one = Bonds(torch.ones(1, 1), torch.tensor([[0.0, 0.0, 1.0]]), torch.ones(1, 1))
    >>> pair = Neighbourhoods(torch.tensor([0]), torch.tensor([0]), 2, 1)
    >>> hidden = torch.tensor([[[1.0, 5.0]], [[2.0, 3.0]]])
    >>> bond_message(one, hidden, [torch.ones(1, 2)], torch.tensor([1]), pair)  # atom 0 hears atom 1
    tensor([[[2., 3.]],
    <BLANKLINE>
            [[0., 0.]]])
    """
    tensors = (*bonds, hidden, *weights)
    small = bonds.harmonics.shape[1] <= (LARGEST + 1) ** 2
    if small and (native.usable(*tensors) or triton.usable(*tensors)):
        return _Message.apply(_Edges(sender.contiguous(), around), *bonds, hidden, *weights)  # pyright: ignore[reportReturnType]
    return plain_bond_message(bonds, hidden, weights, sender, around)


def plain_bond_message(
    bonds: Bonds,
    hidden: Float[Tensor, "atoms rows channels"],
    weights: Sequence[Float[Tensor, "radial _"]],
    sender: Int64[Tensor, " edges"],
    around: Neighbourhoods,
) -> Float[Tensor, "atoms lm channels"]:
    """The same in operations of torch: one batched matrix product for each degree.

    >>> one = Bonds(torch.ones(1, 1), torch.tensor([[0.0, 0.0, 1.0]]), torch.ones(1, 1))
    >>> pair = Neighbourhoods(torch.tensor([0]), torch.tensor([0]), 1, 1)
    >>> plain_bond_message(one, torch.ones(1, 1, 1), [torch.ones(1, 1)], torch.tensor([0]), pair)
    tensor([[[1.]]])
    """
    harmonics, direction, radial = bonds
    l_max, channels = math.isqrt(harmonics.shape[1]) - 1, hidden.shape[2]
    functions = [
        (radial @ weight).unflatten(1, (weight.shape[1] // channels, channels)) for weight in weights
    ]
    hidden = hidden.index_select(0, sender)
    amplitudes = functions[0] * hidden[:, :1]
    carried, raised = None, None
    if len(weights) > 1:
        amplitudes = amplitudes + functions[1] * torch.bmm(direction.unsqueeze(1), hidden[:, 1:4])
        carried = functions[2].unsqueeze(2) * hidden[:, 1:4].unsqueeze(1)
        table = torch.as_tensor(raising_table(l_max), dtype=harmonics.dtype, device=harmonics.device)
        raised = (harmonics[:, : l_max**2] @ table).unflatten(1, (3, -1))
    blocks = []
    for l in range(l_max + 1):
        left, right = harmonics[:, l * l : (l + 1) ** 2].unsqueeze(1), amplitudes[:, l : l + 1]
        if l > 0 and carried is not None and raised is not None:
            left = torch.cat([left, raised[:, :, l * l - 1 : (l + 1) ** 2 - 1]], dim=1)
            right = torch.cat([right, carried[:, l - 1]], dim=1)
        blocks.append(neighbour_outer_sum(left, right, around))
    return torch.cat(blocks, dim=1)


def _coupling(l: int) -> Float[np.ndarray, "_ _ _"]:
    """From Y_{l−1} and the three axes to degree l: `(2l−1, 3, 2l+1)`."""
    return clebsch_gordan(l - 1, 1, l) * math.sqrt(2 * l + 1)


@cache
def raising_table(l_max: int) -> Float[np.ndarray, "rows raised"]:
    """From Y_{l−1}, l ≤ l_max, to its coupling with each axis: `(l_max², 3·((l_max+1)²−1))`."""
    table = np.zeros((l_max**2, 3, (l_max + 1) ** 2 - 1))
    for l in range(1, l_max + 1):
        table[(l - 1) ** 2 : l * l, :, l * l - 1 : (l + 1) ** 2 - 1] = _coupling(l)
    return table.reshape(l_max**2, -1)


@cache
def raising_blocks(l_max: int, dtype: torch.dtype) -> Float[Tensor, " entries"]:
    """The couplings of all degrees one after another, as the kernel reads them."""
    blocks = [_coupling(l).ravel() for l in range(1, l_max + 1)]
    return torch.from_numpy(np.concatenate([np.zeros(0), *blocks])).to(dtype)


class _Edges(NamedTuple):
    """Who speaks and who listens."""

    sender: Tensor
    around: Neighbourhoods


def _run(
    edges: _Edges,
    given: Sequence[Tensor],
    grad: Tensor | None = None,
    along: Sequence[Tensor | None] | None = None,
    wanted: Sequence[bool] = (),
) -> list[Tensor | None]:
    """A kernel: the message; with `grad` gradients of `given`; with `along` the slopes of these along it.

    Args:
        edges: who speaks and who listens.
        given: harmonics, direction, radial basis, hidden, then the weights.
        grad: gradient of the message.
        along: a direction for each of the first four, None for zero.
        wanted: which gradients to return, of `given` and with `along` of `grad`; None for the others.

    Returns:
        Gradients of all of `given`, and last the message, or the gradient of `grad`.
    """
    if not native.takes(given[0]):
        from intertwine.ops.triton.bond_message import run

        return run(*edges, given, grad, wanted)
    point = [*(x.contiguous() for x in given[:3]), _rows_first(given[3])]
    weights = [weight.contiguous() for weight in given[4:]]
    l_max, (rows, atoms, channels) = math.isqrt(point[0].shape[1]) - 1, point[3].shape
    found: list[Tensor | None] = [None] * len(given)
    if grad is not None:  # what belongs to the edges comes together, and so do the weights
        groups = [any(wanted[:3])] * 3 + [wanted[3]] + [any(wanted[4 : len(given)])] * len(weights)
        found = [
            torch.empty_like(x) if want else None for x, want in zip([*point, *weights], groups, strict=True)
        ]
    slopes: list[Tensor | None] = [None] * 4
    if along is not None:
        steps = [torch.zeros_like(x) if step is None else step for x, step in zip(given, along, strict=False)]
        slopes = [*(step.contiguous() for step in steps[:3]), _rows_first(steps[3])]
    total = None
    if grad is None or (along is not None and wanted[-1]):
        total = point[0].new_empty((l_max + 1) ** 2, atoms, channels)
    absent = [None] * (3 - len(weights))
    sizes = [l_max, rows > 1, point[2].shape[1], channels, torch.get_num_threads()]
    arrays = [
        *(raising_blocks(l_max, point[0].dtype), edges.around.receiver.contiguous(), edges.sender),
        *(*point, *weights, *absent, _rows_first(grad), *slopes),
        *(*found, *absent, total, np.array(sizes, dtype=np.int32)),
    ]
    lengths = ctypes.c_long(atoms), ctypes.c_long(len(edges.sender))
    kernel("bond_message", point[0].dtype)(*(address(array) for array in arrays), *lengths)
    return [*found[:3], _rows_first(found[3], back=True), *found[4:], _rows_first(total, back=True)]


def _rows_first(x: Any, back: bool = False) -> Any:
    """To the kernel's layout, which is that of a SchurLinear's results (nothing is copied there), or back."""
    if x is None:
        return None
    return x.transpose(0, 1) if back else x.transpose(0, 1).contiguous()


class _Message(torch.autograd.Function):
    """The message with its derivative."""

    @staticmethod
    def forward(ctx: Any, edges: _Edges, *given: Tensor) -> Tensor:
        ctx.save_for_backward(*given)
        ctx.edges = edges
        message = _run(edges, given)[-1]
        assert message is not None
        return message

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return None, *_Derivative.apply(ctx.edges, wanted(ctx), grads[0], *ctx.saved_tensors)  # pyright: ignore[reportGeneralTypeIssues]


class _Derivative(torch.autograd.Function):
    """The derivative with its own: what a training on forces asks for."""

    @staticmethod
    def forward(
        ctx: Any, edges: _Edges, wanted: list[bool], grad: Tensor, *given: Tensor
    ) -> tuple[Tensor | None, ...]:
        ctx.save_for_backward(grad, *given)
        ctx.edges = edges
        ctx.set_materialize_grads(False)
        return tuple(_run(edges, given, grad, wanted=wanted)[:-1])

    @staticmethod
    def backward(ctx: Any, *slopes: Any) -> Any:
        grad, *given = ctx.saved_tensors
        if all(slope is None for slope in slopes):
            return (None,) * len(ctx.needs_input_grad)
        beyond = torch.is_grad_enabled() or not native.takes(grad)
        if beyond or any(slope is not None for slope in slopes[4:]):
            found = _by_torch(ctx.edges, given, grad, slopes)
        else:
            of_grad, *others = wanted(ctx)
            found = _run(ctx.edges, given, grad, slopes[:4], [*others, of_grad])
        return None, None, found[-1], *found[:-1]


def _by_torch(
    edges: _Edges, given: Sequence[Tensor], grad: Tensor, slopes: Sequence[Tensor | None]
) -> Sequence[Tensor]:
    """Second derivatives in operations of torch, for third ones and directions of the weights."""
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        leaves = [x if again and x.requires_grad else x.detach().requires_grad_() for x in (*given, grad)]
        *point, grad = (x.view_as(x) for x in leaves)
        message = plain_bond_message(Bonds(*point[:3]), point[3], point[4:], *edges)
        first = torch.autograd.grad(message, point, grad, create_graph=True, materialize_grads=True)
        terms = [
            (value * slope).sum() for value, slope in zip(first, slopes, strict=True) if slope is not None
        ]
        return torch.autograd.grad(
            torch.stack(terms).sum(),
            (*point, grad),
            create_graph=again,
            allow_unused=True,
            materialize_grads=True,
        )
