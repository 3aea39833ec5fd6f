"""Which gradients the backward pass that is running will use."""

from typing import Any

import torch


def wanted(ctx: Any) -> list[bool]:
    """For each tensor given to an `autograd.Function` whether the pass that is running will use its gradient.

    That is less than `needs_input_grad`: forces leave the weights alone. Tensors come last in its arguments.

    Args:
        ctx: of the function, in its `backward`.
    """
    nodes = [node for node, _ in ctx.next_functions]
    needed = ctx.needs_input_grad[-len(nodes) :]
    return [need and _will_run(node) for need, node in zip(needed, nodes, strict=True)]


def _will_run(node: Any) -> bool:
    try:
        return torch._C._will_engine_execute_node(node)
    except RuntimeError:  # torch does not say it of a leaf that was asked for by name: it will
        return True
