"""What is evaluated: a molecule, metals, a liquid, a semiconductor; the same for all, from fixed seeds."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms, units
from ase.build import bulk, molecule
from benchmarks.record import data_folder

from intertwine.errors import InputError

RATTLE = 0.05
"""Standard deviation of displacements from the lattice, Å."""
SPECIES = (1, 6, 8, 14, 29)
"""What every model of the comparison knows: one model for all structures."""
APART = 1.6
"""Least distance of atoms of two water molecules, Å."""

ENOL = """\
C 0.00 1.38 0.00
C -1.22 0.69 0.00
C 1.22 0.69 0.00
O -1.24 -0.62 0.00
O 1.27 -0.54 0.00
C -2.50 1.47 0.00
C 2.52 1.45 0.00
H 0.00 2.46 0.00
H -0.29 -0.95 0.00
H -2.32 2.55 0.00
H -3.09 1.23 0.88
H -3.09 1.23 -0.88
H 2.36 2.53 0.00
H 3.11 1.19 0.88
H 3.11 1.19 -0.88"""
"""Enol form of acetylacetone, idealised, Å; where no frame of the data is at hand."""


def acetylacetone() -> Atoms:
    """First frame of the data set `acac`; an idealised enol where INTERTWINE_DATA does not lead to it."""
    try:
        atoms = ase.io.read(data_folder("acac") / "train_300K.xyz", "0")
    except (InputError, FileNotFoundError):
        rows = [line.split() for line in ENOL.splitlines()]
        atoms = Atoms([row[0] for row in rows], [[float(x) for x in row[1:]] for row in rows])
        atoms.rattle(RATTLE, seed=0)
    return Atoms(atoms.numbers, atoms.positions)


def copper(repeats: int) -> Atoms:
    """fcc Cu of `repeats`³ cubic cells, rattled.

    >>> len(copper(3))
    108
    """
    return _rattled(bulk("Cu", "fcc", a=3.615, cubic=True).repeat(repeats))


def silicon(repeats: int) -> Atoms:
    """Diamond Si of `repeats`³ cubic cells, rattled."""
    return _rattled(bulk("Si", "diamond", a=5.431, cubic=True).repeat(repeats))


def _rattled(atoms: Atoms) -> Atoms:
    atoms.rattle(RATTLE, seed=0)
    return atoms


def water(side: int = 4) -> Atoms:
    """`side`³ molecules in a periodic box at 1 g/cm³: on a cubic grid, turned and displaced at random.

    A molecule that comes within `APART` of one placed before is drawn again.
    """
    rng, one = np.random.default_rng(0), molecule("H2O")
    one.positions -= one.get_center_of_mass()
    grams = one.get_masses().sum() * side**3 / units._Nav
    length = 1e8 * grams ** (1 / 3)
    box = Atoms(cell=[length] * 3, pbc=True)
    for cell in np.ndindex(side, side, side):
        centre = (np.array(cell) + 0.5) * length / side
        while True:
            placed = one.positions @ _rotation(rng).T + centre + rng.normal(scale=0.15, size=3)
            if _free(placed, box):
                break
        box += Atoms(one.numbers, placed)
    return box


def _rotation(rng: np.random.Generator) -> np.ndarray:
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.sign(np.linalg.det(q))


def _free(placed: np.ndarray, box: Atoms) -> bool:
    length = box.cell[0, 0]
    between = placed[:, None] - box.positions
    between -= length * np.round(between / length)
    return bool((np.linalg.norm(between, axis=-1) > APART).all())


STRUCTURES: dict[str, Callable[[], Atoms]] = {
    "acac": acetylacetone,
    "Cu108": lambda: copper(3),
    "water192": water,
    "Si512": lambda: silicon(4),
    "Cu864": lambda: copper(6),
}
"""By the name that the command takes, in order of size."""

TITLES = {
    "acac": "acetylacetone, 15 atoms",
    "Cu108": "fcc Cu, 108",
    "water192": "water, 192",
    "Si512": "diamond Si, 512",
    "Cu864": "fcc Cu, 864",
}


@cache
def size(name: str) -> int:
    """Number of atoms."""
    return len(STRUCTURES[name]())


def written(structures: dict[str, Atoms], folder: Path) -> dict[str, str]:
    """Each structure as a file that every package's environment can read; its path by its name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder.absolute() / f"{name}.xyz" for name in structures}
    for name, atoms in structures.items():
        ase.io.write(paths[name], atoms, format="extxyz")
    return {name: str(path) for name, path in paths.items()}
