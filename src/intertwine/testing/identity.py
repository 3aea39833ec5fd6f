"""Which model a certificate speaks of: facts that are the same on every machine."""

import datetime
import importlib.metadata
import platform
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from ase.data import chemical_symbols
from pydantic import BaseModel
from torch import nn

from intertwine import __version__
from intertwine.data import LABELS
from intertwine.testing.interface import Potential, outputs_of, weights_hash

PACKAGES = ("torch", "numpy", "ase", "vesin")
"""Packages whose versions decide the numbers."""

OF_THE_MACHINE = frozenset({"system", "machine", "threads", "device", "host", "user"})
"""Keys of metadata that say where a model was made rather than what it is."""

LONGEST_LIST = 50
"""Longer lists (indices of a split) are only counted; their hash says the rest."""


def model_card(model: Potential) -> dict[str, Any]:
    """Identity of a model as plain values: no path, host or user appears in it.

    Keys: kind, species (symbols), cutoff (Å), outputs (labels that it predicts), dtype, parameters (count),
    weights_sha256, spec and metadata (where the model has them), versions, date (UTC).

    >>> from intertwine.testing import MorsePotential
    >>> card = model_card(MorsePotential(species=(1, 8)))
    >>> card["kind"], card["species"], card["parameters"]
    ('MorsePotential', ['H', 'O'], 3)
    """
    count = sum(p.numel() for p in model.parameters()) if isinstance(model, nn.Module) else None
    spec = getattr(model, "spec", None)
    return {
        "kind": type(model).__name__,
        "species": [chemical_symbols[z] for z in sorted(int(z) for z in model.species)],
        "cutoff": float(model.cutoff),
        "outputs": [name for name in outputs_of(model) if name in LABELS],
        "dtype": str(model.dtype).removeprefix("torch."),
        "parameters": count,
        "weights_sha256": weights_hash(model),
        "spec": spec.model_dump(mode="json") if isinstance(spec, BaseModel) else None,
        "metadata": portable(getattr(model, "metadata", None) or {}),
        "versions": versions(),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def portable(value: Any) -> Any:
    """The same metadata without what belongs to one machine: its name and kind, folders of files, long lists.

    >>> portable({"machine": "x86_64", "data": {"file": "/data/train.xyz", "frames": 450}})
    {'data': {'file': 'train.xyz', 'frames': 450}}
    """
    if isinstance(value, Mapping):
        return {str(key): portable(item) for key, item in value.items() if key not in OF_THE_MACHINE}
    if isinstance(value, list | tuple):
        return [portable(item) for item in value] if len(value) <= LONGEST_LIST else f"{len(value)} values"
    if isinstance(value, PurePath) or (isinstance(value, str) and PurePath(value).is_absolute()):
        return PurePath(value).name
    return value


def versions() -> dict[str, str]:
    """Versions of intertwine, Python and the packages that decide the numbers."""
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"intertwine": __version__, "python": platform.python_version(), **found}
