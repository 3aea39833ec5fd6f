"""The 32 crystallographic point groups: names, generators, Mulliken labels."""

from functools import cache

import numpy as np
from jaxtyping import Float, Float64

from intertwine.groups.finite import FiniteGroup
from intertwine.groups.mulliken import mulliken_labels
from intertwine.groups.quadrature import turns_about_z
from intertwine.groups.subduction import settle, subduced_irreps

INVERSION = -np.eye(3)
LEVEL = np.diag([1.0, 1.0, -1.0])
"""The horizontal mirror, across z."""
MIRROR_X, MIRROR_Y = np.diag([-1.0, 1.0, 1.0]), np.diag([1.0, -1.0, 1.0])
"""The mirrors across x and across y."""
TWOFOLD_X = np.diag([1.0, -1.0, -1.0])
BODY_DIAGONAL = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""The three-fold turn about [111]: x → y → z → x."""
TURN = {n: settle(turns_about_z(np.array(2 * np.pi / n))) for n in (2, 3, 4, 6)}
"""C_n about z."""

POINT_GROUPS: dict[str, tuple[str, list[Float64[np.ndarray, "3 3"]]]] = {
    "C1": ("1", []),
    "Ci": ("-1", [INVERSION]),
    "C2": ("2", [TURN[2]]),
    "Cs": ("m", [LEVEL]),
    "C2h": ("2/m", [TURN[2], LEVEL]),
    "D2": ("222", [TURN[2], TWOFOLD_X]),
    "C2v": ("mm2", [TURN[2], MIRROR_Y]),
    "D2h": ("mmm", [TURN[2], TWOFOLD_X, INVERSION]),
    "C4": ("4", [TURN[4]]),
    "S4": ("-4", [LEVEL @ TURN[4]]),
    "C4h": ("4/m", [TURN[4], LEVEL]),
    "D4": ("422", [TURN[4], TWOFOLD_X]),
    "C4v": ("4mm", [TURN[4], MIRROR_Y]),
    "D2d": ("-42m", [LEVEL @ TURN[4], TWOFOLD_X]),
    "D4h": ("4/mmm", [TURN[4], TWOFOLD_X, INVERSION]),
    "C3": ("3", [TURN[3]]),
    "S6": ("-3", [TURN[3], INVERSION]),
    "D3": ("32", [TURN[3], TWOFOLD_X]),
    "C3v": ("3m", [TURN[3], MIRROR_X]),
    "D3d": ("-3m", [TURN[3], TWOFOLD_X, INVERSION]),
    "C6": ("6", [TURN[6]]),
    "C3h": ("-6", [TURN[3], LEVEL]),
    "C6h": ("6/m", [TURN[6], LEVEL]),
    "D6": ("622", [TURN[6], TWOFOLD_X]),
    "C6v": ("6mm", [TURN[6], MIRROR_Y]),
    "D3h": ("-6m2", [TURN[3], MIRROR_X, LEVEL]),
    "D6h": ("6/mmm", [TURN[6], TWOFOLD_X, INVERSION]),
    "T": ("23", [TURN[2], BODY_DIAGONAL]),
    "Th": ("m-3", [TURN[2], BODY_DIAGONAL, INVERSION]),
    "O": ("432", [TURN[4], BODY_DIAGONAL]),
    "Td": ("-43m", [LEVEL @ TURN[4], BODY_DIAGONAL]),
    "Oh": ("m-3m", [TURN[4], BODY_DIAGONAL, INVERSION]),
}
"""Schoenflies name to Hermann-Mauguin name and generators in the standard setting.

Principal axis z. Trigonal and hexagonal groups in Cartesian axes, a along x: two-fold axes along x in 32,
-3m, 622, 6/mmm and -42m, mirrors across x in 3m and -6m2 (Nye, Physical Properties of Crystals, appendix B).
Monoclinic groups too have their axis along z.
"""

SYNONYMS = {
    "C3i": "S6",
    "S2": "Ci",
    "C1h": "Cs",
    "C1v": "Cs",
    "D1": "C2",
    "V": "D2",
    "Vh": "D2h",
    "Vd": "D2d",
    "D1d": "C2h",
    "-62m": "D3h",
    "-4m2": "D2d",
    "m3": "Th",
    "m3m": "Oh",
    "3/m": "C3h",
    "2/m2/m2/m": "D2h",
    "4/m2/m2/m": "D4h",
    "-32/m": "D3d",
    "6/m2/m2/m": "D6h",
    "2/m-3": "Th",
    "4/m-32/m": "Oh",
}


class PointGroup(FiniteGroup):
    """One of the 32 crystallographic point groups.

    Attributes:
        hermann_mauguin: the international short symbol.

    >>> from intertwine.groups import get_group
    >>> octahedral = get_group("Oh")
    >>> octahedral.hermann_mauguin, octahedral.irreps()
    ('m-3m', 1xA1g+1xA2g+1xEg+1xT1g+1xT2g+1xA1u+1xA2u+1xEu+1xT1u+1xT2u)
    """

    def __init__(self, schoenflies: str, orientation: Float[np.ndarray, "3 3"] | None = None) -> None:
        self.hermann_mauguin, generators = POINT_GROUPS[schoenflies]
        super().__init__(schoenflies, generators, orientation)

    def _named_tables(self) -> list[tuple[str, Float64[np.ndarray, "order _ _"]]]:
        return _tables(self.name)


@cache
def _tables(schoenflies: str) -> list[tuple[str, Float64[np.ndarray, "order _ _"]]]:
    """Label and matrices of each irrep, one for all orientations."""
    elements = _standard(schoenflies).standard_elements
    return mulliken_labels(schoenflies, elements, subduced_irreps(elements))


@cache
def _standard(schoenflies: str) -> PointGroup:
    return PointGroup(schoenflies)


def point_group(schoenflies: str, orientation: Float[np.ndarray, "3 3"] | None = None) -> PointGroup:
    """A point group by its Schoenflies name; the one in the standard setting is built once.

    >>> point_group("D3").order
    6
    """
    return _standard(schoenflies) if orientation is None else PointGroup(schoenflies, orientation)


def schoenflies(name: str) -> str | None:
    """The Schoenflies name of a point group written in either notation; None if there is none.

    >>> schoenflies("m-3m"), schoenflies("-62m"), schoenflies("oh"), schoenflies("Q")
    ('Oh', 'D3h', 'Oh', None)
    """
    written = name.strip().replace("−", "-").replace(" ", "").replace("_", "")
    by_name = {**{hm: key for key, (hm, _) in POINT_GROUPS.items()}, **SYNONYMS}
    if written in by_name:
        return by_name[written]
    by_case = {key.lower(): key for key in POINT_GROUPS}
    return by_case.get(by_name.get(written.capitalize(), written).lower())
