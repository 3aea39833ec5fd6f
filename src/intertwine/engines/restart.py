"""The state of a molecular dynamics run as a file from which it goes on exactly."""

import json
import os
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from ase import Atoms
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from intertwine.data.labels import CONDITIONS
from intertwine.errors import InputError

FORMAT: Final = "intertwine molecular dynamics"
VERSION: Final = 1
NAME: Final = "restart.safetensors"
"""Name of the file in the folder of a run."""


class State(NamedTuple):
    """Everything that decides how a run goes on.

    Attributes:
        arrays: every array of the atoms (numbers, positions Å, momenta, masses, …), `cell` Å `[3, 3]`, `pbc`
            `[3]` and the momentum of the cell in ASE units.
        header: plain values: ensemble, time step, steps done, the state of the random numbers, …
    """

    arrays: dict[str, np.ndarray]
    header: dict[str, Any]


def arrays_of(atoms: Atoms) -> dict[str, np.ndarray]:
    """Arrays from which `atoms_from` makes the same atoms."""
    per_atom = {
        f"atoms.{name}": np.array(array) for name, array in atoms.arrays.items() if array.dtype != object
    }
    geometry = {"cell": np.array(atoms.cell), "pbc": np.array(atoms.pbc)}
    geometry |= {name: np.array(atoms.info[name], dtype=float) for name in CONDITIONS if name in atoms.info}
    return per_atom | {"atoms.masses": atoms.get_masses(), "atoms.momenta": atoms.get_momenta()} | geometry


def atoms_from(arrays: dict[str, np.ndarray]) -> Atoms:
    """Atoms with every array that `arrays_of` kept, charge and electric field included; no calculator."""
    per_atom = {name.removeprefix("atoms."): array for name, array in arrays.items() if "." in name}
    atoms = Atoms(numbers=per_atom.pop("numbers"), positions=per_atom.pop("positions"))
    atoms.set_cell(arrays["cell"])
    atoms.set_pbc(arrays["pbc"])
    atoms.info |= {name: arrays[name] for name in CONDITIONS if name in arrays}
    for name, array in per_atom.items():
        atoms.set_array(name, array)
    return atoms


def write_state(state: State, folder: Path) -> None:
    """Write the state to `folder`, replacing the last one in one move."""
    header = {"format": FORMAT, "version": VERSION, **state.header}
    payload = save(
        {name: np.array(array, order="C") for name, array in state.arrays.items()},
        metadata={"intertwine": json.dumps(header)},
    )
    temporary = folder / f".{NAME}.part"
    temporary.write_bytes(payload)
    os.replace(temporary, folder / NAME)


def read_state(folder: Path) -> State:
    """Read what `write_state` wrote; nothing in the file can run.

    Raises:
        InputError: no restart file there, or it is damaged or of a newer version.
    """
    path = folder / NAME
    if not path.is_file():
        raise InputError(f"no restart file '{path}'", fix="start the run without resuming")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        header = json.loads(metadata["intertwine"])
        if header["format"] != FORMAT:
            raise InputError(f"'{path}' is not a restart file of a molecular dynamics run")
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise InputError(f"the restart file '{path}' is damaged", got=str(error).splitlines()[0]) from error
    if header["version"] > VERSION:
        raise InputError(f"'{path}' is of version {header['version']}", accepted=f"up to {VERSION}")
    return State(arrays, header)
