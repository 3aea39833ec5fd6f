"""Real spherical harmonics as homogeneous polynomials, polar axis y, the order of e3nn."""

import math
from functools import cache

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError


def spherical_harmonics(l: int, v: Float[np.ndarray, "*points 3"]) -> Float64[np.ndarray, "*points rows"]:
    """Real spherical harmonics of degree l as solid harmonics, Y_l(c·v) = c^l Y_l(v).

    With the polar axis y, azimuth φ from z towards x and r² = |v|², for m = 0…l

        Y_{l,m} + i·Y_{l,−m} = Q_lm(y, r²) (z + i·x)^m,

    Q_lm following the three-term recursion of the associated Legendre functions (Holmes & Featherstone,
    J. Geodesy 76, 279, 2002). "Component" normalisation: Σ_m Y_lm² = 2l+1 on the unit sphere, each Y_lm has
    mean square one. No Condon-Shortley phase; Y_1 = √3 (x, y, z). Agrees with `e3nn.o3.spherical_harmonics`
    (normalize=False, normalization="component").

    Args:
        l: degree, ≥ 0.
        v: points, any leading shape. Divide by the length first if only the direction counts.

    Returns:
        `(*points, 2l+1)`, rows m = −l…l; units of v to the power l.

    >>> spherical_harmonics(1, np.array([0.0, 0.6, 0.8])).round(4)
    array([0.    , 1.0392, 1.3856])
    """
    if l < 0:
        raise InputError("a spherical harmonic has no negative degree", got=l, accepted="l >= 0")
    x, y, z = np.split(np.asarray(v, dtype=np.float64), 3, axis=-1)
    square = x * x + y * y + z * z
    rows = np.empty((*v.shape[:-1], 2 * l + 1))
    circle = np.ones_like(x, dtype=np.complex128)
    for m in range(l + 1):
        wave = _polar(l, m, y, square) * circle
        rows[..., [l + m]] = wave.real
        if m:
            rows[..., [l - m]] = wave.imag
        circle = circle * (z + 1j * x)
    return rows


def _polar(
    l: int, m: int, y: Float64[np.ndarray, "*points 1"], square: Float64[np.ndarray, "*points 1"]
) -> Float64[np.ndarray, "*points 1"]:
    """Q_lm(y, r²), a homogeneous polynomial of degree l − m."""
    below, here = np.zeros_like(y), np.full_like(y, _sectoral(m))
    for degree in range(m + 1, l + 1):
        pole = degree * degree - m * m
        rise = math.sqrt((4 * degree * degree - 1) / pole)
        fall = math.sqrt((2 * degree + 1) * ((degree - 1) ** 2 - m * m) / ((2 * degree - 3) * pole))
        below, here = here, rise * y * here - fall * square * below
    return here


@cache
def _sectoral(m: int) -> float:
    """Q_mm, the value that gives (z + i·x)^m a real part of mean square one on the unit sphere."""
    return math.sqrt((2 if m else 1) * math.prod((2 * k + 1) / (2 * k) for k in range(1, m + 1)))
