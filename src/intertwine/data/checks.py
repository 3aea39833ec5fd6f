"""What a `Structure` must satisfy; a check returns a read-only array or says what is wrong."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from intertwine.data.labels import BONDS, CONDITIONS, LABELS, Label, known_label
from intertwine.errors import InputError

Values = np.ndarray | np.generic | float | int | Sequence[Any]
"""What a person may write where an array is stored: the array, a number, or nested lists of numbers."""

SMALLEST_HEIGHT: Final = 1e-3
"""Å: periodic images closer than this mean a cell without volume."""

LARGEST_ASYMMETRY: Final = {"stress": 1e-3}
"""A tensor may miss its symmetry by this fraction of its largest component, those not named by a hundredth:
codes print few digits, and responses are less converged than stresses."""

SMALLEST_ASYMMETRY: Final = {"stress": 1e-6}
"""In the unit of the label: asymmetry below this is noise. 1e-6 eV/Å³ are 0.16 MPa."""


def frozen(array: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
    """The same array, not writable any more."""
    array.setflags(write=False)
    return array


def finite_array(value: Values, shape: tuple[int, ...], what: str) -> Float[np.ndarray, "..."]:
    """A float64 copy of `value` with the given shape and no NaN or infinity."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} are not numbers", got=repr(value)[:60], accepted=f"shape {shape}") from None
    if array.shape != shape:
        raise InputError(f"{what} have a wrong shape", got=array.shape, accepted=shape)
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        where = f" at {place}" if place else ""
        raise InputError(
            f"{what} are not finite{where}",
            got=array[place],
            accepted="finite numbers",
            fix="remove the frame or its label",
        )
    return frozen(array)


def checked_numbers(value: Values) -> Int[np.ndarray, " atoms"]:
    """Atomic numbers `[atoms]`, int64, at least one atom."""
    array = np.array(value)
    if array.ndim != 1 or array.dtype.kind not in "iuf" or (array != np.round(array)).any():
        if array.size == 0:
            raise InputError("a structure has no atoms", accepted="at least one atom")
        raise InputError("atomic numbers are not a list of integers", got=repr(value)[:60])
    if array.size == 0:
        raise InputError("a structure has no atoms", accepted="at least one atom")
    wrong = np.flatnonzero((array < 1) | (array > 118))
    if wrong.size:
        got = array[wrong[0]]
        raise InputError(
            f"atom {wrong[0]} has an atomic number out of range", got=got, accepted="1 (H) to 118 (Og)"
        )
    return frozen(array.astype(np.int64))


def checked_positions(value: Values, n_atoms: int) -> Float[np.ndarray, "atoms 3"]:
    """Positions `[atoms, 3]`, Å, finite."""
    return finite_array(value, (n_atoms, 3), "positions")


def checked_pbc(value: Values) -> Bool[np.ndarray, "3"]:
    """Periodic axes `[3]`; one truth value stands for all three."""
    array = np.array(value)
    if array.shape not in ((), (3,)) or array.dtype.kind not in "biu":
        raise InputError("pbc is wrong", got=repr(value)[:60], accepted="three truth values")
    return frozen(np.array(np.broadcast_to(array.astype(bool), (3,))))


