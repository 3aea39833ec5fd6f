"""Exact numbers inside a module."""

import numpy as np
import torch
from torch import Tensor, nn


class Constant(nn.Module):
    """A table of exact float64 numbers, given in whatever precision the module runs.

    A plain buffer that passes through float32 stays rounded when the module goes back to float64; this one is
    rounded afresh from the exact numbers each time, and is not part of a checkpoint.

    Args:
        array: the exact numbers.
        pinned: keep float64 whatever precision the module takes.

    >>> third = Constant(np.array([1.0 / 3.0]))
    >>> third.float().double().value.item() == 1.0 / 3.0
    True
    """

    def __init__(self, array: np.ndarray, pinned: bool = False) -> None:
        super().__init__()
        self._exact = torch.from_numpy(np.array(array, dtype=np.float64))
        self._pinned = pinned
        dtype = torch.float64 if pinned else torch.get_default_dtype()
        self.register_buffer("value", self._exact.to(dtype, copy=True), persistent=False)

    value: Tensor

    def _apply(self, fn, recurse: bool = True):
        super()._apply(fn, recurse)
        dtype = torch.float64 if self._pinned else self.value.dtype
        self.value = self._exact.to(device=self.value.device, dtype=dtype, copy=True)
        return self
