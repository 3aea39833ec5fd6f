"""Weights as one safetensors file with a JSON header: written whole or not at all, and read without trust."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from intertwine.data import replacing
from intertwine.errors import InputError
from intertwine.typing import PathLike

Built = TypeVar("Built", bound=nn.Module)


def write_weights(path: PathLike, format: str, header: dict[str, Any], module: nn.Module) -> Path:
    """Write the state of a module to one `.safetensors` file, whole or not at all.

    Args:
        path: where to.
        format: what tells such a file from others.
        header: what JSON can hold.
        module: whose state.

    Raises:
        InputError: the place cannot be written to.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}
    with replacing(Path(path)) as scratch:
        scratch.write_bytes(save(state, metadata={"format": format, "intertwine": json.dumps(header)}))
    return Path(path)


@dataclass(frozen=True)
class WeightsFile:
    """One kind of weights file. No pickle is involved: a file from a stranger cannot run code.

    Args:
        format: what tells it from others.
        version: of the newest header that can be read.
        noun: what it holds, in a word.
        kind: the same in full.
        command: that writes it.
    """

    format: str
    version: int
    noun: str
    kind: str
    command: str

    def write(
        self, path: PathLike, module: nn.Module, spec: dict[str, Any], metadata: dict | None, **more: Any
    ) -> Path:
        """Write a module with what it can be built from, and anything else that JSON can hold.

        Raises:
            InputError: the place cannot be written to.
        """
        header = {"version": self.version, **more, "spec": spec, "metadata": metadata or {}}
        return write_weights(path, self.format, header, module)

    def read(self, path: PathLike, build: Callable[[Any], Built]) -> Built:
        """The module of a file, its weights frozen.

        Args:
            path: to read.
            build: a module from the `spec` that was written, in the precision that is wanted.

        Raises:
            InputError: the file is missing, holds something else, or is from a newer version.
        """
        path, noun = Path(path), self.noun
        if not path.is_file():
            raise InputError(f"no {noun} at '{path}'", accepted=f"a .safetensors file of {self.command}")
        try:
            with safe_open(path, framework="pt") as file:
                raw = file.metadata() or {}
                state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except SafetensorError as error:
            raise InputError(f"'{path}' is not a {noun}", got=error, accepted="safetensors") from error
        if raw.get("format") != self.format:
            raise InputError(f"'{path}' is not a {self.kind}", accepted=f"format '{self.format}'")
        try:
            header = json.loads(raw["intertwine"])
            if int(header["version"]) > self.version:
                raise InputError(
                    f"'{path}' is of version {header['version']}", accepted=f"up to {self.version}"
                )
            module = build(header["spec"])
            module.load_state_dict(state)
        except (ValidationError, KeyError, TypeError, ValueError, RuntimeError) as error:
            if isinstance(error, InputError):
                raise
            got = str(error).splitlines()[0]
            raise InputError(f"'{path}' does not describe a {noun}", got=got) from error
        return module.requires_grad_(False)
