"""Symmetrix-XL (`symmetrix-xl`): the MACE of `by_mace` in C++, code generated and compiled for it."""

from pathlib import Path
from typing import Any

import torch
from ase.calculators.calculator import Calculator
from benchmarks.speed import by_mace
from symmetrix import Symmetrix

BOX = 50.0
"""Å, of the cell that a molecule is given: its neighbour list does not take none."""
DISTRIBUTIONS = ("symmetrix-xl", "mace-torch", "torch", "numpy")


class Boxed(Symmetrix):
    """Takes molecules too."""

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = ()) -> None:
        if atoms is not None and atoms.cell.rank == 0:
            atoms = atoms.copy()
            atoms.cell = [BOX] * 3
        super().calculate(atoms, properties, system_changes)


def calculator(job: dict[str, Any]) -> tuple[Calculator, int]:
    bare = by_mace.model(job)
    path = Path(job["folder"]) / "mace.model"
    torch.save(bare, path)
    made = Boxed(str(path), dtype="float32", execution_profile="speed")
    return made, sum(parameter.numel() for parameter in bare.parameters())
