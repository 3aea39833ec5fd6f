"""Collective flow by Fourier series: events whose planes are known, and the best estimate of them.

Particles of an event are drawn independently from

    dN/dφ ∝ 1 + 2 Σ_n v_n(pT, η) cos n(φ − Ψ_n),    n = 1, 2, 3

(Voloshin & Zhang, Z. Phys. C 70, 665 (1996)), so that what can be known of the planes is their posterior.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex128, Float, Float64

from intertwine.apps.jets.events import Events
from intertwine.errors import InputError

ORDERS = (1, 2, 3)
TOGETHER = 32
"""Densities, each between 0.01 and 3, that are multiplied before a logarithm is taken."""


@dataclass(frozen=True)
class FlowPlan:
    """What to draw.

    Args:
        events: how many.
        multiplicity: mean number of particles of an event; Poisson.
        strength: factor of all v_n.
        temperature: GeV; dN/dpT ∝ pT exp(−pT/temperature).
        reach: |η| below this.
        seed: of every random number.

    Raises:
        InputError: no events, or a strength with which a density would be negative.
    """

    events: int = 1000
    multiplicity: float = 100.0
    strength: float = 1.0
    temperature: float = 0.45
    reach: float = 2.5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.events < 1 or self.multiplicity < 0 or not 0 <= self.strength <= 1.5:
            raise InputError(
                "this flow cannot be drawn",
                got=f"events {self.events}, multiplicity {self.multiplicity}, strength {self.strength}",
                accepted="events from 1, multiplicity from 0, strength 0 to 1.5 (densities stay positive)",
            )


def flow_coefficients(
    pt: Float[np.ndarray, " particles"], eta: Float[np.ndarray, " particles"], plan: FlowPlan
) -> Float64[np.ndarray, "3 particles"]:
    """v_1, v_2, v_3: directed flow is odd in η, elliptic flow largest at 2 GeV, triangular flow rises.

    >>> flow_coefficients(np.array([2.0]), np.array([0.0]), FlowPlan()).round(3)[:, 0]
    array([0.   , 0.16 , 0.067])
    """
    rapid = eta / plan.reach
    first = 0.25 * rapid * np.exp(-pt / 2)
    second = 0.16 * (pt / 2) * np.exp(1 - pt / 2) * (1 - 0.5 * rapid**2)
    third = 0.08 * pt**2 / (pt**2 + 0.9**2) * (1 - 0.5 * np.abs(rapid))
    return plan.strength * np.stack([first, second, np.where(pt > 0, third, 0.0)])


def flow_events(plan: FlowPlan) -> Events:
    """Draw events; their truth is `psi`.

    >>> events = flow_events(FlowPlan(events=10, seed=3))
    >>> len(events), events.truth["psi"].shape
    (10, (10, 3))
    """
    rng = np.random.default_rng(plan.seed)
    counts = rng.poisson(plan.multiplicity, plan.events)
    psi = rng.uniform(-np.pi, np.pi, (plan.events, 3)) / np.array(ORDERS)
    event = np.repeat(np.arange(plan.events), counts)
    pt = rng.gamma(2.0, plan.temperature, len(event))
    eta = rng.uniform(-plan.reach, plan.reach, len(event))
    phi = _azimuths(flow_coefficients(pt, eta, plan), psi[event], rng)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    about = {
        "process": "flow", "seed": plan.seed, "multiplicity": plan.multiplicity, "strength": plan.strength,
        "temperature": plan.temperature, "reach": plan.reach,
    }  # fmt: skip
    return Events(offsets, pt, eta, phi, {}, {"psi": psi}, about)


def _azimuths(v: np.ndarray, psi: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws from the Fourier density of each particle, by rejection."""
    phi = np.zeros(v.shape[1])
    left = np.arange(v.shape[1])
    most = 1 + 2 * np.abs(v).sum(axis=0)
    orders = np.array(ORDERS)[:, None]
    while len(left):
        draw = rng.uniform(-np.pi, np.pi, len(left))
        density = 1 + 2 * np.sum(v[:, left] * np.cos(orders * (draw - psi[left].T)), axis=0)
        taken = rng.uniform(0, most[left]) < density
        phi[left[taken]] = draw[taken]
        left = left[~taken]
    return phi


@dataclass(frozen=True, eq=False)
class BestEstimate:
    """What can be known of the planes, at best.

    Args:
        planes: posterior means of e^{inΨ_n}; the argument is the best plane, the size what can be relied on.
        twist: posterior mean of sin 2(Ψ_1 − Ψ_2).
    """

    planes: Complex128[np.ndarray, "events 3"]
    twist: Float64[np.ndarray, " events"]


def best_estimate(events: Events, plan: FlowPlan, points: int = 24) -> BestEstimate:
    """The posterior of all three planes of each event, from the density they were drawn from.

        p(Ψ | particles) ∝ Π_i [1 + 2 Σ_n v_n(i) cos n(φ_i − Ψ_n)]

    on a grid of `points`³ planes. No estimate of Ψ_n has a greater mean of cos n(Ψ − Ψ_n) than the argument
    of its mean of e^{inΨ_n}, none of the twist a smaller mean square error than its mean.

    Args:
        events: drawn by `flow_events` with this plan.
        plan: with the true v_n.
        points: along each plane's period, 2π/n.

    >>> plan = FlowPlan(events=20)
    >>> best_estimate(flow_events(plan), plan, points=12).planes.shape
    (20, 3)
    """
    v = flow_coefficients(events.pt, events.eta, plan)
    angles = 2 * np.pi * np.arange(points) / points
    waves = np.cos(np.array(ORDERS)[:, None, None] * events.phi[:, None] - angles)
    terms = 2 * v[:, :, None] * waves
    planes = np.zeros((len(events), 3), dtype=complex)
    twist = np.zeros(len(events))
    turn = np.exp(1j * angles)
    for e in range(len(events)):
        rows = slice(events.offsets[e], events.offsets[e + 1])
        logs = np.zeros((points, points, points))
        product = np.ones_like(logs)
        for number, (one, two, three) in enumerate(zip(*terms[:, rows], strict=True), start=1):
            product *= (one[:, None] + two)[:, :, None] + (1 + three)
            if number % TOGETHER == 0:
                logs += np.log(product)
                product.fill(1.0)
        logs += np.log(product)
        density = np.exp(logs - logs.max())
        density /= density.sum()
        pair = density.sum(axis=2)
        planes[e] = pair.sum(axis=1) @ turn, pair.sum(axis=0) @ turn, density.sum(axis=(0, 1)) @ turn
        # sin(2Ψ1 − 2Ψ2), the first angle being Ψ1, the second 2Ψ2
        twist[e] = np.imag(turn**2 @ pair @ turn.conj())
    return BestEstimate(planes, twist)
