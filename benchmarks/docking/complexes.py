"""The complexes of the PDBbind core set of 2013, as every entrant gets them.

One receptor file, one box (6 Å on every side of the crystal ligand's heavy atoms), and one start: `rigid` is
the crystal conformer turned at random with its torsions frozen, `flexible` one made from the graph alone.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.record import data_folder
from jaxtyping import Float64

from intertwine.apps.docking import Box, Ligand, box_around, fresh_conformer, read_ligands
from intertwine.groups import random_rotation

MARGIN = 6.0
MODES = ("rigid", "flexible")


@dataclass(frozen=True)
class Complex:
    """A ligand where its crystal has it, and the receptor that holds it."""

    name: str
    cluster: str
    receptor: Path
    crystal: Ligand

    @property
    def box(self) -> Box:
        """Where every entrant searches."""
        return box_around(self.crystal.atoms.positions, MARGIN)

    def start(self, mode: str, seed: int) -> Ligand:
        """What an entrant is given: its centre at that of the box, its orientation drawn uniformly."""
        ligand = self.crystal if mode == "rigid" else fresh_conformer(self.crystal, seed)
        turn = random_rotation(np.random.default_rng(seed))
        centred = ligand.positions - ligand.atoms.positions.mean(axis=0)
        return ligand.at(centred @ turn.T + self.box.centre)

    def rmsds(self, poses: Float64[np.ndarray, "poses atoms 3"]) -> Float64[np.ndarray, " poses"]:
        """Root mean square distance to the crystal, heavy atoms, least over the ligand's symmetries, Å."""
        moved = poses[:, self.crystal.symmetries] - self.crystal.atoms.positions
        return np.sqrt((moved**2).sum(axis=-1).mean(axis=-1)).min(axis=-1)


def complexes(seed: int = 0) -> Iterator[Complex]:
    """All whose ligand RDKit accepts, in an order drawn once, so that the first of them are a fair sample."""
    folder = data_folder("pdbbind_core2013")
    rows = list(csv.DictReader((folder / "index.csv").read_text().splitlines()))
    for number in np.random.default_rng(seed).permutation(len(rows)):
        row = rows[number]
        here = folder / "complexes" / row["id"]
        ((_, ligand),) = read_ligands(here / "ligand.sdf")
        if isinstance(ligand, Ligand):
            yield Complex(row["id"], row["protein_cluster"], here / "receptor.pdbqt.gz", ligand)
