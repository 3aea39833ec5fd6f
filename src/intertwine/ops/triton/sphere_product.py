"""Products of functions on the sphere in Triton, fused; never run on a GPU so far.

With u, v, w = S x and P the analysis, for each atom and channel

    y = P p,    p = u (a + v (b + c w)).

A program takes a block of columns, each an atom with a channel, from coefficients to coefficients, a few
points of the grid at a time, so that no value on the grid is written to memory. Sums are taken in the
precision of the tensors, never in TF32. Layouts are those of the C++ kernel, channels contiguous:

    x [rows][atoms][3 C]: u, v, w side by side    orders [atoms][3][C]    y [rows_out][atoms][C]

so that the functions u, v, w of column j, and its orders a, b, c, stand C apart from the same place on.
Tables are [points][rows] of S and of the transposed P, padded by zeros: Triton wants powers of two, and
nothing follows from a point of zeros.
"""

# pyright: reportInvalidTypeForm=false, reportPossiblyUnboundVariable=false, reportOperatorIssue=false

from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.ops.sphere_product import product_matrices
from intertwine.ops.triton.language import compiled, tl, triton

POINTS = 16
"""Points of the grid taken at once, and the least size of a side of a matrix product in Triton."""

ENTRIES = 512
"""Coefficients of one function that a program holds: rows, padded, times columns."""


def launch(
    degrees: tuple[int, int],
    x: Float[Tensor, "rows_in atoms three_channels"],
    orders: Float[Tensor, "atoms 3 channels"],
    gy: Float[Tensor, "rows_out atoms channels"] | None,
    hx: Float[Tensor, "rows_in atoms three_channels"] | None,
    *results: Float[Tensor, "..."] | None,
) -> None:
    """Fill the results, contiguous as everything else, where they are not None.

    Args:
        degrees: l_in and l_out.
        x, orders: the point.
        gy: gradient of y, which asks for gradients.
        hx: direction along x, which asks for the gradients of the derivative of y along it with `gy`.
        results: y; gradients of x, of orders and of gy.
    """
    channels, columns = orders.shape[2], orders.shape[0] * orders.shape[2]
    if columns == 0:
        return
    given = [tensor for tensor in (x, orders, gy, hx, *results) if tensor is not None]
    kernel: Any = _forward if gy is None else _backward if hx is None else _second
    sizes = _sizes(*degrees)
    with torch.cuda.device_of(x):
        kernel[(triton.cdiv(columns, sizes["WIDTH"]),)](
            *(*given, *_tables(*degrees, x.dtype, x.device), columns, channels), **sizes
        )


