"""Rounds in which every entrant is asked in turn, so that a busy machine troubles all alike."""

import datetime
import json
import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.record import Spent, keep, machine
from benchmarks.speed.companion import Companion
from benchmarks.speed.entrants import ENTRANTS
from benchmarks.speed.structures import size

from intertwine.errors import IntertwineError

Opener = Callable[[str, int], Companion]
"""Starts the process of an entrant on so many threads."""

NAME = "speed"
UNIT = "µs per atom of one call for energy and forces, neighbours included; MiB"


class Journal:
    """What is known so far, on the disk after every round: `NAME-DATE-seed0.json`, one a day.

    A round is kept as long as its entrant is what it was; figures of an entrant of other versions go.

    Args:
        results: folder of the record.
    """

    def __init__(self, results: Path) -> None:
        self.results, self.begun = results, time.perf_counter()
        date = datetime.datetime.now(datetime.UTC).date().isoformat()
        path = results / f"{NAME}-{date}-seed0.json"
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        here = found.get("machine", {}).get("processor") == machine()["processor"]
        self.entrants: dict[str, dict[str, Any]] = found.get("entrants", {}) if here else {}
        self.rounds: list[dict[str, Any]] = found.get("rounds", []) if here else []
        self.memory: dict[str, dict[str, Any]] = found.get("memory", {}) if here else {}

    def enter(self, name: str, loaded: dict[str, Any]) -> None:
        """An entrant has its model; what was measured of other versions of it is forgotten."""
        known = self.entrants.get(name, {})
        if known.get("versions") != loaded["versions"]:
            self.memory.pop(name, None)
            for figures in self.rounds:
                figures["us"].pop(name, None)
        entrant = ENTRANTS[name]
        about = {"title": entrant.title, "settings": entrant.settings, "requirements": entrant.requirements}
        longest = max(loaded["load_seconds"], known.get("load_seconds", 0.0))
        self.entrants[name] = about | loaded | {"load_seconds": longest}

    def refuse(self, name: str, reason: str) -> None:
        """An entrant that cannot take part, and why."""
        known = self.entrants.get(name, {"title": ENTRANTS[name].title})
        self.entrants[name] = known | {"reason": reason}

    def keep(self) -> Path:
        """Write all of it."""
        names = {name for figures in self.rounds for found in figures["us"].values() for name in found}
        figures = {
            "unit": UNIT,
            "structures": {name: size(name) for name in sorted(names, key=size)},
            "entrants": self.entrants,
            "memory": self.memory,
            "rounds": self.rounds,
        }
        spent = Spent(time.process_time(), time.perf_counter() - self.begun)
        return keep(NAME, 0, spent, figures, self.results, what="measuring")


def measure(
    names: Sequence[str],
    structures: dict[str, str],
    threads: int,
    rounds: int,
    seconds: float,
    start: Opener,
    journal: Journal,
) -> None:
    """Ask every entrant about every structure, in an order drawn anew each time, and keep each round.

    Args:
        names: of `ENTRANTS`.
        structures: path by name, in order of size.
        threads: of every process.
        rounds: how many.
        seconds: of CPU time for one visit, at least.
        start: gives a process.
        journal: takes the answers, and the reasons of those who cannot answer.
    """
    with ExitStack() as stack:
        alive = _opened(names, structures, threads, start, journal, stack)
        for number in range(rounds):
            us: dict[str, dict[str, Any]] = {name: {} for name in alive}
            for structure, path in structures.items():
                for name in random.Random(f"{number} {structure}").sample(sorted(alive), len(alive)):
                    try:
                        found = alive[name].visit(path, seconds)
                    except IntertwineError as error:
                        found = {"error": str(error)}
                        if alive[name].process.poll() is not None:
                            del alive[name]
                    us[name][structure] = found
                    if number == 0 and threads == 1 and "error" not in found:
                        journal.memory.setdefault(name, {}).setdefault(structure, _memory(found))
            moment = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            journal.rounds.append({"threads": threads, "time": moment, "us": us})
            journal.keep()
            print(f"round {number + 1} of {rounds} on {threads} threads: kept", flush=True)


def _opened(
    names: Sequence[str],
    structures: dict[str, str],
    threads: int,
    start: Opener,
    journal: Journal,
    stack: ExitStack,
) -> dict[str, Companion]:
    """The processes of those who can take part; their models are made one after the other."""
    alive = {}
    for name in names:
        try:
            _prepared(name, structures, threads, start, journal)
            companion = stack.enter_context(start(name, threads))
            journal.enter(name, companion.load(_sample(structures)))
            alive[name] = companion
            print(f"{ENTRANTS[name].title}: ready on {threads} threads", flush=True)
        except IntertwineError as error:
            journal.refuse(name, str(error).partition("; do: ")[0])
            print(f"{ENTRANTS[name].title}: {error}", flush=True)
    return alive


def _prepared(name: str, structures: dict[str, str], threads: int, start: Opener, journal: Journal) -> None:
    """Compile in a process that ends with it, once, so that its memory is nobody's figure."""
    with start(name, threads) as companion:
        done = companion.folder / "prepared"
        if not done.is_file():
            journal.enter(name, companion.load(_sample(structures)))
            done.touch()


def _sample(structures: dict[str, str]) -> str:
    """A small crystal, with which some packages compile their models."""
    return structures.get("Cu108") or next(iter(structures.values()))


def _memory(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("peak_mib", "above_import_mib", "stress")}
