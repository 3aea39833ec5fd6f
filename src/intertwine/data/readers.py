"""Files to structures: ASE reads the formats, every choice of key and unit is the caller's."""

import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, Final

import ase.db
import ase.io
from ase import Atoms
from ase.utils import string2index

from intertwine.data.archives import RMD17_KEYS, RMD17_UNITS, archived_frames, attach
from intertwine.data.extxyz import check_frames, comment_values
from intertwine.data.formats import format_of
from intertwine.data.isolated_atoms import is_isolated_atom
from intertwine.data.labels import LabelKeys, LabelUnits
from intertwine.data.structure import Structure
from intertwine.errors import InputError
from intertwine.typing import PathLike

_KEYS: Final = LabelKeys()
_UNITS: Final = LabelUnits()


def read(
    path: PathLike,
    *,
    keys: LabelKeys = _KEYS,
    units: LabelUnits = _UNITS,
    index: str | int | slice = ":",
    require: Iterable[str] = ("energy", "forces"),
) -> list[Structure]:
    """Structures of a file, with their labels in eV and Å.

    Every format of `intertwine.data.formats.READABLE` by ASE, and `.npz` (see `archived_frames`). Each
    structure says where it came from in `info["source"]`, unless it says so already.

    Args:
        path: the file; compressed text (`.gz`, `.bz2`, `.xz`) is fine.
        keys: under which key the file keeps each label. In an ASE database these may be key-value pairs or
            entries of the row's data. Where the electrons were smeared, codes keep beside `energy` (0 K) a
            `free_energy`: that is the one whose derivative the forces are.
        units: the unit of each label in the file; positions and cells are in Å.
        index: which frames, as ASE writes it: `":"`, `"::10"`, `"-1"`, an int or a slice.
        require: labels that every frame must have; give `()` for bare structures. A frame marked as an
            isolated atom needs no forces and no stress: they are zero by symmetry.

    Raises:
        InputError: one line that names the file and the frame.

    >>> read("nowhere.xyz", keys=LabelKeys(energy="REF_energy", forces="REF_forces"))
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: no such file: nowhere.xyz
    """
    name, chosen, wanted = format_of(path), frame_slice(index), tuple(require)
    structures = []
    for where, atoms in frames(Path(path), name, chosen):
        structures.append(located(atoms, where, keys, units, wanted))
    if not structures:
        raise InputError(f"{path} has no frame at index '{index}'", accepted="':' for all frames")
    return structures


def read_rmd17(path: PathLike, *, index: str | int | slice = ":") -> list[Structure]:
    """Structures of an rMD17 archive: its own keys, kcal/mol and kcal/mol/Å turned into eV and eV/Å.

    >>> read_rmd17("rmd17_ethanol.npz")
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: no such file: rmd17_ethanol.npz
    """
    return read(path, keys=RMD17_KEYS, units=RMD17_UNITS, index=index)


def located(
    atoms: Atoms, where: str, keys: LabelKeys, units: LabelUnits, require: tuple[str, ...]
) -> Structure:
    """The structure of one frame; whatever is wrong with it is said with the place it came from."""
    if is_isolated_atom(atoms):
        require = tuple(name for name in require if name == "energy")
    try:
        structure = Structure.from_ase(atoms, keys, units, require)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return structure.replace(info={"source": where, **structure.info})


def frames(file: Path, name: str, chosen: slice) -> Iterator[tuple[str, Atoms]]:
    """The chosen frames of a file, each with its place in words; each failure turned into one line."""
    numbers = frame_numbers(chosen)
    where = f"frame {next(numbers)} of {file}"
    with closing(opened(file, name, chosen)) as found:
        try:
            for atoms in found:
                yield where, atoms
                where = f"frame {next(numbers)} of {file}"
        except InputError:
            raise
        except Exception as error:
            got = f"{type(error).__name__}: {error}".rstrip(": ")[:200]
            what = f"{where} could not be read as {name}"
            raise InputError(what, got=got, fix="check the file; it may be cut short") from error


def opened(file: Path, name: str, chosen: slice) -> Generator[Atoms]:
    """Frames by our own readers where ASE needs help, by ASE's otherwise."""
    if name == "npz":
        yield from archived_frames(file, chosen)
    elif name in ("db", "json"):
        yield from rows(file, chosen)
    else:
        options: dict[str, Any] = {"parallel": False, "do_not_split_by_at_sign": True}
        if name == "extxyz":
            check_frames(file)
            options["properties_parser"] = comment_values
        yield from ase.io.iread(str(file), chosen, format=name, **options)


def rows(file: Path, chosen: slice) -> Iterator[Atoms]:
    """Rows of an ASE database; key-value pairs and data become `info`."""
    if file.suffix == ".db":
        check_database(file)
    database = ase.db.connect(file, serial=True, use_lock_file=False)
    for row in list(database.select())[chosen]:
        atoms = row.toatoms(add_additional_information=True)
        attach(atoms, atoms.info.pop("key_value_pairs", {}) | atoms.info.pop("data", {}))
        yield atoms


def check_database(file: Path) -> None:
    """Raise unless an SQLite file is ASE's (which would otherwise write its tables into it)."""
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
        names = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"systems", "information"} <= names:
        raise InputError(f"{file} is no ASE database", got=f"tables {', '.join(sorted(names)) or 'none'}")


def frame_slice(index: str | int | slice) -> slice:
    """An ASE index as a slice.

    >>> frame_slice("::10"), frame_slice(-1)
    (slice(None, None, 10), slice(-1, None, None))
    """
    try:
        parsed = string2index(index) if isinstance(index, str) else index
    except ValueError:
        parsed = None
    if isinstance(parsed, int):
        return slice(parsed, parsed + 1 or None)
    if isinstance(parsed, slice) and parsed.step != 0:
        return parsed
    raise InputError(
        "index of frames", got=repr(index), accepted="':', '::10', '-1', '0:100', an int, a slice"
    )


def frame_numbers(chosen: slice) -> Iterator[int]:
    """Python index of each chosen frame, without knowing how many there are."""
    step = chosen.step or 1
    start = chosen.start if chosen.start is not None else (0 if step > 0 else -1)
    return count(start, step)
