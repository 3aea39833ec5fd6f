"""The compiled library: where it is, when it can be used, and its functions."""

import ctypes
import importlib.util
import os
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.ops.tracing import is_traced

SUFFIX = {torch.float32: "float", torch.float64: "double"}
"""Ending of the names of the functions for each precision."""


@cache
def _library() -> ctypes.CDLL | None:
    """The shared library that was built with the package; None where it was not, or is switched off."""
    if os.environ.get("INTERTWINE_NATIVE", "1") == "0":
        return None
    found = importlib.util.find_spec("intertwine.ops.native._kernels")
    return ctypes.CDLL(found.origin) if found is not None and found.origin else None


def takes(*tensors: Float[Tensor, "..."]) -> bool:
    """Whether there are kernels for these tensors: built, not switched off, for one precision on the CPU."""
    dtype = tensors[0].dtype
    on_cpu = dtype in SUFFIX and all(t.dtype == dtype and t.device.type == "cpu" for t in tensors)
    return on_cpu and _library() is not None


def usable(*tensors: Float[Tensor, "..."]) -> bool:
    """Whether a compiled kernel can take these tensors, and nobody is watching who has to see torch."""
    return not is_traced() and takes(*tensors)


def kernel(name: str, dtype: torch.dtype) -> Any:
    """A function of the library by its name without the precision; call it only where `usable`."""
    return function(f"{name}_{SUFFIX[dtype]}")


@cache
def function(name: str) -> Any:
    """A function of the library, of a whole number; call it only where `usable`."""
    library = _library()
    assert library is not None
    found = library[name]
    found.restype = ctypes.c_long
    return found


def address(array: Tensor | np.ndarray | None) -> ctypes.c_void_p:
    """Where the numbers of an array begin; null for None. The array is contiguous and outlives the call.

    >>> address(None).value is None
    True
    """
    return ctypes.c_void_p(_place(array))


def pointers(arrays: Sequence[Tensor | np.ndarray | None]) -> ctypes.Array[ctypes.c_void_p]:
    """The addresses of several arrays, themselves an array.

    >>> pointers([None])[0] is None
    True
    """
    return (ctypes.c_void_p * len(arrays))(*map(_place, arrays))


def _place(array: Tensor | np.ndarray | None) -> int | None:
    if array is None:
        return None
    if isinstance(array, Tensor):
        assert array.is_contiguous()
        return array.data_ptr()
    return array.__array_interface__["data"][0]
