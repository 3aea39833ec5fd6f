"""What a model should know of its data before it learns: scales, means, species."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from intertwine.data.reference_energies import ReferenceEnergies
from intertwine.data.structure import Structure
from intertwine.errors import InputError


@dataclass(frozen=True)
class Statistics:
    """Figures of a set of structures; None where no frame has the label.

    Args:
        n_frames: number of structures.
        n_atoms: atoms in all of them.
        species: atomic numbers, ascending.
        label_counts: how many structures have each label.
        energy_mean_per_atom: mean over frames of (E - E_ref) / n, eV.
        energy_std_per_atom: standard deviation of the same, eV.
        force_rms: root mean square of the force components, eV/Å.
        stress_rms: root mean square of the nine stress components, eV/Å³.
    """

    n_frames: int
    n_atoms: int
    species: tuple[int, ...]
    label_counts: Mapping[str, int]
    energy_mean_per_atom: float | None
    energy_std_per_atom: float | None
    force_rms: float | None
    stress_rms: float | None


def statistics(structures: Sequence[Structure], reference: ReferenceEnergies) -> Statistics:
    """Figures of the training structures, energies counted from `reference`.

    Raises:
        InputError: there are no structures.

    >>> forces = [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]
    >>> pair = Structure([1, 1], [[0, 0, 0], [0, 0, 0.7]], labels={"energy": -31.0, "forces": forces})
    >>> figures = statistics([pair], ReferenceEnergies({1: -13.6}, "isolated"))
    >>> round(figures.energy_mean_per_atom, 6), round(figures.force_rms, 6)
    (-1.9, 0.57735)
    """
    if not structures:
        raise InputError("no structures to take statistics of", accepted="at least one")
    bound = [
        (float(s.labels["energy"]) - reference.of(s)) / len(s) for s in structures if "energy" in s.labels
    ]
    return Statistics(
        n_frames=len(structures),
        n_atoms=sum(map(len, structures)),
        species=tuple(sorted({z for structure in structures for z in structure.species})),
        label_counts=dict(Counter(name for structure in structures for name in structure.labels)),
        energy_mean_per_atom=float(np.mean(bound)) if bound else None,
        energy_std_per_atom=float(np.std(bound)) if bound else None,
        force_rms=_root_mean_square(structures, "forces"),
        stress_rms=_root_mean_square(structures, "stress"),
    )


def _root_mean_square(structures: Sequence[Structure], name: str) -> float | None:
    """Over every component of the label in every frame that has it."""
    values = [structure.labels[name].ravel() for structure in structures if name in structure.labels]
    return float(np.sqrt(np.mean(np.concatenate(values) ** 2))) if values else None
