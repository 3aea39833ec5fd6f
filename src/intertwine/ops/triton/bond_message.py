"""Messages along bonds in Triton, fused; never run on a GPU so far.

For the edge e from atom j to atom i, with the channel understood,

    R = Σ_n B_n W_n    P_l = R⁰_l h⁰_j + R^∥_l (r̂·h¹_j)    T_la = R^⊥_l h¹_ja
    A_i[lm] = Σ_e Y_lm P_l + Σ_a Z_alm T_la,    Z_l = Y_{l−1} ⊗ r̂, formed in torch: it has no channels

*Forward*: a program streams the edges of one atom, for some channels and one degree, and writes its sum once.
*Backward*: a program takes a few edges with some channels. What belongs to an edge is summed over blocks of
channels afterwards; gradients of what senders know and of the weights are sums over programs by atomic
additions, so their last digits depend on chance. Nothing of size edges × channels is written. Layouts:

    harmonics [edges][rows]    raised [edges][3][rows - 1]    direction [edges][3]    basis [edges][radial]
    hidden [4 or 1][atoms][C]    weights [radial][degrees][C]    A and its gradient [rows][atoms][C]
"""

# pyright: reportInvalidTypeForm=false, reportPossiblyUnboundVariable=false, reportOperatorIssue=false

import math
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from intertwine.ops.bond_message import raising_table
from intertwine.ops.contract import Neighbourhoods
from intertwine.ops.triton.language import compiled, tl, triton

EDGES = 16
"""Edges taken at once, and the least size of a side of a matrix product in Triton."""

WIDTH = 32
"""Most channels that a program takes."""


def run(
    sender: Int64[Tensor, " edges"],
    around: Neighbourhoods,
    given: Sequence[Float[Tensor, "..."]],
    grad: Float[Tensor, "atoms rows channels"] | None = None,
    wanted: Sequence[bool] = (),
) -> list[Float[Tensor, "..."] | None]:
    """The message; with `grad` gradients of `given`.

    Args:
        sender, around: who speaks and who listens.
        given: harmonics, direction, radial basis, hidden, then the weights.
        grad: gradient of the message.
        wanted: which gradients to return; None for the others.

    Returns:
        Gradients of all of `given`, and last the message.
    """
    harmonics, direction, basis = (x.contiguous() for x in given[:3])
    hidden, weights = given[3].transpose(0, 1).contiguous(), [weight.contiguous() for weight in given[4:]]
    l_max, vectors = math.isqrt(harmonics.shape[1]) - 1, len(weights) > 1
    table = torch.as_tensor(raising_table(l_max), dtype=harmonics.dtype, device=harmonics.device)
    raised = harmonics[:, : l_max**2] @ table if vectors else None
    point = [harmonics, raised, direction, basis, hidden, *weights, *[None] * (3 - len(weights))]
    with torch.cuda.device_of(harmonics):
        if grad is None:
            return [None] * len(given) + [_message(sender, around.receiver, point)]
        found = _gradients(sender, around.receiver, point, grad.transpose(0, 1).contiguous(), wanted)
    g_harmonics, g_raised, g_direction, g_basis, g_hidden, *g_weights = found
    if g_harmonics is not None and g_raised is not None:
        g_harmonics[:, : l_max**2] += g_raised @ table.T
    g_hidden = None if g_hidden is None else g_hidden.transpose(0, 1)
    return [g_harmonics, g_direction, g_basis, g_hidden, *g_weights[: len(weights)], None]


def _message(sender: Tensor, receiver: Tensor, point: Sequence[Any]) -> Tensor:
    atoms, channels = point[4].shape[1:]
    message, sizes = point[0].new_empty(point[0].shape[1], atoms, channels), _sizes(point)
    if message.numel():
        begin = torch.searchsorted(receiver, torch.arange(atoms + 1, device=receiver.device))
        grid = (atoms, triton.cdiv(channels, sizes["WIDTH"]), sizes["L_MAX"] + 1)
        _forward[grid](*point, sender, begin, message, atoms * channels, channels, point[3].shape[1], **sizes)
    return message.transpose(0, 1)


