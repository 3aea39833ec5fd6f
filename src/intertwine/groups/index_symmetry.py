"""Symmetries among the indices of a tensor, read from a formula such as `ijk=ikj`."""

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int8, Int64

from intertwine.errors import InputError

MOST_INDICES = 8
"""Longest formula that is read: a general tensor of rank 8 has 6561 components."""

VOIGT = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])
"""Number of a symmetric pair of indices in the order xx, yy, zz, yz, xz, xy."""

VOIGT_PAIRS = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
"""The pair of indices of each Voigt number."""

ACCEPTED = "forms such as ij=ji, ij=-ji, ijk=ikj, ijkl=jikl=klij"

_FORM = re.compile(r"([+-]?)([^\W\d_]+)")


@dataclass(frozen=True, eq=False)
class IndexSymmetry:
    """Which entries of a tensor its index symmetry ties together.

    The entries whose values are equal up to a sign form an orbit; an orbit that holds an entry with both
    signs is zero. Every other orbit is one independent component, read at its leader.

    Attributes:
        rank: number of indices.
        blocks: the indices in groups of one, or of two where the tensor is symmetric in neighbouring ones.
        leaders: `(dim,)`, flat number of the entry that stands for each component, in the order of Voigt
            numbers and of x, y, z, block by block.
        signed: `(dim, 3^rank)`, +1 or −1 at the entries of each component, otherwise 0.

    >>> read_index_symmetry("ijk=ikj").blocks, len(read_index_symmetry("ijkl=jikl=klij").leaders)
    (((0,), (1, 2)), 21)
    """

    rank: int
    blocks: tuple[tuple[int, ...], ...]
    leaders: Int64[np.ndarray, " dim"]
    signed: Int8[np.ndarray, "dim entries"]


def read_index_symmetry(formula: str) -> IndexSymmetry:
    """The index symmetry that a formula declares.

    Args:
        formula: forms joined by `=`, each a permutation of the same letters with an optional sign before
            it: `ij=-ji` says T_ij = −T_ji. Blanks are ignored; one form alone declares no symmetry.

    Raises:
        InputError: a form that cannot be read, that repeats an index or has others than the first; more
            than 8 indices; symmetries that leave nothing but zero.

    >>> read_index_symmetry("ij = -ji").leaders
    array([1, 2, 5])
    """
    permutations = _read_forms(formula)
    rank = len(permutations[0][1])
    entries = np.indices((3,) * rank).reshape(rank, -1)
    orbit, vanishes = _orbits(entries, permutations)
    if vanishes.all():
        raise InputError(
            f"the symmetries of {formula.strip()!r} leave no tensor but zero",
            fix="check the signs: one permutation cannot be both even and odd",
        )
    blocks = _blocks(orbit, rank)
    size = 3**rank
    free = np.flatnonzero(~vanishes)
    ordered = free[np.lexsort(_order(entries[:, free], blocks)[::-1])]
    unsigned = np.minimum(orbit[:size], orbit[size:])[ordered]
    leaders = ordered[np.sort(np.unique(unsigned, return_index=True)[1])]
    same = (orbit[:size] == orbit[leaders, None]).astype(np.int8)
    opposite = (orbit[size:] == orbit[leaders, None]).astype(np.int8)
    return IndexSymmetry(rank, blocks, leaders, same - opposite)


def _read_forms(formula: str) -> list[tuple[int, tuple[int, ...]]]:
    """Sign and permutation of each form, relative to the first."""
    forms = [_read_form(form, formula) for form in "".join(formula.split()).replace("−", "-").split("=")]
    first_sign, letters = forms[0]
    if len(letters) > MOST_INDICES:
        raise InputError(
            f"the index formula {formula.strip()!r} is too long",
            got=f"{len(letters)} indices",
            accepted=f"at most {MOST_INDICES}",
        )
    for _, form in forms:
        if sorted(form) != sorted(letters):
            raise InputError(
                f"{form!r} does not permute the indices {letters!r} in {formula.strip()!r}", accepted=ACCEPTED
            )
    return [(first_sign * sign, tuple(letters.index(letter) for letter in form)) for sign, form in forms]


def _read_form(form: str, formula: str) -> tuple[int, str]:
    match = _FORM.fullmatch(form)
    if match is None:
        raise InputError(
            f"cannot read {form!r} in the index formula {formula.strip()!r}",
            accepted=ACCEPTED,
            fix=None if form else "write the indices of the tensor, on each side of every =",
        )
    letters = match[2]
    if len(set(letters)) < len(letters):
        twice = next(letter for letter in letters if letters.count(letter) > 1)
        raise InputError(
            f"the index {twice!r} stands twice in {form!r}", accepted=ACCEPTED, fix="name every index once"
        )
    return -1 if match[1] == "-" else 1, letters


def _orbits(
    entries: Int64[np.ndarray, "rank entries"], permutations: list[tuple[int, tuple[int, ...]]]
) -> tuple[Int64[np.ndarray, " signed_entries"], Bool[np.ndarray, " entries"]]:
    """Orbit of each entry, then of each with its sign reversed; and the entries found with both signs."""
    rank, size = entries.shape
    place = 3 ** np.arange(rank)[::-1]
    steps: list[np.ndarray] = []
    for sign, permutation in permutations:
        moved = place @ entries[list(permutation)]
        halves = (moved, moved + size) if sign > 0 else (moved + size, moved)
        steps.append(np.concatenate(halves))
    orbit = np.arange(2 * size)
    while True:
        before = orbit
        for step in steps:
            orbit = np.minimum(orbit, orbit[step])
        if np.array_equal(orbit, before):
            return orbit, orbit[:size] == orbit[size:]


def _blocks(orbit: Int64[np.ndarray, " signed_entries"], rank: int) -> tuple[tuple[int, ...], ...]:
    """Neighbouring indices paired, from the right, where exchanging them changes nothing."""
    table = orbit[: 3**rank].reshape((3,) * rank)
    blocks: list[tuple[int, ...]] = []
    last = rank - 1
    while last >= 0:
        paired = last > 0 and np.array_equal(table, table.swapaxes(last - 1, last))
        blocks.append((last - 1, last) if paired else (last,))
        last -= len(blocks[-1])
    return tuple(reversed(blocks))


def _order(
    entries: Int64[np.ndarray, "rank entries"], blocks: tuple[tuple[int, ...], ...]
) -> list[Int64[np.ndarray, " entries"]]:
    """Sort keys of entries, the first most significant: the number of each block, then the plain indices."""
    numbers = [
        entries[block[0]] if len(block) == 1 else VOIGT[entries[block[0]], entries[block[1]]]
        for block in blocks
    ]
    return [*numbers, *entries]


def block_values(block: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """The values that the indices of a block run through: x, y, z, or the six Voigt pairs.

    >>> block_values((0,)), block_values((1, 2))[3]
    (((0,), (1,), (2,)), (1, 2))
    """
    return VOIGT_PAIRS if len(block) == 2 else ((0,), (1,), (2,))
