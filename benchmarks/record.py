"""What every benchmark states beside its figures: machine, command, date, seed, CPU time; kept as JSON."""

import argparse
import datetime
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich import box
from rich.console import Console
from rich.table import Table

import intertwine
from intertwine.errors import InputError, IntertwineError

RESULTS = Path(__file__).parent / "results"


def data_folder(name: str) -> Path:
    """Folder of a data set below the one that the environment variable INTERTWINE_DATA names."""
    root = os.environ.get("INTERTWINE_DATA")
    if not root:
        raise InputError(
            "the environment variable INTERTWINE_DATA is not set", fix="set it to the folder of the data"
        )
    folder = Path(root) / name
    if not folder.is_dir():
        raise InputError(f"no folder '{name}' below INTERTWINE_DATA", got=root)
    return folder


def parser(description: str) -> argparse.ArgumentParser:
    """The options that all trainings of a benchmark share."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--minutes", type=float, default=30.0, help="wall-clock budget of the training")
    options.add_argument("--threads", type=int, default=2, help="CPU threads")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--preset", default="medium", choices=("small", "medium", "large"))
    options.add_argument("--epochs", type=int, default=100_000, help="at most; the budget is what counts")
    options.add_argument("--output", type=Path, default=Path("runs"), help="where the run folder goes")
    options.add_argument("--results", type=Path, default=RESULTS, help="where the JSON goes")
    return options


def answer(commands: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    """Exit status of the command that was asked for, its `do`; 2 and one line where it cannot go on."""
    options = commands.parse_args(arguments)
    try:
        return options.do(options)
    except (IntertwineError, OSError) as error:
        print(f"{commands.prog.rpartition('.')[2]}: error: {error}", file=sys.stderr)
        return 2


def run_folder(options: argparse.Namespace, name: str) -> Path:
    """A new folder for a run, so that no earlier one is touched."""
    moment = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S")
    return options.output / f"{name}-seed{options.seed}-{moment}"


class Stopwatch:
    """CPU time (all threads of this process) and wall time between entering and leaving.

    >>> with Stopwatch() as watch:
    ...     pass
    >>> watch.cpu_seconds < 1.0
    True
    """

    def __enter__(self) -> "Stopwatch":
        self._begun = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *exception: object) -> None:
        self.cpu_seconds = time.process_time() - self._begun[0]
        self.wall_seconds = time.perf_counter() - self._begun[1]


class Spent(NamedTuple):
    """What a `Stopwatch` reads, measured in another process."""

    cpu_seconds: float
    wall_seconds: float


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "intertwine": intertwine.__version__,
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def keep(
    name: str,
    seed: int,
    watch: Stopwatch | Spent,
    figures: dict[str, Any],
    folder: Path,
    what: str = "training",
) -> Path:
    """Write `NAME-DATE-seedN.json` with the figures and everything needed to judge them.

    `what` names that which took the time of `watch`.
    """
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    record = {
        "benchmark": name,
        "command": " ".join(["python", "-m", f"benchmarks.{name.partition('-')[0]}", *_words(sys.argv[1:])]),
        "date": date,
        "seed": seed,
        "machine": machine(),
        what: {
            "cpu_seconds": round(watch.cpu_seconds, 1),
            "wall_seconds": round(watch.wall_seconds, 1),
        },
        **figures,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{date}-seed{seed}.json"
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


PLACES = ("--events", "--output", "--environments", "--results", "--model")
"""Options that name a place on this machine; of a model its hash is on record."""


def _words(arguments: Sequence[str]) -> list[str]:
    """The options that decide a figure, without `PLACES`."""
    places = [i for i, word in enumerate(arguments) if word in PLACES]
    return [word for i, word in enumerate(arguments) if i not in places and i - 1 not in places]


def show(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], watch: Stopwatch, path: Path
) -> None:
    """Print the table (ours is the last row) and what it was measured on."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("model", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    for number, row in enumerate(rows):
        table.add_row(*row, style="bold" if number == len(rows) - 1 else None)
    console = Console(width=110, soft_wrap=True)
    console.print(table)
    here = machine()
    console.print(
        f"{here['processor']}, {here['cores']} cores; training {watch.cpu_seconds / 60:.1f} CPU min, "
        f"{watch.wall_seconds / 60:.1f} min on the clock; {path}",
        highlight=False,
    )
