"""Moduli of crystals: literature, closed forms of other codes, bounds, and what rotation may not change."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matscipy.elasticity import elastic_moduli

from intertwine.apps.elasticity import (
    compliance,
    kelvin_moduli,
    linear_compressibility,
    moduli,
    poisson_extremes,
    shear_extremes,
    young_modulus,
)
from intertwine.errors import InputError
from intertwine.groups import CartesianTensor, invariants, random_orthogonal
from intertwine.groups.voigt import from_voigt, voigt_matrix

SPACE = CartesianTensor("ijkl=jikl=klij")
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def stable(rng: np.random.Generator) -> np.ndarray:
    """A random stiffness without symmetry, GPa: Kelvin moduli between 20 and 500."""
    axes = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    return from_voigt((axes * np.exp(rng.uniform(np.log(20), np.log(500), 6))) @ axes.T, 4, "mandel")


def cubic(c11: float, c12: float, c44: float) -> np.ndarray:
    matrix = np.diag([c11 - c12] * 3 + [c44] * 3)
    matrix[:3, :3] += c12
    return from_voigt(matrix, 4)


def isotropic(bulk: float, shear: float) -> np.ndarray:
    return cubic(bulk + 4 * shear / 3, bulk - 2 * shear / 3, shear)


def turned(tensor: np.ndarray, R: np.ndarray) -> np.ndarray:
    """R on every index."""
    return SPACE.tensor(SPACE.matrix(R) @ SPACE.flatten(tensor))


def test_copper_is_as_books_say():
    """Constants of G. Simmons and H. Wang (1971); E along [100], [110] and [111] as in textbooks."""
    copper = cubic(168.4, 121.4, 75.4)
    found = moduli(copper)
    assert found.bulk_voigt == pytest.approx(137.1, abs=0.05) == found.bulk_reuss
    assert (found.shear_voigt, found.shear_reuss) == pytest.approx((54.6, 40.0), abs=0.05)
    assert found.anisotropy == pytest.approx(1.82, abs=0.005)
    directions = np.array([[1, 0, 0], [1, 1, 0], [1, 1, 1.0]])
    assert young_modulus(compliance(copper), directions) == pytest.approx([66.7, 130.3, 191.1], abs=0.1)
    assert shear_extremes(compliance(copper), directions[1]) == pytest.approx([23.5, 75.4], abs=0.05)
    assert np.allclose(kelvin_moduli(copper), [47.0, 47.0, 150.8, 150.8, 150.8, 411.2])


def test_the_cubic_anisotropy_is_that_of_zener():
    """A = (6/5)(√a − 1/√a)², a = 2 C44 / (C11 − C12) (Ranganathan and Ostoja-Starzewski 2008)."""
    for c11, c12, c44 in [(168.4, 121.4, 75.4), (165.7, 63.9, 79.6), (523.0, 203.0, 160.0)]:
        zener = np.sqrt(2 * c44 / (c11 - c12))
        assert moduli(cubic(c11, c12, c44)).anisotropy == pytest.approx(1.2 * (zener - 1 / zener) ** 2)


@given(st.floats(1, 500), st.floats(1, 500), generators)
def test_an_isotropic_body_is_alike_in_every_direction(bulk, shear, rng):
    stiffness, directions = isotropic(bulk, shear), rng.standard_normal((5, 3))
    found, inverse = moduli(stiffness), compliance(stiffness)
    assert np.allclose([found.bulk_voigt, found.bulk_reuss], bulk)
    assert np.allclose([found.shear_voigt, found.shear_reuss], shear)
    assert abs(found.anisotropy) < 1e-9
    assert np.allclose(young_modulus(inverse, directions), found.young)
    assert np.allclose(poisson_extremes(inverse, directions), found.poisson, atol=1e-9)
    assert np.allclose(shear_extremes(inverse, directions), shear)
    assert np.allclose(linear_compressibility(inverse, directions), 1 / (3 * bulk))
    assert np.allclose(kelvin_moduli(stiffness), sorted([2 * shear] * 5 + [3 * bulk]))


@given(generators)
def test_rotations_and_reflections_change_no_modulus(rng):
    stiffness, R, directions = stable(rng), random_orthogonal(rng), rng.standard_normal((4, 3))
    moved = turned(stiffness, R)
    for name in ("bulk_voigt", "bulk_reuss", "shear_voigt", "shear_reuss", "anisotropy", "young", "poisson"):
        assert np.isclose(getattr(moduli(moved), name), getattr(moduli(stiffness), name), rtol=1e-9)
    assert np.allclose(kelvin_moduli(moved), kelvin_moduli(stiffness))
    inverse = compliance(stiffness)
    for modulus in (young_modulus, linear_compressibility, shear_extremes, poisson_extremes):
        after, before = modulus(turned(inverse, R), directions @ R.T), modulus(inverse, directions)
        assert np.allclose(after, before, rtol=1e-9, atol=1e-12)


@given(generators)
def test_the_compliance_turns_with_the_stiffness_and_undoes_it(rng):
    stiffness, R = stable(rng), random_orthogonal(rng)
    inverse = compliance(stiffness)
    assert np.allclose(compliance(turned(stiffness, R)), turned(inverse, R), rtol=0, atol=1e-9)
    assert np.allclose(compliance(inverse), stiffness, rtol=0, atol=1e-9)
    assert np.allclose(np.linalg.inv(voigt_matrix(stiffness, 4)), voigt_matrix(inverse, 4, "strain"))


@given(generators)
def test_reuss_bounds_voigt_from_below(rng):
    found = moduli(stable(rng))
    assert found.bulk_reuss <= found.bulk_voigt
    assert found.shear_reuss <= found.shear_voigt
    assert found.anisotropy >= 0


@given(generators)
def test_voigt_and_reuss_are_the_moduli_of_the_mean_over_all_rotations(rng):
    """By another road: the part of C, or of S, that every rotation leaves alone."""
    stiffness, basis = stable(rng), invariants(SPACE)

    def mean(tensor: np.ndarray) -> np.ndarray:
        return SPACE.tensor(SPACE.flatten(tensor) @ basis.T @ basis)

    found, upper, lower = (
        moduli(stiffness),
        moduli(mean(stiffness)),
        moduli(compliance(mean(compliance(stiffness)))),
    )
    assert np.allclose([upper.bulk, upper.shear], [found.bulk_voigt, found.shear_voigt])
    assert np.allclose([lower.bulk, lower.shear], [found.bulk_reuss, found.shear_reuss])


@given(generators)
@settings(max_examples=20)
def test_matscipy_finds_the_same_by_turning_the_axes(rng):
    stiffness = stable(rng)
    frame = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    frame *= np.linalg.det(frame)
    young, poisson, shear, *_ = elastic_moduli(voigt_matrix(stiffness, 4), R=frame)
    inverse = compliance(stiffness)
    assert np.allclose(young_modulus(inverse, frame), young)
    for n in range(3):
        across = [m for m in range(3) if m != n]
        low, high = poisson_extremes(inverse, frame[n])
        assert all(low - 1e-9 <= poisson[n, m] <= high + 1e-9 for m in across)
        softest, stiffest = shear_extremes(inverse, frame[n])
        assert all(softest - 1e-9 <= shear[n, m] <= stiffest + 1e-9 for m in across)


@given(generators)
def test_extremes_are_what_a_scan_of_the_plane_finds(rng):
    inverse, n = compliance(stable(rng)), rng.standard_normal(3)
    n /= np.linalg.norm(n)
    u = np.cross(n, [1.0, 0, 0])
    u /= np.linalg.norm(u)
    angles = np.linspace(0, np.pi, 2001)[:, None]
    m = np.cos(angles) * u + np.sin(angles) * np.cross(n, u)
    shear = 1 / (4 * np.einsum("ijkl,i,aj,k,al->a", inverse, n, m, n, m, optimize=True))
    poisson = -young_modulus(inverse, n) * np.einsum("ijkl,i,j,ak,al->a", inverse, n, n, m, m, optimize=True)
    assert np.allclose(shear_extremes(inverse, n), [shear.min(), shear.max()], rtol=1e-5)
    assert np.allclose(poisson_extremes(inverse, n), [poisson.min(), poisson.max()], atol=1e-5)


@given(generators)
def test_compressibilities_along_three_axes_make_that_of_the_volume(rng):
    stiffness, frame = stable(rng), random_orthogonal(rng)
    along = linear_compressibility(compliance(stiffness), frame)
    assert np.isclose(along.sum(), 1 / moduli(stiffness).bulk_reuss)


@given(st.floats(-300, 300), st.floats(-300, 300), st.floats(-300, 300))
def test_borns_conditions_of_cubic_crystals(c11, c12, c44):
    values = kelvin_moduli(cubic(c11, c12, c44))
    assert np.allclose(values, sorted([c11 - c12] * 2 + [2 * c44] * 3 + [c11 + 2 * c12]), atol=1e-9)


def test_a_singular_stiffness_is_refused():
    with pytest.raises(InputError, match="the stiffness is singular"):
        compliance(np.zeros((3, 3, 3, 3)))


@pytest.mark.skipif("INTERTWINE_DATA" not in os.environ, reason="INTERTWINE_DATA names no folder of data")
def test_published_crystals_have_the_moduli_published_with_them():
    file = Path(os.environ["INTERTWINE_DATA"]) / "crystal_tensors" / "elastic.json"
    entries = json.loads(file.read_text())
    found = moduli(from_voigt(np.array([entry["elastic_voigt_IEEE_GPa"] for entry in entries]), 4))
    for name, ours in (("K_VRH", found.bulk), ("G_VRH", found.shear)):
        published = np.array([entry[name] for entry in entries])
        assert np.median(np.abs(ours / published - 1)) < 1e-6
        assert np.mean(np.abs(ours / published - 1) < 0.01) > 0.99
