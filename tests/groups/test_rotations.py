"""Rotations: quaternions and axes describe them, and random ones follow the Haar measure."""

import numpy as np
import pytest
import scipy.stats
from drawn_rotations import rotations, seeds
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from intertwine.errors import InputError
from intertwine.groups import (
    axis_angle_to_rotation,
    quaternion_to_rotation,
    random_orthogonal,
    random_rotation,
    rotation_to_quaternion,
)


def gaussian(seed: int, size: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(size)


@given(seeds)
def test_quaternions_are_those_of_scipy(seed: int) -> None:
    q = gaussian(seed, 4)
    expected = Rotation.from_quat(q, scalar_first=True).as_matrix()
    np.testing.assert_allclose(quaternion_to_rotation(q), expected, atol=1e-14)


@given(rotations)
def test_a_rotation_has_one_quaternion_of_positive_scalar_part(R: np.ndarray) -> None:
    q = rotation_to_quaternion(R)
    np.testing.assert_allclose(quaternion_to_rotation(q), R, atol=1e-14)
    assert np.linalg.norm(q) == pytest.approx(1.0, abs=1e-15)
    assert q[np.abs(q) > 1e-8][0] > 0


@given(seeds)
def test_a_matrix_slightly_off_is_rounded_to_a_rotation(seed: int) -> None:
    R = random_rotation(np.random.default_rng(seed))
    rounded = quaternion_to_rotation(rotation_to_quaternion(R.astype(np.float32)))
    np.testing.assert_allclose(rounded @ rounded.T, np.eye(3), atol=1e-15)
    np.testing.assert_allclose(rounded, R, atol=1e-6)


@given(seeds, st.floats(-10.0, 10.0))
def test_a_turn_about_an_axis_is_that_of_scipy_and_keeps_the_axis(seed: int, angle: float) -> None:
    axis = gaussian(seed, 3)
    R = axis_angle_to_rotation(axis, angle)
    expected = Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix()
    np.testing.assert_allclose(R, expected, atol=1e-14)
    np.testing.assert_allclose(R @ axis, axis, atol=1e-14)


def test_batches_of_axes_take_one_angle_or_many() -> None:
    axes, angles = np.random.default_rng(0).standard_normal((4, 3)), np.linspace(0.1, 3.0, 4)
    many, one = axis_angle_to_rotation(axes, angles), axis_angle_to_rotation(axes, 0.1)
    for index in range(4):
        np.testing.assert_allclose(many[index], axis_angle_to_rotation(axes[index], float(angles[index])))
    np.testing.assert_allclose(one[0], many[0])
    np.testing.assert_allclose(
        quaternion_to_rotation(rotation_to_quaternion(many.reshape(2, 2, 3, 3))),
        many.reshape(2, 2, 3, 3),
        atol=1e-14,
    )


def test_random_rotations_follow_the_haar_measure() -> None:
    """The turning angle of a Haar rotation has the distribution (θ − sin θ)/π; any image is uniform."""
    rng = np.random.default_rng(7)
    sample = np.stack([random_rotation(rng) for _ in range(4000)])
    angles = np.arccos(np.clip((np.trace(sample, axis1=1, axis2=2) - 1) / 2, -1, 1))
    assert scipy.stats.kstest(angles, lambda angle: (angle - np.sin(angle)) / np.pi).pvalue > 0.01
    for image in (sample @ np.array([0.6, 0.0, 0.8])).T:
        assert scipy.stats.kstest(image, scipy.stats.uniform(-1, 2).cdf).pvalue > 0.01
    turned = random_rotation(rng) @ sample
    assert scipy.stats.ks_2samp(turned[:, 0, 0], sample[:, 0, 0]).pvalue > 0.01


def test_random_orthogonal_matrices_reverse_handedness_half_of_the_time() -> None:
    rng = np.random.default_rng(8)
    determinants = np.array([np.linalg.det(random_orthogonal(rng)) for _ in range(1000)])
    np.testing.assert_allclose(np.abs(determinants), 1.0, atol=1e-14)
    assert 440 < np.sum(determinants > 0) < 560


@pytest.mark.parametrize("bad", [[0.0, 0.0, 0.0], [1.0, np.nan, 0.0], [np.inf, 0.0, 0.0]])
def test_an_axis_that_points_nowhere_is_refused(bad: list[float]) -> None:
    axes = np.array([[0.0, 0.0, 1.0], bad])
    with pytest.raises(InputError, match="an axis of rotation must be finite and not zero") as caught:
        axis_angle_to_rotation(axes, 1.0)
    assert str(bad) in str(caught.value)
    with pytest.raises(InputError, match="a quaternion must be finite and not zero"):
        quaternion_to_rotation(np.array([*bad, 0.0]))


def test_a_reflection_has_no_quaternion() -> None:
    with pytest.raises(InputError, match="reverses handedness; accepted: proper rotations"):
        rotation_to_quaternion(np.diag([1.0, 1.0, -1.0]))
