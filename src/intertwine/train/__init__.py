"""Fitting: a configuration goes in, a folder with a model and all that is needed to repeat it comes out.

What needs Lightning, which takes seconds to import, is imported on first use.
"""

import importlib
from typing import TYPE_CHECKING, Any

from intertwine.train.config import RunConfig
from intertwine.train.config_example import example, schema
from intertwine.train.config_file import load_config, to_yaml
from intertwine.train.evaluate import Errors, Evaluation, evaluate
from intertwine.train.loader import GraphLoader
from intertwine.train.run_folder import RunFolder

if TYPE_CHECKING:
    from intertwine.train.run import RunResult, resume, train

__all__ = [
    "Errors",
    "Evaluation",
    "GraphLoader",
    "RunConfig",
    "RunFolder",
    "RunResult",
    "evaluate",
    "example",
    "load_config",
    "resume",
    "schema",
    "to_yaml",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in ("RunResult", "resume", "train"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("intertwine.train.run"), name)
