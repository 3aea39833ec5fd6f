"""Speed of Intertwine beside its peers, its growth with size, its start, its batches.

    python -m benchmarks.speed run --rounds 5
    python -m benchmarks.speed show
    python -m benchmarks.speed scaling --largest 100000
    python -m benchmarks.speed start
    python -m benchmarks.speed batch

`run` makes an environment of its own for each peer and keeps one process per model alive. In every round all
of them evaluate every structure in turn, energy and forces through their own ASE calculators, the atoms moved
by 1e-3 Å before each call. Weights are random, from a seed, and of the stated size: what was learned does not
change the cost. Every model knows H, C, O, Si and Cu, has a cutoff of 5 Å, and computes in float32.
CPU time is that of the process on one thread; wall time is measured in another pass on two threads. The first
call of a visit, which makes a new neighbour list, is recorded apart: packages that keep a list while atoms
move less than its skin (Intertwine, Symmetrix-XL, FlashCart) are measured with it kept, as in dynamics.
Compilation is not counted. Each run adds rounds to the record of the day and forgets those of other versions.

`scaling` evaluates fcc Cu from 108 to 97 556 atoms, each size in a fresh process. `start` times fresh
processes, `batch` many small systems through `Predictor`. docs/performance.md says what came of it.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.environments import interpreter, surroundings
from benchmarks.record import RESULTS, Stopwatch, answer, keep
from benchmarks.speed import batch, board, scaling, start
from benchmarks.speed.companion import Companion
from benchmarks.speed.entrants import ENTRANTS, OURS
from benchmarks.speed.rounds import Journal, measure
from benchmarks.speed.structures import STRUCTURES, written
from rich.console import Console

from intertwine.apps.style import save
from intertwine.errors import InputError
from intertwine.train.config import PRESETS

CONSOLE = Console(width=150, soft_wrap=True, highlight=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done; 1 not everything could be measured; 2 the input cannot be used."""
    return answer(_parser(), arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    commands = parser.add_subparsers(required=True)
    runs = commands.add_parser("run", help="add rounds to the record of today")
    runs.add_argument("--models", nargs="+", choices=tuple(ENTRANTS), default=list(ENTRANTS))
    runs.add_argument("--structures", nargs="+", choices=tuple(STRUCTURES), default=list(STRUCTURES))
    runs.add_argument("--rounds", type=_count, default=5)
    runs.add_argument("--seconds", type=_positive, default=0.5, help="of CPU time of one visit, at least")
    runs.add_argument("--threads", type=_count, nargs="+", default=[1, 2], help="one pass for each")
    runs.add_argument(
        "--environments", type=Path, help="where the peers are installed; default: OUTPUT/peers"
    )
    shows = commands.add_parser("show", help="print and draw what is on record")
    grows = commands.add_parser("scaling", help="time and memory against the number of atoms")
    grows.add_argument("--largest", type=_count, default=100_000, help="number of atoms")
    grows.add_argument("--seconds", type=_positive, default=1.0, help="of CPU time of one size, at least")
    begins = commands.add_parser("start", help="seconds until the first force")
    begins.add_argument("--times", type=_count, default=5, help="fresh processes of each kind")
    batches = commands.add_parser("batch", help="many small systems at once")
    batches.add_argument("--seconds", type=_positive, default=20.0, help="of CPU time in all, at least")
    for command in (grows, begins, batches):
        command.add_argument("--preset", choices=tuple(PRESETS), default=OURS)
    for command, do in ((runs, _run), (shows, _show), (grows, _scaling), (begins, _start), (batches, _batch)):
        command.set_defaults(do=do)
        command.add_argument("--output", type=Path, default=Path("runs") / "speed", help="for what is made")
        command.add_argument("--results", type=Path, default=RESULTS, help="where the JSON and plots go")
    return parser


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1, not {text}")
    return int(text)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"a positive number of seconds, not {text}")
    return value


def _opened(options: argparse.Namespace, name: str, threads: int) -> Companion:
    """A process of an entrant, in its own environment."""
    entrant = ENTRANTS[name]
    place = getattr(options, "environments", None) or options.output / "peers"
    python = interpreter(entrant.package, entrant.requirements, place)
    return Companion(name, python, threads, options.output / "models")


def _run(options: argparse.Namespace) -> int:
    chosen = [name for name in STRUCTURES if name in options.structures]
    paths = written({name: STRUCTURES[name]() for name in chosen}, options.output / "structures")
    journal = Journal(options.results)
    names = [name for name in ENTRANTS if name in options.models]
    for threads in options.threads:
        opened = partial(_opened, options)
        measure(names, paths, threads, options.rounds, options.seconds, opened, journal)
    failed = [name for name in names if "reason" in journal.entrants[name]]
    return max(_show(options), 1 if failed else 0)


def _show(options: argparse.Namespace) -> int:
    record = board.newest(options.results)
    CONSOLE.print(*board.tables(record), sep="\n")
    CONSOLE.print(*board.notes(record), sep="\n")
    here = record["machine"]
    CONSOLE.print(f"{here['processor']}, {here['cores']} cores, torch {here['torch']}, {record['date']}")
    print(*(path.name for path in save(board.figure(record), options.results / "speed")))
    return 0


def _scaling(options: argparse.Namespace) -> int:
    with Stopwatch() as watch:
        opened = partial(_opened, options)
        folder = options.output / "structures"
        points = scaling.grow(options.preset, options.largest, options.seconds, opened, folder)
    path = scaling.kept(points, options.preset, watch, options.results)
    CONSOLE.print(scaling.table(points, f"Intertwine {options.preset}, fcc Cu, one thread"))
    drawn = save(scaling.figure(points), options.results / f"speed-scaling-{options.preset}")
    print(path.name, *(file.name for file in drawn))
    return 1 if any("error" in point for point in points) else 0


def _start(options: argparse.Namespace) -> int:
    structure = written({"acac": STRUCTURES["acac"]()}, options.output / "structures")["acac"]
    with Stopwatch() as watch:
        found = start.starts(options.preset, structure, options.times)
    name = f"speed-start-{options.preset}"
    path = keep(name, 0, watch, {"unit": "s on the wall", "starts": found}, options.results, "measuring")
    CONSOLE.print(start.table(found, f"Intertwine {options.preset}, median of {options.times} processes"))
    print(path.name)
    return 0


def _batch(options: argparse.Namespace) -> int:
    words = [sys.executable, "-m", "benchmarks.speed.batch", options.preset, str(options.seconds)]
    with Stopwatch() as watch:
        done = subprocess.run(
            words, env=surroundings(own=False, threads=1), capture_output=True, text=True, check=False
        )
    if done.returncode:
        last = (done.stderr.splitlines() or ["no message"])[-1]
        raise InputError("the batches cannot be measured", got=last, fix=f"try yourself: {' '.join(words)}")
    found = json.loads(done.stdout.splitlines()[-1])
    name, unit = f"speed-batch-{options.preset}", "CPU µs per atom, one thread, neighbour lists included"
    path = keep(name, 0, watch, {"unit": unit, "costs": found}, options.results, "measuring")
    CONSOLE.print(batch.table(found, f"Intertwine {options.preset}"))
    print(path.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
