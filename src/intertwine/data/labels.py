"""The label table: every quantity that a data file can teach, said once.

The table drives reading (keys and units), the heads that a model may have, the loss, and the report. What it
lacks is added with `declare`: a name, an index formula and a unit are enough. Beside it stand the conditions,
what a system is put under rather than what it answers.

Conventions: eV, Å, e; energies are total; stress is tensile-positive; tensors are stored with all their
components, 3 x … x 3.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar, Final, Literal

import numpy as np
from jaxtyping import Num

from intertwine.errors import InputError, nearest
from intertwine.groups.cartesian import CartesianTensor
from intertwine.groups.index_symmetry import IndexSymmetry, read_index_symmetry
from intertwine.units import factor


@dataclass(frozen=True)
class Label:
    """One row of the label table.

    Args:
        name: canonical name, used in files that we write, in losses and in reports.
        unit: our own unit, for reports.
        indices: index symmetry of one value as in `CartesianTensor`: "" for a number, "i" for a vector,
            "ij=ji" for a symmetric matrix.
        per: one value per `"system"`, per `"atom"`, or per `"bond"`: per ordered pair in `Structure.bonds`.
        extensive: whether the value of a system is the sum over its parts.
        axial: whether the value takes the sign of det R when the system is reflected.
        quantity: what `intertwine.units.factor` calls it, so that files may come in other units; None where
            only `unit` is known.
        cyclic: whether it is defined up to multiples of the lattice vectors, as the dipole of a cell is.

    Raises:
        InputError: an index formula that cannot be read.

    >>> LABELS["forces"].full_shape(5), LABELS["polarisability"].shape
    ((5, 3), (3, 3))
    """

    name: str
    unit: str
    indices: str = ""
    per: Literal["system", "atom", "bond"] = "system"
    extensive: bool = False
    axial: bool = False
    quantity: str | None = None
    cyclic: bool = False

    def __post_init__(self) -> None:
        if self.indices:
            read_index_symmetry(self.indices)

    @cached_property
    def symmetry(self) -> IndexSymmetry | None:
        """What ties the components together; None for a number."""
        return read_index_symmetry(self.indices) if self.indices else None

    @property
    def rank(self) -> int:
        """Number of indices."""
        return self.symmetry.rank if self.symmetry else 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Cartesian shape of one value."""
        return (3,) * self.rank

    @property
    def voigt_shape(self) -> tuple[int, ...]:
        """Shape in Voigt's notation: 6 for each pair of neighbouring indices that is symmetric.

        >>> LABELS["elastic"].voigt_shape, LABELS["piezoelectric"].voigt_shape
        ((6, 6), (3, 6))
        """
        return tuple(6 if len(block) == 2 else 3 for block in self.symmetry.blocks) if self.symmetry else ()

    @cached_property
    def tensor(self) -> CartesianTensor:
        """How one value turns under O(3).

        Raises:
            InputError: a number has no indices.
        """
        if not self.indices:
            raise InputError(f"{self.name} is a number, not a tensor")
        return CartesianTensor(self.indices, axial=self.axial)

    def full_shape(self, n_atoms: int, n_bonds: int = 0) -> tuple[int, ...]:
        """Shape of the label of a structure of so many atoms and bonds."""
        rows = {"system": (), "atom": (n_atoms,), "bond": (n_bonds,)}[self.per]
        return (*rows, *self.shape)

    def symmetrised(self, values: Num[np.ndarray, "*values"]) -> Num[np.ndarray, "*values"]:
        """Values `(*batch, 3, …, 3)` with whatever breaks the index symmetry projected out.

        >>> LABELS["stress"].symmetrised(np.triu(np.ones((3, 3))))[1].tolist()
        [0.5, 1.0, 0.5]
        """
        assert self.symmetry is not None
        signed, flat = self.symmetry.signed.astype(np.float64), values.reshape(-1, 3**self.rank)
        if np.array_equal(flat[:, self.symmetry.leaders] @ signed, flat):
            return values
        mean = flat @ signed.T / np.count_nonzero(signed, axis=1)
        return (mean @ signed).reshape(values.shape)


def _rows(*labels: Label) -> dict[str, Label]:
    return {label.name: label for label in labels}


_TABLE = _rows(
    Label("energy", "eV", extensive=True, quantity="energy"),
    Label("forces", "eV/Å", "i", per="atom", quantity="force"),
    Label("stress", "eV/Å^3", "ij=ji", quantity="stress"),
    Label("dipole", "e·Å", "i", extensive=True, quantity="dipole", cyclic=True),
    Label("polarisability", "e^2Å^2/eV", "ij=ji", extensive=True, quantity="polarisability"),
    Label(
        "hyperpolarisability", "e^3Å^3/eV^2", "ijk=jik=ikj", extensive=True, quantity="hyperpolarisability"
    ),
    Label("charges", "e", per="atom", quantity="charge"),
    Label("born_charges", "e", "ij", per="atom", quantity="charge"),
    Label("elastic", "GPa", "ijkl=jikl=klij", quantity="elastic"),
    Label("dielectric", "1", "ij=ji", quantity="number"),
    Label("piezoelectric", "C/m^2", "ijk=ikj", quantity="piezoelectric"),
)

