"""Mulliken labels of the irreps of the 32 point groups, read from characters.

Letter: A or B for one row (B is −1 under the principal turn), E for two, T for three. Suffix: g or u under
the inversion; ′ or ″ under the horizontal mirror where there is no inversion. Number: 1 or 2 under the second
kind of element. Where books differ, the choice is: 1 is +1 under the two-fold turn about x (about y in D3h),
or under the mirror across y in C2v, C4v, C6v (across x in C3v); in D2 and D2h, 1, 2, 3 are +1 about z, y, x.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

Table = Float64[np.ndarray, "order _ _"]
Character = Callable[[Float64[np.ndarray, "3 3"]], float]

INVERSION = -np.eye(3)
LEVEL = np.diag([1.0, 1.0, -1.0])
TWOFOLD = {axis: np.where(np.arange(3) == k, 1.0, -1.0) * np.eye(3) for k, axis in enumerate("xyz")}
MIRROR = {axis: -turn for axis, turn in TWOFOLD.items()}
QUARTER = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
SIXTH = np.array([[0.5, -np.sqrt(0.75), 0.0], [np.sqrt(0.75), 0.5, 0.0], [0.0, 0.0, 1.0]])

PRIMED = ("Cs", "C3h", "D3h")
PRINCIPAL = {
    **dict.fromkeys(["C2", "C2h", "C2v"], TWOFOLD["z"]),
    **dict.fromkeys(["C4", "C4h", "D4", "C4v", "D4h"], QUARTER),
    **dict.fromkeys(["S4", "D2d"], LEVEL @ QUARTER),
    **dict.fromkeys(["C6", "C6h", "D6", "C6v", "D6h"], SIXTH),
}
SECOND = {
    **dict.fromkeys(["D3", "D3d", "D4", "D4h", "D2d", "D6", "D6h"], TWOFOLD["x"]),
    **dict.fromkeys(["C2v", "C4v", "C6v"], MIRROR["y"]),
    "C3v": MIRROR["x"],
    "D3h": TWOFOLD["y"],
    **dict.fromkeys(["O", "Oh"], QUARTER),
    "Td": LEVEL @ QUARTER,
}


def mulliken_labels(
    name: str, elements: Float64[np.ndarray, "order 3 3"], tables: list[Table]
) -> list[tuple[str, Table]]:
    """Labels of irreps given as tables of matrices, in the order of the usual character tables.

    Args:
        name: Schoenflies name.
        elements: in the standard setting.
        tables: the matrices of every irrep at these elements.

    >>> signs = [np.ones((2, 1, 1)), np.array([1.0, -1.0]).reshape(2, 1, 1)]
    >>> [label for label, _ in mulliken_labels("Ci", np.stack([np.eye(3), -np.eye(3)]), signs)]
    ['Ag', 'Au']
    """
    centred = any(np.allclose(g, INVERSION) for g in elements)
    labelled = []
    for table in tables:
        character = _character(elements, table)
        rows = table.shape[1]
        suffix, below = "", False
        if centred:
            below = character(INVERSION) < 0
            suffix = "u" if below else "g"
        elif name in PRIMED:
            below = character(LEVEL) < 0
            suffix = "''" if below else "'"
        letter, number = _letter(name, rows, character), _number(name, rows, character)
        labelled.append(((below, letter, number), f"{letter}{number}{suffix}", table))
    return [(label, table) for _, label, table in sorted(labelled, key=lambda entry: entry[0])]


def _character(elements: Float64[np.ndarray, "order 3 3"], table: Table) -> Character:
    def character(g: Float64[np.ndarray, "3 3"]) -> float:
        place = int(np.abs(elements - g).max(axis=(1, 2)).argmin())
        return float(np.trace(table[place]))

    return character


def _letter(name: str, rows: int, character: Character) -> str:
    if rows > 1:
        return "ET"[rows - 2]
    if name in ("D2", "D2h"):
        return "A" if all(character(turn) > 0 for turn in TWOFOLD.values()) else "B"
    return "B" if name in PRINCIPAL and character(PRINCIPAL[name]) < 0 else "A"


def _number(name: str, rows: int, character: Character) -> str:
    if name in ("D2", "D2h"):
        kept = [number for number, axis in zip("123", "zyx", strict=True) if character(TWOFOLD[axis]) > 0]
        return kept[0] if len(kept) == 1 else ""
    if rows == 2:
        return ("1" if character(SIXTH) > 0 else "2") if PRINCIPAL.get(name) is SIXTH else ""
    return ("1" if character(SECOND[name]) > 0 else "2") if name in SECOND else ""
