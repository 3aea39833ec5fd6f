"""The state of a training as one safetensors file: tensors and JSON, written whole, and no pickle."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch.plugins.io import CheckpointIO
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from intertwine.data.atomic import replacing
from intertwine.errors import InputError
from intertwine.typing import PathLike

FORMAT = "intertwine training state"
VERSION = 1
UPGRADES: dict[int, Callable[[dict], dict]] = {}
"""Step from version k of the state to k+1, by k; a file of an older version is walked up to today's."""


def save_state(state: Mapping[str, Any], path: PathLike) -> Path:
    """Write a nested state to one file, whole or not at all.

    Args:
        state: dictionaries (keys: str, int, bool, float or None), lists, tuples, tensors, NumPy arrays and
            numbers, str, int, float (infinite and NaN too), bool, bytes and None, nested in any way.
        path: where to.

    Raises:
        TypeError: the state holds anything else; nothing is written.
        InputError: the place cannot be written.
    """
    tensors: dict[str, Tensor] = {}
    tree = _encode(state, tensors, "state")
    header = {"format": FORMAT, "version": str(VERSION), "tree": json.dumps(tree, separators=(",", ":"))}
    with replacing(path) as scratch:
        scratch.write_bytes(save(tensors, metadata=header))
    return Path(path)


def load_state(path: PathLike) -> dict[str, Any]:
    """Read what `save_state` wrote, equal to the last bit; tensors are on the CPU.

    Raises:
        InputError: the file is missing, damaged, no training state, or from a newer version.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no training state at '{path}'", fix="start the run afresh")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if header.get("format") != FORMAT:
            raise InputError(f"'{path}' is not the state of a training", accepted=f"format '{FORMAT}'")
        state, version = _decode(json.loads(header["tree"]), tensors), int(header["version"])
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"'{path}' is damaged", got=error) from error
    if version > VERSION:
        raise InputError(
            f"'{path}' is of version {version}", accepted=f"up to {VERSION}", fix="upgrade intertwine"
        )
    for step in range(version, VERSION):
        state = UPGRADES[step](state)
    return state


class SafetensorsCheckpointIO(CheckpointIO):
    """Lightning's door to `save_state` and `load_state`.

    Exactness does not hang on Lightning: whatever nested state it hands over comes back the same, or the
    writing fails.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: PathLike, storage_options: Any = None
    ) -> None:
        save_state(checkpoint, path)

    def load_checkpoint(
        self, path: PathLike, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        return load_state(path)

    def remove_checkpoint(self, path: PathLike) -> None:
        Path(path).unlink(missing_ok=True)


def _encode(value: Any, tensors: dict[str, Tensor], place: str) -> Any:
    """JSON of a value: plain scalars as they are, everything else as [kind, content]."""
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else ["float", repr(value)]
    if isinstance(value, Mapping):
        pairs = [[_key(key, place), _encode(item, tensors, f"{place}.{key}")] for key, item in value.items()]
        return ["dict", pairs]
    if type(value) in (list, tuple):
        kind = type(value).__name__
        return [kind, [_encode(item, tensors, f"{place}[{i}]") for i, item in enumerate(value)]]
    return _encode_array(value, tensors, place)


def _encode_array(value: Any, tensors: dict[str, Tensor], place: str) -> Any:
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    if isinstance(value, Tensor) and not value.is_complex():
        kind, tensor = "tensor", value.detach()
    elif isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biuf":
        kind = "array" if isinstance(value, np.ndarray) else "number"
        tensor = torch.from_numpy(np.array(value))
    else:
        raise TypeError(
            f"{place} is a {type(value).__name__}: a training state holds plain values and tensors only"
        )
    name = str(len(tensors))
    tensors[name] = tensor.cpu().contiguous().clone()  # a copy: safetensors refuses tensors that share memory
    return [kind, name]


def _key(key: Any, place: str) -> Any:
    if key is None or type(key) in (str, int, bool) or (type(key) is float and math.isfinite(key)):
        return key
    raise TypeError(f"{place} has a key of type {type(key).__name__}: keys are plain values")


def _decode(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(value, list):
        return value
    kind, content = value
    return _DECODERS[kind](content, tensors)


_DECODERS: dict[str, Callable[[Any, Mapping[str, Tensor]], Any]] = {
    "float": lambda content, _: float(content),
    "bytes": lambda content, _: bytes.fromhex(content),
    "dict": lambda content, tensors: {key: _decode(item, tensors) for key, item in content},
    "list": lambda content, tensors: [_decode(item, tensors) for item in content],
    "tuple": lambda content, tensors: tuple(_decode(item, tensors) for item in content),
    "tensor": lambda content, tensors: tensors[content],
    "array": lambda content, tensors: tensors[content].numpy(),
    "number": lambda content, tensors: tensors[content].numpy()[()],
}
