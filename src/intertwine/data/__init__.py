"""Matter as files: structures, their labels, readers, splits and statistics. NumPy only.

Names are imported on first use, so that who has a structure does not pay for every format of file.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intertwine.data.atomic import replacing
    from intertwine.data.crystal_symmetry import (
        conventional_cell,
        crystal_point_group,
        equivalent_atoms,
        primitive_cell,
        site_point_group,
        symmetrised,
    )
    from intertwine.data.hashing import data_hash, structure_hash
    from intertwine.data.isolated_atoms import is_isolated_atom, isolated_energies, without_isolated_atoms
    from intertwine.data.labels import LABELS, Label, LabelKeys, LabelUnits
    from intertwine.data.readers import read, read_rmd17
    from intertwine.data.reference_energies import ReferenceEnergies, fit_cohesion, fit_reference_energies
    from intertwine.data.splits import Split, split
    from intertwine.data.structure import Structure
    from intertwine.data.summary import Statistics, statistics
    from intertwine.data.writers import write

_HOME = {
    "replacing": "atomic",
    "conventional_cell": "crystal_symmetry",
    "crystal_point_group": "crystal_symmetry",
    "equivalent_atoms": "crystal_symmetry",
    "primitive_cell": "crystal_symmetry",
    "site_point_group": "crystal_symmetry",
    "symmetrised": "crystal_symmetry",
    "data_hash": "hashing",
    "structure_hash": "hashing",
    "is_isolated_atom": "isolated_atoms",
    "isolated_energies": "isolated_atoms",
    "without_isolated_atoms": "isolated_atoms",
    "LABELS": "labels",
    "Label": "labels",
    "LabelKeys": "labels",
    "LabelUnits": "labels",
    "read": "readers",
    "read_rmd17": "readers",
    "ReferenceEnergies": "reference_energies",
    "fit_cohesion": "reference_energies",
    "fit_reference_energies": "reference_energies",
    "Split": "splits",
    "split": "splits",
    "Statistics": "summary",
    "statistics": "summary",
    "Structure": "structure",
    "write": "writers",
}

__all__ = [
    "LABELS",
    "Label",
    "LabelKeys",
    "LabelUnits",
    "ReferenceEnergies",
    "Split",
    "Statistics",
    "Structure",
    "conventional_cell",
    "crystal_point_group",
    "data_hash",
    "equivalent_atoms",
    "fit_cohesion",
    "fit_reference_energies",
    "is_isolated_atom",
    "isolated_energies",
    "primitive_cell",
    "read",
    "read_rmd17",
    "replacing",
    "site_point_group",
    "split",
    "statistics",
    "structure_hash",
    "symmetrised",
    "without_isolated_atoms",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
