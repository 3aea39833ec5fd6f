"""A worker seen from here: a process that is asked, waited for, and ended."""

import contextlib
import json
import select
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.environments import surroundings
from benchmarks.speed.entrants import ENTRANTS
from benchmarks.speed.fresh import CUTOFF, NEIGHBOURS
from benchmarks.speed.structures import SPECIES

from intertwine.errors import IntertwineError

LONGEST = 1800.0
"""Seconds on the wall that any answer may take, compilation included."""


class Companion:
    """One entrant in a process of its own, on so many threads, alive until left.

    Args:
        name: a name of `ENTRANTS`.
        python: that runs it.
        threads: of the process.
        folder: for its log, and for what it compiled, which later processes use again.

    Raises:
        IntertwineError: from `ask`: the worker could not do it or is gone; the message is its reason.
    """

    def __init__(self, name: str, python: Path, threads: int, folder: Path) -> None:
        self.name, self.entrant = name, ENTRANTS[name]
        self.folder = folder.absolute() / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = (self.folder / f"{threads}threads.log").open("w", encoding="utf-8")
        self.process = subprocess.Popen(
            [str(python), "-m", "benchmarks.speed.worker", self.entrant.package],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=surroundings(bool(self.entrant.requirements), threads),
            cwd=self.folder,
        )

    def load(self, sample: str, seed: int = 0) -> dict[str, Any]:
        """Make the model; its number of parameters, seconds and versions."""
        self._answer()
        return self.ask(
            {
                "do": "load",
                "settings": self.entrant.settings,
                "species": SPECIES,
                "cutoff": CUTOFF,
                "neighbours": NEIGHBOURS,
                "seed": seed,
                "folder": str(self.folder),
                "sample": sample,
            }
        )

    def visit(self, structure: str, seconds: float) -> dict[str, Any]:
        """What a call costs on this structure; see `Worker.visit`."""
        return self.ask({"do": "visit", "structure": structure, "seconds": seconds})

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Put one question and wait for the answer."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise IntertwineError(self._death()) from None
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], LONGEST)[0]:
            self.process.kill()
            self.process.wait()
            raise IntertwineError(f"no answer in {LONGEST:.0f} s")
        line = self.process.stdout.readline()
        if not line:
            raise IntertwineError(self._death())
        answer = json.loads(line)
        if "error" in answer:
            raise IntertwineError(answer["error"])
        return answer

    def _death(self) -> str:
        status = self.process.wait()
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        return f"its process ended {how}; read {self.name}/{Path(self.log.name).name}"

    def __enter__(self) -> "Companion":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        try:
            self.process.wait(10.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
