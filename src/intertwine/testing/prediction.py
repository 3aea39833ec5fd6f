"""What a model says of one structure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from intertwine.data import LABELS, Label, Structure


@dataclass(frozen=True)
class Prediction:
    """What a model says of one structure: NumPy float64 by name of the output, rows of `LABELS`."""

    values: Mapping[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]

    @property
    def energy(self) -> float:
        """eV."""
        return float(self.values["energy"])

    @property
    def forces(self) -> Float[np.ndarray, "atoms 3"]:
        """eV/Å, `[atoms, 3]`."""
        return self.values["forces"]

    @property
    def stress(self) -> Float[np.ndarray, "3 3"]:
        """eV/Å³, `[3, 3]`."""
        return self.values["stress"]

    def changed(self, change: Callable[[Label, np.ndarray], Any]) -> "Prediction":
        """Every value changed according to its row of the label table.

        >>> double = Prediction({"energy": np.array(1.0)}).changed(lambda label, value: 2 * value)
        >>> double.energy
        2.0
        """
        return Prediction(
            {name: np.asarray(change(LABELS[name], value)) for name, value in self.values.items()}
        )


def predictions(results: Mapping[str, Tensor], structures: Sequence[Structure]) -> list[Prediction]:
    """The results of each system of a batch.

    Args:
        results: outputs of a model by name, rows of `LABELS`.
        structures: the systems.
    """
    arrays = {name: value.detach().cpu().numpy().astype(np.float64) for name, value in results.items()}
    sizes = {"atom": [len(s) for s in structures], "bond": [len(s.bonds) for s in structures]}
    ends = {per: np.cumsum(found)[:-1] for per, found in sizes.items()}
    parts = {
        name: list(array) if LABELS[name].per == "system" else np.split(array, ends[LABELS[name].per])
        for name, array in arrays.items()
    }
    return [
        Prediction({name: np.asarray(part[k]) for name, part in parts.items()})
        for k in range(len(structures))
    ]
