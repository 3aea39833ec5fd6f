"""Names and irreps of the 32 point groups against spglib and spgrep, which know nothing of O(3)'s harmonics.

Both work with integer matrices in a lattice's own axes; spgrep builds irreps along a chain of subgroups.
"""

import numpy as np
import pytest
import spglib
from spgrep import get_crystallographic_pointgroup_irreps_from_symmetry as spgrep_irreps

from intertwine.groups import POINT_GROUPS, FiniteGroup, get_group, intertwiners

HEXAGONAL = np.array([[1.0, -0.5, 0.0], [0.0, 0.75**0.5, 0.0], [0.0, 0.0, 1.0]])
"""Lattice vectors a, b, c in columns."""

point_groups = pytest.mark.parametrize("name", POINT_GROUPS)


def point_group(name: str) -> FiniteGroup:
    group = get_group(name)
    assert isinstance(group, FiniteGroup)
    return group


def in_lattice_axes(group: FiniteGroup) -> np.ndarray:
    """The elements as integer matrices on coordinates along a, b, c."""
    fold = "".join(symbol for symbol in POINT_GROUPS[group.name][0] if symbol in "36")
    lattice = HEXAGONAL if fold and group.name not in ("T", "Th", "O", "Td", "Oh") else np.eye(3)
    matrices = np.linalg.inv(lattice) @ group.elements @ lattice
    np.testing.assert_allclose(matrices, np.round(matrices), atol=1e-14)
    return np.round(matrices).astype(np.int64)


def sorted_rows(characters: np.ndarray) -> list[list[int]]:
    whole = np.round(np.real(characters))
    np.testing.assert_allclose(characters, whole, atol=1e-8)
    return sorted(whole.astype(np.int64).tolist())


@point_groups
def test_spglib_calls_the_group_by_the_same_name_in_the_same_setting(name: str) -> None:
    found = spglib.get_pointgroup(in_lattice_axes(point_group(name)))
    assert found is not None
    assert found[0].strip() == POINT_GROUPS[name][0]


@point_groups
def test_characters_are_those_of_spgrep(name: str) -> None:
    """As many irreps over the reals, of the same dimensions, with the same trace at every element."""
    group = point_group(name)
    others = spgrep_irreps(in_lattice_axes(group), real=True)
    assert sorted(irrep.dim for irrep in group.listed) == sorted(other.shape[1] for other in others)
    theirs = np.array([other.trace(axis1=1, axis2=2) for other in others])
    assert sorted_rows(group.characters) == sorted_rows(theirs)


@point_groups
def test_matrices_are_those_of_spgrep_in_another_basis(name: str) -> None:
    """Each irrep is joined to exactly one of spgrep's, by as many maps as its algebra has dimensions."""
    group = point_group(name)
    others = spgrep_irreps(in_lattice_axes(group), real=True)
    some = [0, *group.index(group.generators)]
    for irrep in group.listed:
        counts = [len(intertwiners(list(irrep.table[some]), list(np.real(other)[some]))) for other in others]
        assert sorted(counts)[-2:] == [0, len(irrep.algebra)][-len(counts) :]


@point_groups
def test_algebras_count_the_irreps_over_the_complex_numbers(name: str) -> None:
    group = point_group(name)
    complex_irreps = spgrep_irreps(in_lattice_axes(group), real=False)
    assert len(complex_irreps) == sum(len(irrep.algebra) for irrep in group.listed) == len(group.classes)
