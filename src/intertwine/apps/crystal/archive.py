"""Laws as files: one safetensors file, weights and a JSON header; nothing in it can run."""

from pathlib import Path

import torch

from intertwine.apps.crystal.law import ConstitutiveLaw, LawSpec
from intertwine.observables.weights_file import WeightsFile
from intertwine.typing import PathLike

LAW = WeightsFile("intertwine constitutive law", 1, "law", "constitutive law", "intertwine law fit")


def save_law(law: ConstitutiveLaw, path: PathLike, metadata: dict | None = None) -> Path:
    """Write a law to one `.safetensors` file, whole or not at all.

    Raises:
        InputError: the place cannot be written to.
    """
    return LAW.write(path, law, law.spec.model_dump(mode="json"), metadata)


def load_law(path: PathLike, dtype: torch.dtype = torch.float64) -> ConstitutiveLaw:
    """Read a law written by `save_law`. No pickle is involved: a file from a stranger cannot run code.

    Raises:
        InputError: the file is missing, is no law of ours, or is from a newer version.
    """
    return LAW.read(path, lambda spec: ConstitutiveLaw(LawSpec.model_validate(spec)).to(dtype))
