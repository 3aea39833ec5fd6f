"""Matter as files: structures, their labels, readers, splits and statistics. NumPy only."""

from intertwine.data.atomic import replacing
from intertwine.data.crystal_symmetry import crystal_point_group, site_point_group
from intertwine.data.hashing import data_hash, structure_hash
from intertwine.data.isolated_atoms import is_isolated_atom, isolated_energies, without_isolated_atoms
from intertwine.data.labels import LABELS, Label, LabelKeys, LabelUnits
from intertwine.data.readers import read, read_rmd17
from intertwine.data.reference_energies import ReferenceEnergies, fit_cohesion, fit_reference_energies
from intertwine.data.splits import Split, split
from intertwine.data.statistics import Statistics, statistics
from intertwine.data.structure import Structure
from intertwine.data.writers import write

__all__ = [
    "LABELS",
    "Label",
    "LabelKeys",
    "LabelUnits",
    "ReferenceEnergies",
    "Split",
    "Statistics",
    "Structure",
    "crystal_point_group",
    "data_hash",
    "fit_cohesion",
    "fit_reference_energies",
    "is_isolated_atom",
    "isolated_energies",
    "read",
    "read_rmd17",
    "replacing",
    "site_point_group",
    "split",
    "statistics",
    "structure_hash",
    "without_isolated_atoms",
    "write",
]
