"""Models of docking as files: one safetensors file, weights and a JSON header; nothing in it can run."""

import json
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from intertwine.apps.docking.energy import PoseEnergy, PoseEnergySpec
from intertwine.data import replacing
from intertwine.errors import InputError
from intertwine.typing import PathLike

FORMAT = "intertwine docking energy"
VERSION = 1


def save_docking_model(model: PoseEnergy, path: PathLike, metadata: dict | None = None) -> Path:
    """Write an energy to one `.safetensors` file, whole or not at all.

    Args:
        model: what to write.
        path: where to.
        metadata: the model card: on what it was trained, what was measured.

    Raises:
        InputError: the place cannot be written to.
    """
    path = Path(path)
    header = {"version": VERSION, "spec": model.spec.model_dump(mode="json"), "metadata": metadata or {}}
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    with replacing(path) as scratch:
        scratch.write_bytes(save(state, metadata={"format": FORMAT, "intertwine": json.dumps(header)}))
    return path


def load_docking_model(path: PathLike | None = None, dtype: torch.dtype = torch.float32) -> PoseEnergy:
    """Read an energy written by `save_docking_model`, or, without a path, the physical prior alone.

    No pickle is involved: a file from a stranger cannot run code. The prior alone has seen no data of ours:
    its weights are those of AutoDock Vina, so it may be used for anything.

    Raises:
        InputError: the file is missing, is no docking energy of ours, or is from a newer version.

    >>> load_docking_model().spec.bound
    0.0
    """
    if path is None:
        return PoseEnergy(PoseEnergySpec(bound=0.0)).to(dtype).requires_grad_(False)
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no model at '{path}'", accepted="a .safetensors file of intertwine dock train")
    try:
        with safe_open(path, framework="pt") as file:
            raw = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise InputError(f"'{path}' is not a model", got=error, accepted="safetensors") from error
    if raw.get("format") != FORMAT:
        raise InputError(f"'{path}' is not a model of docking", accepted=f"format '{FORMAT}'")
    try:
        header = json.loads(raw["intertwine"])
        if int(header["version"]) > VERSION:
            raise InputError(f"'{path}' is of version {header['version']}", accepted=f"up to {VERSION}")
        model = PoseEnergy(PoseEnergySpec.model_validate(header["spec"])).to(dtype)
        model.load_state_dict(state)
    except (ValidationError, KeyError, TypeError, ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"'{path}' does not describe a model", got=str(error).splitlines()[0]) from error
    return model.requires_grad_(False)
