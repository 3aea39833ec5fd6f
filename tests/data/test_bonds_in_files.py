"""Bonds and their labels are read as they are named, and each mistake is one line."""

from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms
from drawn_structures import structures
from hypothesis import given

from intertwine.data import LABELS, Label, LabelKeys, LabelUnits, Structure, read
from intertwine.data.labels import declare
from intertwine.errors import InputError

declare(Label("hopping", "eV", "ij", per="bond", quantity="energy"))
declare(Label("bond_order", "1", per="bond", quantity="number"))

FRAME = """3
Properties=species:S:1:pos:R:3 {} pbc="F F F"
O 0 0 0.12
H 0 0.76 -0.48
H 0 -0.76 -0.48
"""
HOPPING = " ".join(map(str, range(18)))


def frame(folder: Path, comment: str, **keys: str) -> Structure:
    (folder / "a.xyz").write_text(FRAME.format(comment))
    return read(folder / "a.xyz", keys=LabelKeys(**keys), require=())[0]


def test_numbers_in_a_row_are_read_as_pairs_and_their_values(tmp_path):
    found = frame(tmp_path, f'bonds="0 1 1 2" hopping="{HOPPING}" bond_order="1 0"')
    assert found.bonds.tolist() == [[0, 1], [1, 2]]
    np.testing.assert_array_equal(found.labels["hopping"], np.arange(18.0).reshape(2, 3, 3))
    assert found.labels["bond_order"].tolist() == [1, 0]
    assert "bonds" not in found.info


def test_one_bond_with_one_number_is_enough(tmp_path):
    found = frame(tmp_path, 'bonds="2 0" bond_order=1.5')
    assert (found.bonds.tolist(), found.labels["bond_order"].tolist()) == ([[2, 0]], [1.5])


def test_keys_and_units_are_those_that_are_named():
    atoms = Atoms("H2", positions=[[0, 0, 0], [0, 0, 1]], cell=4 * np.eye(3), pbc=True)
    atoms.info |= {"pairs": [[0, 1]], "images": [[0, 0, -1]], "t": np.eye(3), "bonds": "mine"}
    keys = LabelKeys(bonds="pairs", bond_shifts="images", hopping="t")
    found = Structure.from_ase(atoms, keys, LabelUnits(hopping="meV"))
    np.testing.assert_allclose(found.labels["hopping"], [0.001 * np.eye(3)])
    assert (found.bonds.tolist(), found.bond_shifts.tolist()) == ([[0, 1]], [[0, 0, -1]])


@given(structures(max_atoms=3))
def test_what_ase_writes_is_read_again(tmp_path_factory, structure):
    """As a user would have made the file, without us."""
    path = tmp_path_factory.mktemp("ase") / "a.xyz"
    atoms = Atoms("H" * len(structure), cell=np.eye(3), pbc=structure.pbc, info=dict(structure.pairs))
    if "hopping" in structure.labels:
        atoms.info["hopping"] = structure.labels["hopping"]
    ase.io.write(path, atoms, format="extxyz")
    (again,) = read(path, require=())
    np.testing.assert_array_equal(again.bonds, structure.bonds)
    np.testing.assert_array_equal(again.bond_shifts, structure.bond_shifts)
    if "hopping" in structure.labels:
        np.testing.assert_array_equal(again.labels["hopping"], structure.labels["hopping"])


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        (
            f'hopping="{HOPPING}"',
            "hopping under the key 'hopping' is a label of bonds, and the frame names none",
        ),
        (f'bonds="0 1" hopping="{HOPPING}"', r"a wrong shape; got: \(18,\); accepted: 1 x 3 x 3"),
        ('bonds="0 1 2"', "bonds under the key 'bonds' are not whole numbers, 2 for each bond"),
        ('bonds="0 1.5"', "are not whole numbers.*name another key for them: keys: {bonds: ...}"),
        ('bonds="single"', "are not whole numbers, 2 for each bond; got: 'single'"),
        ('bonds="0 3"', r"bond 0 joins an atom that is not there; got: \[0, 3\]; accepted: .* 0 to 2"),
        ('bonds="1 0 -1 2"', r"bond 1 joins an atom that is not there; got: \[-1, 2\]"),
        ('bonds="0 1" bond_shifts="0 0 1"', "a bond is shifted along an open axis"),
        ('bonds="0 1" bond_shifts="0 0"', "bond shifts under the key 'bond_shifts' are not whole numbers, 3"),
        ('bonds="0 1" bond_shifts="0 0 0 0 0 0"', r"wrong shape; got: \(2, 3\); accepted: \(1, 3\)"),
    ],
)
def test_each_mistake_in_a_file_is_one_line_that_names_the_frame(tmp_path, comment, message):
    with pytest.raises(InputError, match=message) as caught:
        frame(tmp_path, comment)
    assert "\n" not in str(caught.value)
    assert "frame 0 of" in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"bonds": [[0, 1, 0]]}, r"bonds are not whole numbers, 2 for each bond; got: \[\[0, 1, 0\]\]"),
        ({"bonds": [[0], [0, 1]]}, "bonds are not whole numbers, 2 for each bond"),
        ({"bonds": [[0, np.nan]]}, "bonds are not whole numbers"),
        ({"bonds": [[0, 1]], "bond_shifts": [[0, 0]]}, "shifts of bonds are not whole numbers, 3"),
        ({"bonds": [[0, 0.5]]}, "bonds are not whole numbers"),
        ({"bonds": [[0, 1]], "labels": {"hopping": np.eye(3)}}, r"hopping values have a wrong shape"),
        ({"labels": {"hopping": np.eye(3)[None]}}, "hopping is a label of bonds, and there are none"),
        ({"info": {"bonds": "mine"}}, "info may not hold 'bonds'; do: give bonds=… to the structure"),
    ],
)
def test_each_mistake_in_a_structure_is_one_line(fields, message):
    with pytest.raises(InputError, match=message) as caught:
        Structure([1, 1], [[0, 0, 0], [0, 0, 1]], **fields)
    assert "\n" not in str(caught.value)


def test_words_that_other_programs_keep_of_atoms_are_no_bonds():
    """ASE's reader of LAMMPS data has them."""
    atoms = Atoms("H2", positions=[[0, 0, 0], [0, 0, 1]])
    atoms.arrays["bonds"] = np.array(["1(1)", "_"])
    assert Structure.from_ase(atoms).pairs == {}


def test_an_archive_may_name_as_many_bonds_as_atoms(tmp_path):
    places = np.zeros((2, 2, 3)) + np.arange(2)[:, None]
    bonds = np.array([[[0, 1], [1, 0]], [[1, 1], [0, 0]]])
    np.savez(tmp_path / "a.npz", z=[1, 1], R=places, bonds=bonds, bond_order=np.array([[1.0, 2], [3, 4]]))
    frames = read(tmp_path / "a.npz", require=())
    assert [frame.bonds.tolist() for frame in frames] == bonds.tolist()
    assert frames[1].labels["bond_order"].tolist() == [3, 4]


def test_a_label_cannot_be_called_bonds():
    with pytest.raises(InputError, match="a label cannot be called 'bond_shifts'"):
        declare(Label("bond_shifts", "1"))
    assert "bond_shifts" not in LABELS


def test_new_bonds_forget_the_old_shifts():
    wire = Structure([1], [[0, 0, 0]], np.eye(3), True, bonds=[[0, 0]], bond_shifts=[[1, 0, 0]])
    assert not wire.replace(bonds=[[0, 0], [0, 0]]).bond_shifts.any()
    assert wire.replace(positions=[[0, 0, 1]]).bond_shifts.tolist() == [[1, 0, 0]]
