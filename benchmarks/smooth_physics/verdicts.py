"""What was claimed, what was measured, and whether it holds: one table and one JSON for every command."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.record import Stopwatch, keep, machine
from rich import box
from rich.console import Console
from rich.table import Table

from intertwine.errors import InputError


class Verdict(NamedTuple):
    """One row: a claim, its figure, what is demanded of it."""

    claim: str
    measured: str
    demanded: str
    holds: bool


def digest(model: Path) -> str:
    """SHA-256 of a model file, which says which model was judged.

    Raises:
        InputError: there is no such file.
    """
    if not model.is_file():
        fix = "train one by benchmarks.acac or benchmarks.mlearn and name its model.safetensors"
        raise InputError(f"no model '{model}'", fix=fix)
    return hashlib.sha256(model.read_bytes()).hexdigest()


def conclude(
    name: str,
    title: str,
    verdicts: Sequence[Verdict],
    figures: dict[str, Any],
    watch: Stopwatch,
    options: Any,
) -> Path:
    """Keep the figures with the verdicts and print the table.

    Returns:
        The JSON file; plots go beside it, under its name.
    """
    holds = all(verdict.holds for verdict in verdicts)
    judged = {"holds": holds, "verdicts": [verdict._asdict() for verdict in verdicts]}
    figures = {"model_sha256": digest(options.model), **judged, **figures}
    path = keep(f"smooth_physics-{name}", options.seed, watch, figures, options.results, what="run")
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("claim", "measured", "demanded", ""):
        table.add_column(column)
    for verdict in verdicts:
        style = None if verdict.holds else "bold red"
        table.add_row(*verdict[:3], "holds" if verdict.holds else "FAILS", style=style)
    console, here = Console(width=140, soft_wrap=True), machine()
    console.print(table)
    console.print(
        f"{here['processor']}, {here['cores']} cores; {watch.cpu_seconds / 60:.1f} CPU min; {path}",
        highlight=False,
    )
    return path