def _gradients(
    sender: Tensor, receiver: Tensor, point: Sequence[Any], grad: Tensor, wanted: Sequence[bool]
) -> list[Tensor | None]:
    """Of everything in `point`. What belongs to the edges comes together, and so do the weights."""
    edges, (atoms, channels) = len(sender), grad.shape[1:]
    sizes = _sizes(point)
    blocks = triton.cdiv(channels, sizes["WIDTH"])
    groups = [any(wanted[:3])] * 4 + [wanted[3]] + [any(wanted[4:])] * 3
    found = [
        None if x is None or not want else x.new_zeros(blocks, *x.shape) if at < 4 else torch.zeros_like(x)
        for at, (x, want) in enumerate(zip(point, groups, strict=True))
    ]
    if edges and channels:
        lengths = edges, atoms * channels, channels, point[3].shape[1]
        grid = (triton.cdiv(edges, EDGES), blocks)
        _backward[grid](*point, sender, receiver, grad, *found, *lengths, **sizes)
    return [x.sum(0) if at < 4 and x is not None else x for at, x in enumerate(found)]


def _sizes(point: Sequence[Any]) -> dict[str, int]:
    """What a kernel is compiled for."""
    radial, channels = (max(1 << (n - 1).bit_length(), 16) for n in (point[3].shape[1], point[4].shape[2]))
    l_max = math.isqrt(point[0].shape[1]) - 1
    return {"L_MAX": l_max, "RADIAL": radial, "EDGES": EDGES, "WIDTH": min(channels, WIDTH)}


@compiled
def _dot(left, right):
    return tl.dot(left, right, input_precision="ieee", out_dtype=left.dtype)


@compiled
def _some(start, known):
    return tl.load(start, mask=known, other=0.0)


@compiled
def _total(values):
    return tl.sum(values, 1)[:, None]


