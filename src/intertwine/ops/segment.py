"""Sums over segments: the one way in which edges become atoms and atoms become systems."""

from jaxtyping import Float, Int64
from torch import Tensor


def segment_sum(
    values: Float[Tensor, "items *feature"], index: Int64[Tensor, " items"], size: int
) -> Float[Tensor, "size *feature"]:
    """y[s] = Σ values[k] over the items k with index[k] = s.

    Args:
        values: summands, `(items, …)`.
        index: the segment of each item, `(items,)`, in 0…size−1; need not be sorted.
        size: number of segments; empty ones give zero.

    >>> import torch
    >>> segment_sum(torch.tensor([1.0, 2.0, 4.0]), torch.tensor([0, 0, 2]), 3)
    tensor([3., 0., 4.])
    """
    return values.new_zeros((size, *values.shape[1:])).index_add(0, index, values)
