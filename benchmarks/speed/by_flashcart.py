"""FlashCart (`flashcart`): two layers, correlation 3, rank ≤ 3, 64 channels; random weights.

Its Triton kernels need a GPU; here its PyTorch implementation runs, eager, or compiled by the own
`compile_mode` of its calculator. The skin of the neighbour list is that of Intertwine's calculator.
"""

from typing import Any

import torch
from ase.calculators.calculator import Calculator
from ase.data import chemical_symbols
from flashcart.calculators import FlashCartCalculator
from flashcart.model import FlashCartPotential

DISTRIBUTIONS = ("flashcart", "torch", "numpy")


class Both(FlashCartCalculator):
    """Energy and forces in one evaluation: asked for forces alone it would not keep the energy."""

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = ()) -> None:
        super().calculate(atoms, ["energy", "forces"], system_changes)


def calculator(job: dict[str, Any]) -> tuple[Calculator, int]:
    torch.manual_seed(job["seed"])
    model = FlashCartPotential(
        elements=[chemical_symbols[number] for number in job["species"]],
        r_max=job["cutoff"],
        n_hidden_feats=64,
        l_max_hidden_feats=1,
        l_max_edge_attrs=3,
        n_radial=8,
        n_interactions=2,
        correlation=3,
        avg_neighbors=job["neighbours"],
        atomic_shifts=[0.0] * len(job["species"]),
        fit_atomic_shifts=False,
    )
    mode = job["settings"].get("compile_mode")
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Both(model=model.float().eval(), device="cpu", skin=1.0, compile_mode=mode), parameters
