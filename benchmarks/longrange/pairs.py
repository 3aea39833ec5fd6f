"""Two small molecules or ions at a distance, labelled by GFN2-xTB."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms
from ase.build import molecule
from jaxtyping import Float

from intertwine.apps.label import LabelPlan, label
from intertwine.data import Structure, read, write
from intertwine.groups import random_rotation

ORACLE: Final = "tblite:GFN2-xTB"
ARM = 1.02 / np.sqrt(3)
PARTS: Final[dict[str, tuple[Atoms, int]]] = {
    "ammonium": (
        Atoms("NH4", ARM * np.array([[0, 0, 0], [1, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]])),
        1,
    ),
    "formate": (Atoms("HCO2", [[0, 0, 1.12], [0, 0, 0], [1.12, 0, -0.56], [-1.12, 0, -0.56]]), -1),
    "water": (molecule("H2O"), 0),
}
"""Molecules with an atom near the origin, and their charges, e."""

PAIRS: Final = (
    ("ammonium", "ammonium"),
    ("formate", "formate"),
    ("ammonium", "water"),
    ("formate", "water"),
    ("water", "water"),
)
"""Ions of opposite charge are left out: self-consistency is lost where one could give its electron away."""

RATTLE = 0.04
"""Å: random displacement of every atom."""

CLOSEST = 1.7
"""Å: no two atoms of different molecules are closer."""


def drawn(
    names: Sequence[str], distances: Sequence[float], rng: np.random.Generator, rattle: float = RATTLE
) -> list[Structure]:
    """One pair at each distance, turned at random; a single molecule where one name is given."""
    found = []
    for distance in distances:
        for _ in range(200):
            parts = [_turned(name, rng, rattle) for name in names]
            parts[-1] = parts[-1] + np.array([distance if len(names) == 2 else 0.0, 0, 0])
            if len(parts) == 1 or _apart(*parts) > CLOSEST:
                found.append(_together(names, parts))
                break
    return found


def labelled(structures: Sequence[Structure], file: Path, workers: int = 1) -> list[Structure]:
    """The structures with the oracle's energies and forces; read where they have been labelled before."""
    if not file.is_file():
        write(file, label(structures, LabelPlan(calculator=ORACLE), workers=workers))
    return read(file)


def _turned(name: str, rng: np.random.Generator, rattle: float) -> Float[np.ndarray, "atoms 3"]:
    places = PARTS[name][0].positions + rattle * rng.normal(size=(len(PARTS[name][0]), 3))
    return places @ random_rotation(rng).T


def _apart(first: Float[np.ndarray, "n 3"], second: Float[np.ndarray, "m 3"]) -> float:
    return float(np.linalg.norm(first[:, None] - second[None], axis=2).min())


def _together(names: Sequence[str], parts: Sequence[np.ndarray]) -> Structure:
    numbers = np.concatenate([PARTS[name][0].numbers for name in names])
    charge = sum(PARTS[name][1] for name in names)
    return Structure(numbers, np.concatenate(parts), charge=charge, info={"source": " ".join(names)})
