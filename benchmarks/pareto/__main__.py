"""Same budget, same frames: Intertwine's presets, MACE and NequIP on acetylacetone for equal CPU time.

    INTERTWINE_DATA=… python -m benchmarks.pareto run --minutes 5 15 45 90 --models small mace-64 nequip
    python -m benchmarks.pareto show

`run` makes an environment of its own for each peer, writes one split of frames for all, and trains every
model anew for every budget: from the pace of a short probe follows the number of epochs that fill it, and
every schedule of learning rates ends with them. A budget is CPU time of all threads of the training process.
Steps and the validation after each epoch count, for all alike; the probe, imports, reading, compilation and
tests do not, and the first epoch counts as the later ones do. A model slower than an epoch per budget gets
one epoch, and the table shows what it spent. The test files are read once, after training, by each package's
own ASE calculator, one molecule per call, on one thread: errors and CPU time per atom (median) are of the
same calls. What is on record is not run again.

`show` prints the table and draws `pareto.svg` and `pareto.png`. Marked is who is on the Pareto front of force
errors: among the models of one budget against the CPU time of an evaluation ("inference"), and among all of
them against the budget ("training").
"""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.acac import TESTS
from benchmarks.environments import interpreter
from benchmarks.pareto.contest import Contest, run
from benchmarks.pareto.entrants import ENTRANTS
from benchmarks.pareto.frames import write_frames
from benchmarks.pareto.front import figure, points, table
from benchmarks.record import RESULTS, answer
from rich.console import Console

from intertwine.apps.style import save
from intertwine.errors import InputError, IntertwineError


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done; 1 some training failed; 2 the input cannot be used."""
    return answer(_parser(), arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pareto",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    commands = parser.add_subparsers(required=True)
    runs = commands.add_parser("run", help="train what has no record yet")
    runs.add_argument(
        "--minutes", type=_budget, nargs="+", default=[5.0, 15.0, 45.0, 90.0], help="of CPU time"
    )
    runs.add_argument("--models", nargs="+", choices=tuple(ENTRANTS), default=list(ENTRANTS))
    runs.add_argument("--seed", type=int, default=0)
    runs.add_argument("--output", type=Path, default=Path("runs") / "pareto", help="where the runs go")
    runs.add_argument(
        "--environments", type=Path, help="where the peers are installed; default: OUTPUT/peers"
    )
    runs.set_defaults(do=_run)
    shows = commands.add_parser("show", help="print and draw what is on record")
    shows.add_argument("--at", choices=tuple(TESTS), default="600 K", help="whose forces decide the front")
    shows.set_defaults(do=_show)
    for command in (runs, shows):
        command.add_argument("--threads", type=_threads, default=1, help="of the trainings")
        command.add_argument("--results", type=Path, default=RESULTS, help="where the JSON and the plot go")
    return parser


def _budget(text: str) -> float:
    minutes = float(text)
    if not (math.isfinite(minutes) and minutes > 0):
        raise argparse.ArgumentTypeError(f"a budget is a positive number of minutes, not {text}")
    return minutes


def _threads(text: str) -> int:
    threads = int(text)
    if threads < 1:
        raise argparse.ArgumentTypeError(f"at least one thread, not {text}")
    return threads


def _run(options: argparse.Namespace) -> int:
    frames = write_frames(options.output / f"frames-seed{options.seed}", options.seed)
    failures = []
    for minutes in options.minutes:
        for model in options.models:
            contest = Contest(model, minutes, options.threads, options.seed)
            if any(options.results.glob(f"{contest.name}-*-seed{contest.seed}.json")):
                print(f"{contest.name}: on record", flush=True)
                continue
            try:
                entrant, place = ENTRANTS[model], options.environments or options.output / "peers"
                python = interpreter(entrant.package, entrant.requirements, place)
                print(run(contest, python, frames, options.output, options.results).name, flush=True)
            except IntertwineError as error:
                failures.append(error)
                print(f"pareto: error: {error}", file=sys.stderr, flush=True)
    return 1 if failures else 0


def _show(options: argparse.Namespace) -> int:
    found = points(options.results, options.threads)
    if not found:
        raise InputError(
            f"nothing on record with {options.threads} threads", got=options.results, fix="run first"
        )
    Console(width=130).print(table(found, options.at))
    print(*(path.name for path in save(figure(found, options.at), options.results / "pareto")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
