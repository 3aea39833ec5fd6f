"""`Structure`: atoms in a cell with their labels, as a frozen value that has been checked."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import all_properties
from ase.calculators.singlepoint import SinglePointCalculator
from ase.stress import full_3x3_to_voigt_6_stress
from jaxtyping import Bool, Float, Int

from intertwine.data.checks import (
    Values,
    checked_bonds,
    checked_cell,
    checked_info,
    checked_labels,
    checked_numbers,
    checked_pbc,
    checked_positions,
    checked_shifts,
    finite_array,
)
from intertwine.data.labels import BONDS, CONDITIONS, LABELS, LabelKeys, LabelUnits
from intertwine.data.stored_labels import stored_bonds, stored_conditions, stored_labels


@dataclass(frozen=True, eq=False, init=False)
class Structure:
    """Atoms, their cell, and what is known of them, in eV and Å.

    Everything is checked on construction and read-only afterwards; array-likes are copied. Change by
    `replace`. An axis that is not periodic may have a zero cell vector (slab, wire, molecule).

    Args:
        numbers: atomic numbers Z, 1 to 118, `[atoms]`.
        positions: Å, `[atoms, 3]`.
        cell: lattice vectors as rows, Å, `[3, 3]`; zeros where open.
        pbc: which axes are periodic, `[3]`.
        labels: by canonical name (`intertwine.data.LABELS`), in our units: energy `[]` eV,
            forces `[atoms, 3]` eV/Å, stress `[3, 3]` eV/Å³ tensile-positive, …
        charge: total charge, e.
        electric_field: homogeneous, V/Å, `[3]`.
        info: anything else worth keeping, such as `config_type` or the source; never read by a model.
        bonds: ordered pairs (i, j) of atoms that labels per bond belong to, at any distance, `[bonds, 2]`.
        bond_shifts: S of each, `[bonds, 3]`, zeros unless given: its vector is x_j + S · cell − x_i.

    Raises:
        InputError: a wrong shape, a NaN, an unknown element or label, or lattice vectors of the periodic axes
            that are zero or linearly dependent.

    >>> places = [[0, 0, 0.12], [0, 0.76, -0.48], [0, -0.76, -0.48]]
    >>> water = Structure([8, 1, 1], places, labels={"energy": -14})
    >>> water
    Structure(H2O, 3 atoms, pbc=FFF, labels: energy)
    >>> water.replace(numbers=[8, 1, 119])
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: atom 2 has an atomic number out of range; got: 119; accepted: ...
    """

    numbers: Int[np.ndarray, " atoms"]
    positions: Float[np.ndarray, "atoms 3"]
    cell: Float[np.ndarray, "3 3"]
    pbc: Bool[np.ndarray, "3"]
    labels: Mapping[str, np.ndarray]
    info: Mapping[str, Any]
    charge: float
    electric_field: Float[np.ndarray, "3"]
    bonds: Int[np.ndarray, "bonds 2"]
    bond_shifts: Int[np.ndarray, "bonds 3"]

    def __init__(
        self,
        numbers: Values,
        positions: Values,
        cell: Values | None = None,
        pbc: Values = False,
        labels: Mapping[str, Values] | None = None,
        info: Mapping[str, Any] | None = None,
        charge: Values = 0.0,
        electric_field: Values = (0.0, 0.0, 0.0),
        bonds: Values = (),
        bond_shifts: Values | None = None,
    ) -> None:
        numbers, pbc = checked_numbers(numbers), checked_pbc(pbc)
        bonds = checked_bonds(bonds, len(numbers))
        shifts = np.zeros((len(bonds), 3), dtype=int) if bond_shifts is None else bond_shifts
        checked = {
            "numbers": numbers,
            "positions": checked_positions(positions, len(numbers)),
            "cell": checked_cell(np.zeros((3, 3)) if cell is None else cell, pbc),
            "pbc": pbc,
            "labels": MappingProxyType(checked_labels(labels or {}, len(numbers), len(bonds))),
            "info": MappingProxyType(checked_info(info or {})),
            "charge": float(finite_array(charge, (), "total charges")),
            "electric_field": finite_array(electric_field, (3,), "electric fields"),
            "bonds": bonds,
            "bond_shifts": checked_shifts(shifts, len(bonds), pbc),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.numbers)

    def __repr__(self) -> str:
        pbc = "".join("T" if axis else "F" for axis in self.pbc)
        labels = ", ".join(self.labels) or "none"
        under = "".join(f", {name}={value}" for name, value in self.conditions.items())
        bonds = f", {len(self.bonds)} bonds" if len(self.bonds) else ""
        return f"Structure({self.formula}, {len(self)} atoms{bonds}, pbc={pbc}{under}, labels: {labels})"

    def __reduce__(self) -> tuple:
        """Copy and send between our own processes as plain values (a mapping proxy cannot be copied)."""
        values = (getattr(self, f.name) for f in dataclasses.fields(self))
        return type(self), tuple(dict(v) if isinstance(v, MappingProxyType) else v for v in values)

    @property
    def formula(self) -> str:
        """Chemical formula in Hill order.

        >>> Structure([1, 6, 1, 1, 1], np.eye(5, 3)).formula
        'CH4'
        """
        return Atoms(numbers=self.numbers).get_chemical_formula()

    @property
    def species(self) -> tuple[int, ...]:
        """Atomic numbers that occur, ascending."""
        return tuple(int(z) for z in np.unique(self.numbers))

    @property
    def volume(self) -> float:
        """Volume spanned by the three cell vectors, Å³; 0 when an open axis has none."""
        a, b, c = self.cell
        return float(abs(a @ np.cross(b, c)))

    @property
    def conditions(self) -> dict[str, float | list[float]]:
        """Total charge and electric field, as far as they are not zero.

        >>> Structure([11], [[0, 0, 0]], charge=1).conditions
        {'charge': 1.0}
        """
        values = {"charge": self.charge, "electric_field": self.electric_field.tolist()}
        return {name: value for name, value in values.items() if np.any(value)}

    @property
    def pairs(self) -> dict[str, Int[np.ndarray, "bonds columns"]]:
        """Bonds and their shifts, as far as there are any.

        >>> Structure([1, 1], [[0, 0, 0], [0, 0, 1]], bonds=[[0, 1]]).pairs
        {'bonds': array([[0, 1]])}
        """
        there = {"bonds": len(self.bonds) > 0, "bond_shifts": self.bond_shifts.any()}
        return {name: getattr(self, name) for name in BONDS if there[name]}

    def replace(self, **changes: Any) -> "Structure":
        """A new structure that differs in the named fields; it is checked again. New bonds bring new shifts.

        >>> Structure([1], [[0, 0, 0]]).replace(numbers=[2]).formula
        'He'
        """
        if "bonds" in changes:
            changes.setdefault("bond_shifts", None)
        return dataclasses.replace(self, **changes)

    @classmethod
    def from_ase(
        cls,
        atoms: Atoms,
        keys: LabelKeys = LabelKeys(),  # noqa: B008 (frozen)
        units: LabelUnits = LabelUnits(),  # noqa: B008 (frozen)
        require: tuple[str, ...] = (),
    ) -> "Structure":
        """Structure of an `ase.Atoms`; labels that are stored with it come along, none is computed.

        Args:
            atoms: ASE's own object, Å.
            keys: where to look for each label.
            units: in which unit each label is.
            require: canonical names that must be present.

        Raises:
            InputError: a required label is absent (the message names the keys that do exist), or the
                structure is not sound.

        >>> pair = Atoms("OH", positions=[[0, 0, 0], [0, 0, 1]], info={"E": 1.0, "charge": -1})
        >>> Structure.from_ase(pair, LabelKeys(energy="E"))
        Structure(HO, 2 atoms, pbc=FFF, charge=-1.0, labels: energy)
        """
        names = {*LABELS, *CONDITIONS, *BONDS}
        taken = {*(keys[name] for name in names), *names}
        info = {key: value for key, value in atoms.info.items() if key not in taken}
        more: dict[str, Any] = {"info": info, **stored_bonds(atoms, keys)}
        bare = cls(atoms.numbers, atoms.positions, np.asarray(atoms.cell), atoms.pbc, **more)
        labels = stored_labels(atoms, keys, units, require)
        return bare.replace(labels=labels, **stored_conditions(atoms, keys, units))

    def to_ase(self) -> Atoms:
        """The same as an `ase.Atoms`: labels that ASE knows as single-point results, others by their names.

        >>> Structure([1], [[0, 0, 0]], labels={"energy": -13.6}).to_ase().get_potential_energy()
        -13.6
        """
        geometry = {name: getattr(self, name) for name in ("numbers", "positions", "cell", "pbc")}
        atoms = Atoms(**geometry, info={**self.info, **self.conditions, **self.pairs})
        results = {name: value.copy() if value.ndim else value.item() for name, value in self.labels.items()}
        for name in results.keys() - set(all_properties):
            place = atoms.arrays if LABELS[name].per == "atom" else atoms.info
            place[name] = results.pop(name)
        if "stress" in results:
            results["stress"] = full_3x3_to_voigt_6_stress(results["stress"])
        if results:
            atoms.calc = SinglePointCalculator(atoms, **results)
        return atoms
