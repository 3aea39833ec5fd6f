"""NumPy archives (`.npz`), as rMD17 and its relatives are published."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms

from intertwine.data.labels import LabelKeys, LabelUnits
from intertwine.errors import InputError

RMD17_KEYS: Final = LabelKeys(energy="energies", forces="forces")
"""Keys of rMD17 (Christensen & von Lilienfeld 2020)."""

RMD17_UNITS: Final = LabelUnits(energy="kcal/mol", forces="kcal/mol/Å")
"""Units of rMD17."""

NUMBERS: Final = ("nuclear_charges", "numbers", "atomic_numbers", "z")
POSITIONS: Final = ("coords", "positions", "R")


def archived_frames(file: Path, chosen: slice) -> Iterator[Atoms]:
    """The chosen frames of an archive; every array with one entry per frame comes along under its own key.

    Args:
        file: holds atomic numbers `[atoms]` or `[frames, atoms]` under one of `NUMBERS`, positions
            `[frames, atoms, 3]` in Å under one of `POSITIONS`, and maybe `cell` and `pbc`.
        chosen: which frames.

    Raises:
        InputError: no atomic numbers or positions, or they do not fit each other.
    """
    arrays = _loaded(file)
    numbers, positions = _one_of(arrays, NUMBERS, file), _one_of(arrays, POSITIONS, file)
    if positions.ndim != 3 or positions.shape[2] != 3 or numbers.shape[-1:] != positions.shape[1:2]:
        got = f"{numbers.shape} numbers and {positions.shape} positions"
        raise InputError(f"{file} does not fit together", got=got, accepted="(atoms,) and (frames, atoms, 3)")
    total = len(positions)
    for frame in range(total)[chosen]:
        own = {key: array[frame] for key, array in arrays.items() if array.shape[:1] == (total,)}
        geometry = {key: own.pop(key, arrays.get(key)) for key in ("cell", "pbc")}
        atoms = Atoms(numbers if numbers.ndim == 1 else numbers[frame], positions[frame], **geometry)
        attach(atoms, {key: value for key, value in own.items() if key not in (*NUMBERS, *POSITIONS)})
        yield atoms


def _loaded(file: Path) -> dict[str, np.ndarray]:
    """Every array of the archive; nothing is unpickled."""
    if not zipfile.is_zipfile(file):
        raise InputError(f"{file} is no NumPy archive", accepted="what numpy.savez writes")
    arrays = {}
    with np.load(file, allow_pickle=False) as archive:
        for key in archive.files:
            try:
                arrays[key] = archive[key]
            except ValueError:
                what = f"{file} is refused: '{key}' is pickled and could run code when loaded"
                raise InputError(what, fix="save it again as plain numbers") from None
    return arrays


def attach(atoms: Atoms, values: dict) -> None:
    """Keep `values` with `atoms`: arrays per atom in `atoms.arrays`, everything else in `atoms.info`."""
    for key, value in values.items():
        per_atom = isinstance(value, np.ndarray) and value.shape[:1] == (len(atoms),)
        (atoms.arrays if per_atom else atoms.info)[key] = value


def _one_of(arrays: dict[str, np.ndarray], names: tuple[str, ...], file: Path) -> np.ndarray:
    for name in names:
        if name in arrays:
            return arrays[name]
    raise InputError(f"{file} lacks an array", got=", ".join(arrays), accepted=" or ".join(names))
