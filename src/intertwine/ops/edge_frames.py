"""Frames that stand along edges: rotations of features that carry every edge onto one axis.

The axis is y, the polar axis of the harmonics: a row of order m is then already one of the irrep m of the
O(2) that leaves the edge alone, and restriction only sorts the rows.
"""

from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.errors import InputError
from intertwine.groups import wigner_d
from intertwine.ops.norm import normalise

# (x, y, z) → (y, z, x): an edge along y is looked at from here, where it is far from the pole
SIDEWAYS = np.eye(3)[[1, 2, 0]]


def edge_frames(
    l_max: int,
    vectors: Float[Tensor, "edges 3"],
    roll: Float[Tensor, " edges"] | None = None,
) -> list[Float[Tensor, "edges _ _"]]:
    """Wigner matrices of rotations R⁻¹ that carry each edge onto y: `frames[l] @ x` is x as the edge sees it.

    A direction (sin β sin α, cos β, sin β cos α) is R y with R = R_y(α) R_x(β), so that

        D_l(R)ᵀ = D_l(R_x(−β)) D_l(R_y(−α)),    D_l(R_x(−β)) = Σ_m A_lm cos mβ + B_lm sin mβ

    with fixed matrices A and B: for each degree one matrix product, then a turn of pairs of columns. An edge
    closer to ±y than 45° is treated so after a cyclic exchange of its coordinates, which D_l of that exchange
    undoes. So no edge is near a pole, no digits are lost, and all derivatives are finite. At 45° the frame
    jumps by a roll about the edge; what does not depend on the roll is smooth.

    Args:
        l_max: highest degree, ≥ 0.
        vectors: edges, of any length and unit.
        roll: turns of the frames about their edges, radians: R R_y(roll). None is zero.

    Returns:
        For each l = 0…l_max `(edges, 2l+1, 2l+1)`, orthogonal, rows those in the edge's frame; `frames[1]` is
        R⁻¹ itself. An edge of no length has no frame: its matrices are zero for every l > 0.

    Raises:
        InputError: a negative degree.

    >>> frames = edge_frames(1, torch.tensor([[0.0, 0.0, 2.0]]))
    >>> (frames[1] @ torch.tensor([0.0, 0.0, 1.0])).round()
    tensor([[0., 1., 0.]])
    """
    turn = None if roll is None else (roll.cos(), roll.sin())
    return frames_with_roll(l_max, vectors, turn)


def frames_with_roll(
    l_max: int,
    vectors: Float[Tensor, "edges 3"],
    roll: tuple[Float[Tensor, " edges"], Float[Tensor, " edges"]] | None,
) -> list[Float[Tensor, "edges _ _"]]:
    """`edge_frames` with the roll given by its cosine and sine."""
    if l_max < 0:
        raise InputError("a Wigner matrix has no negative degree", got=l_max, accepted="l_max >= 0")
    direction, length = normalise(vectors)
    sideways = (direction[:, 1] ** 2 > 0.5).unsqueeze(1)
    seen = torch.where(sideways, direction[:, [1, 2, 0]], direction)
    azimuth, sine = normalise(seen[:, ::2])
    cos, sin = _multiples(
        torch.stack([azimuth[:, 1], seen[:, 1]], dim=1), torch.stack([azimuth[:, 0], sine], dim=1), l_max
    )
    polar = torch.cat([cos[:, 1], sin[:, 1]], dim=1) * (length > 0).unsqueeze(1)
    cos, sin = _all_orders(cos[:, 0], sin[:, 0])
    frames = [torch.ones_like(polar[:, :1, None])]
    for l in range(1, l_max + 1):
        rows, orders = 2 * l + 1, slice(l_max - l, l_max + l + 1)
        table, order = (array.to(polar) for array in _tables(l, l_max))
        x = (polar @ table).unflatten(1, (rows, rows))
        frame = x * cos[:, None, orders] - x.flip(2) * sin[:, None, orders]
        frames.append(torch.where(sideways.unsqueeze(2), frame @ order, frame))
    return frames if roll is None else [_rolled(frame, *roll) for frame in frames]


def _rolled(
    frame: Float[Tensor, "edges rows rows"], cos: Float[Tensor, " edges"], sin: Float[Tensor, " edges"]
) -> Float[Tensor, "edges rows rows"]:
    """D_l(R_y(−γ)) before a frame of degree l."""
    one = _multiples(cos.unsqueeze(1), sin.unsqueeze(1), frame.shape[1] // 2)
    cos, sin = _all_orders(one[0][:, 0], one[1][:, 0])
    return frame * cos.unsqueeze(2) + frame.flip(1) * sin.unsqueeze(2)


def _multiples(
    cos: Float[Tensor, "edges angles"], sin: Float[Tensor, "edges angles"], highest: int
) -> tuple[Float[Tensor, "edges angles orders"], Float[Tensor, "edges angles orders"]]:
    """cos mθ and sin mθ for m = 0…highest."""
    waves = [(torch.ones_like(cos), torch.zeros_like(sin))]
    for _ in range(highest):
        c, s = waves[-1]
        waves.append((c * cos - s * sin, s * cos + c * sin))
    return torch.stack([c for c, _ in waves], dim=-1), torch.stack([s for _, s in waves], dim=-1)


def _all_orders(
    cos: Float[Tensor, "edges orders"], sin: Float[Tensor, "edges orders"]
) -> tuple[Float[Tensor, "edges rows"], Float[Tensor, "edges rows"]]:
    """From m = 0…l to the rows m = −l…l: cosines are even, sines are odd."""
    return (
        torch.cat([cos[:, 1:].flip(1), cos], dim=1),
        torch.cat([-sin[:, 1:].flip(1), sin], dim=1),
    )


@cache
def _tables(l: int, l_max: int) -> tuple[Tensor, Tensor]:
    """A and B of D_l(R_x(−β)) as `(2(l_max+1), rows·rows)`, and D_l of the cyclic order; float64.

    Fourier coefficients, read off at 2·l_max+1 equidistant angles, where they are exact.
    """
    count = 2 * l_max + 1
    angles = 2 * np.pi * np.arange(count) / count
    cos, sin, zero, one = np.cos(angles), np.sin(angles), np.zeros(count), np.ones(count)
    turns = np.stack([one, zero, zero, zero, cos, sin, zero, -sin, cos], axis=1).reshape(count, 3, 3)
    orders = np.arange(l_max + 1)[:, None] * angles
    waves = np.concatenate([np.cos(orders), np.sin(orders)]) * (2 / count)
    waves[0] /= 2
    table = waves @ wigner_d(l, turns).reshape(count, (2 * l + 1) ** 2)
    return torch.from_numpy(table), torch.from_numpy(wigner_d(l, SIDEWAYS))
