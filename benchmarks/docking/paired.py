"""Two entrants on the same complexes: who finds what the other does not.

python -m benchmarks.docking paired ours.jsonl peers.jsonl --against vina
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.docking.board import found, interval
from benchmarks.docking.peers import read_lines
from rich import box
from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

COLUMNS = (
    "mode",
    "entrant",
    "against",
    "complexes",
    "both",
    "first only",
    "second only",
    "difference",
    "95 %",
    "p",
)


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("paired", help="compare entrants complex by complex")
    options.add_argument("files", type=Path, nargs="+")
    options.add_argument("--against", default="vina", help="program that the others are compared with")
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    """Print a line for each entrant, mode and effort of the other; 0.

    The difference is of top-1 rates within 2 Å in points, its interval a bootstrap over clusters of proteins,
    p the exact two-sided sign test on the complexes that only one of the two finds (McNemar).
    """
    groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for record in (record for path in options.files for record in read_lines(path)):
        effort = record["exhaustiveness"]
        name = f"{record['program']} {effort}" if effort else record["program"]
        groups.setdefault((record["mode"], name), {})[record["id"]] = record
    table = Table(*COLUMNS, box=box.SIMPLE_HEAD)
    for (mode, name), ours in sorted(groups.items()):
        for (other_mode, other), theirs in sorted(groups.items()):
            if (
                mode == other_mode
                and other.startswith(options.against)
                and not name.startswith(options.against)
            ):
                table.add_row(mode, name, other, *cells(ours, theirs))
    Console(width=120).print(table)
    return 0


def cells(ours: dict[str, dict[str, Any]], theirs: dict[str, dict[str, Any]]) -> list[str]:
    """What the table says of two entrants on the complexes that both were given."""
    common = sorted(set(ours) & set(theirs))
    one, other = (found([records[name] for name in common], 1) for records in (ours, theirs))
    first, second = int((one & ~other).sum()), int((other & ~one).sum())
    difference = one.astype(float) - other
    low, high = interval(difference, [ours[name]["cluster"] for name in common])
    p = binomtest(first, first + second).pvalue if first + second else 1.0
    span = f"{100 * low:+.0f} to {100 * high:+.0f}"
    counts = [len(common), int((one & other).sum()), first, second]
    return [*map(str, counts), f"{100 * np.mean(difference):+.1f}", span, f"{p:.3f}"]
