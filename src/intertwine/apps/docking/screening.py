"""Many ligands: one after the other, or by many workers, with the same results."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from intertwine.apps.docking.ligand import Ligand
from intertwine.apps.docking.ligand_files import Reading
from intertwine.apps.docking.outcome import Outcome, Setting, outcome_of
from intertwine.apps.docking.result_folder import ResultFolder
from intertwine.errors import InputError, require

RETRIES = 5
"""Times a ligand is given to another worker after the one that had it died."""

Task = tuple[int, str, Ligand | InputError]
Advance = Callable[[int, Outcome | None], None]


def screen(
    readings: Iterable[Reading],
    setting: Setting,
    results: ResultFolder,
    workers: int = 1,
    address: str | None = None,
    advance: Advance | None = None,
) -> None:
    """Dock every ligand that the folder lacks and keep each as soon as it is done.

    With several workers, or a cluster, Ray runs them: a ligand whose worker died goes to another. Results
    depend on the ligand and the setting alone, not on who docked it, nor in which order.

    Args:
        readings: names with ligands, or what is wrong with them; only as many as are worked at are held.
        setting: what they share.
        results: where they go.
        workers: processes on this machine.
        address: of a running Ray cluster, or "auto"; all its processors are used.
        advance: told the number of ligands done and the last outcome; None for one that was there already.

    Raises:
        InputError: no such cluster.
        MissingExtraError: Ray is needed and not installed.
    """
    done = 0

    def missing() -> Iterator[Task]:
        nonlocal done
        for index, (name, reading) in enumerate(readings, 1):
            if not results.has(index):
                yield index, name, reading
                continue
            done += 1
            if advance is not None:
                advance(done, None)

    several = workers > 1 or address is not None
    for outcome, ligand in (
        _by_ray(missing(), setting, workers, address) if several else _here(missing(), setting)
    ):
        results.keep(outcome, ligand)
        done += 1
        if advance is not None:
            advance(done, outcome)


def _here(tasks: Iterable[Task], setting: Setting) -> Iterator[tuple[Outcome, Ligand | None]]:
    for task in tasks:
        yield outcome_of(setting, *task), _ligand(task)


def _by_ray(
    tasks: Iterator[Task], setting: Setting, workers: int, address: str | None
) -> Iterator[tuple[Outcome, Ligand | None]]:
    ray = require("ray", extra="screening")
    workers = _started(ray, workers, address)
    waiting: dict[Any, Task] = {}
    try:
        remote = ray.remote(max_retries=RETRIES)(outcome_of)
        shared = ray.put(setting)
        for task in tasks:
            waiting[remote.remote(shared, *task)] = task
            if len(waiting) >= 2 * workers:
                yield _first(ray, waiting)
        while waiting:
            yield _first(ray, waiting)
    finally:
        ray.shutdown()


def _started(ray: Any, workers: int, address: str | None) -> int:
    """Processes that will work."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is None:
        ray.init(num_cpus=workers, include_dashboard=False, **quiet)
        return workers
    try:
        ray.init(address=address, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        fix = "start one with 'ray start --head', or leave --ray-address out"
        raise InputError(
            f"no Ray cluster at {address!r}", got=str(error).partition("\n")[0], fix=fix
        ) from error
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _first(ray: Any, waiting: dict[Any, Task]) -> tuple[Outcome, Ligand | None]:
    """The next that is finished."""
    (reference, *_), _ = ray.wait(list(waiting), num_returns=1)
    task = waiting.pop(reference)
    try:
        return ray.get(reference), _ligand(task)
    except ray.exceptions.RayError as error:
        said = f"the worker that had it died {RETRIES + 1} times: {type(error).__name__}"
        return Outcome(task[0], task[1], said), None


def _ligand(task: Task) -> Ligand | None:
    return task[2] if isinstance(task[2], Ligand) else None
