"""The sum over neighbours of an outer product: the hot contraction, behind one hook."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor


class Neighbourhoods(NamedTuple):
    """Which edge belongs to which centre, and where it would stand in a rectangular table.

    Attributes:
        receiver: centre of each edge, sorted ascending, `(edges,)`.
        slot: receiver·max_degree + rank of the edge among those of its receiver, `(edges,)`.
        atoms: number of centres.
        max_degree: largest number of edges of one centre, at least 1.
    """

    receiver: Int64[Tensor, " edges"]
    slot: Int64[Tensor, " edges"]
    atoms: int
    max_degree: int


def neighbour_outer_sum(
    left: Float[Tensor, "edges inner p"], right: Float[Tensor, "edges inner q"], of: Neighbourhoods
) -> Float[Tensor, "atoms p q"]:
    """A[i] = Σ_{e → i} Σ_a left[e, a] ⊗ right[e, a]: `(atoms, p, q)`.

    Two equal roads. *Table*: edges are laid into a rectangle of `max_degree` rows per atom and the sum is one
    batched matrix product, so that the p·q numbers of an edge are never written to memory. *Scatter*: the
    outer products are formed and added, better when few atoms have far more neighbours than the others.

    >>> pairs = Neighbourhoods(torch.tensor([0, 0]), torch.tensor([0, 1]), 1, 2)
    >>> neighbour_outer_sum(torch.ones(2, 1, 1), torch.tensor([[[1.0, 2.0]], [[3.0, 4.0]]]), pairs)
    tensor([[[4., 6.]]])
    """
    rows = of.atoms * of.max_degree
    if not isinstance(rows, int) or rows <= 4 * left.shape[0] + 64:
        return _by_table(left, right, of)
    return _by_scatter(left, right, of)


def _by_table(left: Tensor, right: Tensor, of: Neighbourhoods) -> Tensor:
    def table(values: Tensor) -> Tensor:
        rows = of.atoms * of.max_degree
        # where every row is taken the edges, being sorted, are in order already
        if not isinstance(rows, int) or rows != values.shape[0]:
            values = values.new_zeros(rows, *values.shape[1:]).index_copy(0, of.slot, values)
        return values.reshape(of.atoms, of.max_degree * values.shape[1], values.shape[2])

    return torch.bmm(table(left).transpose(1, 2), table(right))


def _by_scatter(left: Tensor, right: Tensor, of: Neighbourhoods) -> Tensor:
    outer = torch.bmm(left.transpose(1, 2), right)
    return outer.new_zeros(of.atoms, *outer.shape[1:]).index_add(0, of.receiver, outer)
