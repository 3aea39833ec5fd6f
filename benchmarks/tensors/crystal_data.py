"""Crystals with tensors from density functional theory: what is read, what is left out and why, five folds.

Elastic (de Jong et al., Sci. Data 2, 150009, 2015), dielectric (Petousis et al., Sci. Data 4, 160134, 2017)
and piezoelectric tensors (de Jong et al., Sci. Data 2, 150053, 2015) of the Materials Project, below the
folder that INTERTWINE_DATA names.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
from benchmarks.record import data_folder
from jaxtyping import Float64

from intertwine.data import LABELS, Structure, crystal_point_group, symmetrised
from intertwine.groups import PointGroup
from intertwine.groups.voigt import from_voigt

TOLERANCE: Final = 1e-2
"""Å: positions and cells are made exactly symmetric within this; they are printed with six digits."""

FORBIDDEN: Final = 0.05
"""A tensor is left out when the part that its crystal class forbids is a larger share of it, by norm."""

FORMULAS: Final = 3
"""A crystal is left out when one of its elements occurs in fewer chemical formulas."""

FOLDS: Final = 5


@dataclass(frozen=True, eq=False)
class Crystal:
    """One entry.

    Attributes:
        name: its identifier in the Materials Project.
        formula: reduced.
        structure: exactly symmetric, with the tensor as its label, in the frame of the tensor.
        group: its crystal class in that frame.
        noise: the forbidden share of its tensor, by norm: how far the source is from its own symmetry.
    """

    name: str
    formula: str
    structure: Structure
    group: PointGroup
    noise: float

    def tensor(self, quantity: str) -> Float64[np.ndarray, "*indices"]:
        """The label, `(3, …, 3)`."""
        return self.structure.labels[quantity]


@dataclass(frozen=True, eq=False)
class CrystalSet:
    """All crystals of one quantity, and those left out by reason.

    >>> CrystalSet("elastic", (), {"the tensor does not obey the crystal class": ("mp-1",)}).counts()
    'elastic: 0 crystals; left out: 1 (the tensor does not obey the crystal class)'
    """

    quantity: str
    crystals: tuple[Crystal, ...]
    left_out: Mapping[str, tuple[str, ...]]

    def counts(self) -> str:
        """How many are in and out, in one line."""
        out = ", ".join(f"{len(names)} ({why})" for why, names in self.left_out.items() if names)
        return f"{self.quantity}: {len(self.crystals)} crystals; left out: {out or 'none'}"

    def few(self, count: int, elements: int = 12) -> "CrystalSet":
        """The first crystals that are made of the most common elements only."""
        seen = Counter(z for crystal in self.crystals for z in crystal.structure.species)
        common = {z for z, _ in seen.most_common(elements)}
        inside = [crystal for crystal in self.crystals if common.issuperset(crystal.structure.species)]
        return CrystalSet(self.quantity, tuple(inside[:count]), self.left_out)

    def tensors(self) -> Float64[np.ndarray, "crystals *indices"]:
        """All labels."""
        return np.array([crystal.tensor(self.quantity) for crystal in self.crystals])


def elastic() -> CrystalSet:
    """Stiffness, GPa, in the frame of the structure: the `poscar` one of two that the source offers.

    Where a crystal is orthorhombic a wrong order of axes would pass unnoticed.
    """
    entries = _entries("elastic")
    return _cleaned(
        "elastic", [(e, e["cell"], e["positions"], e["elastic_voigt_poscar_frame_GPa"]) for e in entries], 4
    )


def dielectric() -> CrystalSet:
    """Static relative permittivity, ions and electrons; its indices made symmetric."""
    entries = _entries("dielectric")
    halves = [np.array(e["eps_total"]) for e in entries]
    tensors = [(half + half.T) / 2 for half in halves]
    rows = zip(entries, tensors, strict=True)
    return _cleaned("dielectric", [(e, e["cell"], e["positions"], tensor) for e, tensor in rows], None)


def piezoelectric() -> CrystalSet:
    """Total piezoelectric e, C/m², in the standard frame of the source.

    Its sign is arbitrary, crystal by crystal (among 32 zinc blendes e14 has the sign of the ionic picture 16
    times), and so are some permutations of axes: see `benchmarks.tensors.settings`.
    """
    entries = _entries("piezo")
    return _cleaned(
        "piezoelectric",
        [(e, e["cell_tensor_frame"], e["positions_tensor_frame"], e["piezo_3x6_C_per_m2"]) for e in entries],
        3,
    )


SETS: Final = {"elastic": elastic, "dielectric": dielectric, "piezoelectric": piezoelectric}


def folds(crystals: Sequence[Crystal], seed: int = 0, count: int = FOLDS) -> list[list[int]]:
    """Numbers of the crystals of each fold; polymorphs, of one reduced formula, stay together.

    Formulas are shuffled by the seed and dealt out one by one. Whoever is tested in a fold shares no formula
    with those learned from, and each of its elements is known from another fold.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for number, crystal in enumerate(crystals):
        members[crystal.formula].append(number)
    order = np.random.default_rng(seed).permutation(sorted(members)).tolist()
    return [
        sorted(chain.from_iterable(members[formula] for formula in order[k::count])) for k in range(count)
    ]


def _entries(name: str) -> list[dict[str, Any]]:
    return json.loads((data_folder("crystal_tensors") / f"{name}.json").read_text(encoding="utf-8"))


def _cleaned(quantity: str, rows: Sequence[tuple[dict, Any, Any, Any]], rank: int | None) -> CrystalSet:
    """Entries as crystals; `rank` where the tensor comes in Voigt's form."""
    formulas: dict[int, set[str]] = defaultdict(set)
    for entry, *_ in rows:
        for z in set(entry["numbers"]):
            formulas[z].add(entry["formula"])
    kept, out = [], defaultdict(list)
    for entry, cell, positions, tensor in rows:
        if min(len(formulas[z]) for z in entry["numbers"]) < FORMULAS:
            out[f"an element in fewer than {FORMULAS} formulas"].append(entry["material_id"])
            continue
        full = from_voigt(np.array(tensor), rank) if rank else tensor
        crystal = _crystal(quantity, entry, Structure(entry["numbers"], positions, cell, pbc=True), full)
        if crystal.noise > FORBIDDEN:
            out["the tensor does not obey the crystal class"].append(crystal.name)
            continue
        kept.append(crystal)
    return CrystalSet(quantity, tuple(kept), {why: tuple(names) for why, names in out.items()})


def _crystal(
    quantity: str, entry: dict, structure: Structure, tensor: Float64[np.ndarray, "*indices"]
) -> Crystal:
    group = crystal_point_group(structure, TOLERANCE)
    exact = symmetrised(structure, TOLERANCE).replace(labels={quantity: tensor})
    rest = tensor - _allowed_part(quantity, group, tensor)
    noise = float(np.linalg.norm(rest) / np.linalg.norm(tensor))
    return Crystal(entry["material_id"], entry["formula"], exact, group, noise)


def _allowed_part(
    quantity: str, group: PointGroup, tensor: Float64[np.ndarray, "*indices"]
) -> Float64[np.ndarray, "*indices"]:
    """The mean over the group."""
    space = LABELS[quantity].tensor
    return space.tensor(space.matrix(group.elements).mean(axis=0) @ space.flatten(tensor))
