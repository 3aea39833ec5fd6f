"""The demonstration walks the whole road, says what it did, and does nothing twice."""

import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from intertwine.apps.demo import FULL, QUICK, DemoResult, run
from intertwine.apps.demo.steps import conformers
from intertwine.data import read
from intertwine.errors import InputError, MissingExtraError
from intertwine.observables import load_model

pytest.importorskip("tblite", reason="labels need the extra 'label'")

STEPS = ("data", "models", "evaluation", "certificate", "dynamics", "vibrations")


@pytest.fixture(scope="module")
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, said: io.StringIO) -> DemoResult:
    output = tmp_path_factory.mktemp("demo") / "quick"
    return run(output, quick=True, console=Console(file=said, width=120))


@pytest.fixture(scope="module")
def page(demo: DemoResult) -> str:
    return demo.report.read_text(encoding="utf-8")


def test_every_step_is_done_and_timed(demo: DemoResult, said: io.StringIO, page: str):
    assert tuple(demo.steps) == STEPS
    assert all(step.seconds > 0 and not step.reused for step in demo.steps.values())
    lines = [line for line in said.getvalue().splitlines() if "✓" in line and line.endswith(" s")]
    assert len(lines) == len(STEPS)
    for step in demo.steps.values():
        assert f'<td class="figure">{step.seconds:.1f} s</td>' in page


def test_the_model_is_certified(demo: DemoResult):
    certificate = json.loads((demo.report.parent / "certificate" / "certificate.json").read_text())
    broken = {line["name"] for line in certificate["lines"] if not line["passed"]}
    assert broken <= {"nve.drift"}  # a run of a tenth of a picosecond cannot tell drift from ripple
    assert demo.certified == (not broken)
    assert load_model(demo.model).species == (1, 6, 8)


def test_the_page_has_every_chapter_and_needs_no_network(page: str):
    titles = re.findall(r"<h2[^>]*>([^<]+)</h2>", page)
    assert titles == ["Learning", "Accuracy", "Certificate", "Energy", "Vibrations", "Time", "Your own data"]
    assert page.count('<div role="img"') == 8
    assert page.count("<canvas") == 2
    assert set(re.findall(r"https?://[^\s\"'<)]+", page)) <= {
        "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink",
    }  # fmt: skip


def test_figures_at_the_head_carry_units_and_verdicts(demo: DemoResult):
    figures = {number.label: number for number in demo.numbers}
    units = {label: number.unit for label, number in figures.items()}
    assert units == {
        "Force error": "meV/Å", "Energy error": "meV/atom", "Laws kept": "", "Energy drift": "meV/atom",
        "Vibrations": "cm⁻¹", "Wall time": "min",
    }  # fmt: skip
    assert figures["Force error"].passed is False  # a poor model is not praised
    assert figures["Laws kept"].passed is demo.certified
    assert not demo.passed


def test_labels_are_quantum_chemistry_and_tests_come_from_other_runs(demo: DemoResult):
    folder = demo.report.parent / "data"
    sets = {name: read(folder / f"{name}.extxyz") for name in ("train", "valid", "test", "hot")}
    assert {name: len(frames) for name, frames in sets.items()} == {
        "train": QUICK.train, "valid": QUICK.valid, "test": QUICK.test, "hot": QUICK.test,
    }  # fmt: skip
    seeds = {name: {str(frame.info["seed"]) for frame in frames} for name, frames in sets.items()}
    assert not seeds["test"] & (seeds["train"] | seeds["valid"])
    assert {frame.info["temperature_K"] for frame in sets["hot"]} == {QUICK.hot}
    energies = np.array([frame.labels["energy"] for frame in sets["train"]])
    assert np.all(np.abs(energies + 309.6) < 2.0)  # eV: GFN2-xTB's total energy of ethanol


def test_what_is_done_is_not_done_again(demo: DemoResult):
    before = {path: path.stat().st_mtime_ns for path in demo.report.parent.rglob("*") if path.is_file()}
    again = run(demo.report.parent, quick=True, console=Console(quiet=True))
    assert all(step.reused for step in again.steps.values())
    assert again.numbers == demo.numbers
    touched = {path for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert touched == {demo.report}


def test_direct_forces_make_energy_and_their_derivative_twin_does_not(demo: DemoResult):
    conduct = demo.steps["dynamics"].results
    assert max(conduct["conservative"]["loops"]) < 1e-6
    assert min(conduct["direct"]["loops"]) > 1e-5
    assert (
        conduct["direct"]["run"]["worst_meV_per_atom"]
        > 10 * conduct["conservative"]["run"]["worst_meV_per_atom"]
    )


def test_vibrations_are_paired_with_those_of_quantum_chemistry(demo: DemoResult):
    results = demo.steps["vibrations"].results
    reference = np.array(results["reference"])
    assert len(reference) == len(results["model"]) == 3 * 9 - 6
    assert 3400 < reference.max() < 3800  # the O-H stretch of ethanol, cm⁻¹
    assert np.sum(reference > 2700) == 6  # five C-H and one O-H
    assert 0 < results["zero_point_energy"]["reference"] < 3


def test_both_conformers_are_there():
    torsions = [abs(one.to_ase().get_dihedral(0, 1, 2, 3) - 180) for one in conformers()]
    assert torsions == pytest.approx([0.0, 120.0], abs=1.0)


def test_training_and_testing_draw_from_different_seeds():
    seeds = [plan.seed for seed in range(20) for plan in FULL.label_plans(seed).values()]
    assert len(seeds) == len(set(seeds))


def test_twins_differ_only_in_their_forces():
    a, b = (FULL.run_config(Path("d"), Path("o"), twin, 0) for twin in ("conservative", "direct"))
    assert a.model_copy(update={"model": b.model}) == b
    assert a.model.model_copy(update={"forces": "direct"}) == b.model


def test_a_budget_that_is_no_time_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="budget of the training cannot be used; got: 0"):
        run(tmp_path, minutes=0.0)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_oracle_is_named_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "tblite", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'intertwine\[label\]'"):
        run(tmp_path / "demo")
    assert not (tmp_path / "demo").exists()
