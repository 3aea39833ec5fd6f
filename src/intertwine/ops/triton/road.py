"""When the Triton kernels can be used."""

import os
from functools import cache
from importlib.util import find_spec

import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.ops.tracing import is_traced


@cache
def _devices() -> tuple[str, ...]:
    """Kinds of devices whose tensors the kernels take where asked for; the interpreter takes all."""
    if os.environ.get("INTERTWINE_TRITON", "0") != "1" or find_spec("triton") is None:
        return ()
    return ("cuda", "cpu") if os.environ.get("TRITON_INTERPRET", "0") == "1" else ("cuda",)


def usable(*tensors: Float[Tensor, "..."]) -> bool:
    """Whether a Triton kernel can take these tensors: of one precision on one GPU, nobody tracing.

    Only with INTERTWINE_TRITON=1. With TRITON_INTERPRET=1 besides, tensors on the CPU will do: that is how
    the kernels are tested.

    >>> usable(torch.zeros(1, dtype=torch.float16))
    False
    """
    device, dtype = tensors[0].device, tensors[0].dtype
    if device.type not in _devices() or dtype not in (torch.float32, torch.float64) or is_traced():
        return False
    return all(t.dtype == dtype and t.device == device for t in tensors)
