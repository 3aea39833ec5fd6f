"""Which model a certificate speaks of: facts that are the same on every machine."""

import datetime
import importlib.metadata
import platform
from typing import Any

from ase.data import chemical_symbols
from pydantic import BaseModel
from torch import nn

from intertwine import __version__
from intertwine.testing.interface import Potential, weights_hash

PACKAGES = ("torch", "numpy", "ase", "vesin")
"""Packages whose versions decide the numbers."""


def model_card(model: Potential) -> dict[str, Any]:
    """Identity of a model as plain values: no path, host or user appears in it.

    Keys: kind, species (symbols), cutoff (Å), dtype, parameters (count), weights_sha256, spec and metadata
    (where the model has them), versions, date (UTC).

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
        "dtype": str(model.dtype).removeprefix("torch."),
        "parameters": count,
        "weights_sha256": weights_hash(model),
        "spec": spec.model_dump(mode="json") if isinstance(spec, BaseModel) else None,
        "metadata": dict(getattr(model, "metadata", None) or {}),
        "versions": versions(),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def versions() -> dict[str, str]:
    """Versions of intertwine, Python and the packages that decide the numbers."""
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"intertwine": __version__, "python": platform.python_version(), **found}
