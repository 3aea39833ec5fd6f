"""Steps are done once, go on where they stopped, and never touch what is not theirs."""

import math
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from intertwine.apps.ledger import Ledger, Step
from intertwine.apps.side_by_side import Job, Meter, Standing, side_by_side
from intertwine.errors import InputError


class Work:
    """An action that counts how often it was done and what it found in its folder."""

    def __init__(self) -> None:
        self.found: list[list[str]] = []

    def __call__(self, folder: Path) -> dict[str, int]:
        self.found.append(sorted(path.name for path in folder.iterdir() if path.name != "step.json"))
        (folder / "file").write_text("x")
        return {"times": len(self.found)}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


def test_a_step_is_done_once(ledger: Ledger):
    work = Work()
    first, second = (ledger.step("a", {"n": 1}, work) for _ in range(2))
    assert [first.reused, second.reused] == [False, True]
    assert first.results == second.results == {"times": 1}
    assert second.seconds == first.seconds


def test_other_settings_begin_in_an_empty_folder(ledger: Ledger):
    work = Work()
    ledger.step("a", {"n": 1}, work)
    assert ledger.step("a", {"n": 2}, work).reused is False
    assert work.found == [[], []]


def test_what_a_step_needs_is_part_of_it(ledger: Ledger):
    work = Work()
    for n in (1, 1, 2):
        before = ledger.step("before", {"n": n}, lambda folder: {"same": "result"})
        ledger.step("after", {}, work, [before])
    assert len(work.found) == 2


def test_a_step_that_failed_goes_on_in_its_folder(ledger: Ledger):
    def fail(folder: Path) -> dict[str, int]:
        (folder / "half").write_text("x")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        ledger.step("a", {"n": 1}, fail)
    work = Work()
    assert ledger.step("a", {"n": 1}, work).reused is False
    assert work.found == [["half"]]


def test_a_folder_of_somebody_else_is_left_alone(ledger: Ledger):
    (ledger.folder / "a").mkdir()
    (ledger.folder / "a" / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match=r"holds something else; do: choose another output folder"):
        ledger.step("a", {}, Work())
    assert (ledger.folder / "a" / "thesis.tex").read_text() == "years of work"


def test_a_record_that_was_cut_short_counts_for_nothing(ledger: Ledger):
    work = Work()
    ledger.step("a", {}, work)
    record = ledger.folder / "a" / "step.json"
    record.write_text(record.read_text()[:40])
    assert ledger.step("a", {}, work).reused is False


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot write .*; do: choose a writable place"):
        Ledger(tmp_path / "file" / "demo")


def test_results_are_plain_values(ledger: Ledger):
    step = ledger.step("a", {}, lambda folder: {"pair": (1, 2)})
    assert isinstance(step, Step)
    assert step.results == {"pair": [1, 2]}


@pytest.mark.parametrize("cores", [1, 2])
def test_jobs_side_by_side_return_by_name(cores: int):
    jobs = {f"{n}": Job(partial(math.sqrt, n * n), lambda: Standing(1.0, "done")) for n in (2, 3)}
    assert side_by_side(jobs, Console(quiet=True), cores) == {"2": 2.0, "3": 3.0}


def test_what_a_job_raises_comes_through():
    jobs = {"root": Job(partial(math.sqrt, -1.0), lambda: Standing(0.0))}
    with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
        side_by_side(jobs, Console(quiet=True), cores=2)


def test_a_meter_can_be_read_at_any_time(tmp_path: Path):
    meter = Meter(tmp_path / "progress", pause=0.0)
    assert meter.read() == Standing(0.0)
    meter(0.25, "a quarter")
    assert Meter(tmp_path / "progress").read() == Standing(0.25, "a quarter")
    (tmp_path / "progress").write_text("[0.2")
    assert meter.read() == Standing(0.0)
