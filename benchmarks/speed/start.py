"""How long until the first force: fresh processes that import, read a model and evaluate it.

Seconds on the wall. Cold: with caches of compiled code of their own, and empty; warm: with those that an
earlier process left. Files of Python and its packages are in the memory of the system in both.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.environments import surroundings
from benchmarks.speed.fresh import fresh_model
from benchmarks.speed.structures import SPECIES
from rich import box
from rich.table import Table

from intertwine.errors import IntertwineError
from intertwine.observables import save_model

PROGRAM = """
import json, sys, time
ticks = [time.perf_counter()]
def tick(): ticks.append(time.perf_counter())
import intertwine; tick()
from intertwine import IntertwineCalculator
import ase.io; tick()
model, structure = sys.argv[1:]
calculator = IntertwineCalculator(model); tick()
atoms = ase.io.read(structure)
atoms.calc = calculator
ticks[-1:] = [ticks[-1], time.perf_counter()]
atoms.get_forces(); tick()
atoms.rattle(0.001, seed=0)
atoms.get_forces(); tick()
steps = [b - a for a, b in zip(ticks, ticks[1:])]
print(json.dumps(steps[:3] + steps[4:]))
"""
"""One start; the reading of the structure is nobody's."""

STEPS = {
    "import": "import intertwine",
    "needed": "import what a force call needs",
    "load": "load the model",
    "first": "first force call",
    "second": "second force call",
}
CACHES = ("XDG_CACHE_HOME", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "TMPDIR")
"""Where compiled code could wait from an earlier process."""


def starts(preset: str, structure: str, times: int, threads: int = 1) -> dict[str, list[dict[str, float]]]:
    """Seconds of every step of so many fresh processes, `cold` and `warm`.

    Raises:
        IntertwineError: a process failed.
    """
    found: dict[str, list[dict[str, float]]] = {"cold": [], "warm": []}
    with tempfile.TemporaryDirectory() as place:
        model = save_model(fresh_model(preset, SPECIES), Path(place) / "model.safetensors")
        shared = Path(place) / "warm"
        _start(model, structure, shared, threads)
        for number in range(times):
            found["cold"].append(_start(model, structure, Path(place) / f"cold-{number}", threads))
            found["warm"].append(_start(model, structure, shared, threads))
    return found


def _start(model: Path, structure: str, cache: Path, threads: int) -> dict[str, float]:
    cache.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(model), structure],
        env={**surroundings(own=False, threads=threads), **dict.fromkeys(CACHES, str(cache))},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise IntertwineError(f"a start failed: {(done.stderr.splitlines() or ['no message'])[-1]}")
    seconds = json.loads(done.stdout.splitlines()[-1])
    return {name: round(value, 4) for name, value in zip(STEPS, seconds, strict=True)}


def table(found: dict[str, list[dict[str, float]]], title: str) -> Table:
    """Medians by step."""
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    shown.add_column("seconds on the wall", no_wrap=True)
    for kind in found:
        shown.add_column(kind, justify="right")
    for step, what in STEPS.items():
        shown.add_row(what, *(f"{_median(runs, step):.3f}" for runs in found.values()))
    return shown


def _median(runs: Sequence[dict[str, float]], step: str) -> float:
    return median(run[step] for run in runs)
