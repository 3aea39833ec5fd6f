"""Tensors as text: matrices with headings, one line that says the most, a table for the terminal."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Float
from rich import box
from rich.markup import escape
from rich.table import Table

from intertwine.apps.accuracy import figure_text
from intertwine.apps.page import Listing
from intertwine.apps.properties.sheet import PropertySheet
from intertwine.data import LABELS, Structure
from intertwine.groups import AllowedTensor, allowed
from intertwine.testing.page import number as power_text

DECIMALS: Final = {"elastic": 1, "dielectric": 3, "piezoelectric": 3, "dipole": 4}
"""Digits after the point; four significant ones where nothing is said."""


def tensor_listing(name: str, tensor: Float[np.ndarray, "*indices"], caption: str, wide: bool) -> Listing:
    """Components of one tensor, in Voigt order where pairs of indices are symmetric.

    >>> tensor_listing("dielectric", 2 * np.eye(3), "ε", wide=False).rows[0]
    ('x', '2.000', '0.000', '0.000')
    """
    layout = _layout(name)
    cells = [[_cell(name, value) for value in row] for row in layout.matrix(tensor)]
    return _listing(layout, cells, caption, wide)


def pattern_listing(pattern: AllowedTensor, caption: str) -> Listing:
    """What a group allows: free components by name, those that follow, and a dot for what must vanish."""
    cells = [["·" if entry == "0" else entry.replace("-", "−") for entry in row] for row in pattern.rows]
    return _listing(pattern, cells, caption, wide=False)


def atoms_listing(name: str, values: Float[np.ndarray, "atoms *indices"], species: Sequence[str]) -> Listing:
    """Values of every atom, one row each.

    >>> atoms_listing("charges", np.array([0.4, -0.4]), ["H", "F"]).rows
    (('0', 'H', '0.4000'), ('1', 'F', '−0.4000'))
    """
    return _rows_listing(name, values, ("atom", "element"), [*enumerate(species)])


def bonds_listing(name: str, values: Float[np.ndarray, "bonds *indices"], structure: Structure) -> Listing:
    """Values of every bond, one row each, with the lattice steps of its second atom where it makes any.

    >>> pair = Structure([1, 9], [[0, 0, 0], [0, 0, 1]], bonds=[[1, 0]])
    >>> bonds_listing("charges", np.array([0.4]), pair).rows
    (('1 → 0', 'F → H', '0.4000'),)
    """
    heads = []
    for (first, second), shift in zip(structure.bonds, structure.bond_shifts, strict=True):
        step = " + ({} {} {})".format(*shift) if shift.any() else ""
        symbols = (chemical_symbols[structure.numbers[atom]] for atom in (first, second))
        heads.append((f"{first} → {second}{step}", " → ".join(symbols)))
    return _rows_listing(name, values, ("bond", "elements"), heads)


def _rows_listing(
    name: str, values: np.ndarray, columns: tuple[str, str], heads: Sequence[tuple[object, str]]
) -> Listing:
    names = ["".join(index) for index in _indices(LABELS[name].rank)] or ["value"]
    rows = tuple(
        (str(number), symbols, *(_cell(name, float(value)) for value in np.ravel(row)))
        for (number, symbols), row in zip(heads, values, strict=True)
    )
    heading = (*columns, *(f">{word}" for word in names))
    return Listing(heading, rows, with_unit(title(name), name), folded=len(rows) > 12)


def title(name: str) -> str:
    """What a reader calls a tensor.

    >>> title("born_charges")
    'Born charges'
    """
    words = {"elastic": "elastic stiffness", "dielectric": "dielectric tensor"}
    words["piezoelectric"] = "piezoelectric tensor"
    text = words.get(name, name.replace("_", " "))
    return text[0].upper() + text[1:]


def unit_text(name: str) -> str:
    """The unit of a tensor as a reader writes it, empty where there is none.

    >>> unit_text("piezoelectric"), unit_text("dielectric")
    ('C/m²', '')
    """
    return LABELS[name].unit.replace("^2", "²").replace("^3", "³").removeprefix("1")


def with_unit(words: str, name: str) -> str:
    """The words, and the unit of the tensor where it has one.

    >>> with_unit("Stiffness", "elastic")
    'Stiffness, GPa'
    """
    return ", ".join(filter(None, (words, unit_text(name))))


def summary(name: str, sheet: PropertySheet) -> str:
    """The one line that says the most of a tensor.

    >>> from intertwine.data import Structure
    >>> sheet = PropertySheet("HF", Structure([1, 9], np.eye(2, 3)), {"dipole": np.array([0.0, 0.3, 0.4])})
    >>> summary("dipole", sheet)
    'length 0.5'
    """
    value, label = sheet.values[name], LABELS[name]
    if label.per != "system":
        least, most = figure_text(float(value.min())), figure_text(float(value.max()))
        return f"{len(value)} {label.per}s, {least} … {most}"
    if name == "elastic":
        return _elastic_summary(sheet)
    if label.rank == 0:
        return figure_text(float(value))
    if label.rank == 1:
        return f"length {figure_text(float(np.linalg.norm(value)))}"
    if label.indices == "ij=ji":
        return "principal " + ", ".join(figure_text(float(part)) for part in np.linalg.eigvalsh(value))
    return f"largest component {figure_text(float(np.abs(value).max()))}"


def _elastic_summary(sheet: PropertySheet) -> str:
    figures = sheet.elastic_figures()
    if sheet.stiffness is None:
        return f"unstable: least Kelvin modulus {figure_text(figures['least_kelvin_modulus'])}"
    bulk, shear, index = (figure_text(figures[part]) for part in ("bulk", "shear", "anisotropy"))
    return f"K {bulk}, G {shear}, A {index}"


def terminal_table(sheets: Sequence[PropertySheet]) -> Table:
    """One row per structure and tensor, for a terminal of 100 columns."""
    table = Table(title="Tensors", title_justify="left", box=box.SIMPLE_HEAD)
    for head in ("structure", "group", "tensor", "", "unit"):
        table.add_column(head, no_wrap=head != "")
    table.add_column("forbidden", justify="right", no_wrap=True)
    for sheet in sheets:
        group = sheet.crystal.group.hermann_mauguin if sheet.crystal else "–"
        for row, name in enumerate(sheet.values):
            verdict = sheet.verdicts.get(name)
            forbidden = "–" if verdict is None else power_text(verdict.relative)
            first = (escape(sheet.name), group) if row == 0 else ("", "")
            table.add_row(*first, title(name).lower(), summary(name, sheet), unit_text(name), forbidden)
    return table


def _layout(name: str) -> AllowedTensor:
    """Where each component stands, without any symmetry but that of the indices."""
    return allowed(LABELS[name].indices, "1", LABELS[name].axial)


def _listing(layout: AllowedTensor, cells: list[list[str]], caption: str, wide: bool) -> Listing:
    """Rows and columns named by the indices that they stand for."""
    first = layout.cells[0]
    shared = _shared(first)
    above = tuple(">" + "".join("xyz"[i] for i in cell[shared:]) for cell in first)
    beside = ["".join("xyz"[i] for i in row[0][:shared]) for row in layout.cells]
    body = tuple((name, *line) for name, line in zip(beside, cells, strict=True))
    return Listing(("", *(head if head != ">" else ">value" for head in above)), body, caption, wide=wide)


def _shared(row: Sequence[tuple[int, ...]]) -> int:
    """How many indices, from the first, are the same all along a row."""
    rank = len(row[0])
    if len(row) == 1:
        return rank
    return next(k for k in range(rank) if len({cell[: k + 1] for cell in row}) > 1)


def _cell(name: str, value: float) -> str:
    if name in DECIMALS:
        rounded = round(value, DECIMALS[name]) + 0.0
        return f"{rounded:.{DECIMALS[name]}f}".replace("-", "−")
    return f"{value + 0.0:#.4g}".replace("-", "−")


def _indices(rank: int) -> list[tuple[str, ...]]:
    return [tuple("xyz"[i] for i in index) for index in np.ndindex(*(3,) * rank)] if rank else []
