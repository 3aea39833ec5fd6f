"""Lengths and directions whose first and second derivatives stay finite at zero."""

import torch
from jaxtyping import Float
from torch import Tensor


def norm(x: Float[Tensor, "... d"]) -> Float[Tensor, "..."]:
    """Length |x| over the last axis; at x = 0 the value and all its derivatives are exactly zero.

    The square root is taken of a number that is never zero (the "double where"), so no branch of the
    derivative produces 0·inf.

    >>> norm(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    tensor([5., 0.])
    """
    square = (x * x).sum(-1)
    zero = square == 0
    return torch.where(zero, 0.0, torch.where(zero, 1.0, square).sqrt())


def normalise(x: Float[Tensor, "... d"]) -> tuple[Float[Tensor, "... d"], Float[Tensor, "..."]]:
    """Direction x/|x| and length |x|; the direction of the zero vector is zero.

    >>> direction, length = normalise(torch.tensor([[0.0, 0.0, 2.0]]))
    >>> direction, length
    (tensor([[0., 0., 1.]]), tensor([2.]))
    """
    length = norm(x)
    return x / torch.where(length == 0, 1.0, length).unsqueeze(-1), length
