"""Events as an experiment would have them: hard process, pile-up, detector, jets, and what was true."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from jaxtyping import Float64

from intertwine import __version__
from intertwine.apps.jets.clustering import Jet, cluster, soft_drop_mass, subjettiness
from intertwine.apps.jets.detector import Detector
from intertwine.apps.jets.events import Events, joined
from intertwine.apps.jets.pythia import MINIMUM_BIAS, Collider, Record, process_by_name
from intertwine.errors import InputError, IntertwineError

BATCH = 100
JET_WINDOW = (500.0, 600.0)
"""GeV: transverse momentum of jets."""
JET_REACH = 2.0
POOL = 4000
"""Other collisions are drawn from at most so many, each turned about the beam by an angle of its own."""


@dataclass(frozen=True)
class CollisionPlan:
    """What to collide.

    Args:
        process: by name, see `pythia.PROCESSES`.
        events: number of events, or of jets.
        pile_up: mean number of other collisions in an event; Poisson.
        detector: who is seen.
        seed: of every random number.

    Raises:
        InputError: no events, or less than no pile-up.
    """

    process: str
    events: int = 1000
    pile_up: float = 0.0
    detector: Detector = field(default_factory=Detector)
    seed: int = 0

    def __post_init__(self) -> None:
        process_by_name(self.process)
        if self.events < 1 or self.pile_up < 0:
            got = f"events {self.events}, pile-up {self.pile_up}"
            raise InputError("nothing to collide", got=got, accepted="events from 1, pile-up from 0")


@dataclass(frozen=True, eq=False)
class Particles:
    """Stable, visible particles of many events."""

    offsets: np.ndarray
    pt: Float64[np.ndarray, " particles"]
    eta: Float64[np.ndarray, " particles"]
    phi: Float64[np.ndarray, " particles"]
    charge: np.ndarray
    kind: np.ndarray


def collide(plan: CollisionPlan, observe: Callable[[int, int], None] | None = None) -> Events:
    """Generate events; `observe` is called with (done, of how many).

    Raises:
        MissingExtraError: pythia8mc or fastjet is not installed.
        IntertwineError: hardly any event has a jet as wanted.
    """
    process, rng = process_by_name(plan.process), np.random.default_rng(plan.seed)
    collider = Collider(process.settings, plan.seed)
    pool = _pool(plan)
    lots: list[Events] = []
    done = collisions = 0
    while done < plan.events:
        record = collider.collide(min(BATCH, max(plan.events, 10)))
        collisions += len(record.offsets) - 1
        lot = _whole(record, pool, plan, rng)
        if process.jets:
            lot = _jets(lot, record, process.jets)
        if len(lot):
            lots.append(lot)
        done += len(lot)
        if collisions > 50 * BATCH and done < collisions / 200:
            raise IntertwineError(f"only {done} of {collisions} events have such a jet")
        if observe is not None:
            observe(min(done, plan.events), plan.events)
    events = joined(lots)[: plan.events]
    about = {
        "process": plan.process, "seed": plan.seed, "pile_up": plan.pile_up, "intertwine": __version__,
        "collider": "proton-proton, 13 TeV", "pythia8mc": _version("pythia8mc"),
        "fastjet": _version("fastjet") if process.jets else "", **asdict(plan.detector),
    }  # fmt: skip
    return Events(
        events.offsets, events.pt, events.eta, events.phi, events.columns, events.truth,
        {name: value for name, value in about.items() if value != ""},
    )  # fmt: skip


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _pool(plan: CollisionPlan) -> Particles | None:
    """Collisions of no particular kind."""
    if not plan.pile_up:
        return None
    count = int(min(POOL, max(200, plan.pile_up * plan.events)))
    return _visible(Collider(MINIMUM_BIAS, plan.seed + 1).collide(count))


def _visible(record: Record) -> Particles:
    number = np.abs(record.id)
    pt = np.hypot(*record.momentum[:, :2].T)
    shown = record.final & ~np.isin(number, (12, 14, 16)) & (pt > 0.05)
    kind = np.where(record.charge != 0, 0, 2)
    for value, pdg in ((1, 22), (3, 11), (4, 13)):
        kind = np.where(number == pdg, value, kind)
    px, py, pz, _ = record.momentum[shown].T
    counts = np.bincount(record.event[shown], minlength=len(record.offsets) - 1)
    return Particles(
        np.concatenate([[0], np.cumsum(counts)]),
        pt[shown],
        np.arcsinh(pz / pt[shown]),
        np.arctan2(py, px),
        record.charge[shown],
        kind[shown],
    )


def _whole(record: Record, pool: Particles | None, plan: CollisionPlan, rng: np.random.Generator) -> Events:
    """Hard process and pile-up behind the detector."""
    hard = _visible(record)
    size = len(hard.offsets) - 1
    rows = [np.arange(len(hard.pt))]
    owner = [np.repeat(np.arange(size), np.diff(hard.offsets))]
    turn = [np.zeros(len(hard.pt))]
    sources, others = [hard], np.zeros(size, dtype=np.int64)
    if pool is not None:
        others = rng.poisson(plan.pile_up, size)
        picked = rng.integers(0, len(pool.offsets) - 1, others.sum())
        counts = np.diff(pool.offsets)[picked]
        starts = np.repeat(pool.offsets[picked] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        rows.append(np.arange(counts.sum()) + starts)
        owner.append(np.repeat(np.repeat(np.arange(size), others), counts))
        turn.append(np.repeat(rng.uniform(-np.pi, np.pi, len(picked)), counts))
        sources.append(pool)
    pick = lambda name: np.concatenate(  # noqa: E731
        [getattr(source, name)[chosen] for source, chosen in zip(sources, rows, strict=True)]
    )
    pt, eta, charge = pick("pt"), pick("eta"), pick("charge")
    phi = np.remainder(pick("phi") + np.concatenate(turn) + np.pi, 2 * np.pi) - np.pi
    hard_vertex = np.repeat([1] * 1 + [-1] * (len(rows) - 1), [len(chosen) for chosen in rows])
    seen = plan.detector.seen(pt, eta, pick("kind"), rng)
    event = np.concatenate(owner)
    kept = np.flatnonzero(seen.kept)
    kept = kept[np.lexsort((-seen.pt[kept], event[kept]))]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(event[kept], minlength=size))])
    columns = {
        "charge": np.where(seen.tracked, charge, 0)[kept],
        "kind": seen.kind[kept],
        "vertex": np.where(seen.tracked, hard_vertex, 0)[kept],
    }
    truth = {"neutrino": _neutrinos(record), "pile_up": others}
    return Events(offsets, seen.pt[kept], eta[kept], phi[kept], columns, truth)


def _neutrinos(record: Record) -> np.ndarray:
    chosen = record.final & np.isin(np.abs(record.id), (12, 14, 16))
    total = np.zeros((len(record.offsets) - 1, 2))
    np.add.at(total, record.event[chosen], record.momentum[chosen, :2])
    return total


def _jets(events: Events, record: Record, wanted: str) -> Events:
    """The jets in the window, each an event of its own, with substructure."""
    momenta = _momenta(events)
    rows: list[np.ndarray] = []
    truths: list[dict[str, float]] = []
    for e in range(len(events)):
        start, stop = events.offsets[e], events.offsets[e + 1]
        quarks = _quark_pairs(record, e, wanted)
        for jet in cluster(momenta[start:stop], JET_WINDOW[0]):
            plane = _plane(jet, quarks)
            if jet.pt > JET_WINDOW[1] or abs(jet.eta) > JET_REACH or (wanted != "any" and plane is None):
                continue
            rows.append(start + np.sort(jet.members))
            told = _substructure(jet, momenta[rows[-1]]) | {"label": float(wanted == "top")}
            truths.append(told if plane is None else told | {"decay_plane": plane})
    if not rows:
        return events[:0]
    chosen = np.concatenate(rows)
    offsets = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    columns = {name: column[chosen] for name, column in events.columns.items()}
    truth = {name: np.array([told[name] for told in truths]) for name in truths[0]}
    return Events(offsets, events.pt[chosen], events.eta[chosen], events.phi[chosen], columns, truth)


def _momenta(events: Events) -> np.ndarray:
    """px, py, pz, E of massless particles."""
    pt, eta, phi = events.pt, events.eta, events.phi
    return np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)], axis=1)


def _substructure(jet: Jet, momenta: np.ndarray) -> dict[str, float]:
    tau = subjettiness(momenta)
    return {
        "jet_pt": jet.pt, "jet_eta": jet.eta, "jet_mass": jet.mass, "soft_drop_mass": soft_drop_mass(momenta),
        "tau21": tau[1] / max(tau[0], 1e-9), "tau32": tau[2] / max(tau[1], 1e-9),
    }  # fmt: skip


def _quark_pairs(record: Record, event: int, wanted: str) -> list[np.ndarray]:
    """(η, φ) of the heavy particle and of both quarks of each W → qq′ of the event."""
    start, stop = record.offsets[event], record.offsets[event + 1]
    number, daughters = record.id[start:stop], record.daughters[start:stop]
    momentum = record.momentum[start:stop]
    pairs = []
    for w in np.flatnonzero((np.abs(number) == 24) & (daughters[:, 0] > 0)):
        first, last = daughters[w]
        if last != first + 1 or np.abs(number[[first, last]]).max() > 5:
            continue
        top = np.flatnonzero(number == (6 if number[w] > 0 else -6))
        heavy = top[-1] if wanted == "top" and len(top) else w
        pairs.append(np.array([_angles(momentum[k]) for k in (heavy, first, last)]))
    return pairs


def _angles(momentum: np.ndarray) -> tuple[float, float]:
    px, py, pz, _ = momentum
    return float(np.arcsinh(pz / max(np.hypot(px, py), 1e-9))), float(np.arctan2(py, px))


def _plane(jet: Jet, quarks: list[np.ndarray]) -> float | None:
    """Azimuth of the quark axis about the jet axis, modulo π, of the heavy particle in the jet."""
    for pair in quarks:
        gaps = pair - [jet.eta, jet.phi]
        gaps[:, 1] = np.remainder(gaps[:, 1] + np.pi, 2 * np.pi) - np.pi
        if np.hypot(*gaps.T).max() < 0.8:
            across = gaps[1] - gaps[2]
            return float(np.remainder(np.arctan2(across[1], across[0]), np.pi))
    return None
