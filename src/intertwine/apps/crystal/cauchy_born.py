"""Labels by computation: the cell of a crystal deformed as the crystal is, its atoms relaxed inside."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from jaxtyping import Float, Float64
from scipy.linalg import expm

from intertwine.apps.crystal.labels import StrainLabels
from intertwine.engines.oracles import answering
from intertwine.engines.relaxation import relax
from intertwine.errors import InputError, IntertwineError


@dataclass(frozen=True)
class StrainPlan:
    """Which deformations, and how the crystal answers.

    Args:
        count: number of deformations.
        amplitude: largest logarithmic stretch, |ln λ|.
        relax_atoms: whether atoms move inside the deformed cell, where it has more than one.
        relax_cell: whether the crystal is brought to zero stress first, so that F counts from there.
        fmax: largest force left, eV/Å.
        seed: of the deformations.

    Raises:
        InputError: a number out of range.
    """

    count: int = 100
    amplitude: float = 0.1
    relax_atoms: bool = True
    relax_cell: bool = True
    fmax: float = 1e-4
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in (("count", self.count), ("amplitude", self.amplitude), ("fmax", self.fmax)):
            if not 0 < value < np.inf:
                raise InputError(f"{name} is out of range", got=value, accepted="above 0")
        if self.amplitude > 1:
            raise InputError("the amplitude is no strain", got=self.amplitude, accepted="up to 1")


def deformations(count: int, amplitude: float, rng: np.random.Generator) -> Float64[np.ndarray, "n 3 3"]:
    """Random stretches F = exp(H): H symmetric, its direction random, its eigenvalues below `amplitude`.

    >>> F = deformations(100, 0.1, np.random.default_rng(0))
    >>> bool(np.abs(np.log(np.linalg.eigvalsh(F))).max() < 0.1)
    True
    """
    H = rng.normal(size=(count, 3, 3))
    H = H + H.swapaxes(1, 2)
    size = amplitude * rng.uniform(size=count) ** (1 / 3)
    H *= (size / np.abs(np.linalg.eigvalsh(H)).max(1))[:, None, None]
    return np.array([expm(h) for h in H])


def label_strains(
    crystal: Atoms,
    calculator: Calculator,
    plan: StrainPlan,
    observe: Callable[[int, int], None] | None = None,
) -> tuple[StrainLabels, Atoms]:
    """Deform a crystal homogeneously and write down energy and stress (Cauchy and Born).

    W = (E − E₀)/V₀ and P = J σ F⁻ᵀ. With relaxed atoms both are those of the relaxed crystal, for the atoms'
    forces are zero there.

    Args:
        crystal: periodic on three axes; its primitive cell is the cheapest.
        calculator: any of ASE that gives stress.
        plan: what to do.
        observe: called with (labels done, labels in all).

    Returns:
        The labels, eV/Å³, and the undeformed crystal they count from.

    Raises:
        InputError: not periodic on three axes.
        IntertwineError: the calculator failed, or atoms that do not come to rest.
    """
    if not crystal.pbc.all():
        raise InputError(f"{crystal.get_chemical_formula()} is no crystal", accepted="three periodic axes")
    start = crystal.copy()
    start.calc = calculator
    if plan.relax_cell:
        start = _at_rest(start, plan.fmax, "full", "undeformed")
    elif plan.relax_atoms and len(start) > 1:
        start = _at_rest(start, plan.fmax, "fixed", "undeformed")
    with answering("on the undeformed crystal"):
        E0, V0 = start.get_potential_energy(), start.get_volume()
    F = deformations(plan.count, plan.amplitude, np.random.default_rng(plan.seed))
    W, P = np.zeros(len(F)), np.zeros((len(F), 3, 3))
    for k, f in enumerate(F):
        W[k], P[k] = _answer(start, f, plan, k)
        if observe is not None:
            observe(k + 1, len(F))
    return StrainLabels(F, (W - E0) / V0, P), start


def _answer(
    start: Atoms, F: Float[np.ndarray, "3 3"], plan: StrainPlan, number: int
) -> tuple[float, Float64[np.ndarray, "3 3"]]:
    """Energy of the cell, eV, and P, eV/Å³."""
    atoms = start.copy()
    atoms.calc = start.calc
    atoms.set_cell(start.cell.array @ F.T, scale_atoms=True)
    if plan.relax_atoms and len(atoms) > 1:
        atoms = _at_rest(atoms, plan.fmax, "fixed", f"deformation {number}")
    with answering(f"on deformation {number}"):
        energy, stress = atoms.get_potential_energy(), atoms.get_stress(voigt=False)
    return energy, np.linalg.det(F) * stress @ np.linalg.inv(F).T


def _at_rest(atoms: Atoms, fmax: float, cell: str, what: str) -> Atoms:
    found = relax(atoms, fmax=fmax, steps=1000, optimizer="bfgs", cell=cell)
    if not found.converged:
        raise IntertwineError(
            f"the atoms do not come to rest ({what}); do: start nearer, or allow a larger fmax"
        )
    found.atoms.calc = atoms.calc
    return found.atoms
