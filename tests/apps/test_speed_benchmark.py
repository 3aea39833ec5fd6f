"""The comparison of speeds: what needs no peer, on stand-ins for packages, answers and records."""

import ast
import importlib
import io
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import ase.io
import numpy as np
import pytest
from ase.calculators.lj import LennardJones
from hypothesis import given
from hypothesis import strategies as st

from intertwine.errors import InputError, IntertwineError

PROJECT = Path(__file__).parents[2]
FAKE = """
from ase.calculators.lj import LennardJones
DISTRIBUTIONS = ("ase",)
def calculator(job):
    print("noise of a package")
    if job["settings"].get("preset") == "large":
        raise ValueError("too large")
    return LennardJones(), 2
"""
"""Stands in for the programs of all packages."""


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROJECT)


def room(name: str) -> ModuleType:
    return importlib.import_module(f"benchmarks.speed.{name}")


class Slow:
    """A companion that takes so many µs per atom, or refuses."""

    def __init__(self, folder: Path, us: float, versions: str = "1") -> None:
        self.folder, self.us, self.versions = folder, us, {"slow": versions}
        self.process = SimpleNamespace(poll=lambda: None)

    def __enter__(self) -> "Slow":
        return self

    def __exit__(self, *exception: object) -> None:
        self.left = True

    def load(self, sample: str) -> dict[str, Any]:
        if self.us < 0:
            raise IntertwineError("no room for it")
        return {"parameters": 7, "load_seconds": 1.0, "versions": self.versions}

    def visit(self, path: str, seconds: float) -> dict[str, Any]:
        if "Cu108" in path and self.us > 1000:
            raise IntertwineError("MemoryError: 1 TiB")
        memory = {"peak_mib": 9.0, "above_import_mib": 5.0, "stress": True}
        return {"cpu": self.us, "wall": self.us / 2, "first": 2 * self.us, **memory}


PATHS = {"acac": "acac.xyz", "Cu108": "Cu108.xyz"}


def measured(folder: Path, costs: dict[str, float], rounds: int = 1, versions: str = "1") -> dict[str, Any]:
    """The record after these entrants took part."""
    rounds_of, opened = room("rounds"), []

    def start(name: str, threads: int) -> Slow:
        home = folder / name
        home.mkdir(parents=True, exist_ok=True)
        opened.append(Slow(home, costs[name], versions))
        return opened[-1]

    journal = rounds_of.Journal(folder)
    for threads in (1, 2):
        rounds_of.measure(list(costs), PATHS, threads, rounds, 0.1, start, journal)
    assert all(one.left for one in opened)
    return room("board").newest(folder)


def test_rounds_are_added_and_those_of_other_versions_forgotten(tmp_path: Path) -> None:
    measured(tmp_path, {"medium": 100.0, "mace-64": 500.0}, rounds=2)
    record = measured(tmp_path, {"medium": 300.0})
    board = room("board")
    assert len(record["rounds"]) == 6
    assert board.cost(record, "medium", "acac", 1, "cpu") == 100.0
    assert board.cost(record, "mace-64", "acac", 2, "wall") == 250.0
    record = measured(tmp_path, {"medium": 80.0}, versions="2")
    assert board.cost(record, "medium", "acac", 1, "cpu") == 80.0
    assert board.cost(record, "mace-64", "acac", 1, "cpu") == 500.0
    assert board.ratio(record, "mace-64", "acac", 1, "cpu") is None


@given(st.lists(st.floats(0.1, 10.0), min_size=1, max_size=9))
def test_what_slows_a_whole_round_leaves_the_ratio_alone(slowness: list[float]) -> None:
    rounds = [
        {
            "threads": 1,
            "us": {"medium": {"acac": {"cpu": 100 * slow}}, "nequip": {"acac": {"cpu": 800 * slow}}},
        }
        for slow in slowness
    ]
    assert room("board").ratio({"rounds": rounds}, "nequip", "acac", 1, "cpu") == pytest.approx(8.0)


