"""Files of a receptor as plain records: PDB, mmCIF by gemmi, PDBQT by its columns."""

import gzip
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from intertwine.apps.docking.residues import WATERS
from intertwine.errors import InputError, require
from intertwine.typing import PathLike

SUFFIXES = (".pdb", ".ent", ".cif", ".mmcif", ".pdbqt")


class Record(NamedTuple):
    """One atom of a file: element symbol, name, residue, chain, and place, Å."""

    element: str
    name: str
    residue: str
    chain: str
    place: str
    position: tuple[float, float, float]

    @property
    def label(self) -> str:
        """Residue as we print it, such as A:ASP25; a chain without a name is `_`."""
        return f"{self.chain or '_'}:{self.residue}{self.place}"


def read_records(path: PathLike) -> list[Record]:
    """Every atom of the first model, at its most occupied place.

    Raises:
        InputError: no such file, a suffix that is not ours, or a file that cannot be read.
        MissingExtraError: gemmi is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no receptor at {path}", fix="give the path of a PDB, mmCIF or PDBQT file")
    suffix = Path(path.stem if path.suffix == ".gz" else path.name).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"{path.name} is no receptor file", got=suffix or "no suffix", accepted=" ".join(SUFFIXES)
        )
    try:
        return list(_pdbqt(path) if suffix == ".pdbqt" else _by_gemmi(path, suffix))
    except (ValueError, IndexError, RuntimeError, OSError, EOFError) as error:
        raise InputError(f"{path} cannot be read: {error}", fix="check that the file is whole") from error


def is_water(record: Record) -> bool:
    """Whether the atom belongs to a water molecule."""
    return record.residue in WATERS


def _by_gemmi(path: Path, suffix: str) -> Iterator[Record]:
    if suffix in (".pdb", ".ent"):
        with _opened(path) as lines:
            for line in _atom_lines(lines):
                _position(line)  # gemmi takes what is no number for 0
    structure = require("gemmi", extra="docking").read_structure(str(path))
    if not len(structure):
        return
    for chain in structure[0]:
        for place, residues in groupby(chain, key=lambda residue: str(residue.seqid)):
            yield from _most_occupied(list(residues), chain.name.strip(), place)


def _most_occupied(residues: list[Any], chain: str, place: str) -> Iterator[Record]:
    """Of residues at one place: where locations compete, the one with more occupancy in all."""
    weight: dict[str, float] = {}
    for residue in residues:
        for atom in residue:
            if atom.has_altloc():
                weight[atom.altloc] = weight.get(atom.altloc, 0.0) + atom.occ
    best = max(weight, key=lambda location: (weight[location], -ord(location)), default="")
    for residue in residues:
        for atom in residue:
            if not atom.has_altloc() or atom.altloc == best:
                position = (atom.pos.x, atom.pos.y, atom.pos.z)
                yield Record(atom.element.name, atom.name, residue.name, chain, place, position)


_AUTODOCK = {"A": "C", "NA": "N", "NS": "N", "OA": "O", "OS": "O", "SA": "S", "HD": "H", "HS": "H"}


def _pdbqt(path: Path) -> Iterator[Record]:
    with _opened(path) as lines:
        for line in _atom_lines(lines):
            kind = line[77:].split()[0]
            element = _AUTODOCK.get(kind, kind.capitalize())
            place = line[22:27].replace(" ", "")
            name, residue, chain = (line[start:end].strip() for start, end in ((12, 16), (17, 20), (21, 22)))
            yield Record(element, name, residue, chain, place, _position(line))


def _opened(path: Path) -> TextIOWrapper:
    return gzip.open(path, "rt") if path.suffix == ".gz" else path.open()


def _atom_lines(lines: Iterable[str]) -> Iterator[str]:
    """Lines of atoms of the first model."""
    for line in lines:
        if line.startswith("ENDMDL"):
            return
        if line.startswith(("ATOM  ", "HETATM")):
            yield line


def _position(line: str) -> tuple[float, float, float]:
    return float(line[30:38]), float(line[38:46]), float(line[46:54])
