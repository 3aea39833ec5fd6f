"""Numerical derivatives from values alone: the second, independent route to forces and stress."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float

from intertwine.data import Structure

STEPS: Final = np.array([-2.0, -1.0, 1.0, 2.0])
WEIGHTS: Final = np.array([1.0, -8.0, 8.0, -1.0]) / 12.0
"""Central differences of h and 2h, extrapolated (Richardson): f' = Σ w f(x + s h)/h + O(h⁴)."""

DISPLACEMENT: Final = 5e-4
"""h in Å: small against 2h crossing a cutoff, large against rounding of the energy."""

STRAIN: Final = 2e-4
"""h of a strain: atoms at 2.5 Å move as far as by a displacement."""

WIDER: Final = (1.0, 5.0)
"""Multiples of the step to try in turn: the wider when rounding of a large energy hides the slope."""

Values = Float[np.ndarray, "structures *value"]


def derivatives(
    evaluate: Callable[[Sequence[Structure]], Values],
    changes: Sequence[Callable[[float], Structure]],
    step: float,
) -> Float[np.ndarray, "changes *value"]:
    """d/dt of `evaluate(change(t))` at t = 0 for every change, by a four-point difference of fourth order.

    >>> from intertwine.data import Structure
    >>> height = lambda structures: np.array([s.positions[0, 2] ** 3 for s in structures])
    >>> atom = lambda t: Structure([1], [[0, 0, 2.0 + t]])
    >>> derivatives(height, [atom], 1e-3).round(9).item()
    12.0
    """
    values = evaluate([change(float(s) * step) for change in changes for s in STEPS])
    values = values.reshape(len(changes), len(STEPS), *values.shape[1:])
    return np.tensordot(WEIGHTS, values, axes=(0, 1)) / step


def agreement(
    compare: Callable[[float], float], step: float, enough: float, multiples: Sequence[float] = WIDER
) -> float:
    """The smallest of `compare(step · multiple)`, trying in turn until one is `enough`; NaN if one is NaN.

    Errors of rounding and of truncation depend on the step, a wrong derivative is wrong with every step.

    >>> agreement(lambda step: 1e-9 / step, step=1e-4, enough=1e-6)
    2e-06
    """
    figures: list[float] = []
    for multiple in multiples:
        figures.append(compare(step * multiple))
        if not figures[-1] > enough:
            break
    return float(np.min(figures))


def displaced(structure: Structure, coordinate: int) -> Callable[[float], Structure]:
    """t ↦ the structure with one coordinate (x, y, z of atom 0, then of atom 1, …) larger by t Å."""

    def change(t: float) -> Structure:
        positions = structure.positions.copy()
        positions.flat[coordinate] += t
        return structure.replace(positions=positions, labels={})

    return change


def deformed(structure: Structure, generator: Float[np.ndarray, "3 3"]) -> Callable[[float], Structure]:
    """t ↦ the structure under x → x + x (t G), cell vectors alike."""

    def change(t: float) -> Structure:
        matrix = np.eye(3) + t * generator
        return structure.replace(
            positions=structure.positions @ matrix, cell=structure.cell @ matrix, labels={}
        )

    return change


def relative(
    found: Float[np.ndarray, "*shape"], expected: Float[np.ndarray, "*shape"], floor: float
) -> float:
    """Largest |found − expected| over the largest |expected|, or over `floor` where all are small.

    >>> relative(np.array([2.0, 1.0]), np.array([2.0, 1.1]), floor=1.0)
    0.05...
    """
    if expected.size == 0:
        return 0.0
    return float(np.abs(found - expected).max() / np.maximum(np.abs(expected).max(), floor))