LABELS: Final[Mapping[str, Label]] = MappingProxyType(_TABLE)
"""Every label by name; `declare` adds to it."""

CONDITIONS: Final[Mapping[str, Label]] = MappingProxyType(
    _rows(
        Label("charge", "e", extensive=True, quantity="charge"),
        Label("electric_field", "V/Å", "i", quantity="electric field"),
    )
)
"""What a structure is put under: total charge, homogeneous electric field."""

BONDS: Final[Mapping[str, int]] = MappingProxyType({"bonds": 2, "bond_shifts": 3})
"""What names ordered pairs of atoms, which labels per bond belong to, and whole numbers for each of them."""


def declare(label: Label) -> Label:
    """Add a label to the table, or find it there.

    Raises:
        InputError: the name has another meaning already.

    >>> declare(Label("spin_current", "e·Å", "ij", axial=True)) is LABELS["spin_current"]
    True
    >>> declare(Label("dipole", "debye", "i"))
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: the label 'dipole' means something else; got: Label(...
    """
    if label.name in {*CONDITIONS, *BONDS} or not label.name.isidentifier():
        raise InputError(
            f"a label cannot be called '{label.name}'", accepted="a word that is no condition of a structure"
        )
    known = _TABLE.setdefault(label.name, label)
    if known != label:
        raise InputError(
            f"the label '{label.name}' means something else",
            got=str(label),
            accepted=str(known),
            fix="choose another name",
        )
    return known


def known_label(name: str, also: Collection[str] = ()) -> str:
    """`name` when it is in the label table, or in another one.

    Raises:
        InputError: it is not; the message suggests the nearest name.

    >>> known_label("energy")
    'energy'
    """
    if name in LABELS or name in also:
        return name
    close = nearest(name, [*LABELS, *also])
    raise InputError(
        f"unknown label '{name}'",
        accepted=", ".join([*LABELS, *also]),
        fix=f"write '{close}'" if close else None,
    )


class _PerLabel:
    """One word for each label and condition, where it differs from the usual."""

    also: ClassVar[Collection[str]] = tuple(CONDITIONS)

    def __init__(self, **given: str) -> None:
        self.given = {known_label(name, self.also): word for name, word in given.items()}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.given == self.given

    def __hash__(self) -> int:
        return hash((type(self), frozenset(self.given.items())))

    def __repr__(self) -> str:
        words = ", ".join(f"{name}={word!r}" for name, word in self.given.items())
        return f"{type(self).__name__}({words})"

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)


class LabelKeys(_PerLabel):
    """Under which key a file keeps each label and condition, and bonds; their own names by default.

    A key is looked up in `atoms.info` (values per system) or `atoms.arrays` (values per atom) first, then
    among the results stored with the frame, where ASE puts the names it knows (`energy`, `free_energy`,
    `forces`, `stress`, `dipole`, ...).

    >>> LabelKeys(energy="REF_energy")["energy"], LabelKeys()["forces"]
    ('REF_energy', 'forces')
    """

    also: ClassVar[Collection[str]] = (*CONDITIONS, *BONDS)

    def __getitem__(self, label: str) -> str:
        """Key of the label named canonically."""
        return self.given.get(label, known_label(label, self.also))


class LabelUnits(_PerLabel):
    """In which unit a file keeps each label and condition; positions and cells are always Å.

    Raises:
        InputError: a unit is not known; the message lists the known ones.

    >>> round(LabelUnits(energy="kcal/mol").factor("energy"), 6)
    0.043364
    >>> LabelUnits(energy="kcal")
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: unknown energy unit 'kcal'; accepted: ...; do: write 'kcal/mol'
    """

    def __init__(self, **given: str) -> None:
        super().__init__(**given)
        for name in self.given:
            self.factor(name)

    def __getitem__(self, label: str) -> str:
        """Unit of the label named canonically."""
        return self.given.get(label, _row(label).unit)

    def factor(self, label: str) -> float:
        """Number that turns a value of the file into our unit."""
        row, unit = _row(label), self[label]
        if row.quantity is not None:
            return factor(unit, row.quantity)
        if unit != row.unit:
            raise InputError(f"unknown unit of '{label}'", got=unit, accepted=row.unit)
        return 1.0


def _row(name: str) -> Label:
    known_label(name, CONDITIONS)
    return LABELS.get(name) or CONDITIONS[name]
