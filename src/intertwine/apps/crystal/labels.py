"""Labels of a constitutive law as files: deformation gradients, energy densities, stresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from intertwine.data import replacing
from intertwine.errors import InputError
from intertwine.typing import PathLike

COLUMNS = 19
"""Of a table: F and P row by row, W."""
HEADER = (
    "deformation gradient F (9, row by row)  first Piola-Kirchhoff stress P (9)  energy density W; unit: "
)
GPA = {"eV/Å³": 160.21766208, "GPa": 1.0, "MPa": 1e-3, "kPa": 1e-6, "Pa": 1e-9, "J/m³": 1e-9}
"""One of each unit of W and P, in GPa."""


@dataclass(frozen=True, eq=False)
class StrainLabels:
    """What a crystal answers to deformations.

    Args:
        F: deformation gradients, `(n, 3, 3)`, det F > 0.
        W: energy per undeformed volume, `(n,)`, counted from the undeformed crystal.
        P: first Piola–Kirchhoff stress ∂W/∂F, `(n, 3, 3)`.
        unit: of W and P.

    Raises:
        InputError: an unknown unit, lengths that differ, a deformation that turns space inside out, a number
            that is none.
    """

    F: Float[np.ndarray, "n 3 3"]
    W: Float[np.ndarray, " n"]
    P: Float[np.ndarray, "n 3 3"]
    unit: str = "eV/Å³"

    def __post_init__(self) -> None:
        if self.unit not in GPA:
            raise InputError(f"the unit '{self.unit}' is not known", accepted=", ".join(GPA))
        if not len(self.F) == len(self.W) == len(self.P):
            raise InputError(
                "deformations, energies and stresses differ in number",
                got=f"{len(self.F)}, {len(self.W)}, {len(self.P)}",
            )
        for name, values in (("F", self.F), ("W", self.W), ("P", self.P)):
            bad = ~np.isfinite(values).reshape(len(self), -1).all(1)
            if bad.any():
                raise InputError(f"{name} of label {int(np.argmax(bad))} (counted from 0) is not finite")
        inside_out = np.linalg.det(self.F) <= 0
        if inside_out.any():
            number = int(np.argmax(inside_out))
            raise InputError(
                f"F of label {number} (counted from 0) turns space inside out",
                got=f"det F = {np.linalg.det(self.F[number]):g}",
                accepted="det F > 0",
            )

    def __len__(self) -> int:
        return len(self.F)

    def __getitem__(self, rows: slice | Int[np.ndarray, " some"]) -> "StrainLabels":
        return StrainLabels(self.F[rows], self.W[rows], self.P[rows], self.unit)


def joined(parts: Sequence[StrainLabels]) -> StrainLabels:
    """One after the other.

    Raises:
        InputError: there are none, or their units differ.
    """
    units = {part.unit for part in parts}
    if len(units) != 1:
        raise InputError("labels do not share a unit", got=", ".join(sorted(units)) or "no labels")
    F, W, P = (np.concatenate([getattr(part, name) for part in parts]) for name in ("F", "W", "P"))
    return StrainLabels(F, W, P, units.pop())


def write_strains(labels: StrainLabels, path: PathLike) -> Path:
    """A text table, one label per line: F, P, W and, in the first line, the unit.

    Raises:
        InputError: the place cannot be written to.
    """
    path = Path(path)
    rows = np.concatenate([labels.F.reshape(-1, 9), labels.P.reshape(-1, 9), labels.W[:, None]], axis=1)
    with replacing(path) as scratch:
        np.savetxt(scratch, rows, fmt="%.17g", header=HEADER + labels.unit, encoding="utf-8")
    return path


def read_strains(path: PathLike, unit: str | None = None) -> StrainLabels:
    """Labels from a table: 9 columns of F, 9 of P, one of W; columns after these are ignored.

    Args:
        path: text, numbers between blanks or commas; lines that begin with # are no data.
        unit: of W and P; what the file says in its first line, or eV/Å³, if not given.

    Raises:
        InputError: no such file, a word that is no number, too few columns, or labels that cannot be.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no labels at '{path}'", accepted="a table of F, P and W (docs/crystal.md)")
    text = path.read_text(encoding="utf-8", errors="replace").splitlines()
    rows = [_numbers(path, k, line) for k, line in enumerate(text, 1) if line.split("#")[0].strip()]
    if not rows:
        raise InputError(f"'{path}' holds no label")
    values = np.array(rows)
    told = text[0].rpartition("unit: ")[2].strip() if text[0].startswith("#") else ""
    return StrainLabels(
        values[:, :9].reshape(-1, 3, 3),
        values[:, 18],
        values[:, 9:18].reshape(-1, 3, 3),
        unit or (told if told in GPA else "eV/Å³"),
    )


def _numbers(path: Path, number: int, line: str) -> list[float]:
    words = line.split("#")[0].replace(",", " ").split()
    try:
        values = [float(word) for word in words[:COLUMNS]]
    except ValueError as error:
        raise InputError(f"line {number} of '{path}' is no row of numbers", got=error) from None
    if len(values) < COLUMNS:
        raise InputError(
            f"line {number} of '{path}' is too short",
            got=f"{len(values)} numbers",
            accepted=f"{COLUMNS}: F (9), P (9), W",
        )
    return values
