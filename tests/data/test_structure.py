"""A structure is a checked, frozen value; labels and ASE agree with it both ways."""

import copy
import dataclasses

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.calculators.emt import EMT
from drawn_structures import structures
from hypothesis import given

from intertwine.data import LABELS, LabelKeys, LabelUnits, Structure
from intertwine.errors import InputError
from intertwine.units import factor

FIELDS = ("numbers", "positions", "cell", "pbc", "electric_field", "bonds", "bond_shifts")


def assert_same(first: Structure, second: Structure) -> None:
    """Equal to the last bit (but for the sign of zero), info included."""
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), strict=True)
    assert list(first.labels) == list(second.labels)
    for name, value in first.labels.items():
        np.testing.assert_array_equal(value, second.labels[name], strict=True)
    assert dict(first.info) == dict(second.info)


@given(structures())
def test_ase_gives_back_the_same_structure(structure):
    assert_same(Structure.from_ase(structure.to_ase()), structure)


@given(structures())
def test_a_copy_is_the_same_structure(structure):
    assert_same(copy.deepcopy(structure), structure)


@given(structures())
def test_nothing_of_a_structure_can_be_written(structure):
    arrays = [getattr(structure, name) for name in FIELDS]
    for array in [*arrays, *structure.labels.values()]:
        assert not array.flags.writeable
    with pytest.raises(dataclasses.FrozenInstanceError):
        structure.numbers = np.array([1])
    with pytest.raises(TypeError):
        structure.labels["energy"] = np.array(0.0)


def test_the_caller_keeps_an_array_of_their_own():
    positions = np.zeros((1, 3))
    structure = Structure([1], positions)
    positions += 1.0
    assert not structure.positions.any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"numbers": []}, "a structure has no atoms"),
        ({"numbers": [1, 0]}, "atom 1 has an atomic number out of range; got: 0"),
        ({"numbers": [1, 119]}, "accepted: 1 (H) to 118 (Og)"),
        ({"numbers": [1, 1.5]}, "atomic numbers are not a list of integers"),
        ({"numbers": ["H", "H"]}, "atomic numbers are not a list of integers"),
        ({"positions": [[0, 0, 0], [0, np.nan, 0]]}, "positions are not finite at (1, 1); got: nan"),
        ({"positions": [[0, 0, 0], [0, 0, np.inf]]}, "positions are not finite at (1, 2); got: inf"),
        ({"positions": [[0, 0, 0]]}, "positions have a wrong shape; got: (1, 3); accepted: (2, 3)"),
        ({"positions": [["x", 0, 0]] * 2}, "positions are not numbers"),
        ({"cell": np.eye(2)}, "cell vectors have a wrong shape"),
        ({"cell": np.full((3, 3), np.nan)}, "cell vectors are not finite"),
        ({"pbc": [True, True]}, "pbc is wrong"),
        ({"pbc": True}, "the cell has no volume along its periodic axes (a, b, c)"),
        (
            {"pbc": [0, 0, 1], "cell": np.diag([3.0, 3.0, 0.0])},
            "along its periodic axes (c); got: [[0.0, 0.0",
        ),
        ({"pbc": True, "cell": [[1, 0, 0], [0, 1, 0], [1, 1, 0]]}, "do: give the cell, or set pbc to F"),
        ({"pbc": True, "cell": np.diag([3, 3, 1e-5])}, "linearly independent lattice vectors"),
        (
            {"labels": {"force": 0.0}},
            "unknown label 'force'; accepted: energy, forces, stress, dipole",
        ),
        ({"labels": {"forces": np.zeros((1, 3))}}, "forces values have a wrong shape; got: (1, 3)"),
        ({"labels": {"energy": np.nan}}, "energy values are not finite; got: nan"),
        ({"labels": {"stress": np.triu(np.ones((3, 3)))}}, "stress lacks the symmetry ij=ji of its indices"),
        ({"info": {"energy": 1.0}}, "info may not hold 'energy'"),
    ],
)
def test_what_cannot_be_a_structure_is_said_in_one_line(change, message):
    hydrogen = Structure([1, 1], [[0, 0, 0], [0, 0, 0.74]])
    with pytest.raises(InputError) as caught:
        hydrogen.replace(**change)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("pbc", [(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 0, 1), (1, 1, 0)])
def test_open_axes_may_have_no_cell_vector(pbc):
    cell = np.diag(3.0 * np.array(pbc, dtype=float))
    structure = Structure([1], [[0, 0, 0]], cell, pbc)
    np.testing.assert_array_equal(structure.cell, cell)
    np.testing.assert_array_equal(structure.pbc, np.array(pbc, dtype=bool))
    assert structure.volume == 0.0


def test_a_left_handed_cell_has_its_volume():
    assert Structure([1], [[0, 0, 0]], np.diag([2.0, 3.0, -4.0]), True).volume == pytest.approx(24.0)


