"""Conjugacy classes named and ordered as in printed character tables: `E`, `8C3`, `3C2`, `6S4`, `6σ`."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

from intertwine.groups import FiniteGroup
from intertwine.groups.elements import Operation, read_operation

LONGEST = 8
"""Characters of a name with a direction that can still head a column."""

PRIMES = {0: "", 1: "′", 2: "″"}
"""How many primes are written; beyond two, one after another."""


@dataclass(frozen=True)
class ConjugacyClass:
    """Elements that other elements of the group carry into each other.

    Attributes:
        name: the symbol of one element, primed where classes would share it; with its direction where they
            have one element each, as in D2.
        elements: name of each element.
        numbers: their numbers in `group.elements`.
    """

    name: str
    elements: tuple[str, ...]
    numbers: tuple[int, ...]

    @property
    def heading(self) -> str:
        """Number of elements and name: `8C3`.

        >>> ConjugacyClass("C3", ("C3 z", "C3⁻¹ z"), (1, 2)).heading
        '2C3'
        """
        return f"{len(self.elements)}{self.name}" if len(self.elements) > 1 else self.name


def conjugacy_classes(group: FiniteGroup) -> tuple[ConjugacyClass, ...]:
    """The classes of a finite group: proper elements first, higher folds first, then smaller classes.

    Improper classes follow in the order of the proper ones that the inversion, or else a mirror that every
    element keeps, makes of them.

    >>> from intertwine.groups import get_group
    >>> [members.heading for members in conjugacy_classes(get_group("Oh"))]
    ['E', '6C4', '8C3', '3C2', '6C2′', 'i', '6S4', '8S6', '3σ', '6σ′']
    """
    operations = [read_operation(g) for g in group.elements]
    unsorted = [sorted(members.tolist(), key=lambda n: _place(operations[n])) for members in group.classes]
    numbers = sorted(unsorted, key=_order(group, operations))
    leading = [min((operations[n] for n in members), key=_power) for members in numbers]
    classes = [
        ConjugacyClass(operation.kind, tuple(operations[n].name for n in members), tuple(members))
        for operation, members in zip(leading, numbers, strict=True)
    ]
    return tuple(_told_apart(classes))


def _order(group: FiniteGroup, operations: list[Operation]) -> Callable[[list[int]], tuple]:
    """Key by which classes, lists of numbers of elements, are sorted."""
    central = [members[0] for members in group.classes if len(members) == 1]
    partners = [n for n in central if operations[n].kind in ("i", "σ")]
    partner = min(partners, key=lambda n: operations[n].kind != "i", default=0)

    def key(members: list[int]) -> tuple:
        improper = operations[members[0]].improper
        shown = group.table[partner, members].tolist() if improper else members
        return improper, min(_rank(operations[n], len(members)) for n in shown)

    return key


def _rank(operation: Operation, size: int) -> tuple:
    identity = operation.kind in ("E", "i")
    return not identity, -operation.fold, size, *_power(operation)


def _power(operation: Operation) -> tuple[int, bool]:
    return abs(operation.power), operation.power < 0


def _place(operation: Operation) -> tuple:
    """Short directions first: x, y, z before [110] before [-110]."""
    return len(operation.direction), operation.direction, *_power(operation)


def _told_apart(classes: list[ConjugacyClass]) -> list[ConjugacyClass]:
    """Names that several classes share, made different."""
    alike: dict[str, list[int]] = defaultdict(list)
    for number, members in enumerate(classes):
        alike[members.name].append(number)
    named = list(classes)
    for numbers in alike.values():
        elements = [classes[n].elements for n in numbers]
        short = all(len(names) == 1 and len(names[0]) <= LONGEST for names in elements)
        for count, n in enumerate(numbers if len(numbers) > 1 else []):
            primed = classes[n].name + PRIMES.get(count, "′" * count)
            named[n] = replace(classes[n], name=classes[n].elements[0] if short else primed)
    return named
