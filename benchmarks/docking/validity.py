"""Which of the best poses PoseBusters finds nothing wrong with.

    python -m benchmarks.docking validity peers.jsonl --output checked.jsonl

Files of dockings hold heavy atoms; hydrogens are put where RDKit has them, for every entrant alike.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.docking.complexes import Complex, complexes
from benchmarks.docking.peers import identity, read_lines

from intertwine.apps.docking import pocket_of, read_receptor
from intertwine.apps.docking.checks import busted_molecules
from intertwine.errors import require


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("validity", help="let PoseBusters judge the best poses")
    options.add_argument("file", type=Path, help="lines of JSON, as peers writes them")
    options.add_argument(
        "--output", type=Path, required=True, help="the same lines with their flaws; resumed"
    )
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    """Judge what the output lacks; 0."""
    done = {identity(record) for record in read_lines(options.output)}
    waiting: dict[str, list[dict[str, Any]]] = {}
    for record in read_lines(options.file):
        if identity(record) not in done:
            waiting.setdefault(record["id"], []).append(record)
    with options.output.open("a") as lines:
        for one in complexes():
            for record in judged(one, waiting.pop(one.name, [])):
                print(json.dumps(record), file=lines, flush=True)
    return 0


def judged(one: Complex, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records with `flaws`, the tests that their best pose fails; none where no pose was found."""
    found = [record for record in records if record.get("poses")]
    if not found:
        return records
    pocket = pocket_of(read_receptor(one.receptor), one.box)
    verdicts = busted_molecules([_molecule(one, record["poses"][0]) for record in found], pocket)
    for record, verdict in zip(found, verdicts, strict=True):
        record["flaws"] = [name for name, passed in verdict.items() if not passed]
    return records


def _molecule(one: Complex, places: list[list[float]]) -> Any:
    chem = require("rdkit.Chem", extra="docking")
    molecule = chem.RemoveAllHs(one.crystal.molecule)
    molecule.GetConformer().SetPositions(np.array(places, dtype=np.float64))
    return chem.AddHs(molecule, addCoords=True)
