"""Where a curve has its bands."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.signal import find_peaks


@dataclass(frozen=True)
class Peak:
    """A maximum: wavenumber, cm⁻¹, and height, in the unit of the curve."""

    wavenumber: float
    height: float


def peaks_of(
    wavenumbers: Float[np.ndarray, " points"], values: Float[np.ndarray, " points"], least: float = 0.05
) -> list[Peak]:
    """Maxima that stand out by more than `least` of the highest value, in order of rising wavenumber.

    Each is the top of the parabola through its three highest points.

    >>> grid = np.arange(900.0, 1100.0, 5.0)
    >>> [round(peak.wavenumber, 1) for peak in peaks_of(grid, 1 / (1 + (grid - 1001.0) ** 2 / 400))]
    [1001.0]
    """
    found, _ = find_peaks(values, prominence=max(least * float(values.max(initial=0.0)), 1e-300))
    return [_top(wavenumbers[k - 1 : k + 2], values[k - 1 : k + 2]) for k in found]


def _top(places: Float[np.ndarray, "3"], heights: Float[np.ndarray, "3"]) -> Peak:
    centre = places[1]
    a, b, c = np.polyfit(places - centre, heights, 2)
    shift = -0.5 * b / a if a < 0 else 0.0
    return Peak(float(centre + shift), float(c + 0.5 * b * shift))
