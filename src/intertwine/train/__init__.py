"""Fitting: a configuration goes in, a folder with a model and all that is needed to repeat it comes out."""

from intertwine.train.config import RunConfig
from intertwine.train.config_example import example, schema
from intertwine.train.config_file import load_config, to_yaml
from intertwine.train.evaluate import Errors, Evaluation, evaluate
from intertwine.train.loader import GraphLoader
from intertwine.train.run import RunResult, resume, train
from intertwine.train.run_folder import RunFolder

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
