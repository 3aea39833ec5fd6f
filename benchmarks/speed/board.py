"""What is on record: medians, ratios, the table, the plot."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.speed.entrants import ENTRANTS, OURS
from benchmarks.speed.structures import TITLES
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from rich import box
from rich.table import Table

from intertwine.apps.style import COLOURS, INK, MUTED, styled_figure
from intertwine.errors import InputError

Record = dict[str, Any]
SLOW = 15.0
"""Seconds of making a model that are worth a line."""


def newest(results: Path) -> Record:
    """The latest record of `run`.

    Raises:
        InputError: there is none.
    """
    pattern = re.compile(r"speed-\d{4}-\d\d-\d\d-seed0\.json")
    paths = sorted(path for path in results.glob("speed-*.json") if pattern.fullmatch(path.name))
    if not paths:
        raise InputError("nothing on record", got=results, fix="run first")
    return json.loads(paths[-1].read_text(encoding="utf-8"))


def cost(record: Record, name: str, structure: str, threads: int, clock: str) -> float | None:
    """Median over rounds of the time of an entrant on a structure, µs per atom; nothing if it has none."""
    times = [found[name] for found in _rounds(record, structure, threads, clock) if name in found]
    return median(times) if times else None


def ratio(record: Record, name: str, structure: str, threads: int, clock: str) -> float | None:
    """Median over rounds of the entrant's time over that of `OURS` in the same round."""
    rounds = _rounds(record, structure, threads, clock)
    both = [found[name] / found[OURS] for found in rounds if name in found and OURS in found]
    return median(both) if both else None


def _rounds(record: Record, structure: str, threads: int, clock: str) -> list[dict[str, float]]:
    """Of each round, the times by entrant."""
    rounds = [figures["us"] for figures in record["rounds"] if figures["threads"] == threads]
    return [
        {name: found[structure][clock] for name, found in us.items() if clock in found.get(structure, {})}
        for us in rounds
    ]


def tables(record: Record) -> list[Table]:
    """CPU time on one thread, wall time on more, memory."""
    made = [_times(record, 1, "cpu", "CPU time on one thread")]
    for threads in sorted({figures["threads"] for figures in record["rounds"]} - {1}):
        made.append(_times(record, threads, "wall", f"wall time on {threads} threads"))
    return [*made, _memory(record)]


def _times(record: Record, threads: int, clock: str, what: str) -> Table:
    rounds = sum(figures["threads"] == threads for figures in record["rounds"])
    title = f"{what}, µs per atom, and times Intertwine {OURS}; median of {rounds} rounds"

    def cell(name: str, structure: str) -> str:
        value = cost(record, name, structure, threads, clock)
        times = ratio(record, name, structure, threads, clock)
        if value is None:
            return "—"
        return f"{value:.0f}" + ("" if times is None else f" [dim]{times:5.1f}×[/dim]")

    return _table(record, title, cell)


def _memory(record: Record) -> Table:
    def cell(name: str, structure: str) -> str:
        found = record["memory"].get(name, {}).get(structure)
        return f"{found['above_import_mib']:.0f}" if found else "—"

    return _table(record, "peak resident memory above that of the imported package, MiB", cell)


def _table(record: Record, title: str, cell: Any) -> Table:
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    shown.add_column("model", no_wrap=True)
    for structure in record["structures"]:
        shown.add_column(TITLES[structure], justify="right")
    for name in _present(record):
        style = "bold" if ENTRANTS[name].package == "intertwine" else None
        shown.add_row(ENTRANTS[name].title, *(cell(name, s) for s in record["structures"]), style=style)
    return shown


def _present(record: Record) -> list[str]:
    """Entrants with figures, in the order of `ENTRANTS`."""
    measured = {name for figures in record["rounds"] for name in figures["us"]}
    return [name for name in ENTRANTS if name in measured]


def notes(record: Record) -> list[str]:
    """Who gives stress in the same call, and who does not run, and why: one line each."""
    lines = []
    stress = [
        ENTRANTS[name].title
        for name in _present(record)
        if any(found["stress"] for found in record["memory"].get(name, {}).values())
    ]
    lines.append(f"with stress in the same call: {', '.join(stress) or 'none'}")
    slow = {name: found.get("load_seconds", 0) for name, found in record["entrants"].items()}
    made = [f"{ENTRANTS[name].title} {slow[name]:.0f} s" for name in _present(record) if slow[name] > SLOW]
    lines.append(f"made once, compiled where it says so: {', '.join(made) or 'all at once'}")
    for found in record["entrants"].values():
        if "reason" in found:
            lines.append(f"{found['title']}: {short(found['reason'])}")
    for name in _present(record):
        failed = [s for s, reason in _failures(record, name).items() if reason]
        if failed:
            reason = short(_failures(record, name)[failed[0]])
            lines.append(f"{ENTRANTS[name].title} on {', '.join(TITLES[s] for s in failed)}: {reason}")
    return lines


def _failures(record: Record, name: str) -> dict[str, str]:
    """The last reason by structure for which there are no figures."""
    reasons: dict[str, str] = {}
    for figures in record["rounds"]:
        for structure, found in figures["us"].get(name, {}).items():
            reasons[structure] = found.get("error", "")
    return reasons


def short(reason: str, width: int = 110) -> str:
    """The reason without colours of a terminal, cut to one line.

    >>> short("ValueError: " + 200 * "x", width=20)
    'ValueError: xxxxxxx…'
    """
    plain = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", reason).split())
    return plain if len(plain) <= width else plain[: width - 1] + "…"


def figure(record: Record) -> Figure:
    """Bars of the CPU time per atom on one thread, one panel for each structure, on a common scale."""
    names, structures = _present(record)[::-1], list(record["structures"])
    values = {(n, s): cost(record, n, s, 1, "cpu") for n in names for s in structures}
    known = [value for value in values.values() if value is not None]
    if not known:
        raise InputError("no time on one thread on record", fix="run with --threads 1")
    drawn, axes = styled_figure(2.2 + 2.4 * len(structures), 0.8 + 0.3 * len(names), columns=len(structures))
    for ax, structure in zip(axes, structures, strict=True):
        _bars(ax, names, [values[name, structure] for name in names])
        ax.set_xlim(min(known) / 2, max(known) * 4)
        ax.set_title(TITLES[structure], fontsize=9.5, color=INK, loc="left")
        ax.set_xlabel("CPU µs per atom")
        ax.set_yticks(range(len(names)), [ENTRANTS[n].title for n in names] if ax is axes[0] else [])
    return drawn


def _bars(ax: Any, names: Sequence[str], values: Sequence[float | None]) -> None:
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        if value is not None:
            own = ENTRANTS[name].package == "intertwine"
            ax.barh(place, value, color=COLOURS[0] if own else MUTED, alpha=1.0 if own else 0.55, height=0.7)
            ax.text(1.1 * value, place, f"{value:.0f}", va="center", fontsize=8, color=INK)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0,)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.grid(visible=False, axis="y")
    ax.set_ylim(-0.6, len(names) - 0.4)
