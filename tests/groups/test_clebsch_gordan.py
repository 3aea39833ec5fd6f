"""Clebsch-Gordan coefficients: exact norms, invariance, symmetry, completeness, and the textbook cases."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from drawn_rotations import points, rotations
from hypothesis import given
from hypothesis import strategies as st

from intertwine.errors import InputError
from intertwine.groups import clebsch_gordan, exact_clebsch_gordan, spherical_harmonics, wigner_d

TRIPLES = [t for t in product(range(7), repeat=3) if abs(t[0] - t[1]) <= t[2] <= t[0] + t[1]]
triples = st.sampled_from(TRIPLES)


@pytest.mark.parametrize(
    "degrees", [*[t for t in TRIPLES if max(t) <= 4], (6, 6, 6), (7, 5, 9), (20, 13, 18)]
)
def test_the_squares_sum_to_one_exactly(degrees: tuple[int, int, int]) -> None:
    assert sum(abs(square) for square in exact_clebsch_gordan(*degrees).values()) == Fraction(1)


def test_the_table_is_the_exact_value_rounded_once() -> None:
    for degrees in [(2, 2, 2), (3, 4, 5), (6, 6, 6)]:
        table = clebsch_gordan(*degrees)
        exact = exact_clebsch_gordan(*degrees)
        assert np.count_nonzero(table) == len(exact)
        for orders, square in exact.items():
            value = Fraction(float(table[tuple(np.add(orders, degrees))]))
            assert abs(value * abs(value) / square - 1) <= 4 * Fraction(np.finfo(float).eps)


@given(triples, rotations)
def test_the_coupling_is_invariant_under_every_rotation(degrees: tuple[int, int, int], R: np.ndarray) -> None:
    coupling = clebsch_gordan(*degrees)
    D1, D2, D3 = (wigner_d(degree, R) for degree in degrees)
    turned = np.einsum("abc,ai,bj,ck->ijk", coupling, D1, D2, D3, optimize=True)
    np.testing.assert_allclose(turned, coupling, atol=1e-13)


@given(triples)
def test_swapping_two_degrees_costs_the_sign_of_their_sum(degrees: tuple[int, int, int]) -> None:
    l1, l2, l3 = degrees
    sign = (-1) ** (l1 + l2 + l3)
    np.testing.assert_array_equal(
        clebsch_gordan(l2, l1, l3), sign * clebsch_gordan(*degrees).transpose(1, 0, 2)
    )
    np.testing.assert_array_equal(clebsch_gordan(l3, l1, l2), clebsch_gordan(*degrees).transpose(2, 0, 1))


@pytest.mark.parametrize(("l1", "l2"), list(product(range(6), repeat=2)))
def test_all_couplings_of_two_degrees_fill_their_product(l1: int, l2: int) -> None:
    parts = [
        np.sqrt(2 * l3 + 1) * clebsch_gordan(l1, l2, l3).reshape(-1, 2 * l3 + 1)
        for l3 in range(abs(l1 - l2), l1 + l2 + 1)
    ]
    basis = np.concatenate(parts, axis=1)
    np.testing.assert_allclose(basis.T @ basis, np.eye((2 * l1 + 1) * (2 * l2 + 1)), atol=1e-14)


@given(triples, points)
def test_two_harmonics_of_one_direction_couple_to_a_harmonic(
    degrees: tuple[int, int, int], v: np.ndarray
) -> None:
    """Gaunt's theorem; its constant is read off at the pole, where only m = 0 is not zero."""
    l1, l2, l3 = degrees
    v = v / np.linalg.norm(v, axis=1, keepdims=True)
    coupling = clebsch_gordan(l1, l2, l3)
    coupled = np.einsum("pa,pb,abc->pc", spherical_harmonics(l1, v), spherical_harmonics(l2, v), coupling)
    gaunt = coupling[l1, l2, l3] * np.sqrt((2 * l1 + 1) * (2 * l2 + 1) / (2 * l3 + 1))
    np.testing.assert_allclose(coupled, gaunt * spherical_harmonics(l3, v), atol=1e-12)
    assert bool(gaunt) == ((l1 + l2 + l3) % 2 == 0)


def test_two_vectors_couple_to_dot_cross_and_traceless_products() -> None:
    x, y = np.random.default_rng(1).standard_normal((2, 3))
    dot, cross, traceless = (np.einsum("i,j,ijk->k", x, y, clebsch_gordan(1, 1, l)) for l in range(3))
    np.testing.assert_allclose(dot, x @ y / np.sqrt(3), atol=1e-15)
    np.testing.assert_allclose(cross, np.cross(x, y) / np.sqrt(6), atol=1e-15)
    symmetric = (np.outer(x, y) + np.outer(y, x)) / 2 - np.eye(3) * (x @ y) / 3
    assert 5 * (traceless @ traceless) == pytest.approx(np.sum(symmetric**2), rel=1e-14)


def test_tables_are_shared_and_cannot_be_changed() -> None:
    assert clebsch_gordan(2, 3, 4) is clebsch_gordan(2, 3, 4)
    with pytest.raises(ValueError, match="read-only"):
        clebsch_gordan(1, 1, 0)[0, 0, 0] = 1.0


@pytest.mark.parametrize("degrees", [(1, 1, 3), (0, 2, 1), (-1, 1, 1), (1, 1, -1)])
def test_degrees_that_do_not_couple_are_refused(degrees: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match=r"do not couple; accepted: \|l1 - l2\| <= l3 <= l1 \+ l2"):
        clebsch_gordan(*degrees)
