"""What a detector makes of particles: who is seen, and how well."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int64

from intertwine.errors import InputError

CALORIMETER: Final = {1: (0.10, 0.01), 2: (0.60, 0.05), 3: (0.10, 0.01)}
"""σ(E)/E = a/√(E/GeV) ⊕ b of photons, neutral hadrons, electrons."""


@dataclass(frozen=True)
class Detector:
    """Acceptance, efficiency and resolution of a detector like those at the LHC, in a few numbers.

    Args:
        reach: |η| below this.
        tracker: charged particles and vertices are seen below this |η|; beyond they are neutral hadrons.
        pt: GeV; particles below are lost.
        efficiency: of tracks.
        perfect: no loss, no smearing inside the acceptance.

    Raises:
        InputError: a number that makes no detector.
    """

    reach: float = 4.0
    tracker: float = 2.5
    pt: float = 0.7
    efficiency: float = 0.95
    perfect: bool = False

    def __post_init__(self) -> None:
        if self.reach <= 0 or self.pt < 0 or not 0 <= self.efficiency <= 1:
            raise InputError(
                "this is no detector",
                got=f"reach {self.reach}, pt {self.pt}, efficiency {self.efficiency}",
                accepted="reach above 0, pt from 0, efficiency 0 to 1",
            )

    def seen(
        self,
        pt: Float[np.ndarray, " particles"],
        eta: Float[np.ndarray, " particles"],
        kind: Int[np.ndarray, " particles"],
        rng: np.random.Generator,
    ) -> "Seen":
        """Who is seen, and the momenta that are measured.

        Args:
            pt: GeV.
            eta: pseudorapidity.
            kind: as `KINDS` counts.
            rng: of the detector.
        """
        charged = np.isin(kind, (0, 3, 4))
        tracked = charged & (np.abs(eta) < self.tracker)
        kind = np.where(charged & ~tracked & (kind == 0), 2, kind)
        if self.perfect:
            return Seen((np.abs(eta) < self.reach) & (pt > self.pt), pt, kind, tracked)
        measured = np.maximum(pt * (1 + self._spread(pt, eta, kind, tracked) * rng.normal(size=len(pt))), 0.0)
        kept = (np.abs(eta) < self.reach) & (measured > self.pt)
        lost = tracked & (rng.random(len(pt)) > self.efficiency)
        return Seen(kept & ~lost, measured, kind, tracked)

    def _spread(self, pt: np.ndarray, eta: np.ndarray, kind: np.ndarray, tracked: np.ndarray) -> np.ndarray:
        """Relative resolution: tracks 0.7 % ⊕ 0.015 % pT/GeV, the rest by the calorimeter."""
        spread = np.hypot(0.007, 0.00015 * pt)
        energy = np.maximum(pt * np.cosh(np.clip(eta, -6, 6)), 1e-3)
        for number, (stochastic, constant) in CALORIMETER.items():
            chosen = (kind == number) & ~(tracked & (number == 2))
            spread = np.where(chosen, np.hypot(stochastic / np.sqrt(energy), constant), spread)
        return spread


@dataclass(frozen=True, eq=False)
class Seen:
    """What the detector says.

    Args:
        kept: who is seen.
        pt: measured, GeV.
        kind: recognised; charged hadrons beyond the tracker are neutral.
        tracked: whether charge and vertex are known.
    """

    kept: Bool[np.ndarray, " particles"]
    pt: Float64[np.ndarray, " particles"]
    kind: Int64[np.ndarray, " particles"]
    tracked: Bool[np.ndarray, " particles"]
