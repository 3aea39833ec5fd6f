"""Jets of an event and what is inside them, by fastjet."""

import os
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int64

from intertwine.errors import require

RADIUS = 0.8
"""Of anti-kT jets; substructure is measured in its unit."""


@dataclass(frozen=True, eq=False)
class Jet:
    """One jet.

    Args:
        momentum: px, py, pz, E, GeV.
        members: which particles it holds.
    """

    momentum: Float64[np.ndarray, " 4"]
    members: Int64[np.ndarray, " members"]

    @property
    def pt(self) -> float:
        """GeV."""
        return float(np.hypot(*self.momentum[:2]))

    @property
    def eta(self) -> float:
        """Pseudorapidity."""
        return float(np.arcsinh(self.momentum[2] / max(self.pt, 1e-12)))

    @property
    def phi(self) -> float:
        """rad."""
        return float(np.arctan2(self.momentum[1], self.momentum[0]))

    @property
    def mass(self) -> float:
        """GeV."""
        px, py, pz, energy = self.momentum
        return float(np.sqrt(max(energy**2 - px**2 - py**2 - pz**2, 0.0)))


def cluster(momenta: Float[np.ndarray, "particles 4"], least: float) -> list[Jet]:
    """Anti-kT jets of R = 0.8 (Cacciari, Salam & Soyez, JHEP 04 (2008) 063), hardest first.

    Args:
        momenta: px, py, pz, E, GeV.
        least: transverse momentum, GeV, below which jets are not told.

    Raises:
        MissingExtraError: fastjet is not installed.
    """
    fastjet = _fastjet()
    sequence = fastjet.ClusterSequence(_pseudojets(momenta), _definition("antikt"))
    jets = sorted(sequence.inclusive_jets(least), key=lambda jet: -jet.pt())
    return [
        Jet(
            np.array([jet.px(), jet.py(), jet.pz(), jet.E()]),
            np.array([c.user_index() for c in jet.constituents()], dtype=np.int64),
        )
        for jet in jets
    ]


def soft_drop_mass(momenta: Float[np.ndarray, "members 4"], cut: float = 0.1) -> float:
    """Mass, GeV, after soft drop with β = 0 (Larkoski, Marzani, Soyez & Thaler, JHEP 05 (2014) 146).

    The members are clustered anew by angle (Cambridge/Aachen); the softer of two parents is dropped until
    it has more than the share `cut` of their transverse momentum.
    """
    sequence = _fastjet().ClusterSequence(_pseudojets(momenta), _definition("cambridge"))
    jet = max(sequence.inclusive_jets(), key=lambda jet: jet.pt())
    while True:
        hard, soft = _fastjet().PseudoJet(), _fastjet().PseudoJet()
        if not jet.has_parents(hard, soft):
            return 0.0
        if hard.pt() < soft.pt():
            hard, soft = soft, hard
        if soft.pt() > cut * (hard.pt() + soft.pt()):
            return float(max(jet.m(), 0.0))
        jet = hard


def subjettiness(momenta: Float[np.ndarray, "members 4"], most: int = 3) -> list[float]:
    """τ_1 … τ_most about the axes of exclusive kT jets (Thaler & Van Tilburg, JHEP 03 (2011) 015).

    τ_N = Σ_i pT_i min_k ΔR_ik / (R Σ_i pT_i)
    """
    px, py, pz = momenta[:, :3].T
    pt, phi = np.hypot(px, py), np.arctan2(py, px)
    eta = np.arcsinh(pz / np.maximum(pt, 1e-12))
    sequence = _fastjet().ClusterSequence(_pseudojets(momenta), _definition("kt"))
    found = []
    for number in range(1, most + 1):
        axes = sequence.exclusive_jets(min(number, len(momenta)))
        gaps = [np.hypot(eta - axis.eta(), _wrapped(phi - axis.phi_std())) for axis in axes]
        found.append(float((pt * np.min(gaps, axis=0)).sum() / (RADIUS * pt.sum())))
    return found


def _wrapped(angle: np.ndarray) -> np.ndarray:
    return np.remainder(angle + np.pi, 2 * np.pi) - np.pi


@cache
def _fastjet() -> Any:
    """The package, after it has said whose work it is, on standard error and not among our results."""
    fastjet = require("fastjet", extra="jets")
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        one = [fastjet.PseudoJet(1.0, 0.0, 0.0, 1.0)]
        fastjet.ClusterSequence(one, fastjet.JetDefinition(fastjet.antikt_algorithm, RADIUS))
    finally:
        os.dup2(kept, 1)
        os.close(kept)
    return fastjet


@cache
def _definition(algorithm: str) -> Any:
    fastjet = _fastjet()
    kinds = {
        "antikt": (fastjet.antikt_algorithm, RADIUS),
        "cambridge": (fastjet.cambridge_algorithm, np.pi / 2),
        "kt": (fastjet.kt_algorithm, np.pi / 2),
    }
    return fastjet.JetDefinition(*kinds[algorithm])


def _pseudojets(momenta: np.ndarray) -> list[Any]:
    fastjet, made = _fastjet(), []
    for number, (px, py, pz, energy) in enumerate(momenta.tolist()):
        jet = fastjet.PseudoJet(px, py, pz, energy)
        jet.set_user_index(number)
        made.append(jet)
    return made
