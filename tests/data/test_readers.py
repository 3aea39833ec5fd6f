"""Files to structures: every format, key and unit says what it means."""

import gzip

import ase.db
import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from intertwine.data import (
    LabelKeys,
    LabelUnits,
    Structure,
    isolated_energies,
    read,
    read_rmd17,
    without_isolated_atoms,
    write,
)
from intertwine.errors import InputError
from intertwine.units import factor

FRAME = (
    '2\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-1.5 pbc="F F F"\nH 0 0 0 1 2 3\nH 0 0 1 -1 -2 -3\n'
)


def copper(seed: int) -> Atoms:
    """A rattled crystal with EMT's energy, forces and stress."""
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.05, seed=seed)
    calculator = EMT()
    atoms.calc = calculator
    atoms.get_stress()
    atoms.calc = SinglePointCalculator(atoms, **calculator.results)
    return atoms


@pytest.mark.parametrize("name", ["a.extxyz", "a.traj", "a.db", "a.json", "a.xyz.gz"])
def test_every_format_that_keeps_labels_gives_the_same(tmp_path, name):
    images = [copper(seed) for seed in range(3)]
    ase.io.write(tmp_path / name, images)
    read_again = read(tmp_path / name, require=("energy", "forces", "stress"))
    assert len(read_again) == 3
    for atoms, structure in zip(images, read_again, strict=True):
        np.testing.assert_allclose(structure.positions, atoms.positions, atol=1e-8)
        np.testing.assert_allclose(structure.labels["energy"], atoms.get_potential_energy(), atol=1e-8)
        np.testing.assert_allclose(structure.labels["forces"], atoms.get_forces(), atol=1e-8)
        np.testing.assert_allclose(structure.labels["stress"], atoms.get_stress(voigt=False), atol=1e-8)


@pytest.mark.parametrize(("name", "format"), [("POSCAR", "vasp"), ("a.cif", "cif"), ("a.xsf", "xsf")])
def test_bare_structures_are_read_when_no_label_is_required(tmp_path, name, format):
    ase.io.write(tmp_path / name, copper(0), format=format)
    (structure,) = read(tmp_path / name, require=())
    assert structure.formula == "Cu4"
    assert structure.pbc.all()


def test_a_database_row_gives_its_pairs_and_data_as_labels(tmp_path):
    with ase.db.connect(tmp_path / "a.db") as database:
        for row in range(4):
            database.write(bulk("Cu", cubic=True), dft=row + 0.5, data={"dft_forces": np.full((4, 3), row)})
    before = sorted(tmp_path.iterdir())
    structures = read(tmp_path / "a.db", keys=LabelKeys(energy="dft", forces="dft_forces"), index="1::2")
    assert [float(s.labels["energy"]) for s in structures] == [1.5, 3.5]
    assert [float(s.labels["forces"][0, 0]) for s in structures] == [1.0, 3.0]
    assert sorted(tmp_path.iterdir()) == before


def test_another_database_is_refused_and_left_alone(tmp_path):
    import sqlite3

    file = tmp_path / "other.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE prices (amount)")
    connection.commit()
    connection.close()
    before = file.read_bytes()
    with pytest.raises(InputError, match=r"other.db is no ASE database; got: tables prices"):
        read(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (":", [0, 1, 2, 3]),
        ("1:3", [1, 2]),
        ("::2", [0, 2]),
        ("-1", [3]),
        (2, [2]),
        (-2, [2]),
        ("-2:", [2, 3]),
    ],
)
def test_an_index_means_what_it_means_in_ase(tmp_path, index, expected):
    write(tmp_path / "a.xyz", [Structure([1], [[0, 0, 0]], labels={"energy": i}) for i in range(4)])
    found = read(tmp_path / "a.xyz", index=index, require=("energy",))
    assert [int(s.labels["energy"]) for s in found] == expected
    for structure, frame in zip(found, expected, strict=True):
        number = int(structure.info["source"].split()[1])
        assert range(4)[number] == frame


@pytest.mark.parametrize("index", ["a", "1:2:0", "7", "9:"])
def test_an_index_that_selects_nothing_is_said(tmp_path, index):
    (tmp_path / "a.xyz").write_text(FRAME)
    with pytest.raises(InputError, match="accepted: ':'"):
        read(tmp_path / "a.xyz", index=index)


def test_a_stress_may_come_as_nine_or_six_numbers_under_any_key(tmp_path):
    nine = "1 6 5 6 2 4 5 4 3"
    texts = {key: FRAME.replace("energy", f'{key}="{{}}" energy') for key in ("stress", "REF_stress")}
    for key, text in texts.items():
        for numbers in (nine, "1 2 3 4 5 6", "1.0, 2.0, 3.0, 4.0, 5.0, 6.0"):
            (tmp_path / "a.xyz").write_text(text.format(numbers))
            (structure,) = read(tmp_path / "a.xyz", keys=LabelKeys(stress=key))
            np.testing.assert_array_equal(structure.labels["stress"].ravel(), np.fromstring(nine, sep=" "))


