"""What particles tell their event in one round of a planar encoder, in one compiled call."""

import ctypes
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.ops import native


class ParticleTables(NamedTuple):
    """All that an `encoders.ParticleNetwork` knows when it looks; matrices are [outputs, inputs].

    Attributes:
        own, own_bias: of the invariants of a particle.
        out, out_bias: to functions and, after them, logits.
        heard, heard_odd: features of each event, none in the first round; those that are odd, under O(2).
        square, odd_out, odd_gate, odd_gate_bias: what is made of odd numbers.
    """

    own: Float[Tensor, "width scalars"]
    own_bias: Float[Tensor, " width"]
    out: Float[Tensor, "outputs width"]
    out_bias: Float[Tensor, " outputs"]
    heard: Float[Tensor, "events rows width"] | None = None
    heard_odd: Float[Tensor, "events rows width"] | None = None
    square: Float[Tensor, "width width"] | None = None
    odd_out: Float[Tensor, "functions width"] | None = None
    odd_gate: Float[Tensor, "functions width"] | None = None
    odd_gate_bias: Float[Tensor, " functions"] | None = None


class SumRule(NamedTuple):
    """How particles are counted; see `encoders.PlanarSpec`.

    Attributes:
        orders: highest m.
        heads: how many logits.
        infrared_safe: whether particles count by their share of the weight alone.
        particles: average number in an event.
        largest: size of a logit, at most.
    """

    orders: int
    heads: int
    infrared_safe: bool
    particles: float
    largest: float


def can_sum(*tensors: Float[Tensor, "..."]) -> bool:
    """Whether there is a kernel for these tensors, and nobody wants their gradients or watches torch.

    >>> can_sum(torch.zeros(1, requires_grad=True))
    False
    """
    wanted = torch.is_grad_enabled() and any(each.requires_grad for each in tensors)
    return not wanted and native.usable(*tensors)


def cloud_sums(
    particles: Sequence[Float[Tensor, "particles ..."]],
    counts: Sequence[int],
    tables: ParticleTables,
    rule: SumRule,
) -> list[Float[Tensor, "events rows channels"]] | None:
    """Sums over the particles of each event, of even and of odd functions, where `can_sum`.

    An event at a time: nothing of the size particles × functions goes to memory. None where the processor is
    too old for the kernel, or shapes are not those of the tables.

    Args:
        particles: directions, scalars and weights, those of one event after those of another.
        counts: how many each event has.
        tables: of the network.
        rule: how particles are counted.
    """
    columns = [list(each.shape[1:]) for each in particles]
    if columns != [[2], [tables.own.shape[1]], []] or min(counts, default=0) < 0:
        return None
    offsets = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    alive = [table if table is None else table.contiguous() for table in (*particles, *tables)]
    functions, rows = len(tables.out) - rule.heads, 2 * rule.orders + 1
    width = (rule.heads + (1 if rule.infrared_safe else 2)) * functions
    results = [
        tables.out.new_empty(len(counts), rows, width) for _ in range(1 if tables.square is None else 2)
    ]
    sizes = len(counts), tables.own.shape[1], rule.orders, len(tables.own), functions, rule.heads
    failed = native.kernel("cloud_sums", tables.out.dtype)(
        (ctypes.c_long * 8)(*sizes, rule.infrared_safe, torch.get_num_threads()),
        (ctypes.c_double * 2)(rule.particles, rule.largest),
        native.pointers([*alive[:3], offsets, *alive[3:]]),
        native.pointers([*results, None][:2]),
    )
    return None if failed else results
