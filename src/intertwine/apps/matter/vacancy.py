"""What it costs to take one atom out of a crystal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase.data import atomic_numbers, chemical_symbols

from intertwine.apps.matter.asking import Asked, Observer, Rest, ask, rest, silent, source_from
from intertwine.apps.matter.crystal import TOLERANCE, multiples, repeated
from intertwine.data import Structure, equivalent_atoms, symmetrised
from intertwine.errors import InputError


@dataclass(frozen=True, eq=False)
class Vacancy:
    """A crystal with an atom missing.

    Attributes:
        ground: the perfect crystal at rest.
        supercell: how often its cell was repeated.
        atom: which atom of the cell is missing, counted from 0.
        symbol: its element.
        potential: what the atom is worth outside, eV: chemical potential µ.
        perfect: energy of the perfect supercell, eV.
        unrelaxed: energy with the atom missing and all others in place, eV.
        defect: the supercell without the atom, at rest.
    """

    ground: Rest
    supercell: tuple[int, int, int]
    atom: int
    symbol: str
    potential: float
    perfect: float
    unrelaxed: float
    defect: Rest

    kind = "vacancy"

    @property
    def energy(self) -> float:
        """E_f = E(vacancy) + µ − E(perfect), eV, atoms at rest."""
        return self.defect.energy + self.potential - self.perfect

    @property
    def energy_in_place(self) -> float:
        """The same before the others move, eV."""
        return self.unrelaxed + self.potential - self.perfect

    def record(self) -> dict[str, Any]:
        """Plain values, units in the keys."""
        return {
            "ground_state": self.ground.record(),
            "supercell": list(self.supercell),
            "atoms": len(self.defect.structure),
            "missing_atom": self.atom,
            "missing_element": self.symbol,
            "chemical_potential_eV": self.potential,
            "formation_energy_eV": self.energy,
            "unrelaxed_formation_energy_eV": self.energy_in_place,
            "relaxation_eV": self.energy_in_place - self.energy,
        }


def vacancies(
    asked: Asked,
    structure: Structure,
    *,
    supercell: tuple[int, int, int] | None = None,
    length: float = 12.0,
    atom: int | None = None,
    potentials: Mapping[str, float] | None = None,
    cell: str = "full",
    fmax: float = 1e-3,
    observe: Observer = silent,
) -> list[Vacancy]:
    """Formation energies of the vacancies of a crystal, one for each kind of site.

        E_f = E(N − 1) + µ − E(N)

    in a supercell whose shape and size are those of the perfect crystal. In an element µ = E(N)/N; in a
    compound µ is the experimenter's choice and has to be given.

    Args:
        asked: who gives energy and forces.
        structure: a crystal.
        supercell: how often to repeat the given cell; so that faces are `length` apart by default.
        length: Å.
        atom: of the cell, counted from 0; one of each kind that symmetry tells apart by default.
        potentials: µ by element, eV.
        cell: what may happen to the cell of the perfect crystal: "full", "isotropic", "shape", or "fixed".
        fmax: largest force left, eV/Å.
        observe: called with ("vacancies", done, of).

    Raises:
        InputError: no crystal, an atom that does not exist, or µ of an element of a compound missing.
        IntertwineError: the calculator failed, or the atoms did not come to rest.
        MissingExtraError: spglib is not installed.

    >>> from intertwine.apps.matter.crystal import element_crystal
    >>> from intertwine.engines import oracle
    >>> (found,) = vacancies(oracle("emt"), element_crystal("Cu"), length=7.0)
    >>> 1.0 < found.energy < found.energy_in_place < 1.3
    True
    """
    _check(structure, atom, potentials or {})
    source = source_from(asked)
    ground = rest(source, structure, cell, min(fmax, 1e-4))
    exact = symmetrised(ground.structure, TOLERANCE)
    times = supercell or multiples(exact, length)
    whole = ask(source, repeated(exact, times))
    if len(whole.structure) < 2:
        raise InputError("the supercell is too small for a vacancy", got=times, fix="repeat the cell")
    sites = sorted({*equivalent_atoms(exact, TOLERANCE).tolist()}) if atom is None else [atom]
    found = []
    for number, site in enumerate(sites):
        symbol = chemical_symbols[exact.numbers[site]]
        worth = (potentials or {}).get(symbol, whole.energy / len(whole.structure))
        rest_of = _without(whole.structure, site)
        unrelaxed = ask(source, rest_of).energy
        defect = rest(source, rest_of, "fixed", fmax)
        found.append(Vacancy(ground, times, site, symbol, worth, whole.energy, unrelaxed, defect))
        observe("vacancies", number + 1, len(sites), "")
    return found


def _without(structure: Structure, atom: int) -> Structure:
    kept = np.arange(len(structure)) != atom
    return Structure(structure.numbers[kept], structure.positions[kept], structure.cell, pbc=True)


def _check(structure: Structure, atom: int | None, potentials: Mapping[str, float]) -> None:
    if atom is not None and not 0 <= atom < len(structure):
        raise InputError("the crystal has no such atom", got=atom, accepted=f"0 to {len(structure) - 1}")
    symbols = {chemical_symbols[z] for z in structure.numbers}
    for symbol in potentials:
        if symbol not in atomic_numbers or symbol not in symbols:
            raise InputError(
                f"a chemical potential of '{symbol}'", accepted=f"of {', '.join(sorted(symbols))}"
            )
    if atom is not None:
        symbols = {chemical_symbols[structure.numbers[atom]]}
    missing = sorted(symbols - {*potentials})
    if len({*structure.numbers.tolist()}) > 1 and missing:
        raise InputError(
            f"{structure.formula} is a compound: what an atom is worth outside has to be said",
            fix=f"give the chemical potential of {missing[0]}, eV",
        )
