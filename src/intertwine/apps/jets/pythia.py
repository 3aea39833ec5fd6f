"""Collisions by Pythia 8: processes by name, and events as flat tables."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float64, Int64

from intertwine.errors import InputError, IntertwineError, nearest, require

HADRONIC_W = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5")
TOP_PAIRS = ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on")
W_AND_PARTON = ("WeakBosonAndParton:qqbar2Wg = on", "WeakBosonAndParton:qg2Wq = on")
Z_AND_PARTON = ("WeakBosonAndParton:qqbar2gmZg = on", "WeakBosonAndParton:qg2gmZq = on", "WeakZ0:gmZmode = 2")
BOOSTED = ("PhaseSpace:pTHatMin = 480", "PhaseSpace:pTHatMax = 700")


@dataclass(frozen=True)
class Process:
    """A hard process and what an event of it is.

    Args:
        settings: lines for Pythia.
        jets: None for whole events; else a jet of 500 to 600 GeV, and what it must hold: "top", "w", "any".
        about: for the help.
    """

    settings: tuple[str, ...]
    jets: str | None
    about: str


PROCESSES: Final[Mapping[str, Process]] = MappingProxyType(
    {
        "top": Process((*TOP_PAIRS, *HADRONIC_W, *BOOSTED), "top", "jets of boosted top quarks"),
        "w-jet": Process((*W_AND_PARTON, *HADRONIC_W, *BOOSTED), "w", "jets of boosted W bosons"),
        "qcd": Process(("HardQCD:all = on", *BOOSTED), "any", "jets of quarks and gluons"),
        "w-lnu": Process(
            (*W_AND_PARTON, "PhaseSpace:pTHatMin = 20", "24:onMode = off", "24:onIfAny = 11 13"),
            None,
            "W → ℓν with a parton",
        ),
        "z-nunu-jet": Process(
            (*Z_AND_PARTON, "PhaseSpace:pTHatMin = 50", "23:onMode = off", "23:onIfAny = 12 14 16"),
            None,
            "Z → νν with a parton",
        ),
        "ttbar": Process(
            (*TOP_PAIRS, "24:onMode = off", "24:onPosIfAny = 11 13", "24:onNegIfAny = 1 2 3 4 5"),
            None,
            "top pairs, one W → ℓν",
        ),
    }
)
MINIMUM_BIAS: Final = ("SoftQCD:inelastic = on",)
COMMON: Final = (
    "Print:quiet = on", "Beams:eCM = 13000", "Random:setSeed = on",
    "ParticleDecays:limitTau0 = on", "ParticleDecays:tau0Max = 10",
)  # fmt: skip


def process_by_name(name: str) -> Process:
    """The process of a name.

    Raises:
        InputError: no such process.

    >>> process_by_name("qcd").jets
    'any'
    """
    if name not in PROCESSES:
        near = nearest(name, PROCESSES)
        raise InputError(
            f"no process '{name}'",
            accepted=", ".join((*PROCESSES, "flow")),
            fix=f"did you mean {near}?" if near else None,
        )
    return PROCESSES[name]


@dataclass(frozen=True, eq=False)
class Record:
    """Events as Pythia tells them, every particle of every stage in one row.

    Args:
        offsets: where events begin and end.
        id: PDG numbers.
        final: whether a particle is there at the end.
        momentum: px, py, pz, E, GeV.
        daughters: first and last, counted from the beginning of the event.
        charge: in units of e.
    """

    offsets: Int64[np.ndarray, " boundaries"]
    id: Int64[np.ndarray, " particles"]
    final: Bool[np.ndarray, " particles"]
    momentum: Float64[np.ndarray, "particles 4"]
    daughters: Int64[np.ndarray, "particles 2"]
    charge: Int64[np.ndarray, " particles"]

    @property
    def event(self) -> Int64[np.ndarray, " particles"]:
        """The event of each particle."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


class Collider:
    """Proton-proton collisions of one kind at 13 TeV.

    Args:
        settings: lines for Pythia.
        seed: of its random numbers, below 900 000 000.

    Raises:
        MissingExtraError: pythia8mc is not installed.
        IntertwineError: Pythia refuses the settings.
    """

    def __init__(self, settings: tuple[str, ...], seed: int) -> None:
        self._pythia: Any = require("pythia8mc", extra="jets").Pythia("", False)
        self._awkward: Any = require("awkward", extra="jets")
        for line in (*COMMON, f"Random:seed = {1 + seed % 900_000_000}", *settings):
            if not self._pythia.readString(line):
                raise IntertwineError(f"Pythia does not know the setting '{line}'")
        if not self._pythia.init():
            raise IntertwineError("Pythia could not start; do: report the process and its version")
        self._charges: dict[int, int] = {}

    @property
    def version(self) -> str:
        """Pythia's own."""
        number = str(getattr(require("pythia8mc", extra="jets"), "__version__", ""))
        return (
            number if re.match(r"\d", number) else f"{self._pythia.settings.parm('Pythia:versionNumber'):g}"
        )

    def collide(self, count: int) -> Record:
        """The next `count` events, or a few less where Pythia gives some up."""
        told = self._pythia.nextBatch(count).prt
        flat = lambda values: np.asarray(self._awkward.flatten(values))  # noqa: E731
        counts = np.asarray(self._awkward.num(told.id))
        number = flat(told.id).astype(np.int64)
        momentum = np.stack([flat(told.p[axis]) for axis in ("px", "py", "pz", "e")], axis=1)
        return Record(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            number,
            flat(told.status) > 0,
            momentum.astype(np.float64),
            np.stack([flat(told.daughter1), flat(told.daughter2)], axis=1).astype(np.int64),
            self._charge(number),
        )

    def _charge(self, number: np.ndarray) -> np.ndarray:
        kinds, place = np.unique(number, return_inverse=True)
        for kind in kinds.tolist():
            if kind not in self._charges:
                self._charges[kind] = round(self._pythia.particleData.charge(kind))
        return np.array([self._charges[kind] for kind in kinds.tolist()], dtype=np.int64)[place]
