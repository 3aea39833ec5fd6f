"""Energy, forces and stress of a crystal, and where it comes to rest, from whoever is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ase import units
from ase.calculators.calculator import Calculator
from ase.stress import voigt_6_to_full_3x3_stress
from jaxtyping import Float64

from intertwine.apps.matter.crystal import lattice_of, require_crystal, volume
from intertwine.apps.spectra.source import CalculatorSource, Source
from intertwine.data import Structure
from intertwine.engines.oracles import answering
from intertwine.engines.relaxation import relax
from intertwine.errors import InputError, IntertwineError

GPA: Final = float(1 / units.GPa)
"""Of 1 eV/Å³."""

Asked = Source | Calculator
"""Who gives energies: a source, which knows its name, or any calculator of ASE."""

Observer = Callable[[str, int, int, str], None]
"""Called with (what is done, how much of it, of how much, a note)."""


def silent(what: str, done: int, total: int, note: str) -> None:
    """The observer that says nothing."""


@dataclass(frozen=True, eq=False)
class Rest:
    """A crystal, what it costs, and what still pulls at it.

    Attributes:
        structure: where it came to rest.
        energy: of the cell, eV.
        forces: eV/Å.
        stress: GPa, tensile positive; None where the calculator gives none.
    """

    structure: Structure
    energy: float
    forces: Float64[np.ndarray, "atoms 3"]
    stress: Float64[np.ndarray, "3 3"] | None

    @property
    def pressure(self) -> float | None:
        """−tr σ / 3, GPa."""
        return None if self.stress is None else -float(np.trace(self.stress)) / 3

    def record(self) -> dict[str, Any]:
        """Plain values, units in the keys."""
        a, b, c, alpha, beta, gamma = lattice_of(self.structure)
        return {
            "formula": self.structure.formula,
            "lattice_A": [a, b, c],
            "angles_degrees": [alpha, beta, gamma],
            "volume_A3_per_atom": volume(self.structure) / len(self.structure),
            "energy_eV_per_atom": self.energy / len(self.structure),
            "pressure_GPa": self.pressure,
        }


def source_from(asked: Asked) -> Source:
    """A source as it is, a calculator as a source that bears the calculator's name.

    >>> from intertwine.engines import oracle
    >>> source_from(oracle("emt")).name
    'EMT'
    """
    return asked if isinstance(asked, Source) else CalculatorSource(asked)


def require_stress(source: Source, structure: Structure) -> None:
    """Refuse who gives no stress.

    Raises:
        InputError: the calculator gives none.
    """
    if "stress" not in source.calculator(structure).implemented_properties:
        raise InputError(f"{source.name} gives no stress", fix="use a calculator that does")


def ask(source: Source, structure: Structure) -> Rest:
    """Energy, forces and, where the calculator gives it, stress of one structure, as it stands.

    Raises:
        IntertwineError: the calculator failed, as it does on an element that it does not know.

    >>> from intertwine.apps.matter.crystal import element_crystal
    >>> from intertwine.engines import oracle
    >>> found = ask(source_from(oracle("emt")), element_crystal("Cu"))
    >>> round(found.energy, 3), found.stress.shape
    (-0.006, (3, 3))
    """
    atoms = structure.replace(labels={}).to_ase()
    atoms.calc = source.calculator(structure)
    with answering(f"on {structure.formula}", source.name):
        energy, forces = float(atoms.get_potential_energy()), np.asarray(atoms.get_forces(), np.float64)
        stress = None
        if "stress" in atoms.calc.implemented_properties:
            stress = voigt_6_to_full_3x3_stress(np.asarray(atoms.get_stress(), np.float64)) * GPA
    return Rest(structure, energy, forces, stress)


def rest(
    asked: Asked, structure: Structure, cell: str = "full", fmax: float = 1e-4, steps: int = 1000
) -> Rest:
    """The crystal moved downhill until forces, and the stress of a cell that moves, are small.

    Args:
        asked: who gives the energy.
        structure: where to start.
        cell: what may happen to the cell: "fixed", "isotropic", "shape" or "full".
        fmax: largest force left, eV/Å; of the cell, largest component of V(σ + p)/N, eV.
        steps: of BFGS, at most.

    Raises:
        InputError: no crystal, a cell that is to move and a calculator without stress, or a bad number.
        IntertwineError: the calculator failed, or forces are still larger after so many steps.

    >>> from intertwine.apps.matter.crystal import element_crystal
    >>> from intertwine.engines import oracle
    >>> found = rest(oracle("emt"), element_crystal("Cu"))
    >>> abs(found.pressure) < 0.01
    True
    """
    source, structure = source_from(asked), require_crystal(structure)
    if cell != "fixed":
        require_stress(source, structure)
    ask(source, structure)  # says at once and by name what cannot be computed
    atoms = structure.to_ase()
    atoms.calc = source.calculator(structure)
    end = relax(atoms, fmax, steps, "bfgs", cell)
    if not end.converged:
        raise IntertwineError(
            f"no rest in {end.steps} steps: the largest force is {end.largest_force:.3g} eV/Å; "
            "do: start from a better structure, or allow larger forces"
        )
    moved = structure.replace(positions=end.atoms.positions, cell=end.atoms.cell.array)
    return ask(source, moved)
