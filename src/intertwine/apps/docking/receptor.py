"""`Receptor`: the protein that stands still, read from files as users have them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Bool

from intertwine.apps.docking.chemistry import TypedAtoms
from intertwine.apps.docking.perception import perceive
from intertwine.apps.docking.receptor_files import is_water, read_records
from intertwine.apps.docking.residues import canonical
from intertwine.errors import InputError, nearest
from intertwine.typing import PathLike


@dataclass(frozen=True)
class Receptor:
    """Heavy atoms of a protein with its metals and cofactors, without water.

    Args:
        atoms: typed; hydrogens are counted on those that carry them.
        residues: of each atom, such as A:ASP25.
        source: the file.
        waters: molecules of water that were left out.
    """

    atoms: TypedAtoms
    residues: tuple[str, ...]
    source: str
    waters: int = 0

    def __len__(self) -> int:
        return len(self.atoms)

    @property
    def chains(self) -> tuple[str, ...]:
        """Names of the chains, in the order of the file."""
        return tuple(dict.fromkeys(label.partition(":")[0] for label in self.residues))

    def select(self, mask: Bool[np.ndarray, " atoms"]) -> "Receptor":
        """The atoms where `mask` holds."""
        residues = tuple(label for label, kept in zip(self.residues, mask, strict=True) if kept)
        return replace(self, atoms=self.atoms.select(mask), residues=residues)

    def of_residues(self, labels: Sequence[str]) -> Bool[np.ndarray, " atoms"]:
        """Mask of the atoms of residues named like A:ASP25.

        Raises:
            InputError: no such chain, or no such residue in it.
        """
        for label in labels:
            self._demand(label)
        return np.isin(np.array(self.residues), list(labels))

    def pdb(self) -> str:
        """The atoms as the text of a PDB file, for programs that read nothing else."""
        lines = []
        for number, (label, name, z, place) in enumerate(
            zip(self.residues, self.atoms.names, self.atoms.numbers, self.atoms.positions, strict=True), 1
        ):
            chain, residue, seat = _parts(label)
            kind = "HETATM" if canonical(residue, {}) is None else "ATOM"
            symbol = chemical_symbols[z].upper()
            named = f"{name:<4s}" if len(symbol) > 1 or len(name) > 3 else f" {name:<3s}"
            x = "".join(f"{value:8.3f}" for value in place)
            lines.append(
                f"{kind:6s}{number % 100_000:5d} {named} {residue:>3s} {chain}{seat}   {x}  1.00  0.00"
                f"          {symbol:>2s}\n"
            )
        return "".join([*lines, "END\n"])

    def _demand(self, label: str) -> None:
        chain = label.partition(":")[0]
        if chain not in self.chains:
            raise InputError(
                f"{self.source} has no chain {chain!r}, wanted by residue {label!r}",
                accepted=f"chains {', '.join(self.chains)}; residues such as {self.residues[0]}",
            )
        if label not in self.residues:
            like = nearest(label, (name for name in self.residues if name.startswith(f"{chain}:")))
            raise InputError(
                f"{self.source} has no residue {label!r}",
                accepted=f"names such as {self.residues[0]}",
                fix=f"did you mean {like}?" if like else None,
            )


def read_receptor(path: PathLike, chains: Sequence[str] = ()) -> Receptor:
    """A receptor from PDB, mmCIF or PDBQT, compressed or not.

    The first model, where places compete the more occupied one. Water is left out. Roles of standard residues
    follow from names, so hydrogens may be missing; where the file has them on a histidine, an acid or an
    amine, they decide its protonation, and a histidine without any gives and accepts on both nitrogens.
    Other residues and cofactors are understood by distances; a metal is a donor with the charge of its
    usual ion.

    Args:
        path: .pdb, .ent, .cif, .mmcif or .pdbqt, each also as .gz.
        chains: only these; all where empty.

    Raises:
        InputError: no such file, one that cannot be read, no atoms, an unknown element, a chain not there.
        MissingExtraError: gemmi is not installed (PDBQT does without).
    """
    records = read_records(path)
    if not records:
        raise InputError(f"{path} has no atoms", fix="check that the file is a structure and whole")
    present = dict.fromkeys(record.chain or "_" for record in records)
    for chain in chains:
        if chain not in present:
            raise InputError(f"{path} has no chain {chain!r}", accepted=", ".join(present))
    chosen = [record for record in records if not chains or (record.chain or "_") in chains]
    waters = Counter(record.label for record in chosen if is_water(record))
    dry = [record for record in chosen if not is_water(record)]
    atoms = perceive(dry)
    if not len(atoms):
        raise InputError(f"{path} has no heavy atom that is not water")
    residues = tuple(record.label for record in dry if record.element not in ("H", "D"))
    return Receptor(atoms, residues, Path(path).name, len(waters))


def _parts(label: str) -> tuple[str, str, str]:
    """Chain, name, and number with insertion code in five columns, of A:ASP25.

    >>> _parts("A:ASP25"), _parts("_:ZN1A")
    (('A', 'ASP', '  25 '), (' ', 'ZN', '   1A'))
    """
    chain, _, rest = label.partition(":")
    found = re.fullmatch(r"(\w{1,3}?)(-?\d+)([A-Za-z]?)", rest)
    name, number, code = found.groups() if found else (rest[:3], "1", "")
    return chain[:1].replace("_", " "), name, f"{number[-4:]:>4s}{code or ' '}"
