"""MACE (`mace-torch`): two layers, correlation 3, l ≤ 3, the widths of its papers; random weights.

Eager as `mace_run_train` leaves it, or compiled by the calculator's own `compile_mode`.
"""

from typing import Any

import numpy as np
import torch
from ase.calculators.calculator import Calculator
from mace import modules
from mace.calculators import MACECalculator

DISTRIBUTIONS = ("mace-torch", "e3nn", "torch", "numpy")


def calculator(job: dict[str, Any]) -> tuple[Calculator, int]:
    bare = model(job)
    made = MACECalculator(
        models=[bare],
        device="cpu",
        default_dtype="float32",
        compile_mode=job["settings"].get("compile_mode"),
    )
    return made, sum(parameter.numel() for parameter in bare.parameters())


def model(job: dict[str, Any]) -> torch.nn.Module:
    """As `mace_run_train` builds it with these settings."""
    from e3nn import o3  # can only be read once mace is imported

    torch.set_default_dtype(torch.float32)
    torch.manual_seed(job["seed"])
    kinds = len(job["species"])
    return modules.ScaleShiftMACE(
        r_max=job["cutoff"],
        num_bessel=8,
        num_polynomial_cutoff=5,
        max_ell=3,
        interaction_cls=modules.interaction_classes["RealAgnosticResidualInteractionBlock"],
        interaction_cls_first=modules.interaction_classes["RealAgnosticResidualInteractionBlock"],
        num_interactions=2,
        num_elements=kinds,
        hidden_irreps=o3.Irreps(job["settings"]["hidden"]),
        MLP_irreps=o3.Irreps("16x0e"),
        gate=torch.nn.functional.silu,
        atomic_energies=np.zeros((1, kinds)),
        avg_num_neighbors=job["neighbours"],
        atomic_numbers=list(job["species"]),
        correlation=3,
        radial_type="bessel",
        radial_MLP=[64, 64, 64],
        atomic_inter_scale=[1.0],
        atomic_inter_shift=[0.0],
        heads=["Default"],
    )
