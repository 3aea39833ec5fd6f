"""TACE (`tace`): two layers, l ≤ 3, hidden l ≤ 1, 64 channels, correlation 3; random weights.

Eager, or compiled ahead of time as its own `tace-export-eval --backend aoti` does.
"""

from pathlib import Path
from typing import Any

import torch
from ase.calculators.calculator import Calculator
from tace.interface.ase import TACEAseCalc
from tace.lightning import create_model
from tace.models._e3nn.default import DEFAULT_MODEL_CONFIG
from tace.models.compile import export_aotinductor
from tace.utils.env import enable_acceleration

DISTRIBUTIONS = ("tace", "e3nn", "torch", "numpy")


def calculator(job: dict[str, Any]) -> tuple[Calculator, int]:
    compiled = Path(job["folder"]) / "model.pt2"
    enable_acceleration(enable_compile=job["settings"]["compiled"])
    model = _model(job).eval().requires_grad_(False)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if not job["settings"]["compiled"]:
        return TACEAseCalc(model, dtype="float32", device="cpu"), parameters
    if not compiled.is_file():
        export_aotinductor(model, compiled)
    return TACEAseCalc(compiled, device="cpu", enable_compile=True), parameters


def _model(job: dict[str, Any]) -> torch.nn.Module:
    torch.manual_seed(job["seed"])
    species = list(job["species"])
    statistics = {
        "atomic_numbers": species,
        "avg_num_neighbors": job["neighbours"],
        "atomic_energy": dict.fromkeys(species, 0.0),
        "rms_forces": dict.fromkeys(species, 1.0),
    }
    targets = ["energy", "forces", "stress"]
    config = DEFAULT_MODEL_CONFIG | {
        "cutoff": job["cutoff"],
        "max_neighbors": None,
        "Lmax": 1,
        "lmax": 3,
        "num_layers": 2,
        "num_channel": 64,
        "target_property": targets,
        "product_basis": {**DEFAULT_MODEL_CONFIG["product_basis"], "correlation": 3},
    }
    return create_model(config, [statistics], targets, [])
