"""A calculator of atoms that feel nothing: an ideal gas."""

from typing import ClassVar

import numpy as np
from ase.calculators.calculator import Calculator, all_changes


class IdealGas(Calculator):
    """Energy, forces and stress are zero; it can be told to give NaN or to fail from some evaluation on."""

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces", "stress"]

    def __init__(self, nan_after: int | None = None, fail_after: int | None = None) -> None:
        super().__init__()
        self.evaluations = 0
        self.nan_after, self.fail_after = nan_after, fail_after

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.evaluations += 1
        if self.fail_after is not None and self.evaluations > self.fail_after:
            raise RuntimeError("SCF not\nconverged")
        value = np.nan if self.nan_after is not None and self.evaluations > self.nan_after else 0.0
        forces = np.full((len(self.atoms), 3), value)
        self.results = {"energy": 0.0, "free_energy": 0.0, "forces": forces, "stress": np.zeros(6)}
