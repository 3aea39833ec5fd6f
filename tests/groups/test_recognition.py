"""A point group is recognised from its elements alone, however it stands and in whatever order they come."""

import inspect

import numpy as np
import pytest
from drawn_rotations import cubic, haar, seeds, tiny_turns
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.errors import InputError
from intertwine.groups import (
    POINT_GROUPS,
    FiniteGroup,
    axis_angle_to_rotation,
    get_group,
    match_point_group,
    random_rotation,
)

names = st.sampled_from(list(POINT_GROUPS))


@pytest.mark.parametrize("name", POINT_GROUPS)
def test_a_group_in_the_standard_setting_is_found_as_it_is(name: str) -> None:
    assert match_point_group(get_group(name).elements[::-1]) is get_group(name)


@pytest.mark.parametrize("name", POINT_GROUPS)
@given(R=st.one_of(haar, cubic), seed=seeds)
@settings(max_examples=6)
def test_a_turned_group_is_found_with_its_elements(name: str, R: np.ndarray, seed: int) -> None:
    """Also where another orientation than R gives the same group."""
    elements = R @ get_group(name).elements @ R.T
    found = match_point_group(np.random.default_rng(seed).permutation(elements))
    assert found.name == name
    numbers = get_group(name, found.orientation).index(elements)
    assert sorted(numbers) == list(range(len(elements)))
    np.testing.assert_allclose(found.elements[numbers], elements, rtol=0, atol=1e-13)
    assert np.trace(found.orientation) >= np.trace(R) - 1e-9  # no larger a turn than R


@given(names, tiny_turns)
@settings(max_examples=30)
def test_a_turn_by_less_than_1e_12_is_no_turn(name: str, R: np.ndarray) -> None:
    elements = R @ get_group(name).elements @ R.T
    found = match_point_group(elements)
    error = np.abs(found.elements[found.index(elements)] - elements).max()
    assert error < 1e-13 or (found == get_group(name) and error < 6e-12)


@given(names, haar)
@settings(max_examples=40)
def test_single_precision_is_enough(name: str, R: np.ndarray) -> None:
    elements = (R @ get_group(name).elements @ R.T).astype(np.float32)
    assert np.all(match_point_group(elements).contains(R @ get_group(name).elements @ R.T))


@pytest.mark.parametrize(
    ("name", "axis", "angle"), [("D3h", 2, 30), ("D2d", 2, 45), ("D3", 2, 30), ("D2", 0, 90), ("C2v", 2, 90)]
)
def test_the_other_setting_is_told_from_the_standard_one(name: str, axis: int, angle: float) -> None:
    """-62m is -6m2, -4m2 is -42m and 312 is 321 turned about z; 222 and mm2 only exchange their axes."""
    R = axis_angle_to_rotation(np.eye(3)[axis], np.radians(angle))
    found = match_point_group(R @ get_group(name).elements @ R.T)
    assert (found == get_group(name)) == (name in ("D2", "C2v"))
    assert np.all(found.contains(R @ get_group(name).elements @ R.T))


@given(names, haar, seeds)
@settings(max_examples=60)
def test_a_part_of_a_group_is_refused_unless_it_is_a_group(name: str, R: np.ndarray, seed: int) -> None:
    elements = R @ get_group(name).elements @ R.T
    rng = np.random.default_rng(seed)
    part = elements[rng.random(len(elements)) < 0.7]
    try:
        found = match_point_group(part)
    except InputError as error:
        assert "not a crystallographic point group" in str(error)  # noqa: PT017
    else:
        assert found.order == len(part)
        assert np.all(found.contains(part))
        assert np.all(found.contains(part[:, None] @ part))


STRANGE = {
    "none": np.empty((0, 3, 3)),
    "without the identity": get_group("C4").elements[1:],
    "an element twice": get_group("C2v").elements[[0, 1, 2, 2]],
    "half-turns about axes that are not square": axis_angle_to_rotation(
        np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 1.0]]),
        np.array([0.0, *3 * [np.pi]]),
    ),
    "a pentagon": FiniteGroup("C5", [axis_angle_to_rotation(np.eye(3)[2], 2 * np.pi / 5)]).elements,
    "any rotation": np.array([np.eye(3), random_rotation(np.random.default_rng(0))]),
}


@pytest.mark.parametrize("matrices", STRANGE.values(), ids=STRANGE)
def test_what_is_none_of_the_32_is_refused(matrices: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"^the matrices are not a crystallographic point group; got: "):
        match_point_group(matrices)


def test_what_are_no_rotations_is_refused() -> None:
    with pytest.raises(InputError, match="not orthogonal"):
        match_point_group(np.array([np.eye(3), 2 * np.eye(3)]))
    with pytest.raises(InputError, match=r"no list of 3x3 matrices; got: shape \(3, 3\)"):
        inspect.unwrap(match_point_group)(np.eye(3))  # shapes are not checked outside of tests
