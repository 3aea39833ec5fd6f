"""What a file of dockings says.

python -m benchmarks.docking board peers.jsonl
"""

import argparse
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.docking.peers import read_lines
from rich import box
from rich.console import Console
from rich.table import Table

NEAR = 2.0
"""Å from the crystal: found."""
RESAMPLES = 2000
COLUMNS = ("program", "mode", "complexes", "failed", "top 1", "95 %", "and valid", "top 3", "of 9", "CPU s")


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("board", help="rates of success of files of dockings")
    options.add_argument("files", type=Path, nargs="+")
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    """Print a line for each program and mode; 0. A docking that failed counts as not found."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for record in (record for path in options.files for record in read_lines(path)):
        groups[record["program"], record["mode"], record["exhaustiveness"]].append(record)
    table = Table(*COLUMNS, box=box.SIMPLE_HEAD)
    for (program, mode, effort), records in sorted(groups.items(), key=lambda item: str(item[0])):
        table.add_row(f"{program} {effort}" if effort else program, mode, *cells(records))
    Console(width=110).print(table)
    return 0


def cells(records: list[dict[str, Any]]) -> list[str]:
    """What the table says of one program in one mode."""
    first, *others = (found(records, best) for best in (1, 3, 9))
    low, high = interval(first, [record["cluster"] for record in records])
    valid = f"{100 * sound(records, first):.1f} %" if any("flaws" in record for record in records) else "–"
    failed = sum("error" in record for record in records)
    seconds = np.median([record["seconds"] for record in records if "seconds" in record])
    rates = [f"{100 * hits.mean():.1f} %" for hits in (first, *others)]
    span = f"{100 * low:.0f} to {100 * high:.0f}"
    return [str(len(records)), str(failed), rates[0], span, valid, *rates[1:], f"{seconds:.1f}"]


def found(records: list[dict[str, Any]], best: int) -> np.ndarray:
    """Of each docking, whether one of the first `best` poses is nearer than 2 Å."""
    return np.array([min(record.get("rmsds", [])[:best], default=np.inf) < NEAR for record in records])


def sound(records: list[dict[str, Any]], near: np.ndarray) -> float:
    """Rate of best poses that are near and in which PoseBusters finds nothing wrong."""
    pairs = zip(records, near, strict=True)
    return float(np.mean([bool(hit) and record.get("flaws") == [] for record, hit in pairs]))


def interval(
    hits: np.ndarray, clusters: list[str], statistic: Callable[..., Any] = np.mean
) -> tuple[float, float]:
    """95 % of a bootstrap over clusters of proteins, whose members are no independent trials."""
    rng = np.random.default_rng(0)
    names = sorted(set(clusters))
    members = [np.flatnonzero(np.array(clusters) == name) for name in names]
    draws = rng.integers(len(names), size=(RESAMPLES, len(names)))
    rates = [statistic(hits[np.concatenate([members[k] for k in draw])]) for draw in draws]
    return float(np.quantile(rates, 0.025)), float(np.quantile(rates, 0.975))
