"""One training of one entrant for one budget: its pace, its fit, its judgement, its record."""

import json
import math
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.environments import surroundings
from benchmarks.pareto.entrants import ENTRANTS
from benchmarks.pareto.frames import PART
from benchmarks.record import Spent, keep

from intertwine.errors import IntertwineError

PROBE = 3
"""Epochs from which the pace is taken, the first left out."""
MANY = 20
"""Where so many epochs seem to fit, the pace is taken again, on all frames."""


class Contest(NamedTuple):
    """What a record is about; two contests with the same figures are the same.

    Args:
        model: a name of `ENTRANTS`.
        minutes: of CPU time, all threads together.
        threads: that the training uses; the judgement always uses one.
        seed: of the split, the first weights and the order of the batches.
    """

    model: str
    minutes: float
    threads: int
    seed: int

    @property
    def name(self) -> str:
        """Of its folder and its record."""
        return f"pareto-{self.model}-{self.minutes:g}min-{self.threads}threads"


def pace(ticks: Sequence[float]) -> float:
    """CPU time of an epoch after the first, in which things are still compiled; of the first if it is alone.

    >>> pace([10.0, 15.0, 17.0, 19.0])
    2.0
    """
    late = ticks[1:] if len(ticks) > 2 else ticks
    return (late[-1] - late[0]) / (len(late) - 1)


def run(contest: Contest, python: Path, frames: dict[str, Any], folder: Path, results: Path) -> Path:
    """Train, judge and keep; what a run that was stopped had finished in `folder` is not done again.

    Raises:
        IntertwineError: the program of the entrant failed; the message names its log.
    """
    home = folder.absolute() / f"{contest.name}-seed{contest.seed}"
    fitted = home / "fit" / "answer.json"
    if not fitted.is_file():
        _fit(contest, python, home / "fit", frames, _epochs(contest, python, home / "probe", frames))
    fit = json.loads(fitted.read_text(encoding="utf-8"))
    judged = {"action": "judge", "model": str(home / "fit"), "tests": frames["tests"]}
    judgement = _do(contest, python, home / "judge", judged, frames, threads=1)
    return _kept(contest, fit, judgement, results)


def _epochs(contest: Contest, python: Path, folder: Path, frames: dict[str, Any]) -> int:
    """How many fill the budget; at least one."""
    part = {name: frames[f"probe_{name}"] for name in ("train", "valid")}
    possible = 60 * contest.minutes / PART / _fit(contest, python, folder, frames | part, PROBE)
    if possible > MANY:
        possible = 60 * contest.minutes / _fit(contest, python, folder, frames, PROBE)
    return max(1, math.floor(possible))


def _fit(contest: Contest, python: Path, folder: Path, frames: dict[str, Any], epochs: int) -> float:
    """Train, and say at what pace it went."""
    job = {"action": "fit", "train": frames["train"], "valid": frames["valid"], "epochs": epochs}
    return pace(_do(contest, python, folder, job, frames)["ticks"])


def _do(
    contest: Contest,
    python: Path,
    folder: Path,
    job: dict[str, Any],
    frames: dict[str, Any],
    threads: int | None = None,
) -> dict[str, Any]:
    """Let the entrant's own program do a job, and read its answer."""
    entrant, threads = ENTRANTS[contest.model], threads or contest.threads
    shared = {"isolated_atoms": frames["isolated_atoms"], "species": frames["species"]}
    told = {"folder": str(folder), "seed": contest.seed, "threads": threads, "settings": entrant.settings}
    _clear(folder)
    (folder / "job.json").write_text(json.dumps({**told, **shared, **job}, indent=1) + "\n", encoding="utf-8")
    print(f"{entrant.title}, {contest.minutes:g} min: {folder.name}", flush=True)
    command = [str(python), "-m", f"benchmarks.pareto.by_{entrant.package}", str(folder / "job.json")]
    with (folder / "output.log").open("w", encoding="utf-8") as log:
        done = subprocess.run(
            command,
            env=surroundings(bool(entrant.requirements), threads),
            cwd=folder,
            stdout=log,
            stderr=log,
            check=False,
        )
    if done.returncode:
        raise IntertwineError(
            f"{entrant.title}, {contest.minutes:g} min: failed; read {folder / 'output.log'}"
        )
    return json.loads((folder / "answer.json").read_text(encoding="utf-8"))


def _clear(folder: Path) -> None:
    """An empty folder, also where a stopped run left something."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _kept(contest: Contest, fit: dict[str, Any], judgement: dict[str, Any], results: Path) -> Path:
    epochs = len(fit["ticks"]) - 1
    each = pace(fit["ticks"])
    figures = {
        **contest._asdict(),
        "unit": "RMSE, energy meV per molecule, forces meV/Å; CPU µs per atom of one call, one thread",
        "entrant": ENTRANTS[contest.model]._asdict(),
        "versions": fit["versions"],
        "parameters": fit["parameters"],
        "epochs": epochs,
        "cpu_seconds_per_epoch": round(each, 3),
        "tests": judgement["tests"],
    }
    return keep(contest.name, contest.seed, Spent(each * epochs, fit["wall_seconds"]), figures, results)
