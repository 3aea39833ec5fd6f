"""What elements are called: each name once in its group, and each name can be carried out."""

from collections import Counter

import numpy as np
import pytest
from drawn_groups import groups
from drawn_rotations import orthogonal
from hypothesis import given, settings

from intertwine.errors import InputError
from intertwine.groups import POINT_GROUPS, FiniteGroup, Group, axis_angle_to_rotation, get_group
from intertwine.groups.elements import Operation, element_names, read_operation


@pytest.mark.parametrize("name", POINT_GROUPS)
def test_no_two_elements_share_a_name(name: str) -> None:
    names = element_names(get_group(name).elements)
    assert names[0] == "E"
    assert len(set(names)) == len(names)


def carried_out(found: Operation) -> np.ndarray:
    """The turn by power/fold about the axis, then the mirror across it if the operation is improper."""
    if found.axis is None:
        return -np.eye(3) if found.improper else np.eye(3)
    turn = axis_angle_to_rotation(found.axis, 2 * np.pi * found.power / found.fold)
    return turn @ (np.eye(3) - 2 * np.outer(found.axis, found.axis)) if found.improper else turn


@given(groups.filter(lambda group: group.kind == "finite"))
@settings(max_examples=20)
def test_a_name_can_be_carried_out(group: Group) -> None:
    for g in group.elements:
        found = read_operation(g)
        np.testing.assert_allclose(carried_out(found), g, atol=1e-12)
        assert found.rotation_fold == order_of(g * np.sign(np.linalg.det(g)))


def order_of(g: np.ndarray) -> int:
    return next(n for n in range(1, 13) if np.allclose(np.linalg.matrix_power(g, n), np.eye(3), atol=1e-9))


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("Oh", "E 4xC3 4xC3⁻¹ 9xC2 3xC4 3xC4⁻¹ i 3xS4 3xS4⁻¹ 4xS6 4xS6⁻¹ 9xσ"),
        ("Td", "E 4xC3 4xC3⁻¹ 3xC2 3xS4 3xS4⁻¹ 6xσ"),
        ("D3h", "E C3 C3⁻¹ 3xC2 σ S3 S3⁻¹ 3xσ"),
        ("C6h", "E C6 C3 C2 C3⁻¹ C6⁻¹ i S3⁻¹ S6⁻¹ σ S6 S3"),
        ("S4", "E S4 C2 S4⁻¹"),
        ("C4v", "E C4 C4⁻¹ C2 4xσ"),
    ],
)
def test_elements_are_of_the_kinds_that_the_tables_list(name: str, kinds: str) -> None:
    expected: Counter[str] = Counter()
    for term in kinds.split():
        count, _, kind = term.rpartition("x")
        expected[kind] += int(count or 1)
    found = Counter(read_operation(g).kind for g in get_group(name).elements)
    assert found == expected


def test_classes_hold_elements_of_one_kind_up_to_inverses() -> None:
    for name in POINT_GROUPS:
        group = get_group(name)
        assert isinstance(group, FiniteGroup)
        for members in group.classes:
            kinds = {read_operation(group.elements[k]).kind.removesuffix("⁻¹") for k in members}
            assert len(kinds) == 1


@given(orthogonal)
@settings(max_examples=40)
def test_any_element_of_finite_order_has_a_name_and_any_other_is_refused(g: np.ndarray) -> None:
    try:
        found = read_operation(g)
    except InputError as error:
        assert "has no finite order" in str(error)  # noqa: PT017
    else:
        np.testing.assert_allclose(carried_out(found), g, atol=1e-5)  # read to a millionth of a turn
