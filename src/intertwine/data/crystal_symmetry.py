"""The symmetry of a crystal as spglib finds it: point groups in its own axes, its orbits and cells."""

import warnings
from typing import Any

import numpy as np
from jaxtyping import Float64, Int, Int64

from intertwine.data.structure import Structure
from intertwine.errors import InputError, require
from intertwine.groups import PointGroup, match_point_group

SAME_PLACE = 1e-5
"""Largest difference of fractional coordinates of one point; those compared were made exact by spglib."""


def crystal_point_group(structure: Structure, tolerance: float = 1e-3) -> PointGroup:
    """The crystal class: the linear parts of all motions that carry the crystal to itself.

    Its elements act on Cartesian columns in the crystal's own orientation: for each g there is a t with
    {g x + t} = {x} over all atoms. A cell that is slightly distorted gives the exact group nearest to it. A
    supercell has the group of the crystal, whatever its shape.

    Args:
        structure: periodic on all three axes.
        tolerance: Å; how far an atom or a lattice vector may be from where symmetry puts it.

    Raises:
        InputError: not periodic on three axes, a tolerance that is not positive, or one at which spglib
            finds no symmetry, as when atoms lie closer than that.
        MissingExtraError: spglib is not installed.

    >>> zinc = Structure([30, 30], [[0, 1.54, 1.24], [0, -1.54, 3.71]],
    ...     [[2.66, 0, 0], [-1.33, 1.33 * 3**0.5, 0], [0, 0, 4.95]], pbc=True)
    >>> crystal_point_group(zinc, tolerance=0.02)
    D6h
    """
    dataset, rotations, _ = _symmetry(structure, tolerance)
    return _turned_into_space(structure, dataset, rotations)


def site_point_group(structure: Structure, atom: int, tolerance: float = 1e-3) -> PointGroup:
    """The site symmetry of an atom: the elements g with g (x − x₀) + x₀ again an atom of the same kind.

    A subgroup of `crystal_point_group`, in the same axes. Tensors of one atom, such as its Born charge or
    electric field gradient, are invariant under it.

    Args:
        structure: periodic on all three axes.
        atom: which atom, counted from 0.
        tolerance: Å; as for `crystal_point_group`.

    Raises:
        InputError: as `crystal_point_group`; an atom that does not exist.
        MissingExtraError: spglib is not installed.

    >>> silicon = Structure([14, 14], [[0, 0, 0], [1.36] * 3], 2.72 * (1 - np.eye(3)), pbc=True)
    >>> crystal_point_group(silicon), site_point_group(silicon, 0)
    (Oh, Td)
    """
    if not 0 <= atom < len(structure):
        raise InputError("the structure has no such atom", got=atom, accepted=f"0 to {len(structure) - 1}")
    dataset, rotations, translations = _symmetry(structure, tolerance)
    same = dataset.std_mapping_to_primitive == dataset.mapping_to_primitive[atom]
    place = dataset.std_positions[np.argmax(same)]
    moved = rotations @ place + translations - place
    stays = np.all(np.abs(moved - np.round(moved)) < SAME_PLACE, axis=1)
    return _turned_into_space(structure, dataset, rotations[stays])


def symmetrised(structure: Structure, tolerance: float = 1e-3) -> Structure:
    """The crystal with exactly the symmetry that it has within a tolerance, moved as little as that takes.

    Every element of `crystal_point_group(structure, tolerance)` carries the result to itself up to rounding:
    what a file rounds, or a relaxation leaves, is gone. Cell and atoms stay in their orientation and order.

    Args:
        structure: periodic on all three axes; labels and info are kept as they are.
        tolerance: Å; as for `crystal_point_group`.

    Raises:
        InputError: as `crystal_point_group`.
        MissingExtraError: spglib is not installed.

    >>> silicon = Structure([14, 14], [[0, 0, 0], [1.36, 1.36, 1.3604]], 2.72 * (1 - np.eye(3)), pbc=True)
    >>> apart = np.diff(symmetrised(silicon).positions, axis=0)
    >>> bool(np.ptp(apart) < 1e-12)
    True
    """
    dataset, rotations, _ = _symmetry(structure, tolerance)
    change = dataset.transformation_matrix
    vectors, _ = _exact_vectors(structure, dataset, rotations)
    places = structure.positions @ np.linalg.inv(structure.cell) @ change.T + dataset.origin_shift
    exact = np.array([_settled(place, dataset, atom) for atom, place in enumerate(places)])
    fractional = (exact - dataset.origin_shift) @ np.linalg.inv(change).T
    cell = (vectors @ change).T
    moved = fractional @ cell
    drift = np.mean(moved - structure.positions, axis=0)
    return structure.replace(positions=moved - drift, cell=cell)


def conventional_cell(structure: Structure, tolerance: float = 1e-3) -> Structure:
    """The conventional cell of the crystal, exactly symmetric, in the axes of the International Tables.

    Args:
        structure: periodic on all three axes.
        tolerance: Å; as for `crystal_point_group`.

    Raises:
        InputError: as `crystal_point_group`.
        MissingExtraError: spglib is not installed.

    >>> conventional_cell(Structure([29], [[0, 0, 0]], 1.8 * (1 - np.eye(3)), pbc=True)).cell.round(9)
    array([[3.6, 0. , 0. ],
           [0. , 3.6, 0. ],
           [0. , 0. , 3.6]])
    """
    dataset = _symmetry(structure, tolerance)[0]
    positions = dataset.std_positions @ dataset.std_lattice
    return Structure(dataset.std_types, positions, dataset.std_lattice, pbc=True)


