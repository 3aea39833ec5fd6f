"""Isolated atoms among the frames: their energies are the zero from which binding is counted."""

from collections.abc import Iterable, Mapping

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from intertwine.data.structure import Structure
from intertwine.errors import InputError


def is_isolated_atom(frame: Structure | Atoms) -> bool:
    """Whether a frame is one atom whose `config_type` says that it is isolated.

    The field writes `config_type=IsolatedAtom` or `isolated_atom`; case and underscores do not matter.

    >>> is_isolated_atom(Structure([1], [[0, 0, 0]], info={"config_type": "IsolatedAtom"}))
    True
    """
    mark = str(frame.info.get("config_type", "")).lower().replace("_", "").replace("-", "")
    return len(frame) == 1 and mark == "isolatedatom"


def isolated_energies(structures: Iterable[Structure]) -> dict[int, float]:
    """Energy of each element's isolated atom, eV, from the frames that are marked as such.

    Returns:
        by atomic number, ascending; empty when no frame is marked.

    Raises:
        InputError: a marked frame has no energy, or two frames disagree on one element.

    >>> atom = Structure([1], [[0, 0, 0]], labels={"energy": -13.6}, info={"config_type": "isolated_atom"})
    >>> isolated_energies([atom])
    {1: -13.6}
    """
    found: dict[int, float] = {}
    for structure in filter(is_isolated_atom, structures):
        number = int(structure.numbers[0])
        element = chemical_symbols[number]
        if "energy" not in structure.labels:
            raise InputError(f"the isolated atom {element} has no energy", fix="set the key of the energy")
        energy = float(structure.labels["energy"])
        if not np.isclose(found.setdefault(number, energy), energy, rtol=0.0, atol=1e-6):
            got = f"{found[number]} and {energy} eV"
            raise InputError(f"two isolated atoms {element} disagree", got=got, fix="keep one of them")
    return dict(sorted(found.items()))


def without_isolated_atoms(structures: Iterable[Structure]) -> list[Structure]:
    """The frames that are not marked as isolated atoms, in order."""
    return [structure for structure in structures if not is_isolated_atom(structure)]


def check_covered(isolated: Mapping[int, float], species: Iterable[int]) -> None:
    """Raise unless every species has an isolated-atom energy."""
    missing = [chemical_symbols[number] for number in sorted(species) if number not in isolated]
    if missing:
        raise InputError(
            f"no isolated-atom energy for {', '.join(missing)}",
            got=", ".join(chemical_symbols[number] for number in isolated) or "none",
            fix="add them, or leave isolated atoms out to fit reference energies",
        )
