"""Where to search: a box, and the part of the receptor that a ligand in it can feel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from intertwine.apps.docking.receptor import Receptor
from intertwine.errors import InputError


@dataclass(frozen=True)
class Box:
    """An upright box: its centre and the lengths of its edges, Å.

    >>> Box(np.zeros(3), np.full(3, 20.0)).distance(np.array([[0.0, 0.0, 13.0]]))
    array([3.])
    """

    centre: Float64[np.ndarray, "3"]
    size: Float64[np.ndarray, "3"]

    def __post_init__(self) -> None:
        if not (np.isfinite(self.centre).all() and np.isfinite(self.size).all() and (self.size > 0).all()):
            raise InputError("a box has a centre and three positive edges in Å", got=(self.centre, self.size))

    def distance(self, positions: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, " points"]:
        """How far each point is outside, Å; 0 inside."""
        beyond = np.abs(positions - self.centre) - self.size / 2
        return np.linalg.norm(np.maximum(beyond, 0.0), axis=1)


def box_around(positions: Float64[np.ndarray, "points 3"], margin: float = 6.0) -> Box:
    """The least box that holds all points and `margin` Å on every side of them.

    >>> box_around(np.array([[0.0, 0.0, 0.0], [2.0, 4.0, 6.0]]), margin=1.0).size
    array([4., 6., 8.])
    """
    if not len(positions):
        raise InputError("a box around no atoms", fix="give a reference with atoms")
    low, high = positions.min(axis=0), positions.max(axis=0)
    return Box((low + high) / 2, high - low + 2 * margin)


def box_of_residues(receptor: Receptor, labels: Sequence[str], margin: float = 6.0) -> Box:
    """The box around the atoms of residues named like A:ASP25.

    Raises:
        InputError: a residue that is not there.
    """
    return box_around(receptor.atoms.positions[receptor.of_residues(labels)], margin)


def pocket_of(receptor: Receptor, box: Box, reach: float = 10.0) -> Receptor:
    """The atoms of the receptor no farther than `reach` Å from the box.

    Raises:
        InputError: there are none, because the box is elsewhere.
    """
    distance = box.distance(receptor.atoms.positions)
    pocket = receptor.select(distance <= reach)
    if not len(pocket):
        raise InputError(
            f"the box holds nothing of {receptor.source}: its nearest atom is {distance.min():.0f} Å away",
            got=f"centre {np.round(box.centre, 1).tolist()}",
            fix="give box or reference in the coordinates of the receptor",
        )
    return pocket
