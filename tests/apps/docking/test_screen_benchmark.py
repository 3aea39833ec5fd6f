"""The benchmark of screens sees every loss: a result that is missing, doubled or different."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rdkit")
pytest.importorskip("gemmi")

from intertwine.apps.docking import Ligand, ligand_from
from intertwine.apps.docking.ligand import embedded
from intertwine.apps.docking.outcome import Outcome
from intertwine.apps.docking.result_folder import ResultFolder

sys.path.insert(0, str(Path(__file__).parents[3]))
screen = importlib.import_module("benchmarks.docking.screen")
command = importlib.import_module("benchmarks.docking.__main__")


def outcome(number: int, ligand: Ligand, energy: float, seconds: float) -> Outcome:
    names = ("energies", "prior", "inner", "learned", "gradient_norms", "from_best")
    figures: dict[str, Any] = {name: [energy] for name in names} | {"contributions": [[energy]]}
    return Outcome(number, ligand.name, **figures, positions=[ligand.positions.tolist()], seconds=seconds)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    ligand = ligand_from(embedded("CCO"), "ethanol")

    def write(name: str, energies: list[float], seconds: float) -> Path:
        kept = ResultFolder(tmp_path / name, {"pocket": "1aaa"})
        for number, energy in enumerate(energies, 1):
            kept.keep(outcome(number, ligand, energy, seconds), ligand)
        kept.keep(Outcome(len(energies) + 1, "salt", "in several pieces"), None)
        kept.write_table()
        return tmp_path / name

    return write


def told(monkeypatch: pytest.MonkeyPatch, folders: list[Path], killed: int = 1) -> int:
    """Exit status of the command where two screens have written these folders."""
    left = iter(folders)
    one = type("Complex", (), {"name": "1aaa"})
    monkeypatch.setattr(screen, "complexes", lambda: [one] * 3)
    monkeypatch.setattr(screen, "screened", lambda library, options, workers: (next(left), 1.0, killed))
    return command.main(["screen", "--output", str(folders[0].parent / "new")])


def test_screens_are_compared_file_by_file_times_aside(monkeypatch, written, capsys) -> None:
    serial = written("serial", [-7.0, -6.0], 1.0)
    assert told(monkeypatch, [serial, written("same", [-7.0, -6.0], 2.0)]) == 0
    said = capsys.readouterr().out
    assert "results: 3, 1 of them reasons; twice: 0" in said
    assert "files compared: 7; differing or missing: 0" in said
    assert told(monkeypatch, [serial, written("other", [-7.0, -6.1], 1.0)]) == 1
    assert "differing or missing: 3 ligands/000002-ethanol.json" in capsys.readouterr().out
    assert told(monkeypatch, [serial, serial], killed=0) == 1, "a screen that lost no worker says nothing"


def test_a_result_that_is_missing_or_stands_there_twice_is_seen(monkeypatch, written, capsys) -> None:
    serial, lost, doubled = (written(name, [-7.0, -6.0], 1.0) for name in ("serial", "lost", "doubled"))
    (lost / "ligands" / "000002-ethanol.json").unlink()
    assert told(monkeypatch, [serial, lost]) == 1
    assert "results: 2," in capsys.readouterr().out
    (doubled / "ligands" / "000002-again.json").write_text("{}")
    with (doubled / "poses.csv").open("a") as table:
        table.write((doubled / "poses.csv").read_text().splitlines()[1] + "\n")
    assert told(monkeypatch, [serial, doubled]) == 1
    assert "twice: 2" in capsys.readouterr().out


def test_one_worker_is_killed_when_enough_is_done() -> None:
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        killer = screen.Killer(2, lambda: [sleeper.pid, os.getpid()])
        killer(1, None)
        assert sleeper.poll() is None
        killer(2, None)
        killer(3, None)
        assert sleeper.wait(10) == -9
    assert killer.killed == 1


def test_workers_are_told_by_their_name_and_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    own = os.getpid()
    lines = [f"{own} 1 python", f"90001 {own} raylet", "90002 90001 ray::outcome_of", "90003 90001 ray::IDLE"]
    lines += ["90004 1 ray::outcome_of", "90005 90001"]
    listed = subprocess.CompletedProcess([], 0, "\n".join(lines))
    monkeypatch.setattr(subprocess, "run", lambda *words, **how: listed)
    assert screen.at_work() == [90002]


def test_a_folder_with_results_is_left_alone(tmp_path: Path, capsys) -> None:
    (tmp_path / "poses.csv").touch()
    assert command.main(["screen", "--output", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err
