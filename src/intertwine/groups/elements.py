"""What an element of O(3) does, in the field's notation: `C4 z`, `C3⁻¹ [111]`, `σ x`, `S4 z`, `i`."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError
from intertwine.groups.rotations import require_orthogonal, rotation_to_quaternion

LARGEST_FOLD = 240
"""No finite group that is listed turns by a smaller part of a turn."""

SAME_DIRECTION = 1e-6
"""Largest difference, entry by entry, of two unit vectors that count as one direction."""

LARGEST_INDEX = 3
"""Largest integer in a direction such as [123]."""

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, eq=False)
class Operation:
    """A turn of finite order about an axis, followed by the mirror across that axis if it is improper.

    Attributes:
        improper: whether handedness is reversed.
        fold: n of C_n or S_n, the turn in lowest terms; 1 for E and for a mirror, 2 for the inversion.
        power: k of C_nᵏ or S_nᵏ, negative for a left-handed turn; −n/2 is written n/2.
        axis: unit vector; the direction of the two that is usually written. None for E and i.
        direction: that axis as text: `z`, `[111]`, `30°` in the plane z = 0 counted from x, or components.
    """

    improper: bool
    fold: int
    power: int
    axis: Float64[np.ndarray, "3"] | None
    direction: str

    @property
    def kind(self) -> str:
        """Schoenflies symbol without the direction: `E`, `i`, `σ`, `C4`, `C3⁻¹`, `S6`."""
        if self.improper and self.fold < 3:
            return "σ" if self.fold == 1 else "i"
        if self.fold == 1:
            return "E"
        power = "" if self.power == 1 else str(self.power).translate(SUPERSCRIPTS)
        return f"{'S' if self.improper else 'C'}{self.fold}{power}"

    @property
    def name(self) -> str:
        """Symbol and direction; no two elements of a group share it."""
        return f"{self.kind} {self.direction}".strip()

    @property
    def rotation_fold(self) -> int:
        """Order of the proper part, g or −g: 2 for a mirror, 6 for S3, 3 for S6, 1 for the inversion."""
        turn = Fraction(self.power, self.fold) + Fraction(int(self.improper), 2)
        return turn.denominator


def read_operation(g: Float[np.ndarray, "3 3"]) -> Operation:
    """What one element does.

    An improper element is a rotoreflection, as in Schoenflies' notation: S_nᵏ is a turn by k/n followed by
    the mirror across the axis, applied k times, so that S6 = −C3⁻¹ and S4 = −C4⁻¹. Where Schoenflies writes
    C3², S3⁵ or S4³ the inverse is written, C3⁻¹, S3⁻¹ and S4⁻¹.

    Args:
        g: orthogonal.

    Raises:
        InputError: not orthogonal to 1e-6, or of no finite order up to 240.

    >>> read_operation(np.diag([1.0, 1.0, -1.0])).name
    'σ z'
    >>> read_operation(np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])).name
    'C3 [111]'
    """
    g = np.asarray(g, dtype=np.float64)
    require_orthogonal(g)
    improper = bool(np.linalg.det(g) < 0)
    quaternion = rotation_to_quaternion(-g if improper else g)
    sine = float(np.linalg.norm(quaternion[1:]))
    part = np.arctan2(sine, float(quaternion[0])) / np.pi  # of a full turn, 0 … 1/2
    turn = Fraction(part).limit_denominator(LARGEST_FOLD)
    if abs(float(turn) - part) > SAME_DIRECTION:
        raise InputError(
            "the element has no finite order", got=f"a turn by {360 * part:.6g}°", accepted="a part of 360°"
        )
    if turn == 0:
        return Operation(improper, 2 if improper else 1, 1, None, "")
    axis, direction = read_direction(quaternion[1:] / sine)
    turn = (turn if axis @ quaternion[1:] > 0 else -turn) + Fraction(int(improper), 2)
    turn = turn - 1 if turn > Fraction(1, 2) else turn
    fold, power = turn.denominator, turn.numerator
    if improper and fold % 2 and power % 2 == 0 and power:  # an odd number of mirrors is one mirror
        power += -fold if power > 0 else fold
    return Operation(improper, fold, 1 if fold <= 2 else power, axis, direction)


def element_names(elements: Float[np.ndarray, "n 3 3"]) -> tuple[str, ...]:
    """The name of each element.

    >>> from intertwine.groups import get_group
    >>> element_names(get_group("C2v").elements)
    ('E', 'C2 z', 'σ y', 'σ x')
    """
    return tuple(read_operation(g).name for g in elements)


def read_direction(axis: Float[np.ndarray, "3"]) -> tuple[Float64[np.ndarray, "3"], str]:
    """An axis in the one of its two directions that is usually written, and how it is written.

    Small integers stand in brackets, as lattice directions of a cubic crystal: of the four body diagonals
    those with an even number of minus signs, so that the right-handed turns of group T about them are
    conjugate; otherwise the first entry that is not zero is positive. Directions across z are angles from x.

    Args:
        axis: unit vector.

    >>> read_direction(np.array([-1.0, 0.0, 0.0]))[1], read_direction(np.array([0.6, -0.8, 0.0]))[1]
    ('x', '126.87°')
    """
    axis = np.asarray(axis, dtype=np.float64)
    indices = _small_integers(axis)
    if indices is not None:
        signs = [number for number in indices if number]
        positive = np.prod(signs) > 0 if len(signs) == 3 else signs[0] > 0
        indices = indices if positive else -indices
        text = dict(zip([(1, 0, 0), (0, 1, 0), (0, 0, 1)], "xyz", strict=True)).get(tuple(indices.tolist()))
        written = "".join(str(number) for number in indices)
        return indices / np.linalg.norm(indices), text or f"[{written}]"
    if abs(axis[2]) < SAME_DIRECTION:
        axis = np.array([axis[0], axis[1], 0.0]) * np.sign(axis[1])
        return axis, f"{round(np.degrees(np.arctan2(axis[1], axis[0])), 2):g}°"
    axis = axis * np.sign(axis[2])
    components = ", ".join(f"{value:.3f}" for value in np.round(axis, 3) + 0.0)
    return axis, f"({components})"


def _small_integers(axis: Float64[np.ndarray, "3"]) -> np.ndarray | None:
    """The smallest integers along the axis, if they are small."""
    for largest in range(1, LARGEST_INDEX + 1):
        scaled = axis * largest / np.abs(axis).max()
        if np.abs(scaled - np.round(scaled)).max() < SAME_DIRECTION:
            return np.round(scaled).astype(np.int64)
    return None
