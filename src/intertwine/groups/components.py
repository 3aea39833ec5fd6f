"""What a symmetry allows a property of matter to be: independent constants and the pattern of a tensor."""

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float, Float64, Int64

from intertwine.groups.cartesian import CartesianTensor
from intertwine.groups.group import Group
from intertwine.groups.hom import invariants
from intertwine.groups.index_symmetry import VOIGT, block_values

ROUNDING = 1e-10
"""Coefficients closer than this to a fraction are that fraction."""

DENOMINATOR = 12
"""Largest denominator of such a fraction."""

DEPENDENT = 1e-8
"""An entry follows from those before it when no more than this of it is left over."""

Blocks = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class AllowedTensor:
    """The tensors that no element of a group changes, T = Σ_k c_k `tensors[k]`, one c_k per constant.

    Attributes:
        formula: its index symmetry.
        group: whose elements leave it alone.
        constants: number of independent constants.
        tensors: `(constants, 3, …, 3)`; constant k is the entry of T that carries its symbol.
        rows: the pattern: each entry is `0`, a symbol such as `c11`, or a relation to symbols before it such
            as `-c16` or `(c11-c12)/2`.
        cells: the values of the indices at each entry of the pattern.
    """

    formula: str
    group: Group
    constants: int
    tensors: Float64[np.ndarray, "constants *indices"]
    rows: tuple[tuple[str, ...], ...]
    cells: tuple[tuple[tuple[int, ...], ...], ...]

    @property
    def pattern(self) -> str:
        """The rows as text in aligned columns."""
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        lines = ("  ".join(map(str.rjust, row, widths)) for row in self.rows)
        return "\n".join(lines)

    def matrix(self, tensor: Float[np.ndarray, "*indices"]) -> Float64[np.ndarray, "rows columns"]:
        """The components of any tensor of these indices, laid out as the pattern is.

        >>> allowed("ijk=ikj", "1").matrix(np.ones((3, 3, 3))).shape
        (3, 6)
        """
        return np.array([[tensor[cell] for cell in row] for row in self.cells], dtype=np.float64)

    def part(self, tensor: Float[np.ndarray, "*indices"]) -> Float64[np.ndarray, "*indices"]:
        """The nearest tensor that the group allows; what is left over, it forbids.

        >>> allowed("i", "C4v").part(np.array([1.0, 2.0, 3.0]))
        array([0., 0., 3.])
        """
        if not self.constants:
            return np.zeros(np.shape(tensor))
        basis = np.linalg.qr(self.tensors.reshape(self.constants, -1).T)[0]
        return (basis @ (basis.T @ np.ravel(tensor))).reshape(np.shape(tensor))


def allowed(formula: str, group: Group | str, axial: bool = False) -> AllowedTensor:
    """The tensors of an index symmetry that a group allows (Neumann's principle), as in Nye's tables.

    The pattern is a column for rank 1, a 3×3 matrix for rank 2, and beyond that a matrix whose rows are the
    first half of the indices: 3×6 for the piezoelectric `ijk=ikj` (row i, column jk), 6×6 for the elastic
    `ijkl=jikl=klij`, 3×9 for `ijk`. A symmetric pair of indices is one Voigt number, 1…6 = xx, yy, zz, yz,
    xz, xy; any other index is written 1, 2, 3. Entries are *components of the tensor*, without the factors
    of 2 that engineering strains bring: c14 of `ijk=ikj` is T_xyz. In reading order, an entry that does not
    follow from those before it is a new constant; every other is written in the constants.
    (J. F. Nye, Physical Properties of Crystals, Oxford 1957.)

    Args:
        formula: index symmetry, as in `CartesianTensor`.
        group: by name, or itself in any orientation.
        axial: whether the tensor changes sign under improper elements.

    Raises:
        InputError: a formula that cannot be read, or an unknown group.

    >>> elastic = allowed("ijkl=jikl=klij", "6mm")
    >>> elastic.constants, elastic.rows[5][5]
    (5, '(c11-c12)/2')
    >>> print(allowed("ijk=ikj", "32").pattern)
    c11  -c11  0  c14     0     0
      0     0  0    0  -c14  -c11
      0     0  0    0     0     0
    """
    space = CartesianTensor(formula, group, axial)
    blocks = space.blocks if space.rank > 2 else tuple((index,) for index in range(space.rank))
    layout = _layout(blocks)
    cells = [cell for row in layout for cell in row]
    basis = space.tensor(invariants(space)).reshape(-1, 3**space.rank)
    entries = np.array(cells) @ 3 ** np.arange(space.rank)[::-1]
    chosen = _greedy(basis[:, entries])
    tensors = _settled(np.linalg.solve(basis[:, entries[chosen]], basis))
    symbols = [_symbol(cells[place], blocks) for place in chosen]
    texts = iter([_relation(column, symbols) for column in tensors[:, entries].T])
    rows = tuple(tuple(next(texts) for _ in row) for row in layout)
    indices = tensors.reshape(-1, *(3,) * space.rank)
    return AllowedTensor(formula, space.group, len(chosen), indices, rows, tuple(map(tuple, layout)))


