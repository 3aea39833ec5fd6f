"""Events as files: HDF5 of our own with units and provenance, and whatever else holds pt, eta and phi."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from intertwine.apps.jets.events import OPTIONAL, TRUTHS, Events
from intertwine.data import replacing
from intertwine.errors import InputError, require
from intertwine.typing import PathLike

FORMAT = "intertwine events"
VERSION = 1
MOMENTA = {"pt": "GeV", "eta": "1", "phi": "rad"}
UNITS = {"MeV": 1e-3, "GeV": 1.0, "TeV": 1e3}


def write_events(events: Events, path: PathLike) -> Path:
    """Write an HDF5 file, whole or not at all: `particles/`, one row each; `truth/`, one row per event.

    Momenta are stored in float32, as detectors know them; each data set says its unit.

    Raises:
        MissingExtraError: h5py is not installed.
        InputError: the place cannot be written to.
    """
    h5py, path = require("h5py", extra="jets"), Path(path)
    with replacing(path) as scratch, h5py.File(scratch, "w") as file:
        file.attrs.update({"format": FORMAT, "version": VERSION, "about": json.dumps(dict(events.about))})
        particles = file.create_group("particles")
        particles["offsets"] = events.offsets
        for name, unit in MOMENTA.items():
            _store(particles, name, getattr(events, name).astype(np.float32), unit)
        for name, values in events.columns.items():
            _store(particles, name, values.astype(np.int8), OPTIONAL[name])
        truth = file.create_group("truth")
        for name, values in events.truth.items():
            _store(truth, name, values, TRUTHS[name])
    return path


def _store(group: Any, name: str, values: np.ndarray, unit: str) -> None:
    group.create_dataset(name, data=values, compression="gzip", shuffle=True).attrs["unit"] = unit


def read_events(path: PathLike, unit: str = "GeV", tree: str | None = None) -> Events:
    """Read events: our HDF5, a ROOT tree, a Parquet file of awkward arrays, or NumPy's `.npz`.

    Of files that are not ours, columns `pt`, `eta`, `phi` are wanted, one list per event, and those of
    `OPTIONAL` and `TRUTHS` are taken where they are. A ROOT column may be called `Particle_pt` or `pt`.

    Args:
        path: the file; its ending says what it is.
        unit: of `pt` in files that are not ours: GeV, MeV, TeV.
        tree: name of the ROOT tree, where there are several.

    Raises:
        InputError: no such file, or not such events.
        MissingExtraError: the package for this kind of file is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no events at '{path}'", accepted="a file of intertwine jets generate, or your own")
    if unit not in UNITS:
        raise InputError(f"no unit '{unit}'", accepted=", ".join(UNITS))
    if path.suffix in (".h5", ".hdf5"):
        return _read_hdf5(path, unit)
    if path.suffix == ".root":
        return from_arrays(_root_columns(path, tree), unit)
    if path.suffix == ".parquet":
        table = require("awkward", extra="jets").from_parquet(path)
        return from_arrays({name: table[name] for name in table.fields}, unit)
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return from_arrays(dict(arrays), unit)
    raise InputError(f"cannot read '{path}'", accepted=".h5, .hdf5, .root, .parquet or .npz")


def _read_hdf5(path: Path, unit: str) -> Events:
    h5py = require("h5py", extra="jets")
    try:
        with h5py.File(path, "r") as file:
            ours = file.attrs.get("format") == FORMAT
            if not ours:
                return from_arrays(
                    {name: file[name][()] for name in file if hasattr(file[name], "shape")}, unit
                )
            if int(file.attrs["version"]) > VERSION:
                raise InputError(
                    f"'{path}' is of version {file.attrs['version']}", accepted=f"up to {VERSION}"
                )
            particles, truth = file["particles"], file["truth"]
            pt, eta, phi = (particles[name][()].astype(np.float64) for name in MOMENTA)
            return Events(
                particles["offsets"][()].astype(np.int64),
                pt,
                eta,
                phi,
                {name: particles[name][()].astype(np.int64) for name in OPTIONAL if name in particles},
                {name: truth[name][()] for name in TRUTHS if name in truth},
                json.loads(file.attrs["about"]),
            )
    except (OSError, KeyError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"'{path}' holds no events", got=str(error), accepted="HDF5") from error


def _root_columns(path: Path, tree: str | None) -> dict[str, Any]:
    uproot = require("uproot", extra="jets")
    with uproot.open(path) as file:
        trees = {key.partition(";")[0] for key, kind in file.classnames().items() if kind.startswith("TTree")}
        trees |= {key.partition(";")[0] for key, kind in file.classnames().items() if "RNTuple" in kind}
        if tree is None and len(trees) == 1:
            tree = next(iter(trees))
        if tree not in trees:
            raise InputError(
                f"no tree '{tree}' in '{path}'" if tree else f"'{path}' does not hold one tree",
                accepted=", ".join(sorted(trees)) or "a file with a tree",
                fix="name it: --tree NAME",
            )
        table = file[tree].arrays()
    return {name.rpartition("_")[2] if name.endswith(("_pt", "_eta", "_phi")) else name: table[name]
            for name in table.fields}  # fmt: skip


def from_arrays(arrays: Mapping[str, Any], unit: str = "GeV") -> Events:
    """Events of arrays by name: awkward ones or lists of lists, or flat ones with `offsets`.

    Args:
        arrays: `pt`, `eta`, `phi`, and those of `OPTIONAL` and `TRUTHS` that there are.
        unit: of `pt`.

    Raises:
        InputError: a column is missing, or the events are not sound.

    >>> events = from_arrays({"pt": [[1.0, 2.0], []], "eta": [[0.0, 1.0], []], "phi": [[0.1, 0.2], []]})
    >>> len(events), events.pt
    (2, array([1., 2.]))
    """
    missing = [name for name in MOMENTA if name not in arrays]
    if missing:
        raise InputError(
            f"no column '{missing[0]}'", got=", ".join(arrays) or "nothing", accepted="pt, eta and phi"
        )
    offsets = _offsets(arrays)
    flat = {name: _flat(arrays[name], name, offsets) for name in (*MOMENTA, *OPTIONAL) if name in arrays}
    return Events(
        offsets,
        flat["pt"].astype(np.float64) * UNITS[unit],
        flat["eta"].astype(np.float64),
        flat["phi"].astype(np.float64),
        {name: flat[name].astype(np.int64) for name in OPTIONAL if name in flat},
        {name: np.asarray(arrays[name]) for name in TRUTHS if name in arrays},
        {"process": "read from arrays"},
    )


def _offsets(arrays: Mapping[str, Any]) -> np.ndarray:
    if "offsets" in arrays:
        return np.asarray(arrays["offsets"], dtype=np.int64)
    try:
        counts = [len(row) for row in arrays["pt"]]
    except TypeError:
        raise InputError(
            "'pt' is one flat row",
            accepted="one list of particles per event, or a column 'offsets' beside flat ones",
        ) from None
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def _flat(values: Any, name: str, offsets: np.ndarray) -> np.ndarray:
    rows: Any = values if isinstance(values, list | np.ndarray) else list(values)
    if not len(rows) or not hasattr(rows[0], "__len__"):
        return np.asarray(rows, dtype=np.float64)
    counts = np.array([len(row) for row in rows])
    if not np.array_equal(counts, np.diff(offsets)):
        raise InputError(f"'{name}' has other numbers of particles than 'pt'")
    return np.concatenate([np.asarray(row, dtype=np.float64) for row in rows])