@compiled
def _forward(
    harmonics, raised, direction, basis, hidden, weights, weights_along, weights_across,
    sender, begin, message, step, channels, radial,
    L_MAX: tl.constexpr, RADIAL: tl.constexpr, EDGES: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    ROWS: tl.constexpr = (L_MAX + 1) * (L_MAX + 1)
    atom, l = tl.program_id(0).to(tl.int64), tl.program_id(2)
    channel = tl.program_id(1) * WIDTH + tl.arange(0, WIDTH)[None, :]
    m, n, row = tl.arange(0, 16)[:, None], tl.arange(0, RADIAL)[None, :], tl.arange(0, RADIAL)[:, None]
    inside, of_degree = channel < channels, m < 2 * l + 1
    square = (row < radial) & inside
    w = _some(weights + (row * (L_MAX + 1) + l) * channels + channel, square)
    if weights_along is not None:
        w_along = _some(weights_along + (row * (L_MAX + 1) + l) * channels + channel, square)
        w_across = _some(weights_across + (row * L_MAX + l - 1) * channels + channel, square & (l > 0))
    sum, last = tl.zeros((16, WIDTH), w.dtype), tl.load(begin + atom + 1)
    for first in range(tl.load(begin + atom), last, EDGES):
        edge = first + tl.arange(0, EDGES)[:, None]
        known, across = edge < last, first + tl.arange(0, EDGES)[None, :]
        on_edges = (across < last) & of_degree
        heard = hidden + _some(sender + edge, known) * channels + channel
        b = _some(basis + edge * radial + n, known & (n < radial))
        amplitude = _dot(b, w) * _some(heard, known & inside)
        if weights_along is not None:
            carried, along = _dot(b, w_across), _dot(b, w_along)
            for axis in tl.static_range(3):
                vector = _some(heard + (axis + 1) * step, known & inside)
                amplitude += along * _some(direction + edge * 3 + axis, known) * vector
                z = raised + across * (3 * (ROWS - 1)) + axis * (ROWS - 1) + l * l - 1 + m
                sum += _dot(_some(z, on_edges & (l > 0)), carried * vector)
        sum += _dot(_some(harmonics + across * ROWS + l * l + m, on_edges), amplitude)
    place = message + (l * l + m).to(tl.int64) * step + atom * channels + channel
    tl.store(place, sum, mask=of_degree & inside)


@compiled
def _backward(
    harmonics, raised, direction, basis, hidden, weights, weights_along, weights_across,
    sender, receiver, grad,
    g_harmonics, g_raised, g_direction, g_basis, g_hidden, g_weights, g_weights_along, g_weights_across,
    edges, step, channels, radial,
    L_MAX: tl.constexpr, RADIAL: tl.constexpr, EDGES: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    ROWS: tl.constexpr = (L_MAX + 1) * (L_MAX + 1)
    edge = tl.program_id(0).to(tl.int64) * EDGES + tl.arange(0, EDGES)[:, None]
    channel = tl.program_id(1) * WIDTH + tl.arange(0, WIDTH)[None, :]
    n, row = tl.arange(0, RADIAL)[None, :], tl.arange(0, RADIAL)[:, None]
    known, inside = edge < edges, channel < channels
    both, square = known & inside, (row < radial) & inside
    shared = edge + tl.program_id(1).to(tl.int64) * edges
    heard = _some(sender + edge, known) * channels + channel
    g_message = grad + _some(receiver + edge, known) * channels + channel
    b = _some(basis + edge * radial + n, known & (n < radial))
    h = _some(hidden + heard, both)
    g_h, g_along, g_b = tl.zeros_like(h), tl.zeros_like(h), tl.zeros_like(b)
    if weights_along is not None:
        hx, hy = _some(hidden + heard + step, both), _some(hidden + heard + 2 * step, both)
        hz = _some(hidden + heard + 3 * step, both)
        dx, dy = _some(direction + edge * 3, known), _some(direction + edge * 3 + 1, known)
        dz = _some(direction + edge * 3 + 2, known)
        h_along, g_hx, g_hy, g_hz = dx * hx + dy * hy + dz * hz, g_along, g_along, g_along
    for l in range(L_MAX + 1):
        place = (row * (L_MAX + 1) + l) * channels + channel
        w = _some(weights + place, square)
        r = _dot(b, w)
        amplitude, g_amplitude = r * h, tl.zeros_like(h)
        if weights_along is not None:
            place_across, higher = (row * L_MAX + l - 1) * channels + channel, square & (l > 0)
            w_along = _some(weights_along + place, square)
            w_across = _some(weights_across + place_across, higher)
            r_along, r_across = _dot(b, w_along), _dot(b, w_across)
            amplitude += r_along * h_along
            gx, gy, gz = tl.zeros_like(h), tl.zeros_like(h), tl.zeros_like(h)
        for m in range(2 * l + 1):
            g = _some(g_message, both)
            g_message += step
            g_amplitude += _some(harmonics + edge * ROWS + l * l + m, known) * g
            if g_harmonics is not None:
                tl.store(g_harmonics + shared * ROWS + l * l + m, _total(amplitude * g), mask=known)
            if weights_along is not None:
                z, has = edge * (3 * (ROWS - 1)) + l * l - 1 + m, known & (l > 0)
                gx += _some(raised + z, has) * g
                gy += _some(raised + z + (ROWS - 1), has) * g
                gz += _some(raised + z + 2 * (ROWS - 1), has) * g
                if g_raised is not None:
                    z, carried = g_raised + shared * (3 * (ROWS - 1)) + l * l - 1 + m, r_across * g
                    tl.store(z, _total(carried * hx), mask=has)
                    tl.store(z + (ROWS - 1), _total(carried * hy), mask=has)
                    tl.store(z + 2 * (ROWS - 1), _total(carried * hz), mask=has)
        g_h += r * g_amplitude
        g_r = g_amplitude * h
        if g_basis is not None:
            g_b += _dot(g_r, tl.trans(w))
        if g_weights is not None:
            tl.atomic_add(g_weights + place, _dot(tl.trans(b), g_r), mask=square)
        if weights_along is not None:
            g_along += r_along * g_amplitude
            g_hx, g_hy, g_hz = g_hx + r_across * gx, g_hy + r_across * gy, g_hz + r_across * gz
            g_r_along, g_r_across = g_amplitude * h_along, gx * hx + gy * hy + gz * hz
            if g_basis is not None:
                g_b += _dot(g_r_along, tl.trans(w_along)) + _dot(g_r_across, tl.trans(w_across))
            if g_weights is not None:
                tl.atomic_add(g_weights_along + place, _dot(tl.trans(b), g_r_along), mask=square)
                tl.atomic_add(g_weights_across + place_across, _dot(tl.trans(b), g_r_across), mask=higher)
    if g_basis is not None:
        tl.store(g_basis + shared * radial + n, g_b, mask=known & (n < radial))
    if g_hidden is not None:
        tl.atomic_add(g_hidden + heard, g_h, mask=both)
    if weights_along is not None:
        if g_direction is not None:
            tl.store(g_direction + shared * 3, _total(g_along * hx), mask=known)
            tl.store(g_direction + shared * 3 + 1, _total(g_along * hy), mask=known)
            tl.store(g_direction + shared * 3 + 2, _total(g_along * hz), mask=known)
        if g_hidden is not None:
            tl.atomic_add(g_hidden + heard + step, g_hx + dx * g_along, mask=both)
            tl.atomic_add(g_hidden + heard + 2 * step, g_hy + dy * g_along, mask=both)
            tl.atomic_add(g_hidden + heard + 3 * step, g_hz + dz * g_along, mask=both)