def _sizes(l_in: int, l_out: int) -> dict[str, int]:
    """What a kernel is compiled for."""
    (grid, padded), (_, padded_out) = (table.shape for table in _tables(l_in, l_out))
    rows = {"ROWS": (l_in + 1) ** 2, "ROWS_OUT": (l_out + 1) ** 2}
    tables = {"PADDED": padded, "PADDED_OUT": padded_out, "GRID": grid}
    return {**rows, **tables, "POINTS": POINTS, "WIDTH": max(ENTRIES // padded, POINTS)}


@cache
def _tables(
    l_in: int, l_out: int, dtype: torch.dtype | None = None, device: torch.device | None = None
) -> tuple[Tensor, Tensor]:
    synthesis, analysis = (torch.from_numpy(matrix) for matrix in product_matrices(l_in, l_out))
    return _padded(synthesis).to(device, dtype), _padded(analysis.T).to(device, dtype)


def _padded(table: Tensor) -> Tensor:
    points, rows = table.shape
    whole = table.new_zeros(-(-points // POINTS) * POINTS, max(1 << (rows - 1).bit_length(), POINTS))
    whole[:points, :rows] = table
    return whole


@compiled
def _dot(left, right):
    return tl.dot(left, right, input_precision="ieee", out_dtype=left.dtype)


@compiled
def _columns(columns, channels, WIDTH: tl.constexpr):
    """Columns of this program, and where u and a of each begin."""
    column = tl.program_id(0).to(tl.int64) * WIDTH + tl.arange(0, WIDTH)
    return column, column < columns, column // channels * 3 * channels + column % channels


@compiled
def _places(start, stride, ROWS: tl.constexpr, PADDED: tl.constexpr, inside):
    row = tl.arange(0, PADDED)[:, None]
    return row.to(tl.int64) * stride + start[None, :], (row < ROWS) & inside[None, :]


@compiled
def _table(start, point, POINTS: tl.constexpr, PADDED: tl.constexpr):
    """A few points of a table, `(POINTS, PADDED)`."""
    return tl.load(start + (point + tl.arange(0, POINTS))[:, None] * PADDED + tl.arange(0, PADDED)[None, :])


@compiled
def _three(x, place, channels, known):
    """u, v, w."""
    u = tl.load(x + place, mask=known, other=0.0)
    v = tl.load(x + place + channels, mask=known, other=0.0)
    return u, v, tl.load(x + place + 2 * channels, mask=known, other=0.0)


@compiled
def _put_three(x, place, channels, known, u, v, w):
    tl.store(x + place, u, mask=known)
    tl.store(x + place + channels, v, mask=known)
    tl.store(x + place + 2 * channels, w, mask=known)


@compiled
def _forward(
    x, orders, y, synthesis, analysis, columns, channels,
    ROWS: tl.constexpr, ROWS_OUT: tl.constexpr, PADDED: tl.constexpr, PADDED_OUT: tl.constexpr,
    GRID: tl.constexpr, POINTS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    column, inside, start = _columns(columns, channels, WIDTH)
    place, known = _places(start, 3 * columns, ROWS, PADDED, inside)
    u, v, w = _three(x, place, channels, known)
    a, b, c = _three(orders, start, channels, inside)
    sum = tl.zeros((PADDED_OUT, WIDTH), u.dtype)
    for point in range(0, GRID, POINTS):
        table = _table(synthesis, point, POINTS, PADDED)
        product = _dot(table, u) * (a + _dot(table, v) * (b + c * _dot(table, w)))
        sum += _dot(tl.trans(_table(analysis, point, POINTS, PADDED_OUT)), product)
    place, known = _places(column, columns, ROWS_OUT, PADDED_OUT, inside)
    tl.store(y + place, sum, mask=known)


@compiled
def _backward(
    x, orders, gy, gx, g_orders, synthesis, analysis, columns, channels,
    ROWS: tl.constexpr, ROWS_OUT: tl.constexpr, PADDED: tl.constexpr, PADDED_OUT: tl.constexpr,
    GRID: tl.constexpr, POINTS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    column, inside, start = _columns(columns, channels, WIDTH)
    place, known = _places(column, columns, ROWS_OUT, PADDED_OUT, inside)
    q = tl.load(gy + place, mask=known, other=0.0)
    place, known = _places(start, 3 * columns, ROWS, PADDED, inside)
    u, v, w = _three(x, place, channels, known)
    a, b, c = _three(orders, start, channels, inside)
    gu, gv, gw = tl.zeros_like(u), tl.zeros_like(u), tl.zeros_like(u)
    ga, gb, gc = tl.zeros_like(a), tl.zeros_like(a), tl.zeros_like(a)
    for point in range(0, GRID, POINTS):
        table = _table(synthesis, point, POINTS, PADDED)
        at_u, at_v, at_w = _dot(table, u), _dot(table, v), _dot(table, w)
        p = _dot(_table(analysis, point, POINTS, PADDED_OUT), q)
        inner, pu = b + c * at_w, p * at_u
        puv, back = pu * at_v, tl.trans(table)
        gu += _dot(back, p * (a + at_v * inner))
        gv += _dot(back, pu * inner)
        gw += _dot(back, puv * c)
        ga, gb, gc = ga + tl.sum(pu, 0), gb + tl.sum(puv, 0), gc + tl.sum(puv * at_w, 0)
    _put_three(gx, place, channels, known, gu, gv, gw)
    _put_three(g_orders, start, channels, inside, ga, gb, gc)


@compiled
def _second(
    x, orders, gy, hx, gx, g_orders, g_gy, synthesis, analysis, columns, channels,
    ROWS: tl.constexpr, ROWS_OUT: tl.constexpr, PADDED: tl.constexpr, PADDED_OUT: tl.constexpr,
    GRID: tl.constexpr, POINTS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """Gradients of ⟨hx, gx(x, orders, gy)⟩, which is ⟨gy, derivative of y along hx⟩."""
    column, inside, start = _columns(columns, channels, WIDTH)
    place_out, known_out = _places(column, columns, ROWS_OUT, PADDED_OUT, inside)
    q = tl.load(gy + place_out, mask=known_out, other=0.0)
    place, known = _places(start, 3 * columns, ROWS, PADDED, inside)
    u, v, w = _three(x, place, channels, known)
    hu, hv, hw = _three(hx, place, channels, known)
    a, b, c = _three(orders, start, channels, inside)
    gu, gv, gw, gq = tl.zeros_like(u), tl.zeros_like(u), tl.zeros_like(u), tl.zeros_like(q)
    ga, gb, gc = tl.zeros_like(a), tl.zeros_like(a), tl.zeros_like(a)
    for point in range(0, GRID, POINTS):
        table = _table(synthesis, point, POINTS, PADDED)
        table_out = _table(analysis, point, POINTS, PADDED_OUT)
        at_u, at_v, at_w, p = _dot(table, u), _dot(table, v), _dot(table, w), _dot(table_out, q)
        du, dv, dw = _dot(table, hu), _dot(table, hv), _dot(table, hw)
        inner, cdw, uv, duv = b + c * at_w, c * dw, at_u * at_v, du * at_v + dv * at_u
        back = tl.trans(table)
        gq += _dot(tl.trans(table_out), du * a + duv * inner + uv * cdw)
        gu += _dot(back, p * (dv * inner + at_v * cdw))
        gv += _dot(back, p * (du * inner + at_u * cdw))
        gw += _dot(back, p * c * duv)
        ga, gb = ga + tl.sum(p * du, 0), gb + tl.sum(p * duv, 0)
        gc += tl.sum(p * (duv * at_w + uv * dw), 0)
    _put_three(gx, place, channels, known, gu, gv, gw)
    _put_three(g_orders, start, channels, inside, ga, gb, gc)
    tl.store(g_gy + place_out, gq, mask=known_out)
