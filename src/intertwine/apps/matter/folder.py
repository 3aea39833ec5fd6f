"""Results as files: numbers with units and provenance, tables, figures, and the page."""

import csv
import datetime
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from intertwine.apps.label import software
from intertwine.apps.matter.phonons import Phonons
from intertwine.apps.matter.telling import Columns, Telling, tell
from intertwine.apps.page import Page, Picture, Section
from intertwine.apps.report import write_page
from intertwine.apps.spectra.source import Source
from intertwine.apps.style import save
from intertwine.data import Structure, replacing, write
from intertwine.testing.identity import versions
from intertwine.typing import PathLike


def write_results(results: Sequence[Any], source: Source, structure: Structure, folder: PathLike) -> Path:
    """Write results of one kind into a folder, and return the page.

    `KIND.json` has every number, units in the keys, and who computed it from what; `KIND.html` shows the
    same; `at-rest.extxyz` is the crystal; figures are PNG and SVG, curves CSV. Phonons leave
    `phonopy_params.yaml`, from which phonopy goes on.

    Args:
        results: one or more of what this folder's functions return, all of one kind.
        source: who was asked.
        structure: as it was given.
        folder: made when absent.

    Raises:
        InputError: the folder cannot be written.
    """
    folder, kind = Path(folder), results[0].kind
    told = [tell(one) for one in results]
    record = {
        "kind": kind,
        **provenance(source, structure),
        "results": [one.record() for one in results] if len(results) > 1 else results[0].record(),
    }
    drawings: dict[str, str] = {}
    for one in told:
        for name, (draw, _) in one.figures.items():
            drawings[name] = save(draw(), folder / name)[0].read_text(encoding="utf-8")
        for name, columns in one.tables.items():
            _put(folder / f"{name}.csv", _table(columns))
    folder.mkdir(parents=True, exist_ok=True)
    _put(folder / f"{kind}.json", json.dumps(_plain(record), indent=1, ensure_ascii=False) + "\n")
    write(folder / "at-rest.extxyz", [results[0].ground.structure])
    if isinstance(results[0], Phonons):
        results[0].constants.phonopy.save(folder / "phonopy_params.yaml", settings={"force_constants": True})
    return write_page(_page(told, drawings, record), folder / f"{kind}.html")


def provenance(source: Source, structure: Structure) -> dict[str, Any]:
    """Who computed, from what, with which versions, when; no path or user appears."""
    return {
        "source": dict(source.identity),
        "software": software(source.name),
        "versions": versions(),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "structure": {
            "formula": structure.formula,
            "numbers": structure.numbers.tolist(),
            "positions_A": structure.positions.tolist(),
            "cell_A": structure.cell.tolist(),
        },
    }


def _page(told: Sequence[Telling], drawings: dict[str, str], record: dict[str, Any]) -> Page:
    sections = []
    for one in told:
        pictures = [Picture(drawings[name], alt, alt) for name, (_, alt) in one.figures.items()]
        numbers = one.numbers if len(told) > 1 else ()
        text = (one.lead, *(f"{n.label}: {n.value} {n.unit} {n.note}".strip() for n in numbers))
        sections.append(Section(one.title, text if len(told) > 1 else (), (*pictures, *one.parts)))
    first, formula = told[0], record["structure"]["formula"]
    who = record["source"].get("calculator") or record["source"].get("model", "")
    numbers = first.numbers if len(told) == 1 else tuple(one.numbers[0] for one in told)
    foot = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return Page(
        f"{first.title if len(told) == 1 else record['kind'].capitalize()}: {formula}",
        f"{formula} by {who}. {first.lead}",
        numbers,
        None,
        tuple(section for section in sections if section.text or section.parts),
        (f"{record['software']}; {foot}; {record['date']}",),
    )


def _table(columns: Columns) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([f"{value:.9g}" for value in row] for row in zip(*columns.values(), strict=True))
    return text.getvalue()


def _plain(value: Any) -> Any:
    """The same for JSON: numbers that are none become null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as scratch:
        scratch.write_text(text, encoding="utf-8")
