"""Named jobs that run at the same time, one core each, with a bar for every one of them."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from intertwine.apps.workers import finished
from intertwine.data import replacing

PAUSE: Final = 20.0
"""Seconds between lines where there is no terminal to draw bars on."""


class Standing(NamedTuple):
    """How far a job is: the part done, 0 to 1, and a few words."""

    part: float
    note: str = ""


class Meter:
    """Tells other processes how far a job is, through a file; can be sent to a process.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     meter = Meter(Path(folder) / "progress")
    ...     meter(0.5, "half way")
    ...     meter.read()
    Standing(part=0.5, note='half way')
    """

    def __init__(self, path: Path, pause: float = 0.2) -> None:
        self.path, self.pause, self.told = path, pause, 0.0

    def __call__(self, part: float, note: str = "") -> None:
        now = time.monotonic()
        if now - self.told >= self.pause or part >= 1.0:
            self.told = now
            with replacing(self.path) as scratch:
                scratch.write_text(json.dumps([part, note]), encoding="utf-8")

    def read(self) -> Standing:
        """The last thing told."""
        try:
            return Standing(*json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Standing(0.0)


class Job(NamedTuple):
    """Work for one core.

    Args:
        work: a call without arguments that a new process can import and run, such as a `functools.partial` of
            a function of a module.
        watch: tells how far it is; called often, in this process.
    """

    work: Callable[[], Any]
    watch: Callable[[], Standing]


def side_by_side(jobs: Mapping[str, Job], console: Console, cores: int = 2) -> dict[str, Any]:
    """Run jobs in up to `cores` processes and return what they return, by name.

    With one core they run one after the other in this process. On a terminal every job has a bar.

    Raises:
        IntertwineError: a process died. What a job raises comes through.

    >>> from functools import partial
    >>> jobs = {"two": Job(partial(max, 1, 2), lambda: Standing(1.0))}
    >>> side_by_side(jobs, Console(quiet=True), cores=1)
    {'two': 2}
    """
    names, over = list(jobs), threading.Event()
    pieces = {index: job.work for index, job in enumerate(jobs.values())}
    with _bars(console) as bars:
        watcher = threading.Thread(target=_watch, args=(jobs, bars, over), daemon=True)
        watcher.start()
        try:
            done = finished(_call, pieces, 0 if cores == 1 else min(cores, len(jobs)))
            return {names[index]: result for index, result in done}
        finally:
            over.set()
            watcher.join()


def _watch(jobs: Mapping[str, Job], bars: Progress, over: threading.Event) -> None:
    """Move the bars until the work is over; where there is no terminal, a line now and then."""
    tasks = {name: bars.add_task(name, total=1.0, note="", start=False) for name in jobs}
    told = time.monotonic()
    while not over.wait(0.2):
        standings = {name: job.watch() for name, job in jobs.items()}
        for name, standing in standings.items():
            if standing.part > 0 and not bars.tasks[tasks[name]].started:
                bars.start_task(tasks[name])
            bars.update(tasks[name], completed=standing.part, note=standing.note)
        if bars.disable and time.monotonic() - told > PAUSE:
            told = time.monotonic()
            for name, standing in standings.items():
                bars.console.print(
                    f"    {name:<14}{standing.part:5.0%}  {standing.note}", highlight=False, soft_wrap=True
                )


def _call(work: Callable[[], Any]) -> Any:
    return work()


@contextmanager
def bar(what: str, console: Console) -> Iterator[Callable[[float, str], None]]:
    """One bar for work in this process, moved by (part done, note); gone when the work is over.

    >>> with bar("counting", Console(quiet=True)) as tell:
    ...     tell(0.5, "half way")
    """
    with _bars(console) as bars:
        task = bars.add_task(what, total=1.0, note="")
        yield lambda part, note: bars.update(task, completed=part, note=note)


def _bars(console: Console) -> Progress:
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[note]}"),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
