"""Poses a second, energies with all derivatives.

python -m benchmarks.docking speed --threads 1 2

A typical pocket: the complex whose product of ligand atoms and pocket atoms is the median. `prior` is the
search's energy through tables, `descent` an evaluation inside the compiled minimisation, `full` prior and
learned term with forces, torques and torsional forces. Poses per second of the wall clock, and of one core's
CPU, which other work on the machine changes less.
"""

import argparse
import statistics
from collections.abc import Callable
from typing import Any

from benchmarks.docking.complexes import complexes
from benchmarks.record import Stopwatch
from rich import box
from rich.console import Console
from rich.table import Table

REPEATS = 5


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("speed", help="time energies of poses")
    options.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options.add_argument("--poses", type=int, default=1000)
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    """Print poses a second for each energy and number of threads; 0."""
    import torch

    name, atoms, sites, tasks = typical(options.poses)
    table = Table("energy", *(f"{count} threads" for count in options.threads), box=box.SIMPLE_HEAD)
    for energy, task in tasks.items():
        row = []
        for count in options.threads:
            torch.set_num_threads(count)
            row.append("{:.0f} /s, {:.0f} per CPU s".format(*rate(task)))
        table.add_row(energy, *row)
    console = Console(width=110)
    console.print(f"{name}: {atoms} heavy atoms of the ligand, {sites} of the pocket, {options.poses} poses")
    console.print(table)
    return 0


def rate(task: Callable[[], int]) -> tuple[float, float]:
    """Poses a second of the wall clock and of CPU, medians of some runs after one that is not counted."""
    task()
    rates = []
    for _ in range(REPEATS):
        with Stopwatch() as watch:
            poses = task()
        rates.append((poses / watch.wall_seconds, poses / watch.cpu_seconds))
    walls, cpus = zip(*rates, strict=True)
    return statistics.median(walls), statistics.median(cpus)


def typical(count: int) -> tuple[str, int, int, dict[str, Callable[[], int]]]:
    """Name and sizes of the median complex, and what is timed on it."""
    import torch

    from intertwine.apps.docking import PoseEnergy, pocket_of, read_receptor
    from intertwine.apps.docking.cases import beside_native
    from intertwine.apps.docking.landscape import PriorLandscape
    from intertwine.apps.docking.refine import FullLandscape

    every = [(one, pocket_of(read_receptor(one.receptor), one.box, 8.0)) for one in complexes()]
    every.sort(key=lambda pair: len(pair[0].crystal) * len(pair[1].atoms))
    one, pocket = every[len(every) // 2]
    torch.manual_seed(0)
    model = PoseEnergy().requires_grad_(False)
    prior = PriorLandscape(pocket, one.crystal, one.box, model.prior)
    full = FullLandscape(prior, model, model.site(pocket), model.guest(one.crystal))
    poses = beside_native(prior.body.at_reference(), count, torch.Generator().manual_seed(0))
    tasks = {
        "prior": lambda: len(prior(poses)[0]),
        "descent": lambda: prior.minimised(poses, 20).evaluations,
        "full": lambda: len(full(poses)[0]),
    }
    return one.name, len(one.crystal), len(pocket.atoms), tasks
