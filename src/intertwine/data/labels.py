"""The label table: every quantity that a data file can teach, said once.

The table drives reading (keys and units), the loss, and the report. A new label is one entry of `LABELS`, one
field of `LabelKeys` and one of `LabelUnits`; the place for the next ones (dipole, polarisability, Born
charges, magnetic moments) is the end of each of the three. A test holds the three lists equal.

Conventions: eV, Å; energies are total; stress is tensile-positive, stored 3 x 3.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from intertwine.errors import InputError, nearest
from intertwine.units import factor


@dataclass(frozen=True)
class Label:
    """One row of the label table.

    Args:
        name: canonical name, used in files that we write, in losses and in reports.
        quantity: what `intertwine.units.factor` calls it, so that files may come in other units.
        unit: our own unit, for reports.
        shape: Cartesian shape of one value; a label per atom has shape `(atoms, *shape)`.
        irreps: how one value turns under O(3), in the grammar of `intertwine.groups`.
        per: one value per `"system"` or per `"atom"`.
        extensive: whether the value grows with the number of atoms (the loss divides by it then).

    >>> LABELS["forces"].full_shape(5)
    (5, 3)
    """

    name: str
    quantity: str
    unit: str
    shape: tuple[int, ...]
    irreps: str
    per: Literal["system", "atom"]
    extensive: bool

    def full_shape(self, n_atoms: int) -> tuple[int, ...]:
        """Shape of the label of a structure of `n_atoms` atoms."""
        return (n_atoms, *self.shape) if self.per == "atom" else self.shape


LABELS: Final[Mapping[str, Label]] = MappingProxyType(
    {
        label.name: label
        for label in (
            Label("energy", "energy", "eV", (), "0e", per="system", extensive=True),
            Label("forces", "force", "eV/Å", (3,), "1o", per="atom", extensive=False),
            Label("stress", "stress", "eV/Å^3", (3, 3), "0e + 2e", per="system", extensive=False),
            # the place of: dipole (e·Å, "1o", system), polarisability, Born charges, magnetic moments
        )
    }
)


@dataclass(frozen=True)
class LabelKeys:
    """Under which key a file keeps each label.

    A key is looked up in `atoms.info` (labels per system) or `atoms.arrays` (labels per atom) first, then
    among the results stored with the frame, where ASE puts the names it knows (`energy`, `free_energy`,
    `forces`, `stress`, ...).

    >>> LabelKeys(energy="REF_energy", forces="REF_forces")
    LabelKeys(energy='REF_energy', forces='REF_forces', stress='stress')
    """

    energy: str = "energy"
    forces: str = "forces"
    stress: str = "stress"

    def __getitem__(self, label: str) -> str:
        """Key of the label named canonically."""
        return getattr(self, known_label(label))


@dataclass(frozen=True)
class LabelUnits:
    """In which unit a file keeps each label; positions and cells are always Å.

    Raises:
        InputError: a unit is not known; the message lists the known ones.

    >>> round(LabelUnits(energy="kcal/mol").factor("energy"), 6)
    0.043364
    >>> LabelUnits(energy="kcal")
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: unknown energy unit 'kcal'; accepted: ...; do: write 'kcal/mol'
    """

    energy: str = "eV"
    forces: str = "eV/Å"
    stress: str = "eV/Å^3"

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            self.factor(field.name)

    def __getitem__(self, label: str) -> str:
        """Unit of the label named canonically."""
        return getattr(self, known_label(label))

    def factor(self, label: str) -> float:
        """Number that turns a value of the file into our unit."""
        return factor(self[label], LABELS[label].quantity)


def known_label(name: str) -> str:
    """`name` when it is in the label table.

    Raises:
        InputError: it is not; the message suggests the nearest name.

    >>> known_label("energy")
    'energy'
    """
    if name in LABELS:
        return name
    close = nearest(name, LABELS)
    raise InputError(
        f"unknown label '{name}'", accepted=", ".join(LABELS), fix=f"write '{close}'" if close else None
    )
