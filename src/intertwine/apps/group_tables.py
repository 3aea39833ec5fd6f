"""All that is known of one group as plain values: elements, classes, characters, branching, tensors.

Everything is read off from the group itself; what a terminal shows and what JSON holds are the same values.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from intertwine.apps.basis_functions import BasisFunctions, basis_functions
from intertwine.apps.conjugacy import ConjugacyClass, conjugacy_classes
from intertwine.apps.symmetry_elements import symmetry_elements
from intertwine.errors import InputError
from intertwine.groups import (
    GROUP_NAMES,
    CartesianTensor,
    FiniteGroup,
    Group,
    PointGroup,
    allowed,
    get_group,
)
from intertwine.groups.elements import read_direction, read_operation

HIGHEST_DEGREE = 20
"""Up to this degree branching is listed in about a second."""

MOST_COMPONENTS = 729
"""Largest tensor whose pattern is looked for: six indices without symmetry."""

PLANAR = {"O(3)": ("O(2)", "SO(2)"), "SO(3)": ("SO(2)",), "O(2)": ("SO(2)",)}
"""Groups about one axis inside compact ones."""

Matrix = list[list[float]]
Vector = list[float]


@dataclass(frozen=True)
class NamedMatrix:
    """An element: its name, such as `C3 [111]`, and its matrix acting on columns."""

    name: str
    matrix: Matrix


@dataclass(frozen=True)
class NamedAxis:
    """An axis, mirror or generator of turns: its Hermann-Mauguin symbol, direction as text, unit vector."""

    symbol: str
    direction: str
    vector: Vector


@dataclass(frozen=True)
class IrrepRow:
    """One row of the character table.

    Attributes:
        label: Mulliken's, or `1o`, `2`, …
        dim: dimension over the reals.
        algebra: `real`, or `complex` where it joins two conjugate complex irreps.
        characters: by class of a finite group; empty for a compact one.
        functions: that belong to it.
    """

    label: str
    dim: int
    algebra: str
    characters: tuple[int | float, ...]
    functions: BasisFunctions


@dataclass(frozen=True)
class Branching:
    """Into which irreps of `part` each irrep of `whole` splits: `{"2e": {"Eg": 1, "T2g": 1}}`."""

    whole: str
    part: str
    splits: dict[str, dict[str, int]]


@dataclass(frozen=True)
class TensorPattern:
    """Allowed components of a tensor: see `intertwine.groups.allowed`."""

    formula: str
    axial: bool
    constants: int
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class GroupPage:
    """What `intertwine groups NAME` tells.

    Attributes:
        name, hermann_mauguin, kind, order, crystal_system: None where there is no such thing.
        orientation: rotation R of the standard setting, G = R G₀ Rᵀ.
        axes, mirrors: with unit vectors; of finite groups only.
        inversion: whether −1 is an element.
        turns: axes that span the Lie algebra; of compact groups only.
        generators: the discrete ones.
        elements, classes: of finite groups only.
        irreps: all of a finite group; of a compact one those up to a degree.
        branchings, tensors: as asked for.
    """

    name: str
    hermann_mauguin: str | None
    kind: str
    order: int | None
    crystal_system: str | None
    orientation: Matrix
    axes: tuple[NamedAxis, ...]
    mirrors: tuple[NamedAxis, ...]
    inversion: bool
    turns: tuple[NamedAxis, ...]
    generators: tuple[NamedMatrix, ...]
    elements: tuple[NamedMatrix, ...]
    classes: tuple[ConjugacyClass, ...]
    irreps: tuple[IrrepRow, ...]
    branchings: tuple[Branching, ...]
    tensors: tuple[TensorPattern, ...]


def group_page(
    group: Group | str, degree: int = 4, formulas: Sequence[str] = (), axial: bool = False
) -> GroupPage:
    """Tables of one group.

    Args:
        group: by name, or itself in any orientation.
        degree: up to which irreps of O(3) are split, and irreps of a compact group are listed.
        formulas: index symmetries of tensors whose allowed components are wanted, such as `ijk=ikj`.
        axial: whether these tensors change sign under improper elements.

    Raises:
        InputError: an unknown group, a formula that cannot be read or is too large, a degree out of range.

    >>> page = group_page("Td", degree=2, formulas=["ijk=ikj"])
    >>> [row.label for row in page.irreps], page.branchings[0].splits["2e"], page.tensors[0].constants
    (['A1', 'A2', 'E', 'T1', 'T2'], {'E': 1, 'T2': 1}, 1)
    """
    group = get_group(group)
    if not 0 <= degree <= HIGHEST_DEGREE:
        raise InputError("the degree is out of range", got=degree, accepted=f"0 … {HIGHEST_DEGREE}")
    tensors = tuple(tensor_pattern(formula, group, axial) for formula in formulas)
    finite = group if isinstance(group, FiniteGroup) else None
    found = symmetry_elements(group) if finite else None
    classes = conjugacy_classes(finite) if finite else ()
    return GroupPage(
        name=group.name,
        hermann_mauguin=group.hermann_mauguin if isinstance(group, PointGroup) else None,
        kind=group.kind,
        order=group.order,
        crystal_system=found.crystal_system if found else None,
        orientation=group.orientation.tolist(),
        axes=tuple(NamedAxis(a.symbol, a.name, a.direction.tolist()) for a in found.axes) if found else (),
        mirrors=tuple(_axis("m", normal) for normal in found.mirrors) if found else (),
        inversion=bool(group.contains(-np.eye(3))),
        turns=tuple(_axis("∞", axis) for axis in group.lie_axes),
        generators=_named(group.generators),
        elements=_named(group.elements) if finite else (),
        classes=classes,
        irreps=_irrep_rows(group, degree, classes),
        branchings=_branchings(group, degree),
        tensors=tensors,
    )


def tensor_pattern(formula: str, group: Group, axial: bool = False) -> TensorPattern:
    """Allowed components of one tensor.

    Raises:
        InputError: a formula that cannot be read, or of more than 729 components.

    >>> tensor_pattern("ij=ji", get_group("C4")).rows
    (('c11', '0', '0'), ('0', 'c11', '0'), ('0', '0', 'c33'))
    """
    components = CartesianTensor(formula).dim
    if components > MOST_COMPONENTS:
        raise InputError(
            f"the tensor {formula!r} is too large for a pattern",
            got=f"{components} components",
            accepted=f"at most {MOST_COMPONENTS}",
        )
    found = allowed(formula, group, axial)
    return TensorPattern(formula, axial, found.constants, found.rows)


def _irrep_rows(group: Group, degree: int, classes: Sequence[ConjugacyClass]) -> tuple[IrrepRow, ...]:
    functions = basis_functions(group)
    representatives = group.elements[[members.numbers[0] for members in classes]] if classes else None
    rows = []
    for _, irrep in group.irreps(degree):
        characters = [] if representatives is None else irrep.character(representatives).tolist()
        settled = tuple(round(value) if abs(value - round(value)) < 1e-9 else value for value in characters)
        algebra = "complex" if len(irrep.algebra) == 2 else "real"
        belonging = functions.get(irrep.label, BasisFunctions())
        rows.append(IrrepRow(irrep.label, irrep.dim, algebra, settled, belonging))
    return tuple(rows)


def _branchings(group: Group, degree: int) -> tuple[Branching, ...]:
    """From O(3) to this group, unless every irrep stays one, and from compact groups to those of an axis."""
    above = [] if group.name in ("O(3)", "SO(3)") else [(get_group("O(3)"), group)]
    orientation = None if np.array_equal(group.orientation, np.eye(3)) else group.orientation
    below = [(group, get_group(name, orientation)) for name in PLANAR.get(group.name, ())]
    return tuple(_branching(whole, part, degree) for whole, part in (*above, *below))


def _branching(whole: Group, part: Group, degree: int) -> Branching:
    """Multiplicities ⟨χ, χ_ρ⟩ / e: a mean over the smaller group by a sum exact for these degrees."""
    elements, weights = part.quadrature(2 * degree)
    inside = [irrep for _, irrep in part.irreps(degree)]
    characters = np.stack([irrep.character(elements) / len(irrep.algebra) for irrep in inside]) * weights
    splits = {}
    for _, irrep in whole.irreps(degree):
        counts = np.round(characters @ irrep.character(elements)).astype(int).tolist()
        splits[irrep.label] = {i.label: n for i, n in zip(inside, counts, strict=True) if n}
    return Branching(whole.name, part.name, splits)


def _named(elements: np.ndarray) -> tuple[NamedMatrix, ...]:
    return tuple(NamedMatrix(read_operation(g).name, g.tolist()) for g in elements)


def _axis(symbol: str, axis: np.ndarray) -> NamedAxis:
    vector, direction = read_direction(axis)
    return NamedAxis(symbol, direction, vector.tolist())


@dataclass(frozen=True)
class GroupEntry:
    """One line of the list of all groups."""

    name: str
    hermann_mauguin: str | None
    kind: str
    order: int | None
    crystal_system: str | None
    irreps: tuple[str, ...]


def as_json(tables: GroupPage | Sequence[GroupEntry]) -> str:
    """A page, or the list, as JSON text: fields by their names, numbers in full.

    >>> json.loads(as_json(group_page("C2")))["hermann_mauguin"]
    '2'
    """
    plain = asdict(tables) if isinstance(tables, GroupPage) else [asdict(entry) for entry in tables]
    return json.dumps(plain, ensure_ascii=False, indent=1)


def group_list() -> tuple[GroupEntry, ...]:
    """Every group that has a name.

    >>> entries = group_list()
    >>> len(entries), entries[-1].name, entries[-1].crystal_system
    (36, 'Oh', 'cubic')
    """
    return tuple(_entry(get_group(name)) for name in GROUP_NAMES)


def _entry(group: Group) -> GroupEntry:
    finite = isinstance(group, FiniteGroup)
    system = symmetry_elements(group).crystal_system if finite else None
    labels = tuple(irrep.label for _, irrep in group.irreps(2))
    symbol = group.hermann_mauguin if isinstance(group, PointGroup) else None
    return GroupEntry(group.name, symbol, group.kind, group.order, system, labels)
