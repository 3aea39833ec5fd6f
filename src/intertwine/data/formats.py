"""Which files are read, and which are refused because reading them could run code.

ASE knows some ninety formats; those below name their elements and can be read without running anything that
the file contains. Pickles (`.pkl`, PyTorch's `.pt`, ASE's own trajectories from before 2016) can run any code
when they are opened, so they are refused by name and by content, as are formats that nobody listed.
"""

import zipfile
from pathlib import Path
from typing import Final

from ase.io.formats import UnknownFileTypeError, filetype

from intertwine.errors import InputError, nearest
from intertwine.typing import PathLike

_NAMES: Final = """
    extxyz xyz db json traj cif vasp vasp-out vasp-xml vasp-xdatcar proteindatabank mol sdf xsf res gen
    aims aims-output castep-castep castep-cell espresso-in espresso-out gaussian-in gaussian-out gpaw-out
    nwchem-in nwchem-out orca-output siesta-xv struct struct_out turbomole turbomole-gradient crystal
    cjson gromos qbox
"""

READABLE: Final = frozenset(_NAMES.split())
"""Names of the formats, as ASE spells them, that `read` accepts beside `.npz`."""

WELL_KNOWN: Final = "extxyz, ASE db, json and traj, npz, cif, POSCAR, OUTCAR, vasprun.xml, pdb, ..."

PICKLES: Final = frozenset((".pkl", ".pickle", ".p", ".pt", ".pth", ".ckpt", ".joblib", ".dill"))
"""Endings of files that run code when opened."""


def format_of(path: PathLike) -> str:
    """Name of the format of a file, by its name first and its content second.

    Returns:
        one of `READABLE`, or `"npz"`.

    Raises:
        InputError: the file is missing, empty, a folder, a pickle, or of a format that is not read.

    >>> format_of("nowhere.xyz")
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: no such file: nowhere.xyz
    """
    file = existing_file(path)
    refuse_pickle(file)
    if file.suffix.lower() == ".npz":
        return "npz"
    try:
        name = filetype(str(file))
    except UnknownFileTypeError:
        name = None
    except (UnicodeDecodeError, OSError, EOFError) as error:
        raise InputError(f"{file} could not be opened", got=error, fix="check the file") from None
    if name in READABLE:
        return str(name)
    raise InputError(f"{file} is of no format that is read here", got=name, accepted=WELL_KNOWN)


def existing_file(path: PathLike) -> Path:
    """`path` when it is a file with something in it.

    >>> existing_file("/")
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: / is a folder; accepted: a file; do: name a file inside it
    """
    file = Path(path)
    if file.is_dir():
        raise InputError(f"{file} is a folder", accepted="a file", fix="name a file inside it")
    if not file.exists():
        raise InputError(f"no such file: {file}", fix=_similar(file))
    if not file.is_file():
        raise InputError(f"{file} is not a regular file", accepted="a file")
    if file.stat().st_size == 0:
        raise InputError(f"{file} is empty", accepted="at least one frame")
    return file


def refuse_pickle(file: Path) -> None:
    """Raise when opening the file could run code."""
    try:
        with file.open("rb") as opened:
            start = opened.read(16)
    except OSError as error:
        raise InputError(f"{file} cannot be opened", got=error.strerror) from None
    pickled = start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05"
    if file.suffix.lower() in PICKLES or pickled or start.startswith(b"PickleTrajectory") or _is_torch(file):
        raise InputError(
            f"{file} is refused: opening a pickle can run code that is hidden in it",
            accepted=WELL_KNOWN,
            fix="convert it to extxyz where you trust it",
        )


def _is_torch(file: Path) -> bool:
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any(name.endswith("data.pkl") for name in archive.namelist())


def _similar(file: Path) -> str | None:
    there = [p.name for p in file.parent.iterdir()] if file.parent.is_dir() else []
    close = nearest(file.name, there)
    return f"did you mean {file.with_name(close)}?" if close else None
