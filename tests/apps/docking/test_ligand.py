"""A ligand's torsions cut it into rigid bodies, and its symmetries keep it."""

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rdkit")

from rdkit import Chem

from intertwine.apps.docking import Ligand, fresh_conformer, ligand_from, read_ligands, write_poses
from intertwine.apps.docking.ligand import embedded
from intertwine.errors import InputError
from intertwine.groups import random_rotation

DRUGS = {
    "ibuprofen": "CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)[O-]",
    "imatinib": "Cc1ccc(cc1Nc2nccc(n2)c3cccnc3)NC(=O)c4ccc(cc4)CN5CCN(CC5)C",
    "arginine": "[NH3+][C@@H](CCCNC(=[NH2+])N)C(=O)[O-]",
    "phosphate": "OC[C@H]1O[C@@H](n2cnc3c(N)ncnc32)[C@H](O)[C@@H]1OP(=O)([O-])[O-]",
    "alkyne": "OC(=O)CCC#CCCc1ccccc1",
    "tertiary": "CCN(C)C(=O)CC(=O)N(CC)CC",
    "methane": "C",
}


@pytest.fixture(scope="module")
def ligands() -> dict[str, Ligand]:
    return {name: ligand_from(embedded(smiles), name) for name, smiles in DRUGS.items()}


def complexes() -> Path:
    folder = Path(os.environ.get("INTERTWINE_DATA", "")) / "pdbbind_core2013"
    if not (folder / "index.csv").is_file():
        pytest.skip("the complexes of PDBbind are not here")
    return folder


def adjacency(ligand: Ligand, bonds: np.ndarray) -> np.ndarray:
    matrix = np.zeros((len(ligand), len(ligand)))
    matrix[bonds[:, 0], bonds[:, 1]] = matrix[bonds[:, 1], bonds[:, 0]] = 1
    return matrix


@pytest.mark.parametrize("name", DRUGS)
def test_a_torsion_moves_what_hangs_on_its_far_end_and_nothing_else(ligands: dict, name: str) -> None:
    ligand = ligands[name]
    for (near, far), moved in zip(ligand.torsions, ligand.moves, strict=True):
        assert moved[far]
        assert not moved[near]
        crossing = [(i, j) for i, j in ligand.bonds if moved[i] != moved[j]]
        assert [set(map(int, bond)) for bond in crossing] == [{int(near), int(far)}]


@pytest.mark.parametrize("name", DRUGS)
def test_fragments_are_what_remains_when_all_torsions_are_cut(ligands: dict, name: str) -> None:
    ligand = ligands[name]
    cut = {frozenset(pair) for pair in ligand.torsions.tolist()}
    stiff = np.array([b for b in ligand.bonds.tolist() if frozenset(b) not in cut], dtype=int).reshape(-1, 2)
    reached = np.linalg.matrix_power(np.eye(len(ligand)) + adjacency(ligand, stiff), len(ligand)) > 0
    np.testing.assert_array_equal(reached, ligand.fragments[:, None] == ligand.fragments)
    assert set(ligand.fragments) == set(range(len(ligand.torsions) + 1))
    assert not ligand.moves[:, ligand.fragments == 0].any()


@pytest.mark.parametrize("name", DRUGS)
def test_torsions_come_from_the_root_outwards(ligands: dict, name: str) -> None:
    ligand = ligands[name]
    for number, (near, far) in enumerate(ligand.torsions):
        assert ligand.fragments[far] == number + 1
        assert ligand.fragments[near] <= number


@pytest.mark.parametrize("name", DRUGS)
def test_a_symmetry_keeps_elements_and_bonds(ligands: dict, name: str) -> None:
    ligand = ligands[name]
    bonds = adjacency(ligand, ligand.bonds)
    for permutation in ligand.symmetries:
        np.testing.assert_array_equal(ligand.atoms.numbers[permutation], ligand.atoms.numbers)
        np.testing.assert_array_equal(bonds[np.ix_(permutation, permutation)], bonds)
    np.testing.assert_array_equal(ligand.symmetries[0], np.arange(len(ligand)))
    assert len(np.unique(ligand.symmetries, axis=0)) == len(ligand.symmetries)


def test_symmetries_are_counted_as_by_hand(ligands: dict) -> None:
    counts = {"ibuprofen": 2 * 2 * 2, "imatinib": 2 * 2, "arginine": 2 * 2, "phosphate": 6, "methane": 1}
    assert {name: len(ligands[name].symmetries) for name in counts} == counts


def test_rotatable_bonds_are_counted_as_by_hand(ligands: dict) -> None:
    counts = {"ibuprofen": 4, "imatinib": 7, "arginine": 5, "phosphate": 4, "alkyne": 5, "tertiary": 6}
    assert {name: len(ligands[name].torsions) for name in counts} == counts


