"""A library screened by Ray while a worker is killed, beside the same screen by one process.

    python -m benchmarks.docking screen --output screen

The ligands are crystal ligands of the core set in the order in which it is drawn, docked into the pocket of
the first of them, torsions free. Of two workers one gets SIGKILL when a third of the ligands is done. Then
every file of both is compared; left out are the seconds of each ligand and the line in which RDKit signs.
"""

import argparse
import csv
import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.docking.complexes import Complex, complexes
from rich.console import Console

from intertwine.errors import InputError

if TYPE_CHECKING:
    from intertwine.apps.docking import Ligand

TASK = "ray::outcome_of"
"""What Ray's workers are named after while they dock."""


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("screen", help="screen a library by Ray, kill a worker, compare")
    options.add_argument("--output", type=Path, required=True, help="an empty folder, or none yet")
    options.add_argument("--ligands", type=int, default=100)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--starts", type=int, default=20, help="chains of minimisations: the effort")
    options.add_argument("--kept", type=int, default=20, help="minima that are minimised again")
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    """Screen twice, print what differs; 0 where nothing is missing, doubled or different."""
    import torch

    torch.set_num_threads(1)
    if options.output.exists() and any(options.output.iterdir()):
        raise InputError(f"'{options.output}' is not empty", fix="name a folder that is not there yet")
    library = list(islice(complexes(), options.ligands))
    serial, alone, _ = screened(library, options, 1)
    parallel, together, killed = screened(library, options, options.workers)
    one, other = contents(serial), contents(parallel)
    differing = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    present, failed, doubled = results(parallel)
    say = Console(width=110).print
    seconds = f"serial {alone:.0f} s, {options.workers} workers {together:.0f} s"
    say(f"{len(library)} ligands into {library[0].name}; {seconds} of wall clock")
    say(f"workers killed: {killed}; results: {len(present)}, {len(failed)} of them reasons; twice: {doubled}")
    say(f"files compared: {len(one)}; differing or missing: {len(differing)} {' '.join(differing[:5])}")
    return int(killed != 1 or len(present) != len(library) or doubled > 0 or bool(differing))


def screened(library: list[Complex], options: argparse.Namespace, workers: int) -> tuple[Path, float, int]:
    """The folder of a screen, its seconds of wall clock, and how many workers were killed on the way."""
    from intertwine.apps.docking import SearchPlan, dock_ligand, load_docking_model, read_receptor
    from intertwine.apps.docking.outcome import Setting
    from intertwine.apps.docking.result_folder import ResultFolder
    from intertwine.apps.docking.screening import screen

    host = library[0]
    plan = SearchPlan(starts=options.starts, kept=options.kept)
    setting = Setting(read_receptor(host.receptor), host.box, load_docking_model(None), plan, dock_ligand)
    folder = options.output / ("serial" if workers == 1 else f"workers-{workers}")
    kept = ResultFolder(folder, {"pocket": host.name})
    killer = Killer(len(library) // 3)
    readings = ((one.name, _start(one)) for one in library)
    begun = time.perf_counter()
    screen(readings, setting, kept, workers, advance=killer if workers > 1 else None)
    seconds = time.perf_counter() - begun
    kept.write_table()
    return folder, seconds, killer.killed


def _start(one: Complex) -> "Ligand | InputError":
    try:
        return one.start("flexible", 1)
    except InputError as error:
        return error


class Killer:
    """Told how many ligands are done, kills one worker of this process when they are enough.

    Args:
        after: ligands that are done by then.
        docking: the numbers of the processes that dock.
    """

    def __init__(self, after: int, docking: Callable[[], list[int]] | None = None) -> None:
        self.after, self.killed = after, 0
        self.docking = docking or at_work

    def __call__(self, done: int, outcome: Any) -> None:
        if done < self.after or self.killed:
            return
        for number in self.docking()[:1]:
            os.kill(number, signal.SIGKILL)
            self.killed += 1


def at_work() -> list[int]:
    """Processes below this one that Ray has named after our task."""
    lines = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    every = [line.split(maxsplit=2) for line in lines.splitlines()]
    above = {int(number): int(parent) for number, parent, *_ in every}
    return [int(number) for number, _, *said in every if TASK in "".join(said) and _below(int(number), above)]


def _below(number: int, above: dict[int, int]) -> bool:
    while number in above:
        number = above[number]
        if number == os.getpid():
            return True
    return False


def contents(folder: Path) -> dict[str, str]:
    """Of every file that a screen wrote its text, without times and signatures."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): _timeless(path) for path in files}


def _timeless(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        found = json.loads(text)
        found.pop("seconds", None)
        return json.dumps(found)
    return "\n".join(line for line in text.splitlines() if not line.startswith("     RDKit"))


def results(folder: Path) -> tuple[set[int], set[int], int]:
    """Ligands that have a file and lines in the table; those without a pose; how much stands there twice."""
    files = Counter(int(path.name.partition("-")[0]) for path in folder.glob("ligands/*.json"))
    with (folder / "poses.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    poses = Counter((int(row["ligand"]), row["pose"]) for row in rows)
    present = files.keys() & {ligand for ligand, _ in poses}
    failed = {int(row["ligand"]) for row in rows if row["error"]}
    return present, failed, sum(n - 1 for n in (*files.values(), *poses.values()))
