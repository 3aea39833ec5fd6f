"""The comparison at equal budgets: what needs no peer, on stand-ins for data, programs and records."""

import ast
import importlib
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from copper_clusters import cluster
from hypothesis import given
from hypothesis import strategies as st

from intertwine.errors import InputError

PROJECT = Path(__file__).parents[2]
ALONE = 3.5
"""Energy of the isolated atom of the stand-in, eV."""
PROGRAM = """#!{python}
import json, os, pathlib, sys
path = pathlib.Path(sys.argv[-1])
job = json.loads(path.read_text())
if job["settings"] == {{"preset": "large"}}:
    sys.exit("no")
errors = {{"energy": 2.0, "forces": 30.0, "us_per_atom": 50.0}}
answer = {{"versions": {{}}, "parameters": 7, "wall_seconds": 9.0, "threads": os.environ["OMP_NUM_THREADS"]}}
answer["ticks"] = [100.0, 109.0] + [109.0 + 0.25 * k for k in range(1, job.get("epochs", 1))]
answer["tests"] = {{name: errors for name in job.get("tests", ())}}
path.with_name("answer.json").write_text(json.dumps(answer))
"""
"""Stands in for the programs of all packages: 0.25 s of CPU time an epoch, the first one longer."""


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROJECT)


def room(name: str) -> ModuleType:
    return importlib.import_module(f"benchmarks.pareto.{name}")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copper clusters under the names of the public files."""
    folder, rng = tmp_path / "data" / "acac", np.random.default_rng(0)
    folder.mkdir(parents=True)
    for name, frames in (("train_300K", 60), ("test_MD_300K", 2), ("test_MD_600K", 3)):
        ase.io.write(folder / f"{name}.xyz", [cluster(5, 0.1, rng) for _ in range(frames)])
    alone = Atoms("Cu", info={"config_type": "isolated_atom", "energy": ALONE})
    ase.io.write(folder / "isolated_atoms.xyz", alone)
    monkeypatch.setenv("INTERTWINE_DATA", str(folder.parent))
    return folder


def test_all_packages_read_one_split_with_energies_above_isolated_atoms(data: Path, tmp_path: Path) -> None:
    listed = room("frames").write_frames(tmp_path / "frames", seed=0)
    train, valid = (ase.io.read(listed[name], ":") for name in ("train", "valid"))
    assert (len(train), len(valid), listed["species"]) == (10, 50, [29])
    original = {frame.positions.tobytes(): frame for frame in ase.io.read(data / "train_300K.xyz", ":")}
    for frame in train + valid:
        source = original.pop(frame.positions.tobytes())
        gained = source.get_potential_energy() - frame.get_potential_energy()
        assert gained == pytest.approx(5 * ALONE, abs=1e-12)
        np.testing.assert_array_equal(frame.get_forces(), source.get_forces())
    assert not original
    assert {name: len(ase.io.read(file, ":")) for name, file in listed["tests"].items()} == {
        "300 K": 2,
        "600 K": 3,
    }
    assert len(ase.io.read(listed["probe_train"], ":")) == 2


def test_an_environment_is_made_once_or_its_failure_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments, asked = importlib.import_module("benchmarks.environments"), []

    def pip(command: list[str], **options: Any) -> SimpleNamespace:
        asked.append(command)
        Path(command[-1]).mkdir(parents=True, exist_ok=True) if "venv" in command else None
        failed = "nowhere" in command
        return SimpleNamespace(returncode=int(failed), stderr="ERROR: no such thing\n" if failed else "")

    monkeypatch.setattr(environments.subprocess, "run", pip)
    for _ in range(2):
        python = environments.interpreter("peer", ("peer==1", "torch"), tmp_path)
        assert python == tmp_path / "peer" / "bin" / "python"
    assert [command[-1] for command in asked] == [str(tmp_path / "peer"), "pip", "torch"]
    assert environments.interpreter("ours", (), tmp_path) == Path(sys.executable)
    with pytest.raises(InputError, match="cannot be made; got: ERROR: no such thing"):
        environments.interpreter("peer", ("nowhere",), tmp_path)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12))
def test_whoever_is_off_the_front_is_beaten_by_one_on_it(both: list[tuple[int, int]]) -> None:
    kept = room("front").front(*zip(*both, strict=True))
    best = [one for one, on in zip(both, kept, strict=True) if on]

    def beats(one: tuple[int, int], other: tuple[int, int]) -> bool:
        return one != other and one[0] <= other[0] and one[1] <= other[1]

    assert best
    for one, on in zip(both, kept, strict=True):
        assert on != any(beats(other, one) for other in best)


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    program = tmp_path / "program"
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(0o755)
    command = room("__main__")
    monkeypatch.setattr(command, "interpreter", lambda package, requirements, folder: program)
    places = ["--output", str(tmp_path / "runs"), "--results", str(tmp_path / "results")]
    return command.main(["run", *words, *places])


def test_the_epochs_fill_the_budget_at_the_pace_of_the_probe(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--minutes", "0.1", "--models", "mace-64", "--threads", "2", "--seed", "3")
    assert run(tmp_path, monkeypatch, *words) == 0
    (path,) = (tmp_path / "results").glob("*.json")
    record = json.loads(path.read_text())
    assert record["epochs"] == 4  # in 6 s, an epoch of a fifth of the frames taking 0.25 s
    assert record["training"] == {"cpu_seconds": 1.0, "wall_seconds": 9.0}
    assert [record[name] for name in ("model", "minutes", "threads", "seed")] == ["mace-64", 0.1, 2, 3]
    assert run(tmp_path, monkeypatch, "--minutes", "1", "--models", "mace-64") == 0
    (path,) = (tmp_path / "results").glob("*-1min-*.json")
    assert json.loads(path.read_text())["epochs"] == 240  # taken again on all frames
    (home,) = (tmp_path / "runs").glob("pareto-*-0.1min-*")
    answers = {name: json.loads((home / name / "answer.json").read_text()) for name in ("fit", "judge")}
    assert {name: answer["threads"] for name, answer in answers.items()} == {"fit": "2", "judge": "1"}


def test_what_is_on_record_or_trained_is_not_done_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--minutes", "0.1", "--models", "nequip")
    done = []
    for _ in range(2):
        assert run(tmp_path, monkeypatch, *words) == 0
        done.append(capsys.readouterr().out)
    assert "probe" in done[0]
    assert done[1] == "pareto-nequip-0.1min-1threads: on record\n"
    for path in (tmp_path / "results").glob("*.json"):
        path.unlink()
    assert run(tmp_path, monkeypatch, *words) == 0
    said = capsys.readouterr().out
    assert "judge" in said
    assert "fit" not in said


def test_an_entrant_that_fails_is_named_and_the_others_go_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, monkeypatch, "--minutes", "0.1", "--models", "large", "small") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "Intertwine large, 0.1 min: failed; read" in line
    assert Path(line.rpartition(" ")[2]).read_text() == "no\n"
    assert [path.name.split("-")[1] for path in (tmp_path / "results").glob("*.json")] == ["small"]


def written(folder: Path, model: str, minutes: float, seed: int, forces: float, cost: float) -> None:
    errors = {"energy": forces / 10, "forces": forces, "us_per_atom": cost}
    record = {"model": model, "minutes": minutes, "threads": 1, "seed": seed, "epochs": 5}
    record |= {"training": {"cpu_seconds": 60 * minutes}, "tests": {"300 K": errors, "600 K": errors}}
    folder.mkdir(exist_ok=True)
    path = folder / f"pareto-{model}-{minutes:g}min-1threads-2026-01-01-seed{seed}.json"
    path.write_text(json.dumps(record))


def test_the_table_averages_seeds_and_marks_both_fronts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results"
    for seed, forces in ((0, 40.0), (1, 44.4)):
        written(results, "small", 5, seed, forces, cost=100.0)
    written(results, "mace-64", 5, 0, 90.0, cost=4000.0)
    written(results, "mace-64", 15, 0, 41.5, cost=4000.0)
    assert room("__main__").main(["show", "--results", str(results)]) == 0
    small, five, fifteen = (
        line for line in capsys.readouterr().out.splitlines() if "15.0" in line or "5.0 " in line
    )
    assert "42.2" in small
    assert "inference, training" in small
    assert "inference" not in five
    assert "inference, training" in fifteen
    assert (results / "pareto.png").read_bytes().startswith(b"\x89PNG")
    assert (results / "pareto.svg").is_file()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["show"], "nothing on record with 1 threads"),
        (["run", "--minutes", "0"], "a budget is a positive number of minutes, not 0"),
        (["run", "--minutes", "nan"], "a budget is a positive number of minutes, not nan"),
        (["run", "--threads", "0"], "at least one thread, not 0"),
        (["run", "--models", "mace"], "invalid choice: 'mace'"),
        (["run"], "INTERTWINE_DATA is not set"),
    ],
)
def test_bad_input_is_answered_by_one_line(
    words: list[str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("INTERTWINE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    try:
        status = room("__main__").main([*words, "--results", str(tmp_path)])
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert line in capsys.readouterr().err.splitlines()[-1]


def test_our_own_program_fits_and_judges(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measure, ours = room("measure"), room("by_intertwine")
    monkeypatch.setattr(ours, "CLOCK", measure.Clock())
    monkeypatch.setattr(measure, "CLOCK", ours.CLOCK)
    listed = room("frames").write_frames(tmp_path / "frames", seed=0)
    job = {"folder": str(tmp_path), "seed": 0, "threads": 1, "settings": {"preset": "small"}, "epochs": 2}
    answers = {}
    for action in ("fit", "judge"):
        path = tmp_path / f"{action}.json"
        path.write_text(json.dumps({**listed, **job, "action": action, "model": str(tmp_path)}))
        monkeypatch.setattr(sys, "argv", ["by_intertwine", str(path)])
        measure.main(ours.fit, ours.calculator, ("torch",))
        answers[action] = json.loads((tmp_path / "answer.json").read_text())
    first, *later = answers["fit"]["ticks"]
    assert len(later) == 2
    assert first < later[0] < later[1]
    assert answers["fit"]["parameters"] > 1000
    assert set(answers["judge"]["tests"]) == {"300 K", "600 K"}
    for test in answers["judge"]["tests"].values():
        assert all(value > 0 for value in test.values())


@pytest.mark.parametrize("name", ["by_mace", "by_nequip", "measure"])
def test_what_runs_beside_a_peer_needs_nothing_of_intertwine(name: str) -> None:
    tree = ast.parse((PROJECT / "benchmarks" / "pareto" / f"{name}.py").read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    ours = {module for module in imported if module and module.split(".")[0] in ("intertwine", "benchmarks")}
    assert ours <= {"benchmarks.pareto.measure"}
