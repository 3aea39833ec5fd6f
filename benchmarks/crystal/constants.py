"""Elastic constants of second and third order of EMT's metals from fifty labels, beside EMT itself.

python -m benchmarks.crystal constants
"""

import argparse
from typing import Any

import numpy as np
import torch
from ase.build import bulk
from ase.calculators.emt import EMT
from benchmarks.record import RESULTS, Stopwatch, keep, show

from intertwine.apps.crystal import LawSpec, StrainPlan, elastic_constants, fit_law, label_strains
from intertwine.apps.crystal.labels import GPA

METALS = ("Cu", "Al", "Ni", "Au")


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("constants", help="elastic constants from few labels")
    options.add_argument("--labels", type=int, default=50)
    options.add_argument("--amplitude", type=float, default=0.02, help="largest logarithmic stretch")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--results", default=RESULTS)
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    with Stopwatch() as watch:
        found = {element: constants_of(element, options) for element in METALS}
    path = keep("crystal-constants", options.seed, watch, {"constants": found}, options.results)
    rows = [[e, *(f"{v['law']:.1f} ({v['source']:.1f})" for v in c.values())] for e, c in found.items()]
    show("Constants, GPa (EMT itself)", list(found["Cu"]), rows, watch, path)
    return 0


def constants_of(element: str, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Second- and third-order constants, GPa, of a law and of the label source."""
    labels, crystal = label_strains(
        bulk(element),
        EMT(),
        StrainPlan(count=options.labels, amplitude=options.amplitude, fmax=1e-6, seed=options.seed),
    )
    law = fit_law(labels, LawSpec(group="m-3m"), seed=options.seed).law
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
