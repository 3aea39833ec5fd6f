"""Turns about one axis, SO(2), and with the mirrors that hold the axis O(2).

The axis stands along z: the beam of a collider, or a bond. A function of the azimuth φ has the Fourier modes
(cos mφ, sin mφ), the two rows of irrep m; written as one complex number z_m = cos mφ + i sin mφ, a turn by θ
multiplies it by e^{imθ} and the mirror y → −y conjugates it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64

from intertwine.errors import InputError
from intertwine.groups.grammar import read_degree, read_order_and_parity
from intertwine.groups.group import MEMBERSHIP, Group
from intertwine.groups.irreps import Irreps
from intertwine.groups.orthogonal import require_degree, require_not_negative
from intertwine.groups.quadrature import turns_about_z
from intertwine.groups.representation import Irrep

QUARTER_TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
MIRROR = np.diag([1.0, -1.0, 1.0])


class PlanarGroup(Group):
    """What SO(2) and O(2) share: the axis, and elements that are turns about it, mirrored or not."""

    mirrors: bool

    def __init__(self, name: str, orientation: Float[np.ndarray, "3 3"] | None = None) -> None:
        super().__init__(name, orientation)
        self.lie_axes = self.orientation[:, 2][None]

    def standard(self, g: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch 3 3"]:
        """The same elements with the axis along z: Rᵀ g R."""
        return self.orientation.T @ np.asarray(g, dtype=np.float64) @ self.orientation

    def turned(self, g: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch 3 3"]:
        """Elements about z carried to the axis of this group: R g Rᵀ."""
        return self.orientation @ g @ self.orientation.T

    def contains(self, g: Float[np.ndarray, "*batch 3 3"]) -> Bool[np.ndarray, "*batch"]:
        standard = self.standard(g)
        holds = np.abs(standard[..., :, 2] - [0, 0, 1]).max(axis=-1) < MEMBERSHIP
        return np.asarray(holds if self.mirrors else holds & (np.linalg.det(standard) > 0))

    def sample(self, rng: np.random.Generator, count: int) -> Float64[np.ndarray, "count 3 3"]:
        turns = turns_about_z(rng.uniform(0, 2 * np.pi, count))
        if self.mirrors:
            turns = np.where(rng.random((count, 1, 1)) < 0.5, turns @ MIRROR, turns)
        return self.turned(turns)

    def quadrature(
        self, degree: int
    ) -> tuple[Float64[np.ndarray, "nodes 3 3"], Float64[np.ndarray, " nodes"]]:
        turns = turns_about_z(np.arange(degree + 1) * 2 * np.pi / (degree + 1))
        if self.mirrors:
            turns = np.concatenate([turns, turns @ MIRROR])
        return self.turned(turns), np.full(len(turns), 1 / len(turns))


class SO2Group(PlanarGroup):
    """SO(2), turns about an axis. Irreps are an order m ≥ 0; those with m > 0 have two rows.

    >>> SO2Group().irreps(2), SO2Group().irreps(2).dim
    (1x0+1x1+1x2, 5)
    """

    mirrors = False
    generators = np.empty((0, 3, 3))

    def __init__(self, orientation: Float[np.ndarray, "3 3"] | None = None) -> None:
        super().__init__("SO(2)", orientation)

    def irrep(self, label: str) -> "SO2Irrep":
        return SO2Irrep(read_degree(label, "SO(2)"), self)

    def irreps(self, degree: int | None = None) -> Irreps:
        return Irreps([SO2Irrep(m, self) for m in range(require_degree(self, degree) + 1)], self)

    @property
    def trivial(self) -> "SO2Irrep":
        return SO2Irrep(0, self)


class O2Group(PlanarGroup):
    """O(2), turns about an axis and the mirrors that hold it (C∞v). Irreps `0e`, `0o`, then `1`, `2`, …

    >>> O2Group().irreps(2)
    1x0e+1x0o+1x1+1x2
    """

    mirrors = True

    def __init__(self, orientation: Float[np.ndarray, "3 3"] | None = None) -> None:
        super().__init__("O(2)", orientation)
        self.generators = self.turned(MIRROR)[None]

    def irrep(self, label: str) -> "O2Irrep":
        return O2Irrep(*read_order_and_parity(label), self)

    def irreps(self, degree: int | None = None) -> Irreps:
        top = require_degree(self, degree)
        scalars = [O2Irrep(0, 1, self), O2Irrep(0, -1, self)]
        return Irreps([*scalars, *(O2Irrep(m, 1, self) for m in range(1, top + 1))], self)

    @property
    def trivial(self) -> "O2Irrep":
        return O2Irrep(0, 1, self)


class OrderIrrep(Irrep):
    """What the irreps of SO(2) and O(2) share: an order m, and rows (cos mφ, sin mφ) where m > 0."""

    m: int
    group: PlanarGroup

    @property
    def dim(self) -> int:
        """1 for m = 0, otherwise 2."""
        return 2 if self.m else 1

    @property
    def degree(self) -> int:
        """The order m."""
        return self.m

    @property
    def mirrored(self) -> int:
        """Sign by which a mirror acts on the one row of m = 0."""
        return 1

    def matrix(self, g: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """Turn by mθ, after the mirror where the element has one.

        >>> quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        >>> Irrep.parse("2", "SO(2)").matrix(quarter)
        array([[-1., -0.],
               [ 0., -1.]])
        """
        standard = self.group.standard(self.group.matrix(g))
        sign = np.sign(np.linalg.det(standard))
        if self.m == 0:
            return np.where(sign < 0, self.mirrored, 1.0)[..., None, None]
        wave = (standard[..., 0, 0] + 1j * standard[..., 1, 0]) ** self.m
        rows = [[wave.real, -sign * wave.imag], [wave.imag, sign * wave.real]]
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    def derivative(self, axis: Float[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """m J times the component of ω along the axis; zero for m = 0."""
        along = np.asarray(axis, dtype=np.float64) @ self.group.orientation[:, 2]
        generator = self.m * QUARTER_TURN if self.m else np.zeros((1, 1))
        return along[..., None, None] * generator


@dataclass(frozen=True, order=True, repr=False)
class SO2Irrep(OrderIrrep):
    """An irrep of SO(2): an order m ≥ 0. For m > 0 its endomorphism algebra is ℂ, with J the quarter turn.

    Raises:
        InputError: a negative order.

    >>> Irrep.parse("3", "SO(2)").algebra.shape
    (2, 2, 2)
    """

    m: int
    group: PlanarGroup

    def __post_init__(self) -> None:
        require_not_negative(self.m)

    @property
    def label(self) -> str:
        """The order."""
        return str(self.m)

    @property
    def algebra(self) -> Float64[np.ndarray, "algebra rows rows"]:
        """The identity, and J where m > 0."""
        return np.stack([np.eye(2), QUARTER_TURN]) if self.m else np.eye(1)[None]

    def product(self, other: "SO2Irrep") -> "list[tuple[int, SO2Irrep]]":
        """|m1−m2| and m1+m2; the invariant twice where m1 = m2 > 0 (dot and cross product).

        >>> one = SO2Irrep(1, SO2Group())
        >>> one.product(one)
        [(2, 0), (1, 2)]
        """
        low, high = abs(self.m - other.m), self.m + other.m
        if low == high:
            return [(1, SO2Irrep(high, self.group))]
        return [(1 if low else 2, SO2Irrep(low, self.group)), (1, SO2Irrep(high, self.group))]


@dataclass(frozen=True, order=True, repr=False)
class O2Irrep(OrderIrrep):
    """An irrep of O(2): `0e` (kept by mirrors), `0o` (reversed by them), or an order m ≥ 1.

    Raises:
        InputError: a negative order, a parity other than ±1, or an odd one for m > 0.

    >>> Irrep.parse("1", "O(2)").product(Irrep.parse("1", "O(2)"))
    [(1, 0e), (1, 0o), (1, 2)]
    """

    m: int
    p: int
    group: PlanarGroup

    def __post_init__(self) -> None:
        require_not_negative(self.m)
        if self.p not in (-1, 1) or (self.m and self.p != 1):
            raise InputError("an irrep of O(2) has a parity only for m = 0", got=(self.m, self.p))

    @property
    def label(self) -> str:
        """`0e`, `0o`, or the order."""
        return str(self.m) if self.m else f"0{'e' if self.p == 1 else 'o'}"

    @property
    def mirrored(self) -> int:
        """The parity."""
        return self.p

    def product(self, other: "O2Irrep") -> "list[tuple[int, O2Irrep]]":
        """|m1−m2| and m1+m2; where m1 = m2 > 0 both invariants, each once."""
        low, high = abs(self.m - other.m), self.m + other.m
        if high == 0:
            return [(1, O2Irrep(0, self.p * other.p, self.group))]
        if low == high:
            return [(1, O2Irrep(high, 1, self.group))]
        below = [O2Irrep(low, 1, self.group)] if low else [O2Irrep(0, p, self.group) for p in (1, -1)]
        return [(1, irrep) for irrep in [*below, O2Irrep(high, 1, self.group)]]
