"""Triton's language and decorator of kernels; where Triton is missing stand-ins, so that modules import."""

import inspect
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

triton: Any = import_module("triton") if find_spec("triton") else None
tl: Any = SimpleNamespace(constexpr=Any) if triton is None else import_module("triton.language")


def compiled(function: Callable[..., Any]) -> Any:
    """The function as a kernel or part of one, compiled when first called; as it is where Triton is missing.

    Triton reads the source and the globals of what was written, so wrappers (jaxtyping's, in tests) come off.
    """
    return function if triton is None else triton.jit(inspect.unwrap(function))
