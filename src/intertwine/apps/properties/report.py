"""The answer to `intertwine properties`: a table, a page, a file of JSON."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from intertwine import __version__
from intertwine.apps.accuracy import figure_text
from intertwine.apps.page import Number, Page
from intertwine.apps.properties.sections import tensor_section
from intertwine.apps.properties.sheet import PropertySheet, property_sheets, tensor_labels
from intertwine.apps.properties.tables import summary, terminal_table, title, unit_text
from intertwine.apps.report import write_page
from intertwine.data import LABELS, Structure, replacing
from intertwine.engines import Predictor
from intertwine.errors import InputError
from intertwine.testing.page import number as power_text
from intertwine.typing import PathLike

SHOWN: Final = 6
"""Structures that the page draws; JSON has all of them."""

ROUNDING: Final = {"float64": 1e-10, "float32": 1e-4}
"""By precision of the weights: the forbidden part of a tensor that is still rounding."""


@dataclass(frozen=True, eq=False)
class PropertyReport:
    """The tensors of some structures.

    Attributes:
        sheets: one per structure.
        model: how the reader knows the model.
        precision: of its weights, "float32" or "float64".
    """

    sheets: Sequence[PropertySheet]
    model: str
    precision: str

    def table(self) -> Table:
        """One row per structure and tensor, for the terminal."""
        return terminal_table(self.sheets)

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values, components in the axes of the files."""
        head = {"model": self.model, "precision": self.precision, "version": __version__}
        return {**head, "structures": [sheet.to_json() for sheet in self.sheets]}

    def page(self) -> Page:
        """The first structures in full.

        >>> import numpy as np
        >>> from intertwine.data import Structure
        >>> molecule = Structure([1, 9], np.eye(2, 3))
        >>> sheet = PropertySheet("HF", molecule, {"dipole": np.array([0.0, 0.3, 0.4])})
        >>> PropertyReport([sheet], "model.safetensors", "float32").page().sections[0].title
        'Dipole'
        """
        several = len(self.sheets) > 1
        sections = tuple(
            tensor_section(sheet, name, f"{sheet.name}: " if several else "")
            for sheet in self.sheets[:SHOWN]
            for name in sheet.values
        )
        what = f"{len(self.sheets)} structures" if several else self.sheets[0].name
        words = f"Tensors that {self.model} predicts for {what}, and what symmetry says of them."
        if len(self.sheets) > SHOWN:
            words += f" The first {SHOWN} are shown; properties.json has all."
        heading = what if several else self.sheets[0].structure.formula
        foot = (f"Intertwine {__version__}, {datetime.date.today():%Y-%m-%d}; weights in {self.precision}.",)
        numbers = _numbers(self.sheets, self.precision)
        return Page(f"Properties of {heading}", words, numbers, None, sections, foot)

    def write(self, folder: PathLike) -> tuple[Path, Path]:
        """`properties.json` and `properties.html`, in a folder that is made if need be.

        Raises:
            InputError: the folder cannot be written.
        """
        page = write_page(self.page(), Path(folder) / "properties.html")
        file = Path(folder) / "properties.json"
        with replacing(file) as scratch:
            text = json.dumps(self.to_json(), indent=1, ensure_ascii=False)
            scratch.write_text(text + "\n", encoding="utf-8")
        return file, page


def property_report(
    predictor: Predictor,
    structures: Sequence[Structure],
    names: Sequence[str] | None = None,
    *,
    model: str = "the model",
    tolerance: float = 1e-3,
) -> PropertyReport:
    """Every tensor that a model predicts, for every structure.

    Args:
        predictor: a model with heads for tensors, or with a response to the electric field.
        structures: crystals and molecules of elements that it knows.
        names: of the structures; their formulas by default.
        model: how the reader knows it.
        tolerance: of the symmetry of crystals, Å.

    Raises:
        InputError: no structure, a model without tensors, an element it has never seen, a crystal in which
            spglib finds no symmetry.
        MissingExtraError: there is a crystal, and spglib is not installed.
    """
    if not structures:
        raise InputError("there is no structure", accepted="one or more")
    known = tensor_labels(predictor.model.outputs)
    bonded = all(len(structure.bonds) for structure in structures)
    outputs = [name for name in known if bonded or LABELS[name].per != "bond"] or known
    sheets = property_sheets(
        lambda some: predictor(some, outputs),
        structures,
        names or [structure.formula for structure in structures],
        tolerance,
    )
    return PropertyReport(sheets, model, str(predictor.model.dtype).removeprefix("torch."))


def _numbers(sheets: Sequence[PropertySheet], precision: str) -> tuple[Number, ...]:
    found: list[Number] = []
    if len(sheets) == 1:
        (sheet,) = sheets
        told = [name for name in sheet.values if LABELS[name].per == "system" and name != "elastic"]
        found += _elastic_numbers(sheet) if "elastic" in sheet.values else []
        found += [Number(title(name), summary(name, sheet), unit_text(name)) for name in told[:3]]
    relative = [verdict.relative for sheet in sheets for verdict in sheet.verdicts.values()]
    if relative:
        limit = ROUNDING[precision]
        note = f"largest part of any tensor; rounding is below {power_text(limit)}"
        worst = max(relative)
        found.append(Number("forbidden by symmetry", power_text(worst), "", note, worst <= limit))
    return tuple(found)


def _elastic_numbers(sheet: PropertySheet) -> list[Number]:
    figures = sheet.elastic_figures()
    least = figure_text(figures["least_kelvin_modulus"])
    if sheet.stiffness is None:
        return [Number("least Kelvin modulus", least, "GPa", "an unstable crystal", passed=False)]
    return [
        Number("bulk modulus", figure_text(figures["bulk"]), "GPa", "Hill"),
        Number("shear modulus", figure_text(figures["shear"]), "GPa", "Hill"),
        Number("universal anisotropy", figure_text(figures["anisotropy"]), "", "0 if isotropic"),
    ]
