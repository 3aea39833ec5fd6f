"""Real spherical harmonics: polynomials, orthonormal on the sphere, harmonic, and equal to SciPy's."""

import numpy as np
import pytest
import scipy.special
from drawn_rotations import points
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import lebedev_rule

from intertwine.errors import InputError
from intertwine.groups import spherical_harmonics

degrees = st.integers(0, 9)


def unit(v: np.ndarray) -> np.ndarray:
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def test_low_degrees_are_the_textbook_polynomials() -> None:
    x, y, z = v = np.random.default_rng(0).standard_normal(3)
    np.testing.assert_array_equal(spherical_harmonics(0, v), [1.0])
    np.testing.assert_allclose(spherical_harmonics(1, v), np.sqrt(3) * v, rtol=1e-15)
    d = [x * z, x * y, (2 * y * y - x * x - z * z) / (2 * np.sqrt(3)), y * z, (z * z - x * x) / 2]
    np.testing.assert_allclose(spherical_harmonics(2, v), np.sqrt(15) * np.array(d), rtol=1e-14)


def test_they_are_orthonormal_under_the_mean_over_the_sphere() -> None:
    nodes, weights = lebedev_rule(21)
    values = np.concatenate([spherical_harmonics(l, nodes.T) for l in range(10)], axis=1)
    gram = (values * (weights / weights.sum())[:, None]).T @ values
    np.testing.assert_allclose(gram, np.eye(100), atol=1e-12)


@given(degrees, points, points)
def test_the_addition_theorem_holds(l: int, u: np.ndarray, v: np.ndarray) -> None:
    u, v = unit(u), unit(v)
    product = np.sum(spherical_harmonics(l, u) * spherical_harmonics(l, v), axis=1)
    legendre = scipy.special.eval_legendre(l, np.sum(u * v, axis=1))
    np.testing.assert_allclose(product, (2 * l + 1) * legendre, atol=1e-12)
    np.testing.assert_allclose(np.sum(spherical_harmonics(l, v) ** 2, axis=1), 2 * l + 1, rtol=1e-13)


@given(degrees, points, st.floats(-3.0, 3.0))
def test_they_are_homogeneous_polynomials(l: int, v: np.ndarray, scale: float) -> None:
    v = unit(v)
    expected = scale**l * spherical_harmonics(l, v)
    np.testing.assert_allclose(
        spherical_harmonics(l, scale * v), expected, atol=1e-13 * (1 + abs(scale) ** l)
    )


@pytest.mark.parametrize("l", range(1, 7))
def test_they_are_harmonic(l: int) -> None:
    """A function has no Laplacian where its mean over every sphere around a point is its value there."""
    nodes, weights = lebedev_rule(9)
    centre = np.array([0.3, -0.4, 0.5])
    around = spherical_harmonics(l, centre + 0.7 * nodes.T)
    mean = (weights / weights.sum()) @ around
    np.testing.assert_allclose(mean, spherical_harmonics(l, centre), atol=1e-13)


@given(degrees, points)
def test_they_are_those_of_scipy_with_the_axes_renamed(l: int, v: np.ndarray) -> None:
    """Ours at (x, y, z) are the usual ones at (z, x, y), with no (−1)^m and times √(4π)."""
    x, y, z = unit(v).T
    for m in range(l + 1):
        usual = scipy.special.sph_harm_y(l, m, np.arccos(np.clip(y, -1, 1)), np.arctan2(x, z))
        wave = (-1) ** m * np.sqrt(4 * np.pi * (2 if m else 1)) * usual
        ours = spherical_harmonics(l, unit(v))
        np.testing.assert_allclose(ours[:, l + m], wave.real, atol=1e-12)
        if m:
            np.testing.assert_allclose(ours[:, l - m], wave.imag, atol=1e-12)


def test_any_leading_shape_is_kept_and_the_origin_is_finite() -> None:
    v = np.random.default_rng(3).standard_normal((2, 4, 3))
    values = spherical_harmonics(3, v)
    assert values.shape == (2, 4, 7)
    np.testing.assert_array_equal(values[1, 2], spherical_harmonics(3, v[1, 2]))
    assert spherical_harmonics(2, np.zeros((0, 3))).shape == (0, 5)
    np.testing.assert_array_equal(spherical_harmonics(2, np.zeros(3)), np.zeros(5))
    assert spherical_harmonics(1, np.ones(3, dtype=np.float32)).dtype == np.float64


def test_a_negative_degree_is_refused() -> None:
    with pytest.raises(InputError, match="negative degree; got: -1; accepted: l >= 0"):
        spherical_harmonics(-1, np.ones(3))
