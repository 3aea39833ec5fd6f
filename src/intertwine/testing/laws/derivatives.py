"""Laws of force: forces, stress and Hessian are derivatives of one energy."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int

from intertwine.data import Structure
from intertwine.graph import build_graph
from intertwine.observables.derivatives import hessian_of
from intertwine.testing.law import Law, Omission, Reading, worst
from intertwine.testing.laws.differences import (
    DISPLACEMENT,
    STRAIN,
    agreement,
    deformed,
    derivatives,
    displaced,
    relative,
)
from intertwine.testing.trial import Trial

FAMILY = "Derivatives"

FORCE_FLOOR = 0.1
"""eV/Å: forces of a relaxed frame are compared relative to this instead of to themselves."""

STRESS_FLOOR = 1e-3
"""eV/Å³ (0.16 GPa): likewise."""

COORDINATES, DISPLACED_ATOMS = 24, 500
"""At most so many coordinates of one probe are displaced, fewer of large ones; the others are sampled."""

ENOUGH = 2e-7
"""A figure with which no other step is tried."""

STRAINS = [np.outer(row, column) for row in np.eye(3) for column in np.eye(3)]
"""All nine deformations: the antisymmetric ones are rotations and must cost nothing."""


def forces(trial: Trial) -> Iterator[Reading]:
    """F = −∂E/∂x against differences of energies, coordinate by coordinate."""
    rng = trial.rng("derivative.forces")
    figures = []
    for name, structure in trial.probes:
        count = 3 * len(structure)
        most = min(COORDINATES, max(3, DISPLACED_ATOMS // len(structure)))
        picked = np.sort(rng.permutation(count)[:most])
        (analytic,) = trial.predict([structure], ("forces",))
        figures.append((_slope_of(trial, structure, picked, analytic.forces.ravel()[picked]), name))
    yield worst("derivative.forces", figures)


def stress(trial: Trial) -> Iterator[Reading]:
    """σ = ∂E/∂ε / V against differences of energies under all nine deformations."""
    figures = []
    for name, structure in trial.small:
        if structure.volume == 0 or not structure.pbc.any():
            continue
        (analytic,) = trial.predict([structure], ("stress",))
        figures.append((_strain_slope_of(trial, structure, analytic.stress), name))
    yield worst("derivative.stress", figures)


def _slope_of(
    trial: Trial,
    structure: Structure,
    coordinates: Int[np.ndarray, " coordinates"],
    expected: Float[np.ndarray, " coordinates"],
) -> float:
    """How far forces are from −∂E/∂x, relative."""
    changes = [displaced(structure, int(c)) for c in coordinates]

    def compare(step: float) -> float:
        return relative(-derivatives(trial.energies, changes, step), expected, FORCE_FLOOR)

    return agreement(compare, DISPLACEMENT, ENOUGH)


def _strain_slope_of(trial: Trial, structure: Structure, expected: Float[np.ndarray, "3 3"]) -> float:
    """How far a stress is from ∂E/∂ε / V, relative."""
    changes = [deformed(structure, generator) for generator in STRAINS]

    def compare(step: float) -> float:
        slopes = derivatives(trial.energies, changes, step).reshape(3, 3)
        return relative(slopes / structure.volume, expected, STRESS_FLOOR)

    return agreement(compare, STRAIN, ENOUGH)


def hessian(trial: Trial) -> Iterator[Reading | Omission]:
    """−∂F/∂x is symmetric, and equals the exact Hessian where the model can give it."""
    probe = next(probe for probe in trial.probes if not probe.structure.pbc.any())
    differences = -_force_derivatives(trial, probe.structure)
    floor = FORCE_FLOOR
    yield Reading("hessian.symmetry", relative(differences, differences.T, floor), probe.name)
    energies_of = getattr(trial.exact, "atom_energies", None)
    if energies_of is None:
        yield Omission(
            "hessian.derivative", "the model offers no atom_energies(graph) to differentiate twice"
        )
        return
    with torch.enable_grad():
        exact = hessian_of(energies_of, build_graph(probe.structure, trial.exact.cutoff)).detach().numpy()
    yield Reading("hessian.derivative", relative(differences, exact, floor), probe.name)


def _force_derivatives(trial: Trial, structure: Structure) -> Float[np.ndarray, "coordinates coordinates"]:
    def evaluate(structures: Sequence[Structure]) -> Float[np.ndarray, "structures coordinates"]:
        return np.stack([p.forces.ravel() for p in trial.predict(structures, ("forces",))])

    changes = [displaced(structure, c) for c in range(3 * len(structure))]
    return derivatives(evaluate, changes, DISPLACEMENT)


FORCES = Law(
    "derivative.forces",
    FAMILY,
    {"derivative.forces": "Forces are the slope of the energy, −∂E/∂x (against differences of energies)."},
    forces,
)
STRESS = Law(
    "derivative.stress",
    FAMILY,
    {"derivative.stress": "Stress is the slope of the energy under strain, sign and volume included."},
    stress,
)
HESSIAN = Law(
    "hessian",
    FAMILY,
    {
        "hessian.symmetry": "Atom a pushes b as b pushes a: the matrix of force constants is symmetric.",
        "hessian.derivative": "The Hessian is the slope of the forces (against differences of forces).",
    },
    hessian,
)