def test_periodicity_is_taken_as_stated_and_a_lattice_of_zeros_is_open(tmp_path):
    zeros = 'Lattice="0 0 0 0 0 0 0 0 0"'
    for comment, pbc in (
        (zeros, [False] * 3),
        ("", [False] * 3),
        ('Lattice="3 0 0 0 3 0 0 0 3"', [True] * 3),
        ('Lattice="3 0 0 0 3 0 0 0 0" pbc="T T F"', [True, True, False]),
        ('Lattice="0 0 0 0 3 0 0 0 0" pbc="F T F"', [False, True, False]),
    ):
        (tmp_path / "a.xyz").write_text(FRAME.replace('pbc="F F F"', comment))
        (structure,) = read(tmp_path / "a.xyz")
        assert structure.pbc.tolist() == pbc
    (tmp_path / "a.xyz").write_text(FRAME.replace('pbc="F F F"', f'{zeros} pbc="T T T"'))
    with pytest.raises(InputError, match=r"frame 0 of .*a.xyz: the cell has no volume"):
        read(tmp_path / "a.xyz")


def test_a_free_energy_is_taken_when_it_is_named(tmp_path):
    (tmp_path / "a.xyz").write_text(FRAME.replace("energy=-1.5", "energy=-1.5 free_energy=-1.75"))
    (structure,) = read(tmp_path / "a.xyz", keys=LabelKeys(energy="free_energy"))
    assert structure.labels["energy"] == -1.75


def test_rmd17_is_read_in_its_own_keys_and_units(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        "nuclear_charges": np.array([8, 1, 1]),
        "coords": rng.normal(size=(5, 3, 3)),
        "energies": rng.normal(size=5),
        "forces": rng.normal(size=(5, 3, 3)),
        "old_forces": rng.normal(size=(5, 3, 3)),
    }
    np.savez(tmp_path / "a.npz", **arrays)
    found = read_rmd17(tmp_path / "a.npz", index="1::2")
    kilocalorie = factor("kcal/mol", "energy")
    assert len(found) == 2
    for frame, structure in zip((1, 3), found, strict=True):
        assert structure.formula == "H2O"
        assert structure.info == {"source": f"frame {frame} of {tmp_path / 'a.npz'}"}
        np.testing.assert_array_equal(structure.positions, arrays["coords"][frame])
        np.testing.assert_allclose(structure.labels["energy"], arrays["energies"][frame] * kilocalorie)
        np.testing.assert_allclose(structure.labels["forces"], arrays["forces"][frame] * kilocalorie)


def test_an_archive_may_hold_crystals(tmp_path):
    cell = np.diag([3.0, 3.0, 3.0])
    np.savez(tmp_path / "a.npz", z=[29], R=np.zeros((2, 1, 3)), energy=[1.0, 2.0], cell=cell, pbc=[1, 1, 1])
    first, second = read(tmp_path / "a.npz", require=("energy",), units=LabelUnits(energy="meV"))
    np.testing.assert_array_equal(first.cell, cell)
    assert second.labels["energy"] == 2.0 * 1e-3
    assert second.pbc.all()


@pytest.mark.parametrize("mark", ["IsolatedAtom", "isolated_atom", "Isolated_Atom"])
def test_isolated_atoms_need_only_an_energy_and_are_found(tmp_path, mark):
    atoms = "".join(
        f"1\nProperties=species:S:1:pos:R:3 config_type={mark} energy={energy}\n{element} 0 0 0\n"
        for element, energy in (("O", -432.0), ("H", -13.6))
    )
    (tmp_path / "a.xyz").write_text(FRAME + atoms)
    structures = read(tmp_path / "a.xyz", require=("energy", "forces"))
    assert isolated_energies(structures) == {1: -13.6, 8: -432.0}
    assert [s.formula for s in without_isolated_atoms(structures)] == ["H2"]


def test_one_atom_that_is_not_marked_is_an_ordinary_frame(tmp_path):
    (tmp_path / "a.xyz").write_text("1\nProperties=species:S:1:pos:R:3 energy=1.0\nH 0 0 0\n")
    with pytest.raises(InputError, match="no forces under the key 'forces'"):
        read(tmp_path / "a.xyz")


def test_two_isolated_atoms_that_disagree_are_refused():
    atoms = [
        Structure([1], [[0, 0, 0]], None, False, {"energy": e}, {"config_type": "IsolatedAtom"})
        for e in (1, 2)
    ]
    with pytest.raises(InputError, match=r"two isolated atoms H disagree; got: 1.0 and 2.0 eV"):
        isolated_energies(atoms)
    with pytest.raises(InputError, match="the isolated atom H has no energy"):
        isolated_energies([atoms[0].replace(labels={})])


def test_compressed_text_is_read(tmp_path):
    (tmp_path / "a.xyz.gz").write_bytes(gzip.compress(FRAME.encode() * 2))
    assert len(read(tmp_path / "a.xyz.gz")) == 2