def primitive_cell(structure: Structure, tolerance: float = 1e-3) -> Structure:
    """The primitive cell of the crystal, exactly symmetric, in the axes of `conventional_cell`.

    Args:
        structure: periodic on all three axes.
        tolerance: Å; as for `crystal_point_group`.

    Raises:
        InputError: as `crystal_point_group`.
        MissingExtraError: spglib is not installed.

    >>> primitive_cell(Structure([29], [[0, 0, 0]], 1.8 * (1 - np.eye(3)), pbc=True)).cell.round(9)
    array([[0. , 1.8, 1.8],
           [1.8, 0. , 1.8],
           [1.8, 1.8, 0. ]])
    """
    whole = conventional_cell(structure, tolerance)
    fractional = whole.positions @ np.linalg.inv(whole.cell)
    spglib = require("spglib", extra="crystal")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of two ways to fail; the cell was found before
        cell, places, numbers = spglib.find_primitive((whole.cell, fractional, whole.numbers), tolerance)
    return Structure(numbers, places @ cell, cell, pbc=True)


def equivalent_atoms(structure: Structure, tolerance: float = 1e-3) -> Int64[np.ndarray, " atoms"]:
    """For every atom the first one that some motion of the crystal carries to its place.

    Args:
        structure: periodic on all three axes.
        tolerance: Å; as for `crystal_point_group`.

    Raises:
        InputError: as `crystal_point_group`.
        MissingExtraError: spglib is not installed.

    >>> silicon = Structure([14, 14], [[0, 0, 0], [1.36] * 3], 2.72 * (1 - np.eye(3)), pbc=True)
    >>> equivalent_atoms(silicon)
    array([0, 0])
    """
    return np.asarray(_symmetry(structure, tolerance)[0].crystallographic_orbits, dtype=np.int64)


def _settled(place: Float64[np.ndarray, "3"], dataset: Any, atom: int) -> Float64[np.ndarray, "3"]:
    """Where in the conventional cell, or its images, spglib's exact table puts an atom near `place`."""
    same = dataset.std_mapping_to_primitive == dataset.mapping_to_primitive[atom]
    away = dataset.std_positions[same] - place
    away -= np.round(away)
    return place + away[np.argmin(np.linalg.norm(away @ dataset.std_lattice, axis=1))]


def _symmetry(
    structure: Structure, tolerance: float
) -> tuple[Any, Int[np.ndarray, "operations 3 3"], Float64[np.ndarray, "operations 3"]]:
    """spglib's dataset, and the operations x → W x + w of its conventional cell, from its own tables.

    Those of the given cell would lack what the shape of a supercell breaks.
    """
    spglib = require("spglib", extra="crystal")
    if not structure.pbc.all():
        raise InputError(
            "crystal symmetry is that of three periodic axes",
            got="pbc=" + "".join("T" if axis else "F" for axis in structure.pbc),
            fix="name the point group of a molecule, slab or wire with groups.get_group",
        )
    if not 0 < tolerance < np.inf:
        raise InputError("the tolerance is not positive", got=tolerance, accepted="Å, such as 1e-3")
    fractional = structure.positions @ np.linalg.inv(structure.cell)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of two ways to fail: both are caught here
        try:
            dataset = spglib.get_symmetry_dataset((structure.cell, fractional, structure.numbers), tolerance)
        except spglib.SpglibError:
            dataset = None
        if dataset is None:
            raise InputError(
                f"spglib finds no symmetry in {structure.formula}",
                got=f"tolerance {tolerance:g} Å",
                fix="check that no two atoms lie closer than the tolerance, or give another tolerance",
            )
        operations = spglib.get_symmetry_from_database(dataset.hall_number)
    return dataset, operations["rotations"], operations["translations"]


def _turned_into_space(
    structure: Structure, dataset: Any, rotations: Int[np.ndarray, "operations 3 3"]
) -> PointGroup:
    """The group of integer matrices W on the conventional cell, as orthogonal matrices A W A⁻¹."""
    vectors, kinds = _exact_vectors(structure, dataset, rotations)
    return match_point_group(vectors @ kinds @ np.linalg.inv(vectors))


def _exact_vectors(
    structure: Structure, dataset: Any, rotations: Int[np.ndarray, "operations 3 3"]
) -> tuple[Float64[np.ndarray, "3 3"], Float64[np.ndarray, "kinds 3 3"]]:
    """Columns that span the conventional cell, exactly kept by every matrix; and the different matrices.

    With that cell's vectors in the columns of A, A W A⁻¹ is orthogonal if W keeps the metric AᵀA. The mean of
    Wᵀ(AᵀA)W over the group is kept exactly. C with CᵀC equal to it replaces A, turned so as to be nearest.
    """
    vectors = structure.cell.T @ np.linalg.inv(dataset.transformation_matrix)
    kinds = np.unique(rotations, axis=0).astype(np.float64)
    metric = np.mean(kinds.swapaxes(1, 2) @ (vectors.T @ vectors) @ kinds, axis=0)
    exact = np.linalg.cholesky(metric).T
    left, _, right = np.linalg.svd(vectors @ np.linalg.inv(exact))
    return left @ right @ exact, kinds
