"""Crystals whose symmetry is known: structure types from the books, and one of any space group."""

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.spacegroup import Spacegroup, crystal

from intertwine.data import Structure

CRYSTALS: dict[str, tuple[Atoms, str, dict[str, str]]] = {
    "fcc": (bulk("Cu"), "Oh", {"Cu": "Oh"}),
    "bcc": (bulk("Fe"), "Oh", {"Fe": "Oh"}),
    "hcp": (bulk("Mg"), "D6h", {"Mg": "D3h"}),
    "diamond": (bulk("Si"), "Oh", {"Si": "Td"}),
    "rocksalt": (bulk("NaCl", "rocksalt", a=5.64), "Oh", {"Na": "Oh", "Cl": "Oh"}),
    "zinc blende": (bulk("GaAs", "zincblende", a=5.65), "Td", {"Ga": "Td", "As": "Td"}),
    "wurtzite": (bulk("ZnO", "wurtzite", a=3.25, c=5.2, u=0.38), "C6v", {"Zn": "C3v", "O": "C3v"}),
    "fluorite": (bulk("CaF2", "fluorite", a=5.46), "Oh", {"Ca": "Oh", "F": "Td"}),
    "L1_0": (
        Atoms("CuAu", [[0, 0, 0], [1.4, 1.4, 1.83]], cell=[2.8, 2.8, 3.66], pbc=True),
        "D4h",
        {"Cu": "D4h", "Au": "D4h"},
    ),
    "perovskite": (
        crystal(
            ["Sr", "Ti", "O"],
            [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0)],
            spacegroup=221,
            cellpar=[3.9] * 3 + [90] * 3,
        ),
        "Oh",
        {"Sr": "Oh", "Ti": "Oh", "O": "D4h"},
    ),
    "rutile": (
        crystal(
            ["Ti", "O"],
            [(0, 0, 0), (0.305, 0.305, 0)],
            spacegroup=136,
            cellpar=[4.59, 4.59, 2.96, 90, 90, 90],
        ),
        "D4h",
        {"Ti": "D2h", "O": "C2v"},
    ),
    "quartz": (
        crystal(
            ["Si", "O"],
            [(0.4697, 0, 1 / 3), (0.4135, 0.2669, 0.7858)],
            spacegroup=152,
            cellpar=[4.913, 4.913, 5.405, 90, 90, 120],
        ),
        "D3",
        {"Si": "C2", "O": "C1"},
    ),
    "calcite": (
        crystal(
            ["Ca", "C", "O"],
            [(0, 0, 0), (0, 0, 0.25), (0.257, 0, 0.25)],
            spacegroup=167,
            cellpar=[4.99, 4.99, 17.06, 90, 90, 120],
            primitive_cell=True,
        ),
        "D3d",
        {"Ca": "S6", "C": "D3", "O": "C2"},
    ),
    "chalcopyrite": (
        crystal(
            ["Cu", "Fe", "S"],
            [(0, 0, 0), (0, 0, 0.5), (0.257, 0.25, 0.125)],
            spacegroup=122,
            cellpar=[5.29, 5.29, 10.42, 90, 90, 90],
            primitive_cell=True,
        ),
        "D2d",
        {"Cu": "S4", "Fe": "S4", "S": "C2"},
    ),
}
"""Primitive cells of structure types, with the class of the crystal and of each element's site."""

# fmt: off
LAST = {
    "C1": 1, "Ci": 2, "C2": 5, "Cs": 9, "C2h": 15, "D2": 24, "C2v": 46, "D2h": 74, "C4": 80, "S4": 82,
    "C4h": 88, "D4": 98, "C4v": 110, "D2d": 122, "D4h": 142, "C3": 146, "S6": 148, "D3": 155,
    "C3v": 161, "D3d": 167, "C6": 173, "C3h": 174, "C6h": 176, "D6": 182, "C6v": 186, "D3h": 190,
    "D6h": 194, "T": 199, "Th": 206, "O": 214, "Td": 220, "Oh": 230,
}
# fmt: on
"""Each crystal class, with the number of the last of its space groups in the International Tables."""


def class_of(number: int) -> str:
    """The crystal class of a space group."""
    return next(name for name, last in LAST.items() if number <= last)


def crystal_of(number: int) -> tuple[Structure, np.ndarray]:
    """Three kinds of atoms in general positions, and the linear parts of ASE's own list of operations."""
    places = np.random.default_rng(3).random((3, 3))
    atoms = crystal(["Na", "Mg", "Al"], places, spacegroup=number, cellpar=_cell(number))
    columns = np.asarray(atoms.cell).T
    linear = np.unique([W for W, _ in Spacegroup(number).get_symop()], axis=0)
    return Structure.from_ase(atoms), columns @ linear @ np.linalg.inv(columns)


def _cell(number: int) -> list[float]:
    """Lengths and angles with no more symmetry than the system of the space group asks for."""
    for last, cell in [
        (2, [7.1, 8.3, 9.7, 81, 97, 105]),
        (15, [7.1, 8.3, 9.7, 90, 104, 90]),
        (74, [7.1, 8.3, 9.7, 90, 90, 90]),
        (142, [7.1, 7.1, 9.7, 90, 90, 90]),
        (194, [7.1, 7.1, 9.7, 90, 90, 120]),
    ]:
        if number <= last:
            return cell
    return [12.3, 12.3, 12.3, 90, 90, 90]
