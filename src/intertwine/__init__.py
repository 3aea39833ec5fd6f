"""Intertwine: declare the symmetry, learn the physics.

The names most users want, loaded when first asked for:

>>> import intertwine
>>> intertwine.Irreps("16x0e + 8x1o").dim
40
"""

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES: dict[str, str] = {
    "Irreps": "groups",
    "Structure": "data",
    "read": "data",
    "write": "data",
    "build_graph": "graph",
    "collate": "graph",
    "Model": "observables",
    "ModelSpec": "observables",
    "hessian": "observables",
    "load_model": "observables",
    "save_model": "observables",
    "load_config": "train",
    "IntertwineCalculator": "engines",
    "Predictor": "engines",
    "certify": "testing",
}

__all__ = [
    "IntertwineCalculator",
    "Irreps",
    "Model",
    "ModelSpec",
    "Predictor",
    "Structure",
    "build_graph",
    "certify",
    "collate",
    "hessian",
    "load_config",
    "load_model",
    "read",
    "save_model",
    "write",
]

if TYPE_CHECKING:
    from intertwine.data import Structure, read, write
    from intertwine.engines import IntertwineCalculator, Predictor
    from intertwine.graph import build_graph, collate
    from intertwine.groups import Irreps
    from intertwine.observables import Model, ModelSpec, hessian, load_model, save_model
    from intertwine.testing import certify
    from intertwine.train import load_config


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'intertwine' has no attribute '{name}'")
    return getattr(importlib.import_module(f"intertwine.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