def test_ase_calculators_give_their_labels_in_our_sign_and_shape():
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.05, seed=1)
    atoms.calc = EMT()
    atoms.get_stress()
    structure = Structure.from_ase(atoms, require=("energy", "forces", "stress"))
    np.testing.assert_array_equal(structure.labels["forces"], atoms.get_forces())
    np.testing.assert_allclose(structure.labels["stress"], atoms.get_stress(voigt=False), atol=1e-15)
    assert structure.labels["energy"] == atoms.get_potential_energy()


def test_results_of_other_positions_are_no_labels():
    atoms = molecule("CO")
    atoms.calc = EMT()
    atoms.get_potential_energy()
    atoms.rattle(0.1)
    assert not Structure.from_ase(atoms).labels


def test_labels_are_never_computed():
    atoms = fcc111("Al", (1, 1, 2), vacuum=5.0)
    atoms.calc = EMT()
    assert not Structure.from_ase(atoms).labels
    assert not atoms.calc.results


def test_info_and_arrays_come_before_stored_results():
    atoms = Structure([1], [[0, 0, 0]], labels={"energy": 1.0}).to_ase()
    atoms.info["energy"] = 2.0
    assert Structure.from_ase(atoms).labels["energy"] == 2.0


@pytest.mark.parametrize("energy", ["eV", "hartree", "kcal/mol", "kJ/mol", "meV", "rydberg"])
def test_units_scale_the_labels(energy):
    labels = {"E": 2.0, "F": [[1.0, 2.0, 3.0]], "S": np.arange(6.0)}
    units = LabelUnits(energy=energy, forces=f"{energy}/bohr", stress="GPa")
    structure = Structure.from_ase(
        Atoms("H", info=labels), LabelKeys(energy="E", forces="F", stress="S"), units
    )
    assert structure.labels["energy"] == 2.0 * factor(energy, "energy")
    np.testing.assert_allclose(
        structure.labels["forces"], np.array(labels["F"]) * factor(f"{energy}/bohr", "force")
    )
    gigapascal = 1.0 / 160.2176634
    np.testing.assert_allclose(structure.labels["stress"][0, 1], 5.0 * gigapascal, rtol=1e-8)
    np.testing.assert_allclose(structure.labels["stress"][1, 2], 3.0 * gigapascal, rtol=1e-8)


@pytest.mark.parametrize("shape", [(9,), (3, 3), (1, 9)])
def test_stress_may_come_as_nine_numbers_in_any_shape(shape):
    stress = np.array([[1.0, 6.0, 5.0], [6.0, 2.0, 4.0], [5.0, 4.0, 3.0]])
    for atoms in (Atoms("H", info={"S": stress.reshape(shape)}), Atoms("H", info={"S": [1, 2, 3, 4, 5, 6]})):
        np.testing.assert_array_equal(
            Structure.from_ase(atoms, LabelKeys(stress="S")).labels["stress"], stress
        )


def test_a_stress_of_another_size_is_refused():
    with pytest.raises(InputError, match=r"stress under the key 'S' has a wrong shape; got: \(5,\)"):
        Structure.from_ase(Atoms("H", info={"S": np.zeros(5)}), LabelKeys(stress="S"))


def test_a_wrong_key_names_the_keys_that_exist_and_the_nearest():
    atoms = Atoms("H2", info={"REF_energy": 1.0, "config_type": "x"})
    atoms.arrays["REF_forces"] = np.zeros((2, 3))
    with pytest.raises(InputError) as caught:
        Structure.from_ase(
            atoms, LabelKeys(energy="REF_enrgy", forces="REF_forces"), require=("energy", "forces")
        )
    text = "no energy under the key 'REF_enrgy'; got: keys REF_energy, config_type, REF_forces"
    assert str(caught.value) == f"{text}; do: set the energy key to 'REF_energy'"


def test_a_wrong_key_is_never_mended_with_a_value_of_another_shape():
    atoms = Atoms("H2", info={"force": 1.0})
    with pytest.raises(InputError, match="do: name the key that holds the forces"):
        Structure.from_ase(atoms, require=("forces",))


@pytest.mark.parametrize("name", sorted(name for name, label in LABELS.items() if label.quantity))
def test_a_wrong_unit_names_the_known_ones(name):
    with pytest.raises(InputError, match=f"unknown {LABELS[name].quantity} unit 'furlong'; accepted: "):
        LabelUnits(**{name: "furlong"})


def test_every_label_has_its_own_name_as_key_and_its_own_unit_as_unit():
    for name, label in LABELS.items():
        assert LabelKeys()[name] == label.name == name
        assert LabelUnits().factor(name) == 1.0
        assert label.unit == LabelUnits()[name]
