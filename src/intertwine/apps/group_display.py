"""The tables of `group_tables` for a terminal of 100 columns, by rich."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group as Lines
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from intertwine.apps.group_tables import (
    Branching,
    GroupEntry,
    GroupPage,
    NamedAxis,
    TensorPattern,
)

ELEMENTS_WIDTH = 86
"""Columns for the elements of a class."""

TYPES = {"real": "ℝ", "complex": "ℂ"}
"""Of the maps that commute with an irrep."""


def display(tables: GroupPage | Sequence[GroupEntry]) -> RenderableType:
    """A page, or the list of all groups, to be printed by rich; with `crop=False`, as patterns may be wide.

    >>> from intertwine.apps.group_tables import group_list
    >>> display(group_list()).row_count
    36
    """
    return Lines(*_parts(tables)) if isinstance(tables, GroupPage) else _list_table(tables)


def _list_table(entries: Sequence[GroupEntry]) -> Table:
    table = _table("Groups", "Schoenflies", "international", "order", "system", "irreps")
    table.columns[2].justify = "right"
    for entry in entries:
        irreps = " ".join(entry.irreps) + (" …" if entry.order is None else "")
        order = str(entry.order or "∞")
        table.add_row(entry.name, entry.hermann_mauguin or "", order, entry.crystal_system or "", irreps)
    return table


def _parts(page: GroupPage) -> Iterator[RenderableType]:
    yield _headline(page)
    yield _facts(page)
    yield Text()
    if page.classes:
        yield _class_table(page)
    yield _irrep_table(page)
    yield from _remarks(page)
    yield from map(_branching_table, page.branchings)
    yield from map(_pattern, page.tensors)


def _headline(page: GroupPage) -> Text:
    size = f"order {page.order}" if page.order else f"Lie algebra of dimension {len(page.turns)}"
    words = [page.hermann_mauguin, size, page.crystal_system]
    headline = Text(page.name, style="bold")
    headline.append("".join(f"  ·  {word}" for word in words if word), style="not bold")
    return headline


def _facts(page: GroupPage) -> RenderableType:
    """What the group leaves in place, and what generates it: a word and its content, line by line."""
    axes = Counter(axis.symbol for axis in page.axes)
    facts = {
        "axes": ", ".join(symbol if count == 1 else f"{count} × {symbol}" for symbol, count in axes.items()),
        "mirrors": str(len(page.mirrors) or ""),
        "inversion": "an element" if page.inversion else "",
        "turns": _turns(page.turns),
        "generators": ", ".join(generator.name for generator in page.generators),
    }
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    for word, content in facts.items():
        if content:
            grid.add_row(word, content)
    for number, name in enumerate("xyz" if _turned(page) else ""):
        column = ", ".join(f"{round(row[number], 4) + 0.0:.4f}" for row in page.orientation)
        grid.add_row(f"own axis {name}′", f"({column})")
    return grid


def _turns(turns: tuple[NamedAxis, ...]) -> str:
    axis = "every axis" if len(turns) == 3 else ", ".join(axis.direction for axis in turns)
    return f"about {axis}, by any angle" if turns else ""


def _turned(page: GroupPage) -> bool:
    return page.orientation != [[float(i == j) for j in range(3)] for i in range(3)]


def _class_table(page: GroupPage) -> Table:
    table = _table("Classes", "class", "elements")
    for members in page.classes:
        names = ", ".join(name.replace(" ", "\N{NO-BREAK SPACE}") for name in members.elements)
        table.add_row(members.heading, "\n".join(textwrap.wrap(names, ELEMENTS_WIDTH)))
    return table


def _irrep_table(page: GroupPage) -> Table:
    """The character table; dimensions only, where there are no classes."""
    title = "Characters" if page.classes else "Irreps"
    heads = [members.heading for members in page.classes] or ["dimension"]
    table = _table(title, "", "type", *heads, "functions")
    for column in table.columns[1:-1]:
        column.justify = "right"
    table.columns[-1].no_wrap = False
    for row in page.irreps:
        numbers = [_number(value) for value in row.characters] or [str(row.dim)]
        table.add_row(row.label, TYPES[row.algebra], *numbers, row.functions.text)
    return table


def _remarks(page: GroupPage) -> Iterator[Text]:
    if any(row.algebra == "complex" for row in page.irreps):
        text = "ℂ: two conjugate complex irreps, one over the reals; a + bJ commutes with it, J² = −1."
        yield Text(text + "\n", style="dim")


def _number(value: int | float) -> str:
    return f"{value:.4g}".replace("-", "−")


def _branching_table(branching: Branching) -> Table:
    """One line per degree; of O(3) natural parity and the other side by side."""
    title = f"Branching {branching.whole} → {branching.part}"
    if branching.whole != "O(3)":
        table = _table(title, branching.whole, branching.part)
        for label, content in branching.splits.items():
            table.add_row(label, _sum(content))
        return table
    table = _table(title, "l", "(−1)ˡ", "into", "−(−1)ˡ", "into")
    for degree in range(len(branching.splits) // 2):
        natural, other = ("eo", "oe")[degree % 2]
        labels = (f"{degree}{natural}", f"{degree}{other}")
        cells = [cell for label in labels for cell in (label, _sum(branching.splits[label]))]
        table.add_row(str(degree), *cells)
    for column in (2, 4):
        table.columns[column].no_wrap = False
    return table


def _sum(content: dict[str, int]) -> str:
    return " + ".join(label if count == 1 else f"{count}×{label}" for label, count in content.items())


def _pattern(tensor: TensorPattern) -> RenderableType:
    """The matrix in aligned columns; its lines are never broken or cut, however long."""
    kind = "Axial tensor" if tensor.axial else "Tensor"
    constants = "1 constant" if tensor.constants == 1 else f"{tensor.constants} constants"
    cells = [["·" if entry == "0" else entry.replace("-", "−") for entry in row] for row in tensor.rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  " + "  ".join(map(str.rjust, row, widths)) + "\n" for row in cells]
    matrix = Text("".join(lines), no_wrap=True, overflow="ignore")
    return Lines(Text(f"{kind} {tensor.formula}: {constants}", style="italic"), matrix)


def _table(title: str, *heads: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.padding, table.min_width = (0, 1, 0, 0), len(title) + 2
    for head in heads:
        table.add_column(head, no_wrap=True)
    return table
