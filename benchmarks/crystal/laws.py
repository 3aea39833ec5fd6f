"""Learned energies of deformed copper by the number of labels.

    python -m benchmarks.crystal laws

Labels: ASE's EMT, Cauchy-Born, logarithmic stretches up to 0.1; 500 others on test. One optimiser,
iterations and seed for all: a plain network on the six components of strain, which learns from every label
turned by the 24 rotations of the cube; the same network averaged over the group (48 evaluations); ours,
with symmetric weights, alone and with the invariant polynomials up to degree four.
"""

import argparse
import time
from typing import Any

import numpy as np
import torch
from ase.build import bulk
from ase.calculators.emt import EMT
from benchmarks.record import RESULTS, Stopwatch, keep, show

from intertwine.apps.crystal import (
    ConstitutiveLaw,
    LawSpec,
    StrainLabels,
    StrainPlan,
    fit_law,
    label_strains,
)
from intertwine.apps.crystal.fitting import errors
from intertwine.groups import get_group

TEST = 500
AMPLITUDE = 0.1
PLAIN = LawSpec(group="1", construction="average", width=32, expansion=0)
MODELS = {
    "plain network, 24-fold augmented": PLAIN,
    "the same, averaged over the group": PLAIN.model_copy(update={"group": "m-3m"}),
    "ours, network alone": LawSpec(group="m-3m", width=32, expansion=0),
    "ours": LawSpec(group="m-3m", width=16),
    "ours, twice as wide": LawSpec(group="m-3m", width=32),
}


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("laws", help="accuracy and cost by the number of labels")
    options.add_argument("--sizes", type=int, nargs="+", default=[20, 50, 100, 500], help="numbers of labels")
    options.add_argument("--iterations", type=int, default=400)
    options.add_argument("--seeds", type=int, default=3, help="of each fit to a hundred labels or fewer")
    options.add_argument("--results", default=RESULTS)
    options.set_defaults(do=run)


def turned(labels: StrainLabels) -> StrainLabels:
    """Every label, and what the cube's rotations make of it: F Q, P Q, the same W."""
    Q = get_group("432").elements
    F, P = (np.concatenate([x @ q for q in Q]) for x in (labels.F, labels.P))
    return StrainLabels(F, np.tile(labels.W, len(Q)), P, labels.unit)


def asymmetry(law: ConstitutiveLaw, labels: StrainLabels) -> float:
    """Largest change of stress under an element of the cube's group, over its size."""
    F = torch.from_numpy(labels.F[:50])
    _, P = law.stress(F)
    gaps = [
        law.stress(F @ torch.from_numpy(Q))[1] - P @ torch.from_numpy(Q) for Q in get_group("m-3m").elements
    ]
    return float(torch.stack(gaps).abs().max() / P.square().mean().sqrt())


def microseconds(law: ConstitutiveLaw, labels: StrainLabels) -> float:
    """CPU time of energy and stress, per deformation, on one thread."""
    F = torch.from_numpy(np.concatenate([labels.F] * 8))
    law.stress(F)
    times: list[float] = []
    for _ in range(5):
        start = time.process_time()
        law.stress(F)
        times.append(time.process_time() - start)
    return 1e6 * min(times) / len(F)


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    with Stopwatch() as watch:
        found = by_size(options)
    path = keep("crystal-laws", 0, watch, {"laws": found}, options.results)
    columns = [f"{n} labels" for n in options.sizes]
    for figure, unit in (
        ("error", "%"),
        ("spread", "%"),
        ("seconds", "CPU s"),
        ("microseconds", "µs"),
        ("asymmetry", ""),
    ):
        rows = [[name, *(f"{found[name][str(n)][figure]:.3g}" for n in options.sizes)] for name in MODELS]
        show(f"{figure} ({unit})", columns, rows, watch, path)
    return 0


def by_size(options: argparse.Namespace) -> dict[str, dict[str, dict[str, float]]]:
    """Error of stress on test (% of its size), CPU s of the fit, µs, asymmetry; by model and labels.

    Means over the seeds, each with labels and weights of its own; one seed beyond a hundred labels.
    """
    plan = StrainPlan(count=max(max(options.sizes), 100 * options.seeds) + TEST, amplitude=AMPLITUDE)
    labels, _ = label_strains(bulk("Cu"), EMT(), plan)
    test, found = labels[-TEST:], {name: {} for name in MODELS}
    for size in options.sizes:
        for name, spec in MODELS.items():
            figures = []
            for seed in range(options.seeds if size <= 100 else 1):
                train = labels[seed * size : (seed + 1) * size]
                start = time.process_time()
                fit = fit_law(
                    turned(train) if spec.group == "1" else train,
                    spec,
                    iterations=options.iterations,
                    seed=seed,
                )
                seconds = time.process_time() - start
                figures.append((100 * errors(fit.law, test).relative, seconds, asymmetry(fit.law, test)))
            error, seconds, unfair = np.array(figures).T
            found[name][str(size)] = {
                "error": float(error.mean()),
                "spread": float(error.std()),
                "seconds": float(seconds.mean()),
                "asymmetry": float(unfair.max()),
                "microseconds": microseconds(fit.law, test),
            }
            print(size, name, found[name][str(size)], flush=True)
    return found
