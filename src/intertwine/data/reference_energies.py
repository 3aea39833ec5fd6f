"""Reference energies: what the atoms of a structure cost before they interact."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Float

from intertwine.data.isolated_atoms import check_covered
from intertwine.data.structure import Structure
from intertwine.errors import InputError

RANK_TOLERANCE: Final = 1e-8
"""Singular values of the composition matrix below this fraction of the largest count as zero."""


@dataclass(frozen=True)
class ReferenceEnergies:
    """Energy of each element, eV, and how it was found.

    Args:
        energies: by atomic number, ascending.
        origin: `"isolated"` atoms, `"least squares"` over the frames, a trained `"model"`, or `"none"`.
        determined: whether each energy is meaningful by itself; False when the compositions of the frames fix
            only some sums of them (all frames of one molecule, say).
        n_frames: frames that went into a least-squares fit; 0 for isolated atoms.
    """

    energies: Mapping[int, float]
    origin: Literal["isolated", "least squares", "model", "none"]
    determined: bool = True
    n_frames: int = 0

    def of(self, structure: Structure) -> float:
        """Sum over the atoms of a structure, eV.

        >>> ReferenceEnergies({1: -13.6}, "isolated").of(Structure([1, 1], [[0, 0, 0], [0, 0, 0.7]]))
        -27.2
        """
        return sum(self.energies[int(number)] for number in structure.numbers)

    def sentence(self) -> str:
        """What a log says of them, in one line.

        >>> ReferenceEnergies({1: -13.6}, "isolated").sentence()
        'reference energies from isolated atoms: H -13.6000 eV'
        """
        values = ", ".join(f"{chemical_symbols[z]} {energy:.4f}" for z, energy in self.energies.items())
        if self.origin != "least squares":
            source = "from isolated atoms" if self.origin == "isolated" else "of the model it starts from"
            return f"reference energies {source}: {values} eV"
        warning = "" if self.determined else "; the compositions fix only sums of them, not each one"
        return f"reference energies by least squares over {self.n_frames} frames: {values} eV{warning}"


def fit_reference_energies(
    structures: Sequence[Structure], isolated: Mapping[int, float] | None = None
) -> ReferenceEnergies:
    """Reference energies from isolated atoms when they are given, by least squares otherwise.

    Least squares minimises, over the frames that have an energy and with n_z atoms of element z among n,

        Σ ((E - Σ_z n_z e_z) / n)².

    Where the compositions do not determine every e_z, the solution is taken in which the elements differ
    least from the mean energy per atom: the fit is as good, and `determined` is False.

    Args:
        structures: training frames, without the isolated atoms.
        isolated: energy of the isolated atom by atomic number, eV.

    Raises:
        InputError: an element of the structures is not among `isolated`, or no frame has an energy.

    >>> hydrogen = Structure([1, 1], [[0, 0, 0], [0, 0, 0.7]], labels={"energy": -31.0})
    >>> fit_reference_energies([hydrogen]).energies
    {1: -15.5}
    """
    if isolated:
        check_covered(isolated, {z for structure in structures for z in structure.species})
        energies = {int(z): float(energy) for z, energy in sorted(isolated.items())}
        return ReferenceEnergies(energies, "isolated")
    labelled = _labelled(structures)
    energies, determined = fit_composition(labelled, [float(s.labels["energy"]) for s in labelled])
    return ReferenceEnergies(energies, "least squares", determined, len(labelled))


def fit_cohesion(structures: Sequence[Structure], reference: ReferenceEnergies) -> dict[int, float]:
    """Mean energy that each element gains beyond its reference, eV, by the same least squares.

    >>> bound = Structure([1, 1], [[0, 0, 0], [0, 0, 0.7]], labels={"energy": -31.0})
    >>> cohesion = fit_cohesion([bound], ReferenceEnergies({1: -13.6}, "isolated"))
    >>> round(cohesion[1], 6)
    -1.9
    """
    labelled = _labelled(structures)
    return fit_composition(labelled, [float(s.labels["energy"]) - reference.of(s) for s in labelled])[0]


def fit_composition(
    structures: Sequence[Structure], totals: Sequence[float]
) -> tuple[dict[int, float], bool]:
    """Values per element whose sums over the atoms come closest to `totals`, and whether they are unique."""
    species, fractions = composition(structures)
    per_atom = np.array(totals) / np.array([len(structure) for structure in structures])
    mean = per_atom.mean()
    deviation, _, rank, _ = np.linalg.lstsq(fractions, per_atom - mean, rcond=RANK_TOLERANCE)
    return {z: float(mean + d) for z, d in zip(species, deviation, strict=True)}, int(rank) == len(species)


def composition(structures: Iterable[Structure]) -> tuple[list[int], Float[np.ndarray, "frames species"]]:
    """Species that occur, ascending, and the share of each in each structure (rows sum to one).

    >>> composition([Structure([8, 1, 1, 1], np.eye(4, 3))])
    ([1, 8], array([[0.75, 0.25]]))
    """
    structures = list(structures)
    species = sorted({z for structure in structures for z in structure.species})
    rows = [[float(np.mean(structure.numbers == z)) for z in species] for structure in structures]
    return species, np.array(rows)


def _labelled(structures: Sequence[Structure]) -> list[Structure]:
    labelled = [structure for structure in structures if "energy" in structure.labels]
    if not labelled:
        raise InputError("no frame has an energy", got=f"{len(structures)} frames", fix="set the energy key")
    return labelled
