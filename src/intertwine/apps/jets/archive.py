"""Models as files: one safetensors file, weights and a JSON header; nothing in it can run."""

import json
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from intertwine import __version__
from intertwine.apps.jets.network import JetModel, JetSpec
from intertwine.data import replacing
from intertwine.errors import InputError
from intertwine.typing import PathLike

FORMAT = "intertwine jet model"
VERSION = 1


def save_jets(model: JetModel, path: PathLike, metadata: dict[str, Any] | None = None) -> Path:
    """Write a model to one `.safetensors` file, whole or not at all.

    Raises:
        InputError: the place cannot be written to.
    """
    path = Path(path)
    header = {
        "version": VERSION, "intertwine": __version__, "spec": model.header(), "metadata": metadata or {},
    }  # fmt: skip
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    with replacing(path) as scratch:
        scratch.write_bytes(save(state, metadata={"format": FORMAT, "intertwine": json.dumps(header)}))
    return path


def load_jets(path: PathLike, dtype: torch.dtype = torch.float32) -> JetModel:
    """Read a model written by `save_jets`. No pickle is involved: a file from a stranger cannot run code.

    Raises:
        InputError: the file is missing, is no such model, or is from a newer version.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no model at '{path}'", accepted="a .safetensors file of intertwine jets train")
    try:
        with safe_open(path, framework="pt") as file:
            raw = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise InputError(f"'{path}' is not a model", got=error, accepted="safetensors") from error
    if raw.get("format") != FORMAT:
        raise InputError(f"'{path}' is not a model of jets", accepted=f"format '{FORMAT}'")
    try:
        header = json.loads(raw["intertwine"])
        if int(header["version"]) > VERSION:
            raise InputError(f"'{path}' is of version {header['version']}", accepted=f"up to {VERSION}")
        model = JetModel(JetSpec.model_validate(header["spec"])).to(dtype)
        model.load_state_dict(state)
    except (ValidationError, KeyError, TypeError, ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"'{path}' does not describe a model", got=str(error).splitlines()[0]) from error
    return model.eval().requires_grad_(False)
