"""Is a curve smooth? Measured on values, with a law that a kink breaks at any size of step."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float

REFINEMENT: Final = 4
"""Fine steps in a coarse one: the law compares how a curve bends over the two."""

MARGIN: Final = 6
"""Coarse steps at either end of an open curve that are not judged: the law looks at both sides of a point."""

SHARE: Final = 0.5
"""A bend over fine steps that is more than this share of the one over coarse steps is a kink.

Halving the step twice leaves 1/64 of it where the curve has four derivatives, and 1/4 where the second jumps,
as that of a force may when an atom crosses the cutoff; at a kink all is left, and where the values jump, four
times as much.
"""

REACH: Final = 4.5
"""Steps to either side that a bend looks at."""

FLOOR: Final = 1e-6
"""Bends below this share of the greatest slope are not looked at."""

CLASH: Final = 0.8
"""Share of the sum of two covalent radii: nearer than that, atoms that share no bond have met."""

SMALL: Final = 1e-4
"""Share of the work that forces may leave unexplained at the fine step."""

ROUNDING: Final = 16 * float(np.finfo(np.float64).eps)
"""Share of a float64 value that differences of such values may be off."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Energy along a path in even steps, and its derivative as the forces have it.

    Args:
        name: what is moved.
        unit: of `x`.
        x: where, `(points,)`; the number of steps is a multiple of `REFINEMENT`.
        energy: eV, `(points,)`.
        slope: −Σ F · dr/dx, eV per unit of x, `(points,)`.
        start: energy where the path begins to leave the relaxed structure, eV.
        apart: least distance of two atoms that are brought together, as a share of a bond, `(points,)`.
        closed: the last point is the first again.
    """

    name: str
    unit: str
    x: Float[np.ndarray, "points"]
    energy: Float[np.ndarray, "points"]
    slope: Float[np.ndarray, "points"]
    start: float
    apart: Float[np.ndarray, "points"]
    closed: bool = False

    @property
    def step(self) -> float:
        """Distance of neighbouring points."""
        return float(self.x[1] - self.x[0])

    def kinks(self) -> Float[np.ndarray, "kinks"]:
        """Where the forces have a kink or a jump; the last `MARGIN` at open ends is not judged."""
        if not self.closed:
            return kinks(self.x, self.slope)
        around = MARGIN * REFINEMENT
        slope = np.concatenate([self.slope[-1 - around : -1], self.slope, self.slope[1 : 1 + around]])
        found = kinks(self.x[0] + self.step * np.arange(-around, len(slope) - around), slope)
        return found[(found > self.x[0] - self.step) & (found < self.x[-1] - self.step)]

    def resolution(self) -> float:
        """The greatest kink that could hide from the coarse steps, as a share of the forces' slope."""
        bend = bends(self.x[::REFINEMENT], self.slope[::REFINEMENT])[1].max()
        return float(bend / np.abs(np.gradient(self.slope, self.x)).max())

    def missing_work(self) -> tuple[float, float]:
        """max |ΔE − ∫ slope dx| as a share of max |slope| · step, at twice the step and at the step.

        By Simpson's rule over two steps. Where forces are the derivative of the energy it falls as the fourth
        power of the step; it stays where they are not, and grows where the energy jumps.
        """
        shares = []
        for stride in (2, 1):
            energy, slope, step = self.energy[::stride], self.slope[::stride], stride * self.step
            work = step / 3 * (slope[:-2:2] + 4 * slope[1:-1:2] + slope[2::2])
            missing = np.abs(np.diff(energy[::2]) - work).max()
            shares.append(float(missing / (np.abs(self.slope).max() * step)))
        return shares[0], shares[1]

    def conservative(self) -> bool:
        """Whether the missing work is small and vanishes with the step: halving that takes half at least."""
        twice, once = self.missing_work()
        noise = ROUNDING * np.abs(self.energy).max() / (np.abs(self.slope).max() * self.step)
        return once <= SMALL and once <= max(SHARE * twice, noise)

    def between(self, low: float, high: float) -> "Curve":
        """The part with low ≤ x ≤ high."""
        kept = (self.x >= low - 1e-9) & (self.x <= high + 1e-9)
        arrays = (self.x[kept], self.energy[kept], self.slope[kept])
        return Curve(self.name, self.unit, *arrays, self.start, self.apart[kept])

    def clear(self) -> Bool[np.ndarray, "points"]:
        """Where no two atoms are nearer than `CLASH`."""
        return self.apart >= CLASH

    def deepest(self) -> float:
        """Lowest energy where no atoms have met, from that of the relaxed structure, eV; 0 or less."""
        return float((self.energy[self.clear()] - self.start).min(initial=0.0))

    def extrema(self) -> tuple[int, int]:
        """Number of minima and of maxima, by the sign of the slope."""
        slope = self.slope[:-1] if self.closed else self.slope
        signs = np.sign(slope[np.abs(slope) > 1e-9 * np.abs(slope).max()])
        turns = np.diff(np.append(signs, signs[:1]) if self.closed else signs)
        return int((turns > 0).sum()), int((turns < 0).sum())

    def to_json(self) -> dict[str, Any]:
        """The figures, and the curve at every coarse step."""
        minima, maxima = self.extrema()
        return {
            "name": self.name,
            "unit": self.unit,
            "step": self.step,
            "kinks": self.kinks().tolist(),
            "resolution": self.resolution(),
            "missing_work": self.missing_work(),
            "minima": minima,
            "maxima": maxima,
            "deepest_eV": self.deepest(),
            "closest": float(self.apart.min()),
            "x": self.x[::REFINEMENT].round(6).tolist(),
            "energy_eV": (self.energy - self.start)[::REFINEMENT].round(6).tolist(),
            "slope": self.slope[::REFINEMENT].round(6).tolist(),
        }


