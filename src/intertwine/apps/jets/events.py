"""Collisions as ragged tables: particles of many events in a row, and what is true of each event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from jaxtyping import Float64, Int, Int64

from intertwine.errors import InputError

KINDS: Final = ("charged hadron", "photon", "neutral hadron", "electron", "muon")
"""Classes of reconstructed particles, as the column `kind` counts them."""

OPTIONAL: Final = MappingProxyType(
    {
        "charge": "in units of e",
        "kind": f"0 to {len(KINDS) - 1}: {', '.join(KINDS)}",
        "vertex": "1 from the hard vertex, −1 from another, 0 unknown",
    }
)
"""What may be known of a particle beside its momentum."""

TRUTHS: Final = MappingProxyType(
    {
        "neutrino": "transverse momentum (px, py) of all neutrinos, GeV",
        "psi": "event planes Ψ1, Ψ2, Ψ3, rad",
        "decay_plane": "azimuth of the W's quark axis about the jet axis, modulo π, rad",
        "label": "1 signal (boosted top), 0 background (QCD)",
        "jet_pt": "GeV",
        "jet_eta": "1",
        "jet_mass": "GeV",
        "soft_drop_mass": "GeV",
        "tau21": "N-subjettiness τ2/τ1",
        "tau32": "N-subjettiness τ3/τ2",
        "pile_up": "number of other collisions in the event",
    }
)
"""What can be true of an event, and its unit."""


@dataclass(frozen=True, eq=False)
class Events:
    """Many events, their particles in one row: those of event e stand at offsets[e] … offsets[e + 1].

    Args:
        offsets: where events begin and end; the first is 0.
        pt: transverse momentum, GeV.
        eta: pseudorapidity.
        phi: azimuth about the beam, rad.
        columns: others, by the names of `OPTIONAL`.
        truth: of events, by the names of `TRUTHS`; one entry, or row, per event.
        about: where they come from.

    Raises:
        InputError: lengths do not agree; a momentum is negative, not a number, or not in GeV; an azimuth not
            in radians; a name or a value of a column is not known.

    >>> one = Events(np.array([0, 2, 2]), np.array([1.0, 2.0]), np.zeros(2), np.array([0.0, 3.0]))
    >>> len(one), one.counts
    (2, array([2, 0]))
    """

    offsets: Int64[np.ndarray, " boundaries"]
    pt: Float64[np.ndarray, " particles"]
    eta: Float64[np.ndarray, " particles"]
    phi: Float64[np.ndarray, " particles"]
    columns: Mapping[str, Int[np.ndarray, " particles"]] = field(default_factory=dict)
    truth: Mapping[str, np.ndarray] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_shape(self)
        _check_momenta(self)
        _check_columns(self)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def counts(self) -> Int64[np.ndarray, " events"]:
        """Particles of each event."""
        return np.diff(self.offsets)

    @property
    def event(self) -> Int64[np.ndarray, " particles"]:
        """The event of each particle."""
        return np.repeat(np.arange(len(self)), self.counts)

    def __getitem__(self, which: slice | Int[np.ndarray, " chosen"]) -> "Events":
        """Some events, in the order named.

        >>> one = Events(np.array([0, 1, 3]), np.array([1.0, 2.0, 3.0]), np.zeros(3), np.zeros(3))
        >>> one[np.array([1, 0])].pt
        array([2., 3., 1.])
        """
        chosen = np.arange(len(self))[which]
        counts = self.counts[chosen]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        rows = np.arange(offsets[-1]) + np.repeat(self.offsets[chosen] - offsets[:-1], counts)
        return Events(
            offsets,
            self.pt[rows],
            self.eta[rows],
            self.phi[rows],
            {name: column[rows] for name, column in self.columns.items()},
            {name: values[chosen] for name, values in self.truth.items()},
            self.about,
        )

    def known(self, name: str) -> np.ndarray:
        """What is true of every event, by name.

        Raises:
            InputError: it is not in these events.
        """
        if name not in self.truth:
            raise InputError(
                f"the events do not say their '{name}' ({TRUTHS.get(name, 'unknown')})",
                got=", ".join(self.truth) or "no truth at all",
                fix="take events of a process that has it, or another --task",
            )
        return self.truth[name]

    def turned(self, angle: float) -> "Events":
        """All particles turned about the beam, and with them what is true.

        Args:
            angle: rad.
        """
        truth = dict(self.truth)
        if "neutrino" in truth:
            c, s = np.cos(angle), np.sin(angle)
            truth["neutrino"] = truth["neutrino"] @ np.array([[c, s], [-s, c]])
        if "psi" in truth:
            truth["psi"] = truth["psi"] + angle
        phi = np.remainder(self.phi + angle + np.pi, 2 * np.pi) - np.pi
        return Events(self.offsets, self.pt, self.eta, phi, self.columns, truth, self.about)


def joined(parts: Sequence[Events]) -> Events:
    """Events of several lots in one, with what all of them know.

    Raises:
        InputError: nothing to join.

    >>> one = Events(np.array([0, 1]), np.ones(1), np.zeros(1), np.zeros(1))
    >>> joined([one, one]).offsets
    array([0, 1, 2])
    """
    if not parts:
        raise InputError("no events to join", accepted="at least one lot")
    columns = [name for name in parts[0].columns if all(name in part.columns for part in parts)]
    truths = [name for name in parts[0].truth if all(name in part.truth for part in parts)]
    return Events(
        np.concatenate([[0], np.cumsum(np.concatenate([part.counts for part in parts]))]),
        np.concatenate([part.pt for part in parts]),
        np.concatenate([part.eta for part in parts]),
        np.concatenate([part.phi for part in parts]),
        {name: np.concatenate([part.columns[name] for part in parts]) for name in columns},
        {name: np.concatenate([part.truth[name] for part in parts]) for name in truths},
        parts[0].about,
    )


def _check_shape(events: Events) -> None:
    offsets, particles = events.offsets, len(events.pt)
    if len(offsets) < 1 or offsets[0] != 0 or np.any(np.diff(offsets) < 0) or offsets[-1] != particles:
        raise InputError(
            "offsets do not divide the particles into events",
            got=f"{len(offsets)} offsets for {particles} particles",
            accepted="0, …, number of particles, never falling",
        )
    columns = {"eta": events.eta, "phi": events.phi, **events.columns}
    for what, table, size in (("particles", columns, particles), ("events", events.truth, len(events))):
        for name, values in table.items():
            if len(values) != size:
                raise InputError(f"'{name}' does not fit", got=f"{len(values)} entries for {size} {what}")


def _check_momenta(events: Events) -> None:
    for name in ("pt", "eta", "phi"):
        values = getattr(events, name)
        _refuse(events, ~np.isfinite(values), f"'{name}' is not a number", values, "finite numbers")
    pt, eta, phi = events.pt, events.eta, events.phi
    _refuse(events, pt < 0, "a transverse momentum is negative", pt, "GeV, from 0 up")
    _refuse(events, np.abs(eta) > 20, "a pseudorapidity is beyond any detector", eta, "|eta| up to 20")
    _refuse(events, np.abs(phi) > 6.3, "'phi' looks like degrees", phi, "radians, −π to π or 0 to 2π")
    middle = float(np.median(pt)) if len(pt) else 1.0
    if middle > 300 or middle < 3e-3:
        raise InputError(
            f"'pt' looks like {'MeV' if middle > 300 else 'TeV, or GeV that were taken for MeV'}",
            got=f"half of the particles {'above' if middle > 300 else 'below'} {middle:.3g} GeV",
            accepted="GeV",
            fix="say the unit of the file: --unit MeV, --unit GeV or --unit TeV",
        )


def _refuse(events: Events, wrong: np.ndarray, what: str, values: np.ndarray, accepted: str) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        event = int(np.searchsorted(events.offsets, first, side="right")) - 1
        raise InputError(what, got=f"{values[first]:.5g} in event {event}", accepted=accepted)


def _check_columns(events: Events) -> None:
    for names, legal in ((events.columns, OPTIONAL), (events.truth, TRUTHS)):
        for name in names:
            if name not in legal:
                raise InputError(f"'{name}' is not known", accepted=", ".join(legal))
    for name, values in events.truth.items():
        if not np.isfinite(values).all():
            raise InputError(f"the truth '{name}' is not a number in event {_first(values)}")
    kinds = events.columns.get("kind")
    if kinds is not None and len(kinds) and (kinds.min() < 0 or kinds.max() >= len(KINDS)):
        raise InputError("a kind of particle is not known", got=int(kinds.max()), accepted=OPTIONAL["kind"])


def _first(values: np.ndarray) -> int:
    return int(np.argmax(~np.isfinite(values).reshape(len(values), -1).all(axis=1)))