def _layout(blocks: Blocks) -> list[list[tuple[int, ...]]]:
    """Index values of the entry in each row and column; the first half of the blocks counts the rows."""
    half = max(len(blocks) // 2, 1)
    above, beside = (
        [sum(values, ()) for values in itertools.product(*map(block_values, part))]
        for part in (blocks[:half], blocks[half:])
    )
    return [[row + column for column in beside] for row in above]


def _greedy(columns: Float64[np.ndarray, "constants cells"]) -> Int64[np.ndarray, " constants"]:
    """The first columns, in reading order, that do not follow from those before them."""
    span = np.zeros((0, len(columns)))
    chosen: list[int] = []
    for place, column in enumerate(columns.T):
        rest = column - span.T @ (span @ column)
        rest = rest - span.T @ (span @ rest)  # once more, lest a short remainder carry rounding errors along
        length = np.linalg.norm(rest)
        if length > DEPENDENT:
            span = np.concatenate([span, [rest / length]])
            chosen.append(place)
    return np.array(chosen, dtype=np.int64)


def _settled(table: Float64[np.ndarray, "constants entries"]) -> Float64[np.ndarray, "constants entries"]:
    """Entries rounded to the fraction they equal up to rounding, where there is one."""
    for denominator in range(1, DENOMINATOR + 1):
        fraction = np.round(table * denominator) / denominator
        table = np.where(np.abs(table - fraction) < ROUNDING, fraction, table)
    return table + 0.0


def _symbol(cell: tuple[int, ...], blocks: Blocks) -> str:
    """`c14`: one number per block, Voigt's for a pair."""
    values = (tuple(cell[index] for index in block) for block in blocks)
    numbers = (value[0] if len(value) == 1 else VOIGT[value] for value in values)
    return "c" + "".join(str(number + 1) for number in numbers)


def _relation(coefficients: Float64[np.ndarray, " constants"], symbols: list[str]) -> str:
    """An entry written in the constants: `0`, `c11`, `-c16`, `(c11-c12)/2`, `0.75c11+0.433013c12`."""
    terms = [(value, symbol) for value, symbol in zip(coefficients, symbols, strict=True) if value]
    if not terms:
        return "0"
    fractions = [Fraction(value).limit_denominator(DENOMINATOR) for value, _ in terms]
    below = math.lcm(*(fraction.denominator for fraction in fractions))
    if any(abs(f - value) > ROUNDING for f, (value, _) in zip(fractions, terms, strict=True)):
        return "".join(_term(f"{abs(value):.6g}", value, symbol) for value, symbol in terms).removeprefix("+")
    above = "".join(
        _term(str(abs(fraction * below)), value, symbol)
        for fraction, (value, symbol) in zip(fractions, terms, strict=True)
    ).removeprefix("+")
    if below == 1:
        return above
    return f"{above}/{below}" if len(terms) == 1 else f"({above})/{below}"


def _term(size: str, value: float, symbol: str) -> str:
    return f"{'-' if value < 0 else '+'}{'' if size == '1' else size}{symbol}"