def kinks(x: Float[np.ndarray, "points"], values: Float[np.ndarray, "points"]) -> Float[np.ndarray, "kinks"]:
    """Where a curve sampled in even steps has a kink: it bends no less over shorter steps.

    The bend over fine steps is compared with the greatest over the coarse steps that look at that place.
    A feature too narrow for the coarse step counts as a kink: it takes finer steps to clear it.

    >>> x = np.linspace(-1, 1, 401)
    >>> kinks(x, np.sin(3 * x)).size, kinks(x, np.sin(3 * x) + 0.01 * np.abs(x - 0.2)).round(2)
    (0, array([0.2]))
    """
    coarse_at, coarse = bends(x[::REFINEMENT], values[::REFINEMENT])
    at, fine = bends(x, values)
    reach = REACH * (coarse_at[1] - coarse_at[0]) * (1 + 1e-9)
    near = np.abs(at[:, None] - coarse_at[None, :]) <= reach
    allowed = np.where(near, coarse, 0.0).max(axis=1)
    noise = ROUNDING * np.abs(values).max() / (x[1] - x[0])
    floor = max(FLOOR * np.abs(np.gradient(values, x)).max(), noise)
    inside = (at >= coarse_at[1] - 1e-9) & (at <= coarse_at[-2] + 1e-9)
    suspect = np.flatnonzero(inside & (fine > SHARE * allowed) & (fine > floor))
    groups = np.split(suspect, np.flatnonzero(np.diff(suspect) > 3 * REFINEMENT) + 1)
    return np.array([round(float(at[g[fine[g].argmax()]]), 9) for g in groups if len(g)], dtype=float)


def bends(
    x: Float[np.ndarray, "points"], values: Float[np.ndarray, "points"]
) -> tuple[Float[np.ndarray, "steps"], Float[np.ndarray, "steps"]]:
    """Change of the slope over three steps, less the mean of that over the three before and the three after.

    A kink within the middle step or at its ends is seen whole.

    Returns:
        The middle of the three steps, and |the bend|.
    """
    slopes = np.diff(values) / np.diff(x)
    changes = slopes[2:] - slopes[:-2]
    bend = np.abs(changes[3:-3] - (changes[:-6] + changes[6:]) / 2)
    return (x[4:-5] + x[5:-4]) / 2, bend
