"""A library is docked once and whole, whoever does it, whatever happens on the way."""

import csv
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rdkit")
pytest.importorskip("gemmi")

from pockets import LIBRARY, POCKET, dock_and_die_once, dock_at_once

from intertwine.apps.docking import Box, read_ligands, read_receptor
from intertwine.apps.docking.outcome import Outcome, Setting, outcome_of
from intertwine.apps.docking.report import write_reports
from intertwine.apps.docking.result_folder import ResultFolder
from intertwine.apps.docking.screening import screen
from intertwine.errors import InputError

DECORATED = ("Cl", "C=O", "C#N", "CO", "CN", "OC")
NAMES = ["ethanol", "acetate", "library-3", "salt", "phenol", "acetonitrile"]


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    (tmp_path / "receptor.pdb").write_text(POCKET)
    (tmp_path / "library.smi").write_text(LIBRARY)
    box = Box(np.array([2.0, 0.0, 4.0]), np.full(3, 12.0))
    plan = SimpleNamespace(poses=3, seed=0)
    return Setting(read_receptor(tmp_path / "receptor.pdb"), box, str(tmp_path), plan, dock_at_once)


def screened(folder: Path, setting: Setting, **how: object) -> dict[str, str]:
    """Texts of the table and of all poses, by name of the file."""
    results = ResultFolder(folder, {"seed": 0})
    screen(read_ligands(folder.parent / "library.smi"), setting, results, **how)
    results.write_table()
    files = [folder / "poses.csv", *sorted(folder.glob("ligands/*.sdf"))]
    return {file.name: _undated(file.read_text()) for file in files}


def _undated(text: str) -> str:
    """Without the line of each record in which RDKit writes itself, and other programs the date."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("     RDKit"))


def test_every_ligand_is_told_once_and_a_bad_one_stops_nothing(tmp_path: Path, setting: Setting) -> None:
    texts = screened(tmp_path / "screen", setting)
    rows = list(csv.DictReader(texts["poses.csv"].splitlines()))
    assert list(dict.fromkeys(row["name"] for row in rows)) == NAMES
    said = {row["name"]: row["error"] for row in rows if row["error"]}
    assert sorted(said) == ["acetonitrile", "library-3", "salt"]
    assert "pieces" in said["salt"] or "element" in said["salt"]
    assert sum(row["name"] == "phenol" for row in rows) == 3
    assert len(texts) == 1 + 3


def test_an_interrupted_screen_goes_on_where_it_was(tmp_path: Path, setting: Setting) -> None:
    whole = screened(tmp_path / "whole", setting)
    done: list[int] = []

    def stop(number: int, outcome: Outcome | None) -> None:
        done.append(number)
        if number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        screened(tmp_path / "part", setting, advance=stop)
    assert len(list((tmp_path / "part").glob("ligands/*.json"))) == 2
    again: list[Outcome | None] = []
    resumed = screened(tmp_path / "part", setting, advance=lambda number, outcome: again.append(outcome))
    assert resumed == whole
    assert [outcome is None for outcome in again] == [True, True, False, False, False, False]


def test_a_folder_serves_one_job(tmp_path: Path) -> None:
    ResultFolder(tmp_path, {"seed": 0})
    with pytest.raises(InputError, match="another job"):
        ResultFolder(tmp_path, {"seed": 1})


def test_of_a_hundred_ligands_two_workers_one_killed_lose_none(
    tmp_path: Path, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # workers are to find `pockets`
    heads, tails = ("C", "N", "O", "F", "Cl", "CO", "CN", "N#C", "C=C", "C#C"), (*"CNOF", *DECORATED)
    library = LIBRARY + "".join(f"{head}CC{tail} {head}-{tail}\n" for head in heads for tail in tails)
    (tmp_path / "library.smi").write_text("".join(library.splitlines(keepends=True)[:100]))
    alone = screened(tmp_path / "alone", setting)
    mortal = replace(setting, dock=dock_and_die_once)
    together = screened(tmp_path / "together", mortal, workers=2)
    assert (tmp_path / "killed").exists(), "no worker was killed"
    assert len(list((tmp_path / "together").glob("ligands/*.json"))) == 100
    assert together == alone


def test_a_reference_is_compared_atom_by_atom_whatever_its_order(setting: Setting) -> None:
    ((_, ligand),) = read_ligands("CC(=O)[O-]")
    ((_, other),) = read_ligands("[O-]C(=O)C")
    moved = other.at(other.positions + setting.box.centre)
    still = lambda *words: SimpleNamespace(  # noqa: E731
        **vars(dock_at_once(*words))
        | {"positions": (ligand.positions + setting.box.centre)[None].repeat(3, 0)}
    )
    compared = Setting(setting.receptor, setting.box, None, setting.plan, still, reference=moved)
    found = outcome_of(compared, 1, "acetate", ligand)
    assert not found.error
    assert len(found.from_reference) == 3
    assert max(found.from_best) == 0.0


def test_an_error_of_ours_is_told_as_one(setting: Setting) -> None:
    ((_, ligand),) = read_ligands("CCO")

    def broken(*words: object) -> None:
        raise ZeroDivisionError("division by zero")

    found = outcome_of(Setting(setting.receptor, setting.box, None, setting.plan, broken), 1, "CCO", ligand)
    assert found.error.startswith("unexpected ZeroDivisionError: division by zero (test_screening.py:")


def test_the_page_of_a_library_leads_to_those_of_its_best(tmp_path: Path, setting: Setting) -> None:
    screened(tmp_path / "screen", setting)
    page = write_reports(ResultFolder(tmp_path / "screen", {"seed": 0}), setting, most=2).read_text()
    pages = sorted((tmp_path / "screen").glob("ligands/*.html"))
    assert len(pages) == 2
    assert all(f'<a href="ligands/{file.name}">' in page for file in pages)
    assert "acetonitrile does not fit" in page
    assert "http" not in pages[0].read_text().replace("http://www.w3.org", "")


def test_poses_pass_through_posebusters(setting: Setting) -> None:
    pytest.importorskip("posebusters")
    ((_, ligand),) = read_ligands("CCO")
    checked = Setting(setting.receptor, setting.box, None, setting.plan, dock_at_once, checked=True)
    found = outcome_of(checked, 1, "ethanol", ligand)
    assert not found.error
    assert all(check["bond_lengths"] for check in found.checks)
    assert found.rows()[0]["checks_passed"].endswith(f"/{len(found.checks[0])}")