def test_the_table_names_who_does_not_run_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured(tmp_path, {"medium": 100.0, "mace-64": 1270.0, "sevenn": -1.0})
    capsys.readouterr()
    assert room("__main__").main(["show", "--results", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    mace, *_ = (line for line in said.splitlines() if "MACE 64" in line)
    assert "1270" in mace
    assert "12.7×" in mace
    assert "—" in mace
    assert "SevenNet-0: no room for it" in said
    assert "MACE 64x0e + 64x1o on fcc Cu, 108: MemoryError: 1 TiB" in said
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")


def test_a_process_answers_through_the_noise_of_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "path" / "benchmarks" / "speed" / "by_fake.py"
    program.parent.mkdir(parents=True)
    program.write_text(FAKE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    companion, entrants, structures = room("companion"), room("entrants"), room("structures")
    for size in ("small", "large"):
        fake = entrants.Entrant("Fake", "fake", {"preset": size})
        monkeypatch.setitem(entrants.ENTRANTS, size, fake)
    (path,) = structures.written({"Cu": structures.copper(2)}, tmp_path).values()
    with companion.Companion("small", Path(sys.executable), 1, tmp_path / "models") as one:
        assert one.load(path)["parameters"] == 2
        found = one.visit(path, 0.01)
        assert found["calls"] >= 2
        assert min(found["cpu"], found["wall"], found["first"]) > 0
        with pytest.raises(IntertwineError, match="No such file"):
            one.visit("nowhere.xyz", 0.01)
        assert one.visit(path, 0.01)["stress"]
        one.process.kill()
        with pytest.raises(IntertwineError, match="ended by signal 9"):
            one.visit(path, 0.01)
    assert "noise" in (tmp_path / "models" / "small" / "1threads.log").read_text()
    with (
        companion.Companion("large", Path(sys.executable), 1, tmp_path / "models") as one,
        pytest.raises(IntertwineError, match="ValueError: too large"),
    ):
        one.load(path)


def test_every_call_sees_atoms_that_moved_and_refuses_what_is_no_force(tmp_path: Path) -> None:
    worker, structures = room("worker"), room("structures")
    (path,) = structures.written({"Cu": structures.copper(1)}, tmp_path).values()
    seen = []

    class Spy(LennardJones):
        def calculate(self, atoms: Any = None, *rest: Any) -> None:
            seen.append(atoms.positions.copy())
            super().calculate(atoms, *rest)

    maker = SimpleNamespace(DISTRIBUTIONS=("ase",), calculator=lambda job: (Spy(epsilon=job["epsilon"]), 0))
    said: list[dict[str, Any]] = []
    visit = {"do": "visit", "structure": path, "seconds": 1e-9}
    questions = [{"do": "load", "epsilon": 1.0}, visit, visit, {"do": "load", "epsilon": 0.0}, visit]
    worker.serve(io.StringIO("\n".join(map(json.dumps, questions))), said.append, maker)
    assert ["error" in answer for answer in said] == [False, False, False, False, True]
    assert "all forces are zero" in said[-1]["error"]
    assert len(seen) == (worker.WARM_UP + worker.FEWEST) + (1 + worker.FEWEST) + 1
    moves = np.array(seen) - ase.io.read(path).positions
    assert 0.2 * worker.MOVE < np.abs(moves).mean() < 2 * worker.MOVE
    assert len({move.tobytes() for move in moves}) == len(moves)


def test_the_liquid_has_the_density_of_water_and_no_overlap() -> None:
    structures = room("structures")
    box = structures.water()
    grams_per_cm3 = box.get_masses().sum() / 0.602214 / box.get_volume()
    assert grams_per_cm3 == pytest.approx(1.0, abs=1e-4)
    molecules = np.arange(len(box)) // 3
    apart = box.get_all_distances(mic=True)[molecules[:, None] != molecules]
    assert apart.min() > structures.APART
    np.testing.assert_array_equal(box.positions, structures.water().positions)
    sizes = [len(make()) for make in structures.STRUCTURES.values()]
    assert sizes == sorted(sizes) == [15, 108, 192, 512, 864]


def test_the_molecule_needs_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INTERTWINE_DATA", raising=False)
    molecule = room("structures").acetylacetone()
    assert molecule.get_chemical_formula() == "C5H8O2"
    assert np.sort(molecule.get_all_distances(), axis=1)[:, 1].min() > 0.8


@given(st.floats(0.2, 3.0), st.floats(1e-3, 1e3))
def test_a_power_law_gives_its_exponent(power: float, factor: float) -> None:
    atoms = [108, 864, 8788]
    values = [factor * n**power for n in atoms]
    assert room("scaling").exponent(atoms, values) == pytest.approx(power)


def test_growth_is_fitted_over_the_sizes_that_ran(tmp_path: Path) -> None:
    scaling = room("scaling")

    def start(name: str, threads: int) -> Slow:
        one = Slow(tmp_path, 50.0)
        one.visit = lambda path, seconds: visited(int(Path(path).stem.rpartition("-")[2]))  # type: ignore[method-assign]
        return one

    def visited(atoms: int) -> dict[str, Any]:
        if atoms > 2000:
            raise IntertwineError("MemoryError")
        return {"cpu": 50.0, "first": 60.0, "peak_mib": 300.0, "above_before_mib": atoms / 1024}

    points = scaling.grow("medium", 20_000, 0.1, start, tmp_path)
    assert [point["atoms"] for point in points] == [108, 256, 864, 2916]
    assert points[-1]["error"] == "MemoryError"
    assert scaling.fits(points) == pytest.approx({"time": 1.0, "memory": 1.0}, abs=0.02)
    with pytest.raises(InputError, match="no growth can be fitted"):
        scaling.fits(points[:1])
    assert len(scaling.figure(points).axes) == 2
    assert scaling.table(points, "").row_count == 4


def test_batches_and_single_systems_are_timed_on_the_same_model() -> None:
    batch, fresh, structures = room("batch"), room("fresh"), room("structures")
    model = fresh.fresh_model("small", structures.SPECIES)
    timed = batch.ways(model, molecules=3, crystals=1)
    assert set(timed) == set(batch.WAYS)
    assert [atoms for _, atoms in timed.values()] == [45, 45, 108, 864, 864]
    timed.pop("Cu864 calculator")
    assert all(value > 0 for value in batch.costs(timed, 1e-9).values())


def test_a_start_reports_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start, structures = room("start"), room("structures")
    model = start.save_model(room("fresh").fresh_model("small", (1, 6, 8)), tmp_path / "model.safetensors")
    (path,) = structures.written({"acac": structures.acetylacetone()}, tmp_path).values()
    monkeypatch.setattr(sys, "argv", ["start", str(model), path])
    exec(start.PROGRAM, {})
    seconds = json.loads(capsys.readouterr().out)
    assert len(seconds) == len(start.STEPS)
    assert all(second >= 0 for second in seconds)
    runs = [dict.fromkeys(start.STEPS, float(k)) for k in (1, 9, 2)]
    assert list(start.table({"cold": runs}, "").columns[1].cells) == ["2.000"] * 5


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["show"], "nothing on record"),
        (["run", "--rounds", "0"], "a whole number of at least 1, not 0"),
        (["run", "--seconds", "nan"], "a positive number of seconds, not nan"),
        (["run", "--models", "mace"], "invalid choice: 'mace'"),
        (["run", "--structures", "Cu109"], "invalid choice: 'Cu109'"),
        (["scaling", "--largest", "-5"], "--largest: "),
        (["start", "--preset", "huge"], "invalid choice: 'huge'"),
    ],
)
def test_bad_input_is_answered_by_one_line(
    words: list[str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = room("__main__").main([*words, "--results", str(tmp_path)])
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert line in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("peer", ["flashcart", "mace", "nequip", "sevenn", "symmetrix_xl", "tace"])
def test_what_runs_beside_a_peer_needs_nothing_of_intertwine(peer: str) -> None:
    both = [PROJECT / "benchmarks" / "speed" / f"{name}.py" for name in ("worker", f"by_{peer}")]
    tree = ast.parse("\n".join(path.read_text() for path in both))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported += [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
    ours = {module for module in imported if module.split(".")[0] in ("intertwine", "benchmarks")}
    assert ours <= {"benchmarks.speed"}
