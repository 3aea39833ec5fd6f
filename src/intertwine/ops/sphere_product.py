"""Pointwise products of functions on the sphere, from coefficients to coefficients."""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.ops import native, triton
from intertwine.ops.native import address, kernel
from intertwine.ops.sphere import sphere_grid

LARGEST = 27
"""Total degree up to which the kernel has room for the grid."""

BLOCK = 4
"""Pairs of points that the kernel takes at once; tables are padded to a multiple of it."""


def sphere_product(
    x: Float[Tensor, "atoms rows_in three_channels"],
    orders: Float[Tensor, "atoms 3 channels"],
    l_in: int,
    l_out: int,
) -> Float[Tensor, "atoms rows_out channels"]:
    """Products of one, two and three functions on the sphere, weighted, projected to l ≤ l_out.

        y = P[ u·(a + v·(b + c w)) ]

    u, v, w are given by their coefficients side by side in the channels of `x`; values on the grid are
    divided by l_in + 1, so that unit coefficients give values of order one; a, b, c are `orders`. The grid
    is exact for the total degree 3·l_in + l_out, so y turns with x to rounding; only couplings of natural
    parity occur.

    Equal roads: operations of torch, and a compiled kernel that never writes a value on the grid to memory:
    in C++ on a CPU, where asked for in Triton on a GPU (`ops.triton`). The kernels have their own first and
    second derivatives; third ones run through torch.

    Args:
        x: coefficients Y_lm, l = 0 … l_in, of u, v and w, `(atoms, (l_in+1)², 3·channels)`.
        orders: a, b, c of each atom and channel.
        l_in, l_out: highest degrees before and after.

    >>> sphere_product(torch.ones(1, 1, 3), torch.ones(1, 3, 1), 0, 0)  # 1 + 1·1 + 1·1·1
    tensor([[[3.]]])
    """
    if l_in <= 6 and 3 * l_in + l_out <= LARGEST and (native.usable(x, orders) or triton.usable(x, orders)):
        return _Product.apply(x, orders, l_in, l_out)  # pyright: ignore[reportReturnType]
    return plain_sphere_product(x, orders, l_in, l_out)


def plain_sphere_product(
    x: Float[Tensor, "atoms rows_in three_channels"],
    orders: Float[Tensor, "atoms 3 channels"],
    l_in: int,
    l_out: int,
) -> Float[Tensor, "atoms rows_out channels"]:
    """The same in operations of torch: two large matrix products and a few multiplications.

    >>> plain_sphere_product(torch.ones(1, 1, 3), torch.ones(1, 3, 1), 0, 0)
    tensor([[[3.]]])
    """
    synthesis, analysis = (
        torch.as_tensor(table, dtype=x.dtype, device=x.device) for table in product_matrices(l_in, l_out)
    )
    values = _on_rows(synthesis, x.transpose(0, 1))
    u, v, w = values.chunk(3, dim=-1)
    first, second, third = orders.unbind(1)
    product = u * (first + v * (second + third * w))
    return _on_rows(analysis, product).transpose(0, 1)


def _on_rows(
    matrix: Float[Tensor, "out rows"], x: Float[Tensor, "rows atoms channels"]
) -> Float[Tensor, "out atoms channels"]:
    """One large product: rows first, all atoms and channels as columns."""
    return (matrix @ x.flatten(1)).reshape(matrix.shape[0], *x.shape[1:])


@cache
def product_matrices(
    l_in: int, l_out: int
) -> tuple[Float[np.ndarray, "grid rows_in"], Float[np.ndarray, "rows_out grid"]]:
    """Synthesis and analysis. Unit coefficients have mean square (l_in + 1)²: bring that to one."""
    grid = sphere_grid(3 * l_in + l_out)
    return grid.synthesis(l_in) / (l_in + 1), grid.analysis(l_out)


class GridTables(NamedTuple):
    """What the kernel reads: one column per pair of opposite points, even degrees first."""

    sizes: np.ndarray
    order: np.ndarray
    order_out: np.ndarray
    synthesis: np.ndarray
    analysis: np.ndarray