def test_charges_are_shared_by_resonance_and_add_up(ligands: dict) -> None:
    arginine = ligands["arginine"].atoms
    assert sorted(np.round(arginine.charge[arginine.charge != 0], 3)) == [-0.5, -0.5, *3 * [0.333], 1.0]
    for name, ligand in ligands.items():
        assert ligand.atoms.charge.sum() == pytest.approx(
            Chem.GetFormalCharge(Chem.MolFromSmiles(DRUGS[name]))
        )


@settings(max_examples=10)
@given(st.sampled_from(sorted(DRUGS)), st.integers(0, 2**31 - 1))
def test_types_and_torsions_do_not_depend_on_where_the_molecule_is(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ligand = ligand_from(embedded(DRUGS[name]), name)
    moved = ligand.at(ligand.positions @ random_rotation(rng).T + rng.normal(size=3))
    again = ligand_from(moved.molecule, name)
    np.testing.assert_array_equal(again.torsions, ligand.torsions)
    np.testing.assert_array_equal(again.atoms.acceptor, ligand.atoms.acceptor)
    np.testing.assert_allclose(again.positions, moved.positions)


def test_every_hydrogen_follows_the_heavy_atom_it_is_bonded_to(ligands: dict) -> None:
    for ligand in ligands.values():
        distance = np.linalg.norm(ligand.positions - ligand.positions[ligand.parents], axis=1)
        assert (distance < 1.2).all()
        np.testing.assert_array_equal(ligand.parents[ligand.heavy], ligand.heavy)
        np.testing.assert_array_equal(
            np.bincount(ligand.parents, minlength=len(ligand.parents))[ligand.heavy] - 1,
            ligand.atoms.hydrogens,
        )


def test_a_fresh_conformer_keeps_graph_and_configuration_and_forgets_the_shape(ligands: dict) -> None:
    ligand = ligands["phosphate"]
    fresh = fresh_conformer(ligand, seed=7)
    np.testing.assert_array_equal(fresh.bonds, ligand.bonds)
    assert not np.allclose(fresh.positions, ligand.positions, atol=0.5)
    smiles = [Chem.MolToSmiles(Chem.RemoveHs(one.molecule)) for one in (ligand, fresh)]
    assert smiles[0] == smiles[1]
    np.testing.assert_array_equal(fresh.positions, fresh_conformer(ligand, seed=7).positions)


def test_one_bad_record_does_not_stop_the_rest(tmp_path: Path, ligands: dict) -> None:
    good = Chem.MolToMolBlock(ligands["ibuprofen"].molecule)
    bad = good.replace(" C ", " Xx", 1)
    path = tmp_path / "library.sdf"
    path.write_text("$$$$\n".join([f"one{good}", f"two{bad}", "three\n\n\nbroken\n", f"four{good}", ""]))
    found = dict(read_ligands(path))
    assert list(found) == ["one", "two", "three", "four"]
    assert [isinstance(ligand, InputError) for ligand in found.values()] == [False, True, True, False]
    assert all("\n" not in str(found[name]) and name in str(found[name]) for name in ("two", "three"))


def test_what_is_missing_is_made_and_said(tmp_path: Path) -> None:
    flat = Chem.MolFromSmiles("OCCc1ccccc1")
    Chem.rdDepictor.Compute2DCoords(flat)
    (tmp_path / "flat.mol").write_text(Chem.MolToMolBlock(flat))
    (tmp_path / "bare.sdf").write_text(Chem.MolToMolBlock(Chem.RemoveHs(embedded("OCCc1ccccc1"))))
    ((_, made),) = read_ligands(tmp_path / "flat.mol")
    ((_, filled),) = read_ligands(tmp_path / "bare.sdf")
    assert made.notes == ("hydrogens added", "conformer made by ETKDG and MMFF94")
    assert filled.notes == ("hydrogens added",)
    assert np.ptp(made.positions[:, 2]) > 0.5


@pytest.mark.parametrize("smiles", ["C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "C/C=C/CO", "C/C=C\\CO"])
def test_configuration_survives_smiles_plane_and_space(tmp_path: Path, smiles: str) -> None:
    flat = Chem.MolFromSmiles(smiles)
    Chem.rdDepictor.Compute2DCoords(flat)
    (tmp_path / "flat.sdf").write_text(Chem.MolToMolBlock(flat))
    (tmp_path / "solid.sdf").write_text(Chem.MolToMolBlock(embedded(smiles)))
    for source in (smiles, tmp_path / "flat.sdf", tmp_path / "solid.sdf"):
        ((_, ligand),) = read_ligands(source)
        found = Chem.RemoveHs(ligand.molecule)
        Chem.AssignStereochemistryFrom3D(found)
        assert Chem.MolToSmiles(found) == Chem.MolToSmiles(Chem.MolFromSmiles(smiles))


def test_a_flat_molecule_in_space_keeps_its_place_and_gets_hydrogens_in_theirs(tmp_path: Path) -> None:
    ring = Chem.RemoveHs(embedded("c1ccccc1"))
    places = ring.GetConformer().GetPositions()
    plane = np.linalg.svd(places - places.mean(axis=0))[2]
    ring.GetConformer().SetPositions((places - places.mean(axis=0)) @ plane.T * [1, 1, 0] + [5, 0, 0])
    (tmp_path / "benzene.sdf").write_text(Chem.MolToMolBlock(ring))
    ((_, ligand),) = read_ligands(tmp_path / "benzene.sdf")
    assert ligand.notes == ("hydrogens added",)
    np.testing.assert_allclose(ligand.atoms.positions, ring.GetConformer().GetPositions(), atol=1e-4)
    distance = np.linalg.norm(ligand.positions - ligand.positions[ligand.parents], axis=1)
    np.testing.assert_allclose(distance[6:], 1.09, atol=0.05)


MOL2 = """\
@<TRIPOS>MOLECULE
formate
 4 3 0 0 0
SMALL
NO_CHARGES

@<TRIPOS>ATOM
 1 C1 0.000 0.000 0.000 C.2 1 FMT 0.0
 2 O1 1.100 0.600 0.000 O.co2 1 FMT 0.0
 3 O2 -1.100 0.600 0.100 O.co2 1 FMT 0.0
 4 H1 0.000 -1.100 0.000 H 1 FMT 0.0
@<TRIPOS>BOND
 1 1 2 ar
 2 1 3 ar
 3 1 4 1
"""


def test_mol2_is_read_record_by_record_compressed_too(tmp_path: Path) -> None:
    (tmp_path / "two.mol2.gz").write_bytes(gzip.compress((MOL2 + MOL2.replace("formate", "again")).encode()))
    found = dict(read_ligands(tmp_path / "two.mol2.gz"))
    assert list(found) == ["formate", "again"]
    assert found["again"].atoms.charge.tolist() == [0, -0.5, -0.5]
    assert len(found["again"].symmetries) == 2


@pytest.mark.parametrize(
    ("smiles", "said"),
    [
        ("CCO.[Na+].[Cl-]", "no ligand has"),
        ("CCO.CC", "several pieces"),
        ("C(", "cannot read"),
        ("CN(C)(C)C", "valence"),
    ],
)
def test_a_smiles_that_cannot_be_docked_is_told_in_one_line(smiles: str, said: str) -> None:
    ((_, error),) = read_ligands(smiles)
    assert isinstance(error, InputError)
    assert said in str(error)


def test_a_file_that_is_not_there_or_empty_is_told(tmp_path: Path) -> None:
    (tmp_path / "torn.sdf.gz").write_bytes(gzip.compress(b"name\n" * 100)[:20])
    (tmp_path / "noise.sdf").write_bytes(bytes(range(128, 256)))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_ligands(tmp_path / "torn.sdf.gz"))
    ((_, noise),) = read_ligands(tmp_path / "noise.sdf")
    assert "cannot read the record" in str(noise)
    (tmp_path / "empty.sdf").write_text("")
    with pytest.raises(InputError, match="no record"):
        list(read_ligands(tmp_path / "empty.sdf"))
    with pytest.raises(InputError, match="no ligand file"):
        list(read_ligands(tmp_path / "absent.sdf"))


def test_poses_come_back_from_their_file(tmp_path: Path, ligands: dict) -> None:
    ligand = ligands["arginine"]
    poses = ligand.positions + np.array([0.0, 3.0])[:, None, None]
    write_poses(tmp_path / "poses.sdf", ligand, poses, {"energy": [-7.5, -6.0]})
    back = [pose for _, pose in read_ligands(tmp_path / "poses.sdf")]
    np.testing.assert_allclose([pose.positions for pose in back], poses, atol=1e-4)
    records = Chem.SDMolSupplier(str(tmp_path / "poses.sdf"))
    assert [record.GetProp("energy") for record in records] == ["-7.5", "-6.0"]


def test_every_crystal_ligand_of_pdbbind_reads_with_its_charge() -> None:
    folder = complexes()
    rows = csv.DictReader((folder / "index.csv").read_text().splitlines())
    refused = set()
    for row in rows:
        ((_, ligand),) = read_ligands(folder / "complexes" / row["id"] / "ligand.sdf")
        if isinstance(ligand, InputError):
            refused.add(row["id"])
            continue
        assert len(ligand) == int(row["n_lig_heavy"])
        assert ligand.atoms.charge.sum() == pytest.approx(int(row["formal_charge"]))
    assert refused <= {"3ag9", "3ge7"}
