"""Laws as files: one safetensors file, weights and a JSON header; nothing in it can run."""

import json
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from intertwine.apps.crystal.law import ConstitutiveLaw, LawSpec
from intertwine.data import replacing
from intertwine.errors import InputError
from intertwine.typing import PathLike

FORMAT = "intertwine constitutive law"
VERSION = 1


def save_law(law: ConstitutiveLaw, path: PathLike, metadata: dict | None = None) -> Path:
    """Write a law to one `.safetensors` file, whole or not at all.

    Raises:
        InputError: the place cannot be written to.
    """
    path = Path(path)
    header = {"version": VERSION, "spec": law.spec.model_dump(mode="json"), "metadata": metadata or {}}
    state = {name: value.detach().cpu().contiguous() for name, value in law.state_dict().items()}
    with replacing(path) as scratch:
        scratch.write_bytes(save(state, metadata={"format": FORMAT, "intertwine": json.dumps(header)}))
    return path


def load_law(path: PathLike, dtype: torch.dtype = torch.float64) -> ConstitutiveLaw:
    """Read a law written by `save_law`. No pickle is involved: a file from a stranger cannot run code.

    Raises:
        InputError: the file is missing, is no law of ours, or is from a newer version.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no law at '{path}'", accepted="a .safetensors file of intertwine law fit")
    try:
        with safe_open(path, framework="pt") as file:
            raw = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise InputError(f"'{path}' is not a law", got=error, accepted="safetensors") from error
    if raw.get("format") != FORMAT:
        raise InputError(f"'{path}' is not a constitutive law", accepted=f"format '{FORMAT}'")
    try:
        header = json.loads(raw["intertwine"])
        if int(header["version"]) > VERSION:
            raise InputError(f"'{path}' is of version {header['version']}", accepted=f"up to {VERSION}")
        law = ConstitutiveLaw(LawSpec.model_validate(header["spec"])).to(dtype)
        law.load_state_dict(state)
    except (ValidationError, KeyError, TypeError, ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"'{path}' does not describe a law", got=str(error).splitlines()[0]) from error
    return law.requires_grad_(False)
