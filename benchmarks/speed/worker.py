"""One entrant in a process of its own, asked line by line: load the model; evaluate this structure.

    PYTHON -m benchmarks.speed.worker PACKAGE

Questions and answers are JSON, one a line, on standard input and output; what a package prints goes to
standard error. This file and `by_PACKAGE.py` need NumPy, ASE and that package, and nothing of Intertwine
where the package is a peer. Every evaluation goes through the package's own ASE calculator.
"""

import importlib
import importlib.metadata
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import ase.io
import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

MOVE = 1e-3
"""Standard deviation of the displacement from the structure, fresh for every call, Å: nothing is cached."""
WARM_UP = 3
"""Calls not counted when a structure is new; later it is one, which makes the neighbour list."""
PATIENCE = 5.0
"""A call of more seconds than this is warm-up enough."""
FEWEST, MOST = 2, 50
"""Counted calls of one visit."""

Answer = dict[str, Any]


class Worker:
    """The model of one entrant, and what was asked of it.

    Args:
        maker: a `by_` module: `calculator(job)`, which gives it and its number of parameters; the
            `DISTRIBUTIONS` whose versions count, and a `SOURCE` where they do not say all.
        imported: resident memory after the package was imported, bytes.
    """

    def __init__(self, maker: Any, imported: int) -> None:
        self.maker, self.imported = maker, imported
        self.calculator: Calculator | None = None
        self.structures: dict[str, Atoms] = {}
        self.random = np.random.default_rng(0)

    def load(self, job: dict[str, Any]) -> Answer:
        """Make the model, or read what an earlier process left in `job["folder"]`."""
        begun = time.perf_counter()
        self.calculator, parameters = self.maker.calculator(job)
        return {
            "parameters": parameters,
            "load_seconds": round(time.perf_counter() - begun, 2),
            "versions": {name: importlib.metadata.version(name) for name in self.maker.DISTRIBUTIONS}
            | getattr(self.maker, "SOURCE", {}),
        }

    def visit(self, job: dict[str, Any]) -> Answer:
        """Evaluate a structure for `seconds` of CPU time, at least `FEWEST` times, after a warm-up.

        Returns:
            medians of CPU and wall time of a call and the CPU time of the first call of the visit, which
            makes a new neighbour list, in µs per atom; memory in MiB, since the visit began.
        """
        path = job["structure"]
        first_time = path not in self.structures
        atoms = self.structures.setdefault(path, ase.io.read(path))
        forget_peak()
        before = resident()
        first = self._call(atoms)[0]
        for _ in range(WARM_UP - 1 if first_time and first < PATIENCE else 0):
            self._call(atoms)
        times = [self._call(atoms)]
        while len(times) < FEWEST or (len(times) < MOST and sum(t[0] for t in times) < job["seconds"]):
            times.append(self._call(atoms))
        cpu, wall = 1e6 * np.median(times, axis=0) / len(atoms)
        assert self.calculator is not None
        return {
            "cpu": round(float(cpu), 2),
            "wall": round(float(wall), 2),
            "first": round(1e6 * first / len(atoms), 2),
            "calls": len(times),
            "stress": "stress" in self.calculator.results,
            "peak_mib": round(peak() / 2**20, 1),
            "above_import_mib": round((peak() - self.imported) / 2**20, 1),
            "above_before_mib": round((peak() - before) / 2**20, 1),
        }

    def _call(self, atoms: Atoms) -> tuple[float, float]:
        """CPU and wall seconds of energy and forces of the structure, a little displaced."""
        moved = atoms.copy()
        moved.positions += self.random.normal(scale=MOVE, size=moved.positions.shape)
        moved.calc = self.calculator
        begun = time.process_time(), time.perf_counter()
        forces, energy = moved.get_forces(), moved.get_potential_energy()
        taken = time.process_time() - begun[0], time.perf_counter() - begun[1]
        if not (np.isfinite(forces).all() and np.isfinite(energy) and np.abs(forces).max() > 0):
            raise ValueError("energy or forces are not finite, or all forces are zero")
        return taken


def resident() -> int:
    """Memory that this process has now, bytes; 0 where the system does not say."""
    return _status("VmRSS")


def peak() -> int:
    """Most memory that this process had since `forget_peak`, bytes; 0 where the system does not say."""
    return _status("VmHWM")


def _status(field: str) -> int:
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith(field):
                return 1024 * int(line.split()[1])
    return 0


def forget_peak() -> None:
    """Let `peak` start from what is there now."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def bound_memory(share: float = 0.85) -> None:
    """Let an allocation beyond this share of the free memory fail here, and not in another process."""
    free = Path("/proc/meminfo")
    if free.is_file():
        import resource

        (line,) = (line for line in free.read_text().splitlines() if line.startswith("MemAvailable"))
        limit = int(share * 1024 * int(line.split()[1]))
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def serve(questions: TextIO, say: Callable[[Answer], None], maker: Any) -> None:
    """Answer until there are no more questions; an exception is an answer too."""
    worker = Worker(maker, resident())
    for line in questions:
        question = json.loads(line)
        try:
            say(getattr(worker, question["do"])(question))
        except Exception as error:
            traceback.print_exc()
            say({"error": reason(error)})


def reason(error: Exception) -> str:
    """One line for the record, which names no place of this machine."""
    text = " ".join(str(error).split())
    for place in (sys.prefix, str(Path.cwd()), str(Path(__file__).parents[2])):
        text = text.replace(place, "…")
    return f"{type(error).__name__}: {text[:300] or 'no message'}"


def main() -> None:
    bound_memory()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(answer: Answer) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    try:
        maker = importlib.import_module(f"benchmarks.speed.by_{sys.argv[1]}")
    except Exception as error:
        traceback.print_exc()
        say({"error": reason(error)})
        return
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    say({"ready": sys.argv[1]})
    serve(sys.stdin, say, maker)


if __name__ == "__main__":
    main()