def checked_cell(value: Values, pbc: Bool[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """Cell `[3, 3]`, Å, rows; the vectors of the periodic axes span length, area or volume."""
    cell = finite_array(value, (3, 3), "cell vectors")
    if not pbc.any():
        return cell
    periodic = cell[pbc]
    singular = np.linalg.svd(periodic, compute_uv=False)
    degenerate = singular[0] < SMALLEST_HEIGHT or singular[-1] <= 1e-12 * singular[0]
    if degenerate or (image_spacing(periodic) < SMALLEST_HEIGHT).any():
        axes = ", ".join("abc"[i] for i in np.flatnonzero(pbc))
        raise InputError(
            f"the cell has no volume along its periodic axes ({axes})",
            got=[[float(x) for x in row] for row in periodic],
            accepted="linearly independent lattice vectors in Å on every periodic axis",
            fix="give the cell, or set pbc to F on the axes that are open",
        )
    return cell


def image_spacing(vectors: Float[np.ndarray, "axes 3"]) -> Float[np.ndarray, " axes"]:
    """Distance in Å between neighbouring lattice lines or planes across each of `vectors` `[axes, 3]`.

    h_k = 1 / |a*_k| with a*_k the dual basis of the vectors within their own span.

    >>> image_spacing(np.array([[2.0, 0.0, 0.0], [1.0, 3.0, 0.0]])).round(3)
    array([1.897, 3.   ])
    """
    return 1.0 / np.linalg.norm(np.linalg.pinv(vectors), axis=0)


def checked_bonds(value: Values, n_atoms: int) -> Int[np.ndarray, "bonds 2"]:
    """Ordered pairs of atoms by index, `[bonds, 2]`, int64."""
    bonds = whole_rows(value, 2, "bonds")
    if bonds.size and not 0 <= bonds.min() <= bonds.max() < n_atoms:
        wrong = int(np.flatnonzero(((bonds < 0) | (bonds >= n_atoms)).any(1))[0])
        raise InputError(
            f"bond {wrong} joins an atom that is not there",
            got=bonds[wrong].tolist(),
            accepted=f"indices of atoms, 0 to {n_atoms - 1}",
        )
    return bonds


def checked_shifts(value: Values, n_bonds: int, pbc: Bool[np.ndarray, "3"]) -> Int[np.ndarray, "bonds 3"]:
    """Lattice steps of every bond, `[bonds, 3]`, int64; none along open axes."""
    shifts = whole_rows(value, 3, "shifts of bonds")
    if len(shifts) != n_bonds:
        raise InputError("shifts of bonds have a wrong shape", got=shifts.shape, accepted=(n_bonds, 3))
    if np.any(shifts[:, ~pbc]):
        raise InputError("a bond is shifted along an open axis", fix="leave its shifts there zero")
    return shifts


def whole_rows(value: Values, width: int, what: str, fix: str | None = None) -> Int[np.ndarray, "rows width"]:
    """Whole numbers in rows of one width, int64; they may come flat.

    >>> whole_rows([0, 1, 1, 2], 2, "bonds").tolist()
    [[0, 1], [1, 2]]
    """
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.full((), np.nan)
    fits = array.size % width == 0 and (array.ndim < 2 or array.shape[1:] == (width,))
    if not (fits and np.isfinite(array).all() and np.array_equal(array, np.round(array))):
        got = " ".join(repr(value).split())[:60]
        raise InputError(f"{what} are not whole numbers, {width} for each bond", got=got, fix=fix)
    return frozen(array.astype(np.int64).reshape(-1, width))


def checked_labels(labels: Mapping[str, Values], n_atoms: int, n_bonds: int = 0) -> dict[str, np.ndarray]:
    """Labels by canonical name, float64, of the shape that the label table says."""
    checked = {}
    for name in sorted(map(known_label, labels), key=list(LABELS).index):
        if LABELS[name].per == "bond" and not n_bonds:
            raise InputError(
                f"{name} is a label of bonds, and there are none", fix="give bonds, or leave it out"
            )
        shape = LABELS[name].full_shape(n_atoms, n_bonds)
        values = finite_array(labels[name], shape, f"{name} values")
        checked[name] = frozen(symmetric(values, LABELS[name])) if LABELS[name].rank > 1 else values
    return checked


def symmetric(values: Float[np.ndarray, "..."], label: Label) -> Float[np.ndarray, "..."]:
    """The values with their index symmetry made exact; they must have it already within printed digits."""
    exact = label.symmetrised(values)
    asymmetry = 2.0 * float(np.abs(values - exact).max())
    largest = LARGEST_ASYMMETRY.get(label.name, 1e-2) * float(np.abs(values).max())
    if asymmetry > SMALLEST_ASYMMETRY.get(label.name, 0.0) + largest:
        raise InputError(
            f"{label.name} lacks the symmetry {label.indices} of its indices",
            got=f"differences up to {asymmetry:.3g} {label.unit}",
            accepted="a symmetric 3 x 3 matrix, or Voigt xx yy zz yz xz xy" if label.rank == 2 else None,
        )
    return exact


def checked_info(info: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `info`; labels have their own place."""
    for name in set(info) & set(LABELS):
        raise InputError(f"info may not hold '{name}'", fix="give it among the labels")
    for name in set(info) & {*CONDITIONS, *BONDS}:
        raise InputError(f"info may not hold '{name}'", fix=f"give {name}=… to the structure")
    return dict(info)
