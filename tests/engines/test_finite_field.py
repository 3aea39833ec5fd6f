"""Polarisabilities and Born charges by fields are the derivatives that they claim to be."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.units import Bohr, Hartree
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.engines import oracle
from intertwine.engines.finite_field import (
    PROPERTIES,
    FieldVector,
    checked_properties,
    electric_response,
    tight_oracle,
)
from intertwine.errors import InputError
from intertwine.groups import random_rotation

pytest.importorskip("tblite")


def molecule_in_vacuum(name: str, turn: np.ndarray | None = None) -> Atoms:
    atoms = molecule(name)
    atoms.positions = atoms.positions @ (np.eye(3) if turn is None else turn.T)
    atoms.calc = tight_oracle("tblite:GFN2-xTB")
    return atoms


def energy(atoms: Atoms, field: np.ndarray) -> float:
    atoms.calc.set(electric_field=FieldVector(field.tolist()))
    try:
        return atoms.get_potential_energy()
    finally:
        atoms.calc.set(electric_field=None)


def test_ethanol_has_the_polarisability_that_tblite_gives_by_its_own_interface() -> None:
    from tblite.interface import Calculator

    atoms = molecule_in_vacuum("CH3CH2OH")
    bohr = 1e-3 * np.vstack([np.eye(3), -np.eye(3)])  # hartree/(e·bohr)

    def dipole(field: np.ndarray) -> np.ndarray:
        theirs = Calculator("GFN2-xTB", atoms.numbers, atoms.positions / Bohr)
        theirs.set("verbosity", 0)
        theirs.set("accuracy", 0.01)
        theirs.add("electric-field", field.tolist())
        return theirs.singlepoint().get("dipole")

    dipoles = np.array([dipole(field) for field in bohr])
    expected = (dipoles[:3] - dipoles[3:]) / 2e-3
    found = electric_response(atoms)["polarisability"] / (Bohr**2 / Hartree)
    np.testing.assert_allclose(found, expected, atol=2e-3)
    assert np.trace(found) / 3 == pytest.approx(15.098, abs=2e-3)


def test_dipole_and_polarisability_are_derivatives_of_the_energy() -> None:
    atoms, h = molecule_in_vacuum("H2O"), 0.05
    found = electric_response(atoms, PROPERTIES)
    ahead, behind = (np.array([energy(atoms, side * h * axis) for axis in np.eye(3)]) for side in (1, -1))
    np.testing.assert_allclose(found["dipole"], (behind - ahead) / (2 * h), atol=1e-5)
    curvature = (ahead - 2 * energy(atoms, np.zeros(3)) + behind) / h**2
    np.testing.assert_allclose(np.diag(found["polarisability"]), -curvature, atol=1e-4)


def test_born_charges_are_the_slopes_of_the_dipole_and_add_up_to_nothing() -> None:
    atoms, h = molecule_in_vacuum("H2O"), 1e-3
    born = electric_response(atoms, ["born_charges"])["born_charges"]
    np.testing.assert_allclose(born.sum(axis=0), 0.0, atol=1e-6)
    for coordinate in range(9):
        sides = []
        for side in (1, -1):
            moved = atoms.copy()
            moved.positions.flat[coordinate] += side * h
            moved.calc = atoms.calc
            sides.append(moved.get_dipole_moment())
        slope = (sides[0] - sides[1]) / (2 * h)
        np.testing.assert_allclose(born[coordinate // 3, :, coordinate % 3], slope, atol=1e-4)


@settings(max_examples=3)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_response_turns_with_the_molecule(seed: int) -> None:
    turn = random_rotation(np.random.default_rng(seed))
    here, there = (electric_response(molecule_in_vacuum("H2O", r), PROPERTIES) for r in (None, turn))
    np.testing.assert_allclose(there["dipole"], turn @ here["dipole"], atol=1e-5)
    for name in ("polarisability", "born_charges"):
        np.testing.assert_allclose(there[name], turn @ here[name] @ turn.T, atol=2e-4)


def test_the_calculator_is_left_in_the_field_it_was_in() -> None:
    atoms = molecule_in_vacuum("H2O")
    before = atoms.get_potential_energy()
    electric_response(atoms)
    assert atoms.calc.parameters["electric_field"] is None
    assert atoms.get_potential_energy() == pytest.approx(before, abs=1e-9)
    atoms.calc.set(electric_field=FieldVector([0.0, 0.0, 0.2]))
    biased = electric_response(atoms)["polarisability"]
    assert list(atoms.calc.parameters["electric_field"]) == [0.0, 0.0, 0.2]
    atoms.calc.set(electric_field=None)
    assert np.abs(biased - electric_response(atoms)["polarisability"]).max() > 1e-4


def test_given_options_win_over_the_tight_ones() -> None:
    assert tight_oracle("xtb", accuracy=0.5, charge=1).parameters["accuracy"] == 0.5
    assert tight_oracle("xtb", charge=1).parameters["charge"] == 1
    assert type(tight_oracle("emt")).__name__ == "EMT"


def test_what_cannot_answer_says_so() -> None:
    with pytest.raises(
        InputError, match=r"unknown property 'polarizability'; .*; do: write 'polarisability'"
    ):
        checked_properties(["polarizability"], oracle("tblite"))
    with pytest.raises(InputError, match="the calculator EMT gives no dipole; do: use another, such as"):
        checked_properties(["polarisability"], oracle("emt"))
    crystal = bulk("Si")
    crystal.calc = tight_oracle("tblite")
    with pytest.raises(InputError, match=r"open in all directions; got: Si2, pbc T T T"):
        electric_response(crystal)
