"""The same matter written differently: another frame, order, cell or image; labels come along.

A graph built from any of these must give a model's answer for the original, turned, reordered or repeated:
unlike `motion`, which keeps edges, this also asks the neighbour list.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
from jaxtyping import Float, Int

from intertwine.data.labels import LABELS
from intertwine.data.structure import Structure
from intertwine.errors import InputError


def reframed(
    structure: Structure,
    rotation: Float[np.ndarray, "3 3"],
    translation: Float[np.ndarray, "3"] | None = None,
) -> Structure:
    """x → R x + t, cell vectors and labels turning along; R in O(3).

    >>> atom = Structure([1], [[0, 0, 1]], labels={"forces": [[0, 0, 2]]})
    >>> reframed(atom, -np.eye(3), np.array([0, 0, 5.0])).positions
    array([[0., 0., 4.]])
    """
    labels = {
        name: _turned(value, rotation, LABELS[name].rank) * _sign(rotation, LABELS[name].axial)
        for name, value in structure.labels.items()
    }
    positions = structure.positions @ rotation.T + (0.0 if translation is None else translation)
    field = structure.electric_field @ rotation.T
    return structure.replace(
        positions=positions, cell=structure.cell @ rotation.T, labels=labels, electric_field=field
    )


def _sign(rotation: np.ndarray, axial: bool) -> float:
    return float(np.sign(np.linalg.det(rotation))) if axial else 1.0


def _turned(tensor: np.ndarray, rotation: np.ndarray, rank: int) -> np.ndarray:
    for axis in range(tensor.ndim - rank, tensor.ndim):
        tensor = np.moveaxis(np.moveaxis(tensor, axis, -1) @ rotation.T, -1, axis)
    return tensor


def reordered(structure: Structure, order: Sequence[int] | Int[np.ndarray, "atoms"]) -> Structure:
    """New atom k is old atom `order[k]`.

    >>> reordered(Structure([1, 8], [[0, 0, 0], [0, 0, 1]]), [1, 0]).numbers
    array([8, 1])
    """
    order = np.asarray(order)
    labels = {
        name: value[order] if LABELS[name].per == "atom" else value
        for name, value in structure.labels.items()
    }
    return structure.replace(
        numbers=structure.numbers[order],
        positions=structure.positions[order],
        labels=labels,
        bonds=np.argsort(order)[structure.bonds],
        bond_shifts=structure.bond_shifts,
    )


def reimaged(structure: Structure, shifts: Int[np.ndarray, "atoms 3"]) -> Structure:
    """Every atom replaced by one of its own lattice images, x + S · cell; S is zero on open axes.

    Raises:
        InputError: a shift along an open axis.

    >>> crystal = Structure([1], [[0, 0, 0]], cell=2 * np.eye(3), pbc=[True] * 3)
    >>> reimaged(crystal, np.array([[1, 0, -3]])).positions
    array([[ 2.,  0., -6.]])
    """
    if np.any(shifts[:, ~structure.pbc]):
        raise InputError("an open axis has no images", fix="leave its shifts zero")
    first, second = structure.bonds.T
    return structure.replace(
        positions=structure.positions + shifts @ structure.cell,
        bond_shifts=structure.bond_shifts + shifts[first] - shifts[second],
    )


def wrapped(structure: Structure) -> Structure:
    """Every atom replaced by its image inside the cell, as far as axes are periodic.

    >>> wire = Structure([1], [[5.5, 0, 7]], cell=np.diag([2, 0, 0]), pbc=[True, False, False])
    >>> wrapped(wire).positions
    array([[1.5, 0. , 7. ]])
    """
    if not structure.pbc.any():
        return structure
    shifts = np.zeros((len(structure), 3), dtype=np.int64)
    steps = structure.positions @ np.linalg.pinv(structure.cell[structure.pbc])
    shifts[:, structure.pbc] = -np.floor(steps).astype(np.int64)
    return reimaged(structure, shifts)


def recelled(structure: Structure, basis: Int[np.ndarray, "3 3"]) -> Structure:
    """The same lattice by other vectors, cell → H · cell, H whole with determinant ±1; atoms stay.

    Raises:
        InputError: H is not of determinant ±1, or mixes periodic with open axes.

    >>> crystal = Structure([1], [[0, 0, 0]], cell=2 * np.eye(3), pbc=[True] * 3)
    >>> recelled(crystal, np.array([[1, 0, 0], [3, 1, 0], [0, 0, 1]])).cell[1]
    array([6., 2., 0.])
    """
    if round(abs(np.linalg.det(basis))) != 1:
        raise InputError("these vectors do not span the same lattice", accepted="a determinant of 1 or −1")
    if np.any(basis[np.ix_(structure.pbc, ~structure.pbc)]) or np.any(
        basis[np.ix_(~structure.pbc, structure.pbc)]
    ):
        raise InputError("periodic and open axes cannot be mixed", fix="keep open axes as they are")
    shifts = np.round(structure.bond_shifts @ np.linalg.inv(basis))
    return structure.replace(cell=basis @ structure.cell, bond_shifts=shifts)


def supercell(structure: Structure, repeats: tuple[int, int, int]) -> Structure:
    """The cell repeated along its vectors: extensive labels grow, atoms' and bonds' repeat, stress stays.

    Atom k of image m is atom `m * len(structure) + k` of the result, and bonds follow one another likewise.

    Args:
        structure: periodic along every axis that is repeated.
        repeats: how many times along each vector, at least 1; exactly 1 on open axes.

    Raises:
        InputError: a repeat below 1, or of an open axis.

    >>> crystal = Structure([1], [[0, 0, 0]], cell=2 * np.eye(3), pbc=[True] * 3, labels={"energy": -1})
    >>> double = supercell(crystal, (1, 1, 2))
    >>> len(double), float(double.labels["energy"]), round(double.volume)
    (2, -2.0, 16)
    """
    times = np.asarray(repeats)
    if np.any(times < 1) or np.any(times[~structure.pbc] != 1):
        raise InputError(
            "the cell cannot be repeated so", got=repeats, accepted="1 or more, and 1 on axes that are open"
        )
    steps = np.array(list(product(*map(range, repeats))))
    offsets, images = steps @ structure.cell, len(steps)
    labels = {}
    for name, value in structure.labels.items():
        label = LABELS[name]
        if label.per == "system":
            labels[name] = value * images if label.extensive else value
        else:
            labels[name] = np.concatenate([value] * images)
    return structure.replace(
        numbers=np.tile(structure.numbers, images),
        positions=(structure.positions + offsets[:, None]).reshape(-1, 3),
        cell=structure.cell * times[:, None],
        labels=labels,
        charge=structure.charge * images,
        **_repeated_bonds(structure, steps, times),
    )


def _repeated_bonds(
    structure: Structure, steps: Int[np.ndarray, "images 3"], times: Int[np.ndarray, "3"]
) -> dict[str, np.ndarray]:
    """From every image m its bonds, which end in image m + S of the supercell or of one of its neighbours."""
    shifts, ends = np.divmod(structure.bond_shifts + steps[:, None], times)
    images = np.stack(
        [
            np.broadcast_to(np.arange(len(steps))[:, None], ends.shape[:2]),
            np.ravel_multi_index(np.moveaxis(ends, -1, 0), times.tolist()),
        ],
        axis=-1,
    )
    bonds = structure.bonds + len(structure) * images
    return {"bonds": bonds.reshape(-1, 2), "bond_shifts": shifts.reshape(-1, 3)}
