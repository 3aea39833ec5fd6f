"""Smeared charges obey Coulomb's law from afar and stay smooth up close."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import erf

from intertwine.electrostatics import smeared_coulomb

DISTANCES = torch.tensor([0.0, 1e-3, 0.3, 0.9999, 1.0001, 2.0, 5.0, 40.0], dtype=torch.float64)


@pytest.mark.parametrize("width", [0.3, 1.0, 2.5])
def test_the_functions_are_the_integrals_that_define_them(width: float) -> None:
    for l, values in enumerate(smeared_coulomb(DISTANCES, width, order=2)):
        for r, value in zip(DISTANCES.tolist(), values.tolist(), strict=True):
            integral, _ = quad(
                lambda t, r=r, l=l: t ** (2 * l) * np.exp(-0.5 * (r * t / width) ** 2),
                *(0, 1),
                epsabs=1e-14,
                points=[min(1, 3 * width / (r + 1e-9))],
                limit=200,
            )
            assert value == pytest.approx(np.sqrt(2 / np.pi) / width ** (2 * l + 1) * integral, rel=1e-10)


def test_far_away_it_is_coulombs_law_to_rounding() -> None:
    (b,) = smeared_coulomb(torch.tensor([9.0, 30.0], dtype=torch.float64), width=1.0)
    assert torch.equal(b, 1 / torch.tensor([9.0, 30.0], dtype=torch.float64))


@given(r=st.floats(0.05, 8.0), width=st.floats(0.3, 2.0))
def test_each_function_is_the_slope_of_the_one_before(r: float, width: float) -> None:
    at = torch.tensor([r], dtype=torch.float64, requires_grad=True)
    b = smeared_coulomb(at, width, order=2)
    for low, high in pairwise(b):
        (slope,) = torch.autograd.grad(low.sum(), at, retain_graph=True)
        torch.testing.assert_close(-slope / at, high, rtol=1e-9, atol=1e-12)


def test_two_gaussian_clouds_repel_each_other_by_this_much() -> None:
    """Two Gaussians of deviation σ: the potential of one, erf(r/√2 σ)/r, averaged over the other."""
    sigma, distance = 0.7, 1.1

    def on_shell(r: float) -> float:
        """Mean over the sphere of radius r about the other's centre, by the mean over cos θ."""
        away = [np.sqrt(distance**2 + r**2 + 2 * distance * r * c) for c in NODES]
        potential = sum(w * erf(x / np.sqrt(2) / sigma) / x for w, x in zip(WEIGHTS, away, strict=True)) / 2
        return 4 * np.pi * r**2 * np.exp(-0.5 * (r / sigma) ** 2) / (2 * np.pi * sigma**2) ** 1.5 * potential

    energy, _ = quad(on_shell, 0, 12 * sigma, limit=200)
    (b,) = smeared_coulomb(torch.tensor([distance], dtype=torch.float64), np.sqrt(2) * sigma)
    assert b.item() == pytest.approx(energy, rel=1e-6)


NODES, WEIGHTS = np.polynomial.legendre.leggauss(60)
