"""Models as files: one safetensors file, weights and a JSON header; nothing in it can run."""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from intertwine.errors import InputError
from intertwine.observables.model import Model
from intertwine.observables.spec import ModelSpec
from intertwine.observables.weights_file import write_weights
from intertwine.typing import PathLike

FORMAT = "intertwine model"
VERSION = 1
UPGRADES: dict[int, Callable[[dict], dict]] = {}
"""Step from header version k to k+1, by k; a file of any older version is walked up to today's."""


def save_model(model: Model, path: PathLike, metadata: dict | None = None) -> Path:
    """Write a model to one `.safetensors` file, whole or not at all.

    Args:
        model: what to write.
        path: where to.
        metadata: anything JSON can hold (data hashes, units, provenance); read back as `model.metadata`.

    Returns:
        The path written.

    Raises:
        InputError: the place cannot be written to.
    """
    header = {"version": VERSION, "spec": model.spec.model_dump(mode="json"), "metadata": metadata or {}}
    return write_weights(path, FORMAT, header, model)


def load_model(path: PathLike, device: str = "cpu", dtype: torch.dtype | None = None) -> Model:
    """Read a model written by `save_model`. No pickle is involved: a file from a stranger cannot run code.

    Args:
        path: the file.
        device: where the weights go.
        dtype: precision of the weights; the file's own by default.

    Raises:
        InputError: the file is missing, is no model of ours, or is from a newer version.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no model at '{path}'", accepted="a .safetensors file written by intertwine train")
    try:
        with safe_open(path, framework="pt", device=device) as file:
            header = _header(path, file.metadata() or {})
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise InputError(f"'{path}' is not a model file", got=error, accepted="safetensors") from error
    return _build(path, header, state, device, dtype)


def _build(path: Path, header: dict, state: dict, device: str, dtype: torch.dtype | None) -> Model:
    try:
        model = Model(ModelSpec.model_validate(header["spec"]))
        model.to(device=device, dtype=next(iter(state.values())).dtype)
        model.load_state_dict(state)
    except (ValidationError, KeyError, StopIteration, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"'{path}' does not describe a model that can be built", got=reason) from error
    model.metadata = header.get("metadata", {})
    return model.to(dtype=dtype).eval() if dtype else model.eval()


def _header(path: Path, raw: dict[str, str]) -> dict:
    if raw.get("format") != FORMAT:
        raise InputError(
            f"'{path}' is a safetensors file but not a model of Intertwine", accepted=f"format '{FORMAT}'"
        )
    try:
        header = json.loads(raw["intertwine"])
        version = int(header["version"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"'{path}' has a damaged header", got=error) from error
    if version > VERSION:
        raise InputError(
            f"'{path}' is of version {version}", accepted=f"up to {VERSION}", fix="upgrade intertwine"
        )
    for step in range(version, VERSION):
        header = UPGRADES[step](header)
    return header
