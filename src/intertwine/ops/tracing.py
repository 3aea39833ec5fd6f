"""Who watches the operations of torch: what hides behind a compiled kernel is hidden from them."""

import torch


def is_traced() -> bool:
    """Whether a tracer (torch.compile, torch.export, make_fx) or a transform of torch.func is at work.

    These have to see operations of torch, not a kernel.

    >>> is_traced(), torch.func.vmap(lambda x: x + is_traced())(torch.zeros(1))
    (False, tensor([1.]))
    """
    watched = torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()
    return watched or torch._C._len_torch_dispatch_stack() > 0
