"""Compiled kernels: C++ beside the plain torch operations that they equal.

They are built with the package where there is a C++ compiler, and called through ctypes on the memory of
CPU tensors. Without them, or with the environment variable INTERTWINE_NATIVE=0, everything runs in torch.
"""

from intertwine.ops.native.library import address, function, kernel, pointers, takes, usable

__all__ = ["address", "function", "kernel", "pointers", "takes", "usable"]
