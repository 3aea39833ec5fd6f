"""`intertwine dock`: from files to ranked poses, a table and a page; what is wrong is told in one line."""

import csv
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rdkit")
pytest.importorskip("gemmi")

from rdkit import Chem

from intertwine.apps import docking
from intertwine.apps.docking import archive
from intertwine.apps.docking.ligand import embedded
from intertwine.cli.main import main

sys.path.insert(0, str(Path(__file__).parents[1] / "apps" / "docking"))
from pockets import LIBRARY, POCKET, dock_at_once, write_table


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a receptor, a reference and a library; energies are not computed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(docking, "dock_ligand", dock_at_once)
    monkeypatch.setattr(docking, "load_docking_model", lambda path: None)
    (tmp_path / "receptor.pdb").write_text(POCKET)
    (tmp_path / "library.smi").write_text(LIBRARY)
    reference = embedded("[O-]C(=O)C")
    places = reference.GetConformer().GetPositions()
    reference.GetConformer().SetPositions(places + np.array([2.0, 0.0, 6.0]))
    (tmp_path / "reference.sdf").write_text(Chem.MolToMolBlock(reference))
    return tmp_path


ON = ("--center-on", "reference.sdf")


def rows(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "poses.csv").read_text().splitlines()))


def test_a_ligand_becomes_ranked_poses_a_table_and_a_page(here: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["dock", "receptor.pdb", "CC(=O)[O-]", *ON, "--poses", "4"]) == 0
    assert "docked 1 of 1 ligands" in capsys.readouterr().out
    found = rows(here / "docking")
    assert [row["pose"] for row in found] == ["1", "2", "3", "4"]
    energies = [float(row["energy"]) for row in found]
    assert energies == sorted(energies)
    assert all(float(row["rmsd_to_reference"]) >= 0 for row in found)
    records = list(Chem.SDMolSupplier(str(here / "docking" / found[0]["file"]), removeHs=False))
    assert [float(record.GetProp("energy")) for record in records] == energies
    page = (here / "docking" / "report.html").read_text()
    assert "data-scene" in page
    assert "A:SER1" in page


def test_a_library_is_docked_but_for_its_bad_ligands(here: Path, capsys: pytest.CaptureFixture) -> None:
    box = ["--box", "2", "0", "4", "12", "12", "12", "--pages", "0"]
    assert main(["dock", "receptor.pdb", "library.smi", *box, "-o", "screen"]) == 0
    said = capsys.readouterr()
    assert "docked 3 of 6 ligands" in said.out
    assert "not docked: salt" in said.err
    before = {row["name"]: row["energy"] for row in rows(here / "screen")}
    assert main(["dock", "receptor.pdb", "library.smi", *box, "-o", "screen"]) == 0
    assert {row["name"]: row["energy"] for row in rows(here / "screen")} == before


def test_the_box_can_be_about_residues(here: Path) -> None:
    assert main(["dock", "receptor.pdb", "CCO", "--residue", "A:SER1", "--margin", "4"]) == 0
    assert len(rows(here / "docking")) == 9


def test_another_job_in_the_folder_is_told_and_can_be_replaced(
    here: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["dock", "receptor.pdb", "CCO", *ON]) == 0
    assert main(["dock", "receptor.pdb", "CCN", *ON]) == 2
    assert "holds the poses of another job" in capsys.readouterr().err
    assert main(["dock", "receptor.pdb", "CCN", *ON, "--overwrite"]) == 0
    assert {row["name"] for row in rows(here / "docking")} == {"CCN"}


def write_wrong(folder: Path) -> None:
    (folder / "garbage.pdb").write_text("this is no structure\n")
    (folder / "truncated.pdb").write_text(POCKET[:120])
    (folder / "empty.sdf").write_text("")
    (folder / "broken.sdf").write_text("name\n\n\nno counts\n$$$$\n")
    flat = Chem.MolFromSmiles("CCO")
    Chem.rdDepictor.Compute2DCoords(flat)
    (folder / "flat.sdf").write_text(Chem.MolToMolBlock(flat))
    inside = Chem.MolFromMolFile(str(folder / "reference.sdf"), removeHs=False)
    places = inside.GetConformer().GetPositions()
    inside.GetConformer().SetPositions(places - places[0] + np.array([4.5, 0.3, 0.0]))
    (folder / "inside.sdf").write_text(Chem.MolToMolBlock(inside))


