"""In which unit an error is told, and its statistics as text, numbers and table cells."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from intertwine.data import LABELS
from intertwine.train.evaluate import Errors
from intertwine.units import factor


@dataclass(frozen=True)
class Quantity:
    """How a predicted quantity is shown and its errors are counted.

    Args:
        title: what a reader would call it.
        unit: of the values.
        error_unit: of the errors.
        scale: our unit → `unit`.
        error_scale: our unit → `error_unit`.
    """

    title: str
    unit: str
    error_unit: str
    scale: float = 1.0
    error_scale: float = 1.0


_GPA: Final = 1.0 / factor("GPa", "stress")
_SHOWN: Final[Mapping[str, Quantity]] = {
    "energy_per_atom": Quantity("energy per atom", "eV/atom", "meV/atom", error_scale=1e3),
    "energy": Quantity("energy", "eV", "meV", error_scale=1e3),
    "forces": Quantity("forces", "eV/Å", "meV/Å", error_scale=1e3),
    "stress": Quantity("stress", "GPa", "GPa", scale=_GPA, error_scale=_GPA),
}


def quantity(name: str) -> Quantity:
    """How to show a quantity; one that has no entry of its own is shown in the unit of its label.

    >>> quantity("energy_per_atom").error_unit, quantity("forces").error_unit
    ('meV/atom', 'meV/Å')
    """
    if name in _SHOWN:
        return _SHOWN[name]
    label = name.removesuffix("_per_atom").partition("[")[0]
    unit = LABELS[label].unit + ("/atom" if name.endswith("_per_atom") else "")
    return Quantity(name.replace("_", " "), unit, unit)


@dataclass(frozen=True)
class Accuracy:
    """How far predictions are from reference values, over all components alike.

        MAE = ⟨|d|⟩,    RMSE = √⟨d²⟩,    R² = 1 − Σd² / Σ(x − ⟨x⟩)²

    R² is NaN where the reference values do not vary.

    >>> accuracy = Accuracy.of("energy", np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.5]))
    >>> accuracy.cells()
    ['167', '289', '500', 'meV', '0.8750', '3']
    """

    unit: str
    mae: float
    rmse: float
    largest: float
    r2: float
    count: int

    @classmethod
    def of(
        cls, name: str, reference: Float[np.ndarray, "values"], predicted: Float[np.ndarray, "values"]
    ) -> "Accuracy":
        """Accuracy of a quantity whose values are given in our own units."""
        shown = quantity(name)
        sides = predicted * shown.error_scale, reference * shown.error_scale
        errors = Errors.between(*sides, shown.error_unit)
        largest = float(np.abs(sides[0] - sides[1]).max())
        return cls(errors.unit, errors.mae, errors.rmse, largest, errors.r2, errors.n)

    def to_json(self) -> dict[str, Any]:
        """Plain values; R² is None where it has no meaning."""
        r2 = None if math.isnan(self.r2) else self.r2
        figures = {"mae": self.mae, "rmse": self.rmse, "max": self.largest, "r2": r2}
        return {"unit": self.unit, **figures, "n": self.count}

    def cells(self) -> list[str]:
        """MAE, RMSE, largest, unit, R² and number of values, as text for a table."""
        figures = [figure_text(self.mae), figure_text(self.rmse), figure_text(self.largest)]
        r2 = f"{self.r2:.4f}" if self.r2 > 0 else figure_text(self.r2)
        return [*figures, self.unit, r2, f"{self.count:,}"]

    def note(self) -> str:
        """The same in a few lines for the corner of a plot."""
        mae, rmse, _, unit, r2, count = self.cells()
        return f"MAE {mae} {unit}\nRMSE {rmse} {unit}\nR² {r2}\nn = {count}"


def figure_text(value: float) -> str:
    """A figure with three significant digits, as a reader would write it.

    >>> figure_text(0.012345), figure_text(12345.6), figure_text(float("nan"))
    ('0.0123', '12,346', '–')
    """
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"
