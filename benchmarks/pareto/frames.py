"""The same frames for every package: files of energies above isolated atoms, in eV, and forces, in eV/Å.

The energies of isolated atoms are taken off before, exactly and for all alike: −9391 eV in float32, which is
what the peers compute in, is only known to 1 meV.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.acac import TESTS
from benchmarks.record import data_folder

from intertwine.data import Structure, write
from intertwine.train.config import DataConfig
from intertwine.train.datasets import read_datasets

HELD_OUT = 50
"""Of the 500 training frames, to choose the best weights by; the split of `benchmarks.acac`."""
PART = 5
"""The pace is measured on one frame in so many."""


def write_frames(folder: Path, seed: int) -> dict[str, Any]:
    """Write what the jobs read, unless it is there, and say where.

    Returns:
        paths of `train`, `valid`, `isolated_atoms`, of `probe_train` and `probe_valid` (one frame in `PART`),
        of `tests` by temperature; and the atomic numbers, `species`.

    Raises:
        InputError: the data are not where INTERTWINE_DATA says.
    """
    index = folder / "frames.json"
    if not index.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        index.write_text(json.dumps(_written(folder, seed), indent=1) + "\n", encoding="utf-8")
    return json.loads(index.read_text(encoding="utf-8"))


def _written(folder: Path, seed: int) -> dict[str, Any]:
    data = data_folder("acac")
    sets = read_datasets(
        DataConfig(
            train=data / "train_300K.xyz",
            valid=HELD_OUT,
            test=tuple(data / file for file in TESTS.values()),
            isolated_atoms=data / "isolated_atoms.xyz",
        ),
        seed,
    )
    alone = [Structure([z], [[0, 0, 0]], labels={"energy": 0.0}) for z in sets.isolated]
    parts = {"train": sets.train, "valid": sets.valid} | dict(zip(TESTS, sets.test.values(), strict=True))
    bound = {name: above_isolated(frames, sets.isolated) for name, frames in parts.items()}
    bound |= {f"probe_{name}": bound[name][::PART] for name in ("train", "valid")}
    bound["isolated_atoms"] = alone
    paths = {name: folder.absolute() / f"{name.replace(' ', '')}.xyz" for name in bound}
    for name, frames in bound.items():
        write(paths[name], frames)
    listed = {name: str(path) for name, path in paths.items()}
    tests = {name: listed.pop(name) for name in TESTS}
    return {**listed, "tests": tests, "species": sorted(sets.isolated)}


def above_isolated(frames: Sequence[Structure], isolated: dict[int, float]) -> list[Structure]:
    """The frames, their energies counted from isolated atoms."""
    return [
        frame.replace(
            labels={
                "energy": float(frame.labels["energy"]) - sum(isolated[int(z)] for z in frame.numbers),
                "forces": frame.labels["forces"],
            },
            info={},
        )
        for frame in frames
    ]
