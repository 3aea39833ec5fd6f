"""Models of docking as files: one safetensors file, weights and a JSON header; nothing in it can run."""

from pathlib import Path

import torch

from intertwine.apps.docking.energy import PoseEnergy, PoseEnergySpec
from intertwine.observables.weights_file import WeightsFile
from intertwine.typing import PathLike

ENERGY = WeightsFile("intertwine docking energy", 1, "model", "model of docking", "intertwine dock train")


def save_docking_model(model: PoseEnergy, path: PathLike, metadata: dict | None = None) -> Path:
    """Write an energy to one `.safetensors` file, whole or not at all.

    Args:
        model: what to write.
        path: where to.
        metadata: the model card: on what it was trained, what was measured.

    Raises:
        InputError: the place cannot be written to.
    """
    return ENERGY.write(path, model, model.spec.model_dump(mode="json"), metadata)


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
    return ENERGY.read(path, lambda spec: PoseEnergy(PoseEnergySpec.model_validate(spec)).to(dtype))
