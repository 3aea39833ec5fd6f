"""Structures to files."""

from collections.abc import Iterable
from pathlib import Path

from intertwine.data.atomic import replacing
from intertwine.data.extxyz import frame_text
from intertwine.data.structure import Structure
from intertwine.errors import InputError
from intertwine.typing import PathLike


def write(path: PathLike, structures: Iterable[Structure]) -> None:
    """Write extended XYZ with the keys of the label table (`energy`, `forces`, `stress`, …), in our units.

    The file appears whole or not at all, and reading it gives bit for bit the same positions, cell and
    labels. `info` keeps what the format can say: words, numbers, truth values, arrays, JSON.

    Args:
        path: `.xyz` or `.extxyz`.
        structures: at least one.

    Raises:
        InputError: another ending, nothing to write, or a place that cannot be written.

    >>> write("labels.csv", [])
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: structures cannot be written to labels.csv; accepted: ...
    """
    if Path(path).suffix.lower() not in (".xyz", ".extxyz"):
        raise InputError(
            f"structures cannot be written to {path}", accepted="a name that ends in .extxyz or .xyz"
        )
    with replacing(path) as scratch, scratch.open("w", encoding="utf-8") as file:
        for structure in structures:
            file.write(frame_text(structure))
        if not file.tell():
            raise InputError(f"no structures to write to {path}", accepted="at least one")
