"""Files of ligands, record by record: a bad one is told of and never stops the rest."""

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from intertwine.apps.docking.ligand import Ligand, ligand_from, with_conformer
from intertwine.errors import InputError, require
from intertwine.typing import PathLike

SUFFIXES = (".sdf", ".mol", ".mol2", ".smi")
Reading = tuple[str, Ligand | InputError]


def read_ligands(source: PathLike, seed: int = 0) -> Iterator[Reading]:
    """Every record of a file, or a SMILES written out, as its name and a ligand, or what is wrong with it.

    Protonation is as given. A record without three dimensions gets a conformer by ETKDG and MMFF94; one with
    coordinates and without hydrogens gets these in place; `Ligand.notes` says so. A record without a name
    is called after the file and its number.

    Args:
        source: .sdf, .mol, .mol2 or .smi (SMILES and name on each line), each also as .gz; or a SMILES.
        seed: of the conformers.

    Raises:
        InputError: no such file, an unknown suffix, or no record in it.
        MissingExtraError: RDKit is not installed.

    >>> [(name, len(ligand)) for name, ligand in read_ligands("CCO")]
    [('CCO', 3)]
    """
    chem = require("rdkit.Chem", extra="docking")
    path = Path(source)
    if not path.is_file():
        yield _from_smiles_argument(chem, str(source), seed)
        return
    suffix = Path(path.stem if path.suffix == ".gz" else path.name).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"{path.name} is no ligand file", got=suffix or "no suffix", accepted=" ".join(SUFFIXES)
        )
    number = 0
    try:
        for number, record in enumerate(_records(_lines(path), suffix), 1):
            fallback = f"{path.name.partition('.')[0]}-{number}"
            yield _reading(chem, record, suffix, fallback, seed)
    except (OSError, EOFError) as error:
        raise InputError(f"{path} cannot be read: {error}", fix="check that the file is whole") from error
    if not number:
        raise InputError(f"{path} has no record", fix="check that the file is whole")


def _lines(path: Path) -> Iterator[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", errors="replace") as lines:
        yield from lines


def _from_smiles_argument(chem: Any, text: str, seed: int) -> Reading:
    if Path(text).suffix.lower() in (*SUFFIXES, ".gz"):
        raise InputError(f"no ligand file at {text}", fix="give the path of a file that exists, or a SMILES")
    return _reading(chem, f"{text} {text}", ".smi", text, seed)


def _records(lines: Iterable[str], suffix: str) -> Iterator[str]:
    if suffix == ".smi":
        yield from (line for line in lines if line.strip() and not line.startswith(("#", "smiles", "SMILES")))
        return
    record: list[str] = []
    for line in lines:
        starts = suffix == ".mol2" and line.startswith("@<TRIPOS>MOLECULE")
        if (starts and record) or line.startswith("$$$$"):
            yield from _whole(record, suffix)
            record = []
        if not line.startswith("$$$$"):
            record.append(line)
    yield from _whole(record, suffix)


def _whole(record: list[str], suffix: str) -> Iterator[str]:
    text = "".join(record)
    if text.strip() and (suffix != ".mol2" or "@<TRIPOS>" in text):
        yield text


def _reading(chem: Any, record: str, suffix: str, fallback: str, seed: int) -> Reading:
    name = _title(record, suffix) or fallback
    try:
        with require("rdkit.rdBase", extra="docking").BlockLogs():
            return name, _ligand(chem, record, suffix, name, seed)
    except InputError as error:
        return name, error


def _title(record: str, suffix: str) -> str:
    if suffix == ".smi":
        return " ".join(record.split()[1:])
    lines = record.splitlines()
    return (lines[1] if suffix == ".mol2" and len(lines) > 1 else lines[0]).strip()


def _ligand(chem: Any, record: str, suffix: str, name: str, seed: int) -> Ligand:
    molecule = _parsed(chem, record, suffix)
    if molecule is None or not molecule.GetNumAtoms():
        raise InputError(
            f"{name}: {_reason(chem, record, suffix)}", fix="check counts, bonds, orders, charges"
        )
    notes, placed = [], suffix != ".smi" and _is_placed(molecule)
    if any(atom.GetTotalNumHs() for atom in molecule.GetAtoms()):
        molecule = chem.AddHs(molecule, addCoords=placed)
        notes += [] if suffix == ".smi" else ["hydrogens added"]
    if placed:
        chem.AssignStereochemistryFrom3D(molecule)
    else:
        molecule = with_conformer(molecule, seed)
        notes.append("conformer made by ETKDG and MMFF94")
    return ligand_from(molecule, name, tuple(notes))


def _parsed(chem: Any, record: str, suffix: str, sanitize: bool = True) -> Any:
    """RDKit's molecule of a record, or None; without sanitising its stereochemistry would be lost."""
    if suffix == ".smi":
        return chem.MolFromSmiles(record.split()[0], sanitize=sanitize)
    read = chem.MolFromMol2Block if suffix == ".mol2" else chem.MolFromMolBlock
    return read(record, sanitize=sanitize, removeHs=False)


def _reason(chem: Any, record: str, suffix: str) -> str:
    """Why RDKit has no molecule for a record."""
    raw = _parsed(chem, record, suffix, sanitize=False)
    if raw is not None and raw.GetNumAtoms():
        try:
            chem.SanitizeMol(raw)
        except ValueError as error:
            return str(error)
    return "RDKit cannot read the record"


def _is_placed(molecule: Any) -> bool:
    """Whether there are three dimensions; in a plane only where the record says so, as benzene's may."""
    if not molecule.GetNumConformers():
        return False
    conformer = molecule.GetConformer()
    places = conformer.GetPositions()
    return bool(np.ptp(places[:, 2]) > 0 or (conformer.Is3D() and np.ptp(places) > 0))


def write_poses(
    path: PathLike,
    ligand: Ligand,
    positions: Float64[np.ndarray, "poses all 3"],
    properties: Mapping[str, Sequence[object]] | None = None,
) -> None:
    """Poses as records of an SDF, in their order.

    Args:
        path: to write.
        ligand: whose poses.
        positions: of all atoms in the order of `ligand.positions`, Å.
        properties: by name, one value a pose.
    """
    chem = require("rdkit.Chem", extra="docking")
    with chem.SDWriter(str(path)) as writer:
        for number, places in enumerate(positions):
            molecule = ligand.at(places).molecule
            molecule.SetProp("_Name", ligand.name)
            for name, values in (properties or {}).items():
                molecule.SetProp(name, str(values[number]))
            writer.write(molecule)
