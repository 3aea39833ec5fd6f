"""Force constants of a crystal by phonopy: displacements, their forces, and the acoustic sum rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from intertwine.apps.ledger import Ledger
from intertwine.apps.matter.asking import Observer, ask, silent
from intertwine.apps.matter.crystal import repeated
from intertwine.apps.spectra.source import Source
from intertwine.data import Structure, structure_hash
from intertwine.errors import InputError, require
from intertwine.typing import PathLike

DISPLACEMENT: Final = 0.01
"""Of the atom that is moved, Å."""


@dataclass(frozen=True, eq=False)
class ForceConstants:
    """What phonopy knows of a crystal once forces are in.

    Attributes:
        phonopy: the `phonopy.Phonopy` itself, force constants symmetric and free of net force.
        supercell: how often the cell was repeated.
        displacements: how many there were.
        sum_rule: largest |Σ_j Φ_ij|, eV/Å², before it was made zero.
    """

    phonopy: Any
    supercell: tuple[int, int, int]
    displacements: int
    sum_rule: float

    @property
    def primitive(self) -> Structure:
        """The primitive cell that wave vectors belong to."""
        return structure_of(self.phonopy.primitive)


def force_constants(
    source: Source,
    structure: Structure,
    supercell: tuple[int, int, int],
    displacement: float = DISPLACEMENT,
    folder: PathLike | None = None,
    observe: Observer = silent,
) -> ForceConstants:
    """Second derivatives between all atoms of a supercell, from the displacements that its symmetry leaves.

    Forces of the supercell at rest are taken off those of each displacement. With a folder, the forces of
    each displacement are kept there and not computed again.

    Args:
        source: who gives the forces.
        structure: at rest, exactly symmetric (`intertwine.data.symmetrised`).
        supercell: how often to repeat the cell.
        displacement: Å.
        folder: of what is kept.
        observe: called with ("displacements", done, of).

    Raises:
        InputError: a displacement or supercell that cannot be used, a folder that cannot be written.
        IntertwineError: the calculator failed.
        MissingExtraError: phonopy is not installed.
    """
    if not 1e-4 <= displacement <= 0.2:
        raise InputError("the displacement cannot be used", got=displacement, accepted="0.0001 to 0.2 Å")
    phonopy = _phonopy(structure, supercell)
    phonopy.generate_displacements(distance=displacement)
    moved = [structure_of(cell) for cell in phonopy.supercells_with_displacements]
    frames = [structure_of(phonopy.supercell), *moved]
    settings = {"source": dict(source.identity), "crystal": structure_hash(structure)}
    forces = []
    for number, frame in enumerate(frames):
        name = f"displacement-{number:03d}" if number else "at-rest"
        forces.append(_kept_forces(source, frame, name, settings, folder))
        observe("displacements", number + 1, len(frames), "")
    phonopy.forces = np.array(forces[1:]) - forces[0]
    phonopy.produce_force_constants()
    net = float(np.abs(phonopy.force_constants.sum(axis=1)).max())
    phonopy.symmetrize_force_constants()
    return ForceConstants(phonopy, supercell, len(moved), net)


def structure_of(cell: Any) -> Structure:
    """A `PhonopyAtoms` as one of our structures."""
    return Structure(cell.numbers, cell.positions, cell.cell, pbc=True)


def _phonopy(structure: Structure, supercell: tuple[int, int, int]) -> Any:
    package = require("phonopy", extra="crystal")
    atoms, cells = (
        require("phonopy.structure.atoms", extra="crystal"),
        require("phonopy.structure.cells", extra="crystal"),
    )
    repeated(structure, supercell)  # refuses what is no supercell
    cell = atoms.PhonopyAtoms(numbers=structure.numbers, positions=structure.positions, cell=structure.cell)
    return package.Phonopy(cell, np.diag(supercell), primitive_matrix=cells.guess_primitive_matrix(cell))


def _kept_forces(
    source: Source, frame: Structure, name: str, settings: Mapping[str, Any], folder: PathLike | None
) -> Any:
    def compute(place: Path) -> dict[str, Any]:
        return {"forces_eV_A": ask(source, frame).forces.tolist()}

    if folder is None:
        return ask(source, frame).forces
    step = Ledger(folder).step(name, {**settings, "frame": structure_hash(frame)}, compute)
    return np.array(step.results["forces_eV_A"])
