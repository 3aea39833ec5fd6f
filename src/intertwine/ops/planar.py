"""Sums over the particles of an event, and back: harmonics of the azimuth and what stands beside them."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def planar_harmonics(direction: Float[Tensor, "particles 2"], orders: int) -> Float[Tensor, "particles rows"]:
    """1, then (Re zᵐ, Im zᵐ) of z = x + iy for m = 1 … orders: (cos mφ, sin mφ) on the unit circle.

    Args:
        direction: x and y.
        orders: highest m.

    >>> planar_harmonics(torch.tensor([[0.0, 1.0]]), 2)
    tensor([[ 1.,  0.,  1., -1.,  0.]])
    """
    x, y = direction.unbind(1)
    rows = [torch.ones_like(x)]
    real, imaginary = torch.ones_like(x), torch.zeros_like(x)
    for _ in range(orders):
        real, imaginary = real * x - imaginary * y, real * y + imaginary * x
        rows += [real, imaginary]
    return torch.stack(rows, dim=1)


def gather_products(
    left: Float[Tensor, "particles rows"], right: Float[Tensor, "particles functions"], counts: Sequence[int]
) -> Float[Tensor, "events rows functions"]:
    """y[e] = Σ_i left[i] ⊗ right[i] over the particles i of event e: one small matrix product per event.

    Nothing of the size particles × rows × functions is stored, and no event is padded to the size of another.

    Args:
        left, right: the particles of one event after those of another.
        counts: how many each event has; 0 gives zero.

    >>> gather_products(torch.ones(3, 1), torch.tensor([[1.0], [2.0], [4.0]]), [2, 0, 1]).flatten()
    tensor([3., 0., 4.])
    """
    if not counts:
        return left.new_zeros(0, left.shape[1], right.shape[1])
    pairs = zip(left.split(list(counts)), right.split(list(counts)), strict=True)
    return torch.stack([torch.mm(a.t(), b) for a, b in pairs])


def spread_products(
    rows: Float[Tensor, "particles rows"],
    table: Float[Tensor, "events rows functions"],
    counts: Sequence[int],
    onto: Float[Tensor, "particles functions"] | None = None,
) -> Float[Tensor, "particles functions"]:
    """y[i] = Σ_r rows[i, r] table[e, r] for the particles i of event e: the adjoint of `gather_products`.

    Args:
        rows: the particles of one event after those of another.
        table: of the events.
        counts: how many particles each event has.
        onto: added to the result.

    >>> spread_products(torch.ones(3, 1), torch.tensor([[[5.0]], [[7.0]]]), [2, 1]).flatten()
    tensor([5., 5., 7.])
    """
    if not counts:
        return rows.new_zeros(0, table.shape[2])
    parts = rows.split(list(counts)), table.unbind(0)
    if onto is None:
        return torch.cat([torch.mm(a, b) for a, b in zip(*parts, strict=True)])
    starts = onto.split(list(counts))
    return torch.cat([torch.addmm(c, a, b) for c, a, b in zip(starts, *parts, strict=True)])
