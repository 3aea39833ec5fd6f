"""Models as files: one safetensors file, weights and a JSON header; nothing in it can run."""

from pathlib import Path
from typing import Any

import torch

from intertwine import __version__
from intertwine.apps.jets.network import JetModel, JetSpec
from intertwine.observables.weights_file import WeightsFile
from intertwine.typing import PathLike

JETS = WeightsFile("intertwine jet model", 1, "model", "model of jets", "intertwine jets train")


def save_jets(model: JetModel, path: PathLike, metadata: dict[str, Any] | None = None) -> Path:
    """Write a model to one `.safetensors` file, whole or not at all.

    Raises:
        InputError: the place cannot be written to.
    """
    return JETS.write(path, model, model.header(), metadata, intertwine=__version__)


def load_jets(path: PathLike, dtype: torch.dtype = torch.float32) -> JetModel:
    """Read a model written by `save_jets`. No pickle is involved: a file from a stranger cannot run code.

    Raises:
        InputError: the file is missing, is no such model, or is from a newer version.
    """
    return JETS.read(path, lambda spec: JetModel(JetSpec.model_validate(spec)).to(dtype)).eval()
