"""Have Triton compile kernels for a GPU that need not be there; `test_triton.py` reads what is printed."""

import sys
from typing import Any

import torch

from intertwine.ops.sphere_product import sphere_product

LENGTHS = {"columns": "i64", "step": "i64", "edges": "i64", "channels": "i32", "radial": "i32"}
PLACES = dict.fromkeys(("sender", "receiver", "begin"), "*i64")


def compile_for_a_gpu(kernel: Any, sizes: dict[str, int], precision: int) -> None:
    """Print whether there is machine code, and whether any of it rounds to TF32."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    kinds = LENGTHS | PLACES | dict.fromkeys(sizes, "constexpr")
    signature = {name: kinds.get(name, f"*fp{precision}") for name in kernel.arg_names}
    constants = {(kernel.arg_names.index(name),): size for name, size in sizes.items()}
    source, ampere = ASTSource(kernel, signature, constants), GPUTarget("cuda", 80, 32)
    made = triton.compile(source, target=ampere).asm
    print(kernel.__name__, precision, len(made["cubin"]) > 0, "tf32" in made["ptx"])


def compile_all() -> None:
    """The kernels at the sizes of the default model."""
    sphere_product(torch.ones(1, 1, 3), torch.ones(1, 3, 1), 0, 0)
    assert "triton" not in sys.modules, "Triton was imported for a tensor on the CPU"
    from intertwine.ops.triton import bond_message as message
    from intertwine.ops.triton import sphere_product as product

    sizes = product._sizes(3, 1)
    compile_for_a_gpu(product._forward, sizes, 64)
    compile_for_a_gpu(product._second, sizes, 32)
    sizes = {"L_MAX": 3, "RADIAL": 16, "EDGES": message.EDGES, "WIDTH": message.WIDTH}
    compile_for_a_gpu(message._forward, sizes, 32)
    compile_for_a_gpu(message._backward, sizes, 32)


if __name__ == "__main__":
    compile_all()
