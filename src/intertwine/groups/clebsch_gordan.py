"""Clebsch-Gordan coefficients of SO(3) in the real basis, from integers.

In the real basis every coefficient is ± the square root of a rational number, so the table is first found
exactly, as fractions, and rounded once. The sum is Racah's (Phys. Rev. 62, 438, 1942), written with binomial
coefficients so that nothing but integers is added; the change of basis from complex to real harmonics is
that of Homeier & Steinborn (J. Mol. Struct. THEOCHEM 368, 31, 1996).
"""

import math
from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
from jaxtyping import Float64

from intertwine.errors import InputError

Triple = tuple[int, int, int]


@cache
def clebsch_gordan(l1: int, l2: int, l3: int) -> Float64[np.ndarray, "rows1 rows2 rows3"]:
    """Real Clebsch-Gordan coefficients, the one way in which degrees l1 and l2 combine to l3.

    C is invariant under every rotation and has unit norm:

        Σ_abc C_abc D¹_ai D²_bj D³_ck = C_ijk,    Σ_ijk C_ijk² = 1

    so that z_k = √(2·l3+1) Σ_ij C_ijk x_i y_j turns like degree l3, as an isometry of that part of x ⊗ y.
    Basis, norm and sign are those of `e3nn.o3.wigner_3j`: degree 1 is (x, y, z), rows run m = −l…l.

    Args:
        l1, l2, l3: degrees, ≥ 0, with |l1 − l2| ≤ l3 ≤ l1 + l2.

    Returns:
        Read-only `(2·l1+1, 2·l2+1, 2·l3+1)`, dimensionless, each entry within one unit in the last place.

    Raises:
        InputError: the degrees do not obey the triangle rule.

    >>> cross = clebsch_gordan(1, 1, 1) * np.sqrt(6)
    >>> x, y = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    >>> np.einsum("i,j,ijk->k", x, y, cross).round(12) + 0.0
    array([0., 0., 1.])
    """
    exact = exact_clebsch_gordan(l1, l2, l3)
    table = np.zeros((2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1))
    for (a, b, c), square in exact.items():
        table[l1 + a, l2 + b, l3 + c] = math.copysign(math.sqrt(abs(square)), square)
    table.flags.writeable = False
    return table


def exact_clebsch_gordan(l1: int, l2: int, l3: int) -> dict[Triple, Fraction]:
    """The coefficients that are not zero, each as the fraction sign(C)·C², keyed by (m1, m2, m3).

    Args:
        l1, l2, l3: degrees, ≥ 0, with |l1 − l2| ≤ l3 ≤ l1 + l2.

    Raises:
        InputError: the degrees do not obey the triangle rule.

    >>> exact_clebsch_gordan(1, 1, 0)
    {(-1, -1, 0): Fraction(1, 3), (0, 0, 0): Fraction(1, 3), (1, 1, 0): Fraction(1, 3)}
    """
    if min(l1, l2, l3) < 0 or not abs(l1 - l2) <= l3 <= l1 + l2:
        raise InputError(
            f"degrees {l1}, {l2} and {l3} do not couple", accepted="|l1 - l2| <= l3 <= l1 + l2, all >= 0"
        )
    table: dict[Triple, Fraction] = {}
    for a, b in product(range(-l1, l1 + 1), range(-l2, l2 + 1)):
        for c in sorted({s * order for order in (a + b, a - b) if abs(order) <= l3 for s in (-1, 1)}):
            square = _signed_square((l1, l2, l3), (a, b, c))
            if square:
                table[a, b, c] = square
    return table


def _signed_square(degrees: Triple, orders: Triple) -> Fraction:
    """sign(C)·C² of one entry: the 3j symbol of ±m times the phases that the change of basis collects."""
    total = sum(degrees)
    m = _balanced(orders)
    weight = _phase(orders, m)
    if any(m):  # the symbol of −m is (−1)^(l1+l2+l3) times the symbol of m
        weight += (-1) ** total * _phase(orders, (-m[0], -m[1], -m[2]))
    count = round(((-1j) ** total * weight).real)
    norm = Fraction(count * abs(count), 2 ** sum(order != 0 for order in orders))
    return norm * _signed_square_3j(degrees, m) if count else norm


def _balanced(orders: Triple) -> Triple:
    """Signs chosen such that the three orders, which stand for m and −m alike, sum to zero."""
    a, b, c = (abs(order) for order in orders)
    return (a, b, -c) if a + b == c else (a, -b, b - a)


def _phase(orders: Triple, m: Triple) -> complex:
    """∏ √2 ⟨real order|complex m⟩ (without √2 where m = 0): a power of i, Condon-Shortley phases included."""
    phase = 1 + 0j
    for order, component in zip(orders, m, strict=True):
        phase *= (-1) ** component if component > 0 else 1
        if order < 0:
            phase *= -1j if component > 0 else 1j
    return phase


@cache
def _signed_square_3j(degrees: Triple, m: Triple) -> Fraction:
    """sign·square of Wigner's 3j symbol, by Racah's sum; m must sum to zero."""
    (l1, l2, l3), (m1, m2, m3) = degrees, m
    a, b, c = l1 + l2 - l3, l1 - l2 + l3, l2 + l3 - l1
    first, last = max(0, l1 - m1 - b, l2 + m2 - c), min(a, l1 - m1, l2 + m2)
    racah = sum(
        (-1) ** t * math.comb(a, t) * math.comb(b, l1 - m1 - t) * math.comb(c, l2 + m2 - t)
        for t in range(first, last + 1)
    )
    factorial = math.factorial
    above = math.prod(factorial(l + k) * factorial(l - k) for l, k in zip(degrees, m, strict=True))
    below = factorial(l1 + l2 + l3 + 1) * factorial(a) * factorial(b) * factorial(c)
    return (-1) ** abs(l1 - l2 - m3) * Fraction(racah * abs(racah) * above, below)
