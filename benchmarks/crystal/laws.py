"""Learned energies of deformed copper by the number of labels, and constants of metals from fifty.

    python -m benchmarks.crystal laws

Labels: ASE's EMT, Cauchy-Born, logarithmic stretches up to 0.1; 500 others on test. One optimiser,
iterations and seed for all: a plain network on the six components of strain, which learns from every label
turned by the 24 rotations of the cube; the same network averaged over the group (48 evaluations); ours,
with symmetric weights, alone and with the invariant polynomials up to degree four. Constants come from
fifty other labels with stretches up to 0.05, beside differences of the label source itself.
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
    elastic_constants,
    fit_law,
    label_strains,
)
from intertwine.apps.crystal.fitting import errors
from intertwine.apps.crystal.report import GPA
from intertwine.groups import get_group

TEST = 500
AMPLITUDE = 0.1
METALS = ("Cu", "Al", "Ni", "Au")
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
        constants = {element: constants_of(element, options) for element in METALS}
    path = keep("crystal-laws", 0, watch, {"laws": found, "constants": constants}, options.results)
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
    names = list(next(iter(constants.values())))
    rows = [[e, *(f"{v['law']:.1f} ({v['source']:.1f})" for v in c.values())] for e, c in constants.items()]
    show("Constants from 50 labels, GPa (label source)", names, rows, watch, path)
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


def constants_of(element: str, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Second- and third-order constants, GPa, of a law of 50 labels and of the label source."""
    labels, crystal = label_strains(bulk(element), EMT(), StrainPlan(count=50, amplitude=0.05, fmax=1e-6))
    law = fit_law(labels, MODELS["ours"], iterations=options.iterations).law
    second, third = (elastic_constants(law, order) * GPA["eV/Å³"] for order in (2, 3))
    stress = _second_piola(crystal)
    h = 1e-3
    slope = {I: (stress(h, I) - stress(-h, I)) / (2 * h) for I in (0, 3)}
    bend = {I: (stress(h, I) - 2 * stress(0.0, I) + stress(-h, I)) / h**2 for I in (0, 3)}
    source = {
        "C11": slope[0][0], "C12": slope[0][1], "C44": slope[3][3],
        "C111": bend[0][0], "C112": bend[0][1], "C144": bend[3][0], "C155": bend[3][1],
    }  # fmt: skip
    ours = {
        "C11": second[0, 0], "C12": second[0, 1], "C44": second[3, 3],
        "C111": third[0, 0, 0], "C112": third[0, 0, 1], "C144": third[0, 3, 3], "C155": third[0, 4, 4],
    }  # fmt: skip
    return {name: {"law": float(ours[name]), "source": float(source[name])} for name in source}


def _second_piola(crystal: Any) -> Any:
    """S in Voigt order, GPa, as a function of one component of Green's strain, by EMT itself."""
    from scipy.linalg import sqrtm

    from intertwine.groups.index_symmetry import VOIGT_PAIRS

    def stress(amount: float, index: int) -> np.ndarray:
        i, j = VOIGT_PAIRS[index]
        E = np.zeros((3, 3))
        E[i, j] = E[j, i] = amount if i == j else amount / 2
        F = np.real(sqrtm(np.eye(3) + 2 * E))
        moved = crystal.copy()
        moved.set_cell(crystal.cell[:] @ F.T, scale_atoms=True)
        moved.calc = EMT()
        inverse = np.linalg.inv(F)
        S = np.linalg.det(F) * inverse @ moved.get_stress(voigt=False) @ inverse.T
        return np.array([S[a, b] for a, b in VOIGT_PAIRS]) * GPA["eV/Å³"]

    return stress