@cache
def grid_tables(l_in: int, l_out: int, dtype: torch.dtype) -> GridTables:
    points = sphere_grid(3 * l_in + l_out).points
    upper = [k for k, point in enumerate(points) if tuple(np.round(point, 9)) > (0.0, 0.0, 0.0)]
    synthesis, analysis = product_matrices(l_in, l_out)
    columns = -(-len(upper) // BLOCK) * BLOCK
    parity, parity_out = (np.repeat(np.arange(l + 1), 2 * np.arange(l + 1) + 1) % 2 for l in (l_in, l_out))
    order, order_out = (np.argsort(odd, kind="stable").astype(np.int32) for odd in (parity, parity_out))
    sizes = [len(parity), (parity == 0).sum(), len(parity_out), (parity_out == 0).sum(), columns]

    def padded(table: np.ndarray) -> np.ndarray:
        whole = np.zeros((len(table), columns), dtype=np.float32 if dtype == torch.float32 else np.float64)
        whole[:, : len(upper)] = table
        return whole

    return GridTables(
        np.array(sizes, dtype=np.int32),
        order,
        order_out,
        padded(synthesis[upper].T[order]),
        padded(analysis[:, upper][order_out]),
    )


def _run(
    degrees: tuple[int, int],
    x: Tensor,
    orders: Tensor,
    gy: Tensor | None = None,
    hx: Tensor | None = None,
) -> tuple[Tensor, ...]:
    """A kernel: y; given gy the gradients of x and orders; given hx the second ones of x, orders and gy."""
    x, orders = _rows_first(x), orders.contiguous()
    if gy is None:
        y = x.new_empty((degrees[1] + 1) ** 2, orders.shape[0], orders.shape[2])
        given, results = (None, None), (y, None, None, None)
    else:
        given = _rows_first(gy), None if hx is None else _rows_first(hx)
        g_gy = None if hx is None else torch.empty_like(given[0])
        results = (None, torch.empty_like(x), torch.empty_like(orders), g_gy)
    _launcher(x)(degrees, x, orders, *given, *results)
    y, gx, g_orders, g_gy = results
    found = (_atoms_first(y), _atoms_first(gx), g_orders, _atoms_first(g_gy))
    return tuple(value for value in found if value is not None)


def _launcher(x: Tensor) -> Callable[..., None]:
    if native.takes(x):
        return _launch
    from intertwine.ops.triton.sphere_product import launch

    return launch


def _launch(degrees: tuple[int, int], x: Tensor, orders: Tensor, *others: Tensor | None) -> None:
    """The C++ kernel, on gy, hx and the results: y, gradients of x, of orders and of gy."""
    arrays = [*grid_tables(*degrees, x.dtype), x, orders, *others]
    atoms, _, channels = orders.shape
    sizes = ctypes.c_long(atoms), ctypes.c_int(channels), ctypes.c_int(torch.get_num_threads())
    kernel("sphere_product", x.dtype)(*(address(array) for array in arrays), *sizes)


def _rows_first(x: Tensor) -> Tensor:
    """The kernel's layout, which is that of a SchurLinear's results: nothing is copied there."""
    return x.transpose(0, 1).contiguous()


def _atoms_first(x: Tensor | None) -> Tensor | None:
    return None if x is None else x.transpose(0, 1)


class _Product(torch.autograd.Function):
    """The product with its derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, orders: Tensor, l_in: int, l_out: int) -> Tensor:
        ctx.save_for_backward(x, orders)
        ctx.degrees = l_in, l_out
        return _run(ctx.degrees, x, orders)[0]

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        x, orders = ctx.saved_tensors
        gx, g_orders = _Derivative.apply(x, orders, grads[0], *ctx.degrees)  # pyright: ignore[reportGeneralTypeIssues]
        return gx, g_orders, None, None


class _Derivative(torch.autograd.Function):
    """The derivative with its own: what a training on forces asks for."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, orders: Tensor, gy: Tensor, l_in: int, l_out: int
    ) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(x, orders, gy)
        ctx.degrees = l_in, l_out
        ctx.set_materialize_grads(False)
        gx, g_orders = _run(ctx.degrees, x, orders, gy)
        return gx, g_orders

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        x, orders, gy = ctx.saved_tensors
        hx, h_orders = grads
        if hx is None and h_orders is None:
            return (None,) * 5
        if torch.is_grad_enabled() or h_orders is not None or hx is None:
            return *_by_torch(ctx.degrees, (x, orders, gy), (hx, h_orders)), None, None
        gx, g_orders, g_gy = _run(ctx.degrees, x, orders, gy, hx)
        return gx, g_orders, g_gy, None, None


def _by_torch(
    degrees: tuple[int, int], given: tuple[Tensor, Tensor, Tensor], grads: tuple[Tensor | None, Tensor | None]
) -> tuple[Tensor, ...]:
    """Second derivatives in operations of torch, for those who want third ones or directions of `orders`."""
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        leaves = [x if again and x.requires_grad else x.detach().requires_grad_() for x in given]
        x, orders, gy = (leaf.view_as(leaf) for leaf in leaves)
        first = torch.autograd.grad(
            plain_sphere_product(x, orders, *degrees), (x, orders), gy, create_graph=True
        )
        terms = [(value * grad).sum() for value, grad in zip(first, grads, strict=True) if grad is not None]
        return torch.autograd.grad(
            torch.stack(terms).sum(),
            (x, orders, gy),
            create_graph=again,
            allow_unused=True,
            materialize_grads=True,
        )
