"""Tables of complexes to learn from: whose crystal ligand, in which receptor, of which family of proteins."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from intertwine.apps.docking.cases import Complex
from intertwine.apps.docking.ligand import Ligand, fresh_conformer
from intertwine.apps.docking.ligand_files import read_ligands
from intertwine.apps.docking.pocket import box_around, pocket_of
from intertwine.apps.docking.receptor import read_receptor
from intertwine.errors import InputError
from intertwine.typing import PathLike

COLUMNS = ("name", "receptor", "ligand", "family")


def read_entries(
    table: PathLike, margin: float = 6.0, seed: int = 1, told: Callable[[str, str], None] | None = None
) -> list[Complex]:
    """The complexes of a table, a CSV file with the columns name, receptor, ligand and family.

    Paths are relative to the table. The ligand is where the crystal has it; a conformer made from its bonds
    alone comes with it. A complex that cannot be read is told and left out.

    Args:
        table: to read.
        margin: Å of box on every side of the crystal ligand.
        seed: of the conformers.
        told: given the name of a complex that is left out, and why.

    Raises:
        InputError: no such table, a missing column, or no complex that can be read.
        MissingExtraError: RDKit or gemmi is not installed.
    """
    families: dict[str, int] = {}
    entries = []
    for row in _rows(Path(table)):
        family = families.setdefault(row["family"], len(families))
        try:
            entries.append(_entry(Path(table).parent, row, family, margin, seed))
        except InputError as error:
            if told is not None:
                told(row["name"], str(error))
    if not entries:
        raise InputError(f"no complex of {table} can be read", fix="look at the reasons above")
    return entries


def divided(entries: Sequence[Complex], share: float, seed: int = 0) -> tuple[list[Complex], list[Complex]]:
    """Complexes to learn from, and a share held out, families of proteins never divided between them.

    Raises:
        InputError: there are too few families for that.
    """
    families = np.unique([entry.group for entry in entries])
    count = round(share * len(families))
    if not 0 < count < len(families) and share:
        raise InputError(
            f"a share of {share} of the families cannot be held out",
            got=f"{len(families)} families in the table",
        )
    held = set(np.random.default_rng(seed).permutation(families)[:count].tolist())
    return [e for e in entries if e.group not in held], [e for e in entries if e.group in held]


def _rows(table: Path) -> list[dict[str, str]]:
    if not table.is_file():
        raise InputError(f"no table at {table}", accepted=f"a CSV file with the columns {', '.join(COLUMNS)}")
    with table.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    missing = [name for name in COLUMNS if name not in (rows[0] if rows else ())]
    if missing:
        raise InputError(f"{table} lacks {', '.join(missing)}", accepted=f"the columns {', '.join(COLUMNS)}")
    return rows


def _entry(folder: Path, row: dict[str, str], family: int, margin: float, seed: int) -> Complex:
    receptor = read_receptor(folder / row["receptor"])
    _, reading = next(iter(read_ligands(folder / row["ligand"])))
    if not isinstance(reading, Ligand):
        raise reading
    box = box_around(reading.atoms.positions, margin)
    return Complex(
        row["name"], pocket_of(receptor, box), reading, fresh_conformer(reading, seed), box, family
    )
