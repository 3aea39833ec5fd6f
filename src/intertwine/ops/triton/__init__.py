"""Triton kernels for GPUs, beside the plain torch operations that they equal.

**They have never run on a GPU.** Their results are held to torch's by Triton's interpreter, on the CPU, and
Triton translates them for NVIDIA's processors; nobody has seen what they give or cost there. So they run only
where the environment variable INTERTWINE_TRITON=1 asks for them; else everything on a GPU is left to torch.

Triton is imported when the first kernel is needed. PyTorch for CUDA brings it along.
"""

from intertwine.ops.triton.road import usable

__all__ = ["usable"]