WRONG = {
    "no receptor": (["absent.pdb", "CCO", *ON], "no receptor at absent.pdb"),
    "garbage": (["garbage.pdb", "CCO", *ON], "garbage.pdb has no atoms"),
    "truncated": (["truncated.pdb", "CCO", *ON], "cannot be read"),
    "chain": (["receptor.pdb", "CCO", *ON, "--chain", "B"], "has no chain 'B'"),
    "residue": (["receptor.pdb", "CCO", "--residue", "A:SER9"], "did you mean A:SER1"),
    "nowhere": (["receptor.pdb", "CCO"], "where to dock is not told"),
    "twice": (["receptor.pdb", "CCO", *ON, "--residue", "A:SER1"], "told twice"),
    "elsewhere": (["receptor.pdb", "CCO", "--box", "99", "0", "0", "9", "9", "9"], "nearest atom is"),
    "no size": (["receptor.pdb", "CCO", "--box", "0", "0", "0", "9", "9", "0"], "three positive edges"),
    "empty": (["receptor.pdb", "empty.sdf", *ON], "empty.sdf has no record"),
    "broken": (["receptor.pdb", "broken.sdf", *ON], "cannot read the record"),
    "no ligand": (["receptor.pdb", "absent.sdf", *ON], "no ligand file at absent.sdf"),
    "no smiles": (["receptor.pdb", "C1CC", *ON], "cannot read the record"),
    "flat": (["receptor.pdb", "CCO", "--center-on", "flat.sdf"], "lacks three dimensions"),
    "inside": (["receptor.pdb", "CCO", "--center-on", "inside.sdf"], "--without A:ZN101"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_in_one_line(here: Path, capsys: pytest.CaptureFixture, case: str) -> None:
    write_wrong(here)
    words, said = WRONG[case]
    assert main(["dock", *words]) == 2
    line = capsys.readouterr().err.strip()
    assert said in line
    assert "\n" not in line
    assert line.startswith("intertwine: error: ")


def test_a_flat_ligand_gets_a_conformer_and_the_page_says_so(here: Path) -> None:
    write_wrong(here)
    assert main(["dock", "receptor.pdb", "flat.sdf", *ON]) == 0
    assert "conformer made by ETKDG" in (here / "docking" / "report.html").read_text()


def test_what_stands_where_the_reference_is_can_be_taken_out(here: Path) -> None:
    write_wrong(here)
    words = ["receptor.pdb", "CCO", "--center-on", "inside.sdf", "--without", "A:ZN101"]
    assert main(["dock", *words]) == 0
    assert "ZN101" not in (here / "docking" / "report.html").read_text()


def test_the_settings_of_the_search_are_the_users(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def noted(*words: object) -> SimpleNamespace:
        asked.append(words[4:])
        return dock_at_once(*words)

    monkeypatch.setattr(docking, "dock_ligand", noted)
    words = ["--poses", "2", "--starts", "7", "--seed", "3", "--rigid"]
    assert main(["dock", "receptor.pdb", "CCO", *ON, *words]) == 0
    ((plan, flexible),) = asked
    assert (plan.poses, plan.starts, plan.seed, flexible) == (2, 7, 3, False)


def test_an_energy_is_learned_from_a_table_and_docks(here: Path, capsys: pytest.CaptureFixture) -> None:
    table = write_table(here)
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:3]))
    words = ["--epochs", "1", "--starts", "4", "--held-out", "0.5"]
    assert main(["dock", "train", str(table), "-o", "run", *words]) == 0
    assert "held out: " in capsys.readouterr().out
    losses = list(csv.DictReader((here / "run" / "losses.csv").read_text().splitlines()))
    held = list(csv.DictReader((here / "run" / "held_out.csv").read_text().splitlines()))
    assert len(losses) == len(held) == 1
    assert all(np.isfinite(float(line["ranking"])) for line in losses)
    energy = archive.load_docking_model(here / "run" / "model.safetensors")
    assert energy.spec.bound > 0
