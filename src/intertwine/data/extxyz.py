"""The extended XYZ text format: guards around ASE's reader, and a writer that keeps every digit.

ASE stops without a word at the first blank line, and its own writer keeps eight decimals; hence this file.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import chemical_symbols
from ase.io.extxyz import key_val_dict_to_str, key_val_str_to_dict
from ase.io.formats import open_with_compression

from intertwine.data.labels import BONDS, CONDITIONS, LABELS
from intertwine.data.structure import Structure
from intertwine.errors import InputError


def check_frames(file: Path) -> int:
    """Number of frames of a well-formed file.

    Raises:
        InputError: the text is no text, a count of atoms is missing, the last frame is cut short, or a blank
            line hides what follows it.
    """
    try:
        with open_with_compression(str(file), "rt") as lines:
            return _count(enumerate(lines, start=1), file)
    except (UnicodeDecodeError, OSError, EOFError) as error:
        got = "bytes that are not text" if isinstance(error, UnicodeDecodeError) else error
        raise InputError(f"{file} could not be read as extxyz", got=got, accepted="text") from None


def _count(lines: Iterator[tuple[int, str]], file: Path) -> int:
    frames, blank = 0, None
    for number, line in lines:
        if not line.strip():
            blank = blank or number
            continue
        if frames and line.lstrip().startswith("VEC"):
            continue
        if blank:
            raise InputError(f"{file} has a blank line {blank} before frame {frames}", fix="remove it")
        atoms = _atoms_of(line, f"{file} line {number}")
        there = sum(1 for _ in islice(lines, atoms + 1)) - 1
        if there < atoms:
            raise InputError(
                f"{file} is cut short in frame {frames}",
                got=f"{max(there, 0)} of {atoms} atoms",
                fix="copy the file again or remove its last frame",
            )
        frames += 1
    if not frames:
        raise InputError(f"{file} is empty", accepted="at least one frame")
    return frames


def _atoms_of(line: str, where: str) -> int:
    try:
        atoms = int(line)
    except ValueError:
        atoms = 0
    if atoms < 1:
        raise InputError(f"{where} should be a number of atoms", got=repr(line.strip()[:40]))
    return atoms


def comment_values(line: str) -> dict[str, Any]:
    """Key-value pairs of a comment line, as ASE reads them but for two things.

    A `stress` may come as 6 numbers in Voigt order; and a lattice of zeros whose periodicity is not stated is
    open, not periodic.

    >>> comment_values('stress="1 2 3 4 5 6" pbc="T T F"')["stress"].tolist()
    [[1, 6, 5], [6, 2, 4], [5, 4, 3]]
    """
    values = key_val_str_to_dict(_SIX_STRESS.sub(r'stress="\1 \6 \5 \6 \2 \4 \5 \4 \3"', line))
    if not np.any(values.get("Lattice", 1.0)):
        values.setdefault("pbc", [False, False, False])
    return values


_SIX_STRESS = re.compile(
    r"(?<!\S)stress=[\"'{\[]\s*" + r"[\s,]+".join([r"([^\s,\"'}\]]+)"] * 6) + r"\s*[\"'}\]]"
)


def frame_text(structure: Structure) -> str:
    """One frame, canonical keys, every float with the digits that bring back the same float.

    >>> print(frame_text(Structure([1], [[0, 0, 0.1]], labels={"energy": -13.6})), end="")
    1
    Properties=species:S:1:pos:R:3 energy=-13.6 pbc="F F F"
    H 0.0 0.0 0.1
    """
    per_atom = [name for name in structure.labels if LABELS[name].per == "atom"]
    columns = [structure.positions, *(structure.labels[name] for name in per_atom)]
    table = np.concatenate([column.reshape(len(structure), -1) for column in columns], axis=1)
    widths = [f":{name}:R:{3 ** LABELS[name].rank}" for name in per_atom]
    values = {} if not structure.cell.any() else {"Lattice": _numbers(structure.cell)}
    values["Properties"] = "species:S:1:pos:R:3" + "".join(widths)
    values |= {n: _numbers(v) for n, v in structure.labels.items() if n not in per_atom}
    values |= {name: _numbers(np.asarray(value)) for name, value in structure.conditions.items()}
    values |= {name: " ".join(map(str, array.flat)) for name, array in structure.pairs.items()}
    values |= {"pbc": " ".join("T" if axis else "F" for axis in structure.pbc)}
    comment = " ".join(filter(None, [_quoted(values), _info_text(structure.info)]))
    rows = [
        f"{chemical_symbols[z]} {_numbers(row)}\n" for z, row in zip(structure.numbers, table, strict=True)
    ]
    return f"{len(structure)}\n{comment}\n" + "".join(rows)


def _is_plain(value: Any) -> bool:
    """Whether a collection holds only what JSON can say."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biuf"
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return isinstance(value, list | tuple | dict)


def _numbers(array: np.ndarray) -> str:
    return " ".join(repr(float(value)) for value in array.ravel())


def _quoted(values: Mapping[str, str]) -> str:
    return " ".join(f'{key}="{text}"' if " " in text else f"{key}={text}" for key, text in values.items())


def _info_text(info: Mapping[str, Any]) -> str:
    """What extxyz can say of `info`: words, numbers, truth values, arrays and JSON; the rest is left out."""
    reserved = {"Lattice", "Properties", "pbc", *LABELS, *CONDITIONS, *BONDS}
    kept = {}
    for key, value in info.items():
        if isinstance(value, str):
            kept[key] = " ".join(value.split())
        elif isinstance(value, bool | int | float | np.bool_ | np.number) or _is_plain(value):
            kept[key] = value
    return key_val_dict_to_str({key: value for key, value in kept.items() if key not in reserved})
