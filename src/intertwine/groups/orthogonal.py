"""The rotations of space, SO(3), and with the inversion O(3)."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64

from intertwine.errors import InputError
from intertwine.groups.grammar import read_degree, read_degree_and_parity
from intertwine.groups.group import Group
from intertwine.groups.irreps import Irreps
from intertwine.groups.quadrature import rotation_quadrature
from intertwine.groups.representation import Irrep
from intertwine.groups.rotations import random_rotations, require_orthogonal
from intertwine.groups.wigner import so3_generators, wigner_d


class OrthogonalGroup(Group):
    """O(3), every rotation and reflection of space. Irreps are a degree and a parity, `0e`, `1o`, `2e`, …

    >>> O3.irreps(1)
    1x0o+1x0e+1x1o+1x1e
    """

    generators = -np.eye(3)[None]
    lie_axes = np.eye(3)

    def __init__(self) -> None:
        super().__init__("O(3)")

    def contains(self, g: Float[np.ndarray, "*batch 3 3"]) -> Bool[np.ndarray, "*batch"]:
        return np.ones(np.shape(g)[:-2], dtype=bool)

    def sample(self, rng: np.random.Generator, count: int) -> Float64[np.ndarray, "count 3 3"]:
        return random_rotations(rng, count) * rng.choice([-1.0, 1.0], size=(count, 1, 1))

    def quadrature(
        self, degree: int
    ) -> tuple[Float64[np.ndarray, "nodes 3 3"], Float64[np.ndarray, " nodes"]]:
        rotations, weights = rotation_quadrature(degree)
        return np.concatenate([rotations, -rotations]), np.concatenate([weights, weights]) / 2

    def irrep(self, label: str) -> "O3Irrep":
        return O3Irrep(*read_degree_and_parity(label))

    def irreps(self, degree: int | None = None) -> Irreps:
        top = require_degree(self, degree)
        return Irreps([O3Irrep(l, p) for l in range(top + 1) for p in (-1, 1)], self)

    @property
    def trivial(self) -> "O3Irrep":
        return O3Irrep(0, 1)


class RotationGroup(Group):
    """SO(3), the proper rotations. Irreps are a degree, `0`, `1`, `2`, …

    >>> SO3.irreps(2)
    1x0+1x1+1x2
    """

    generators = np.empty((0, 3, 3))
    lie_axes = np.eye(3)

    def __init__(self) -> None:
        super().__init__("SO(3)")

    def contains(self, g: Float[np.ndarray, "*batch 3 3"]) -> Bool[np.ndarray, "*batch"]:
        return np.asarray(np.linalg.det(g) > 0)

    def sample(self, rng: np.random.Generator, count: int) -> Float64[np.ndarray, "count 3 3"]:
        return random_rotations(rng, count)

    def quadrature(
        self, degree: int
    ) -> tuple[Float64[np.ndarray, "nodes 3 3"], Float64[np.ndarray, " nodes"]]:
        return rotation_quadrature(degree)

    def irrep(self, label: str) -> "SO3Irrep":
        return SO3Irrep(read_degree(label, "SO(3)"))

    def irreps(self, degree: int | None = None) -> Irreps:
        return Irreps([SO3Irrep(l) for l in range(require_degree(self, degree) + 1)], self)

    @property
    def trivial(self) -> "SO3Irrep":
        return SO3Irrep(0)


class DegreeIrrep(Irrep):
    """What the irreps of SO(3) and O(3) share: a degree l, 2l+1 rows m = −l…l in e3nn's real basis."""

    l: int

    @property
    @abstractmethod
    def parity(self) -> int:
        """The sign by which the inversion acts."""

    @property
    def dim(self) -> int:
        """Dimension 2l+1."""
        return 2 * self.l + 1

    @property
    def degree(self) -> int:
        """The degree l."""
        return self.l

    def matrix(self, g: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """D_l of the proper part, times the parity if the element reverses handedness.

        Args:
            g: orthogonal matrices, any leading shape.

        Returns:
            `(*batch, 2l+1, 2l+1)`, orthogonal.

        Raises:
            InputError: not orthogonal to 1e-6.

        >>> mirror = np.diag([1.0, 1.0, -1.0])
        >>> O3Irrep(1, -1).matrix(mirror).diagonal(), O3Irrep(1, 1).matrix(mirror).diagonal()
        (array([ 1.,  1., -1.]), array([-1., -1.,  1.]))
        """
        g = np.asarray(g, dtype=np.float64)
        require_orthogonal(g)
        handedness = np.sign(np.linalg.det(g))[..., None, None]
        return np.where(handedness < 0, self.parity, 1) * wigner_d(self.l, handedness * g)

    def derivative(self, axis: Float[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """Σ_k ω_k X_k of the generators about x, y, z."""
        return np.einsum("...k,kij->...ij", axis, so3_generators(self.l))


@dataclass(frozen=True, order=True, repr=False)
class O3Irrep(DegreeIrrep):
    """An irrep of O(3): degree l under rotations, sign p under the inversion.

    Sorted by degree, then odd before even, as in e3nn. Written `0e` (scalar), `0o` (pseudoscalar), `1o`
    (vector), `1e` (axial vector), `2e` (traceless symmetric tensor), …

    Args:
        l: degree, ≥ 0; the dimension is 2l+1.
        p: parity, +1 even or −1 odd: the inversion acts as p times the identity.

    Raises:
        InputError: a negative degree, or a parity other than ±1.

    >>> O3Irrep(1, -1), O3Irrep(1, -1).dim, O3Irrep(1, -1) < O3Irrep(1, 1)
    (1o, 3, True)
    """

    l: int
    p: int

    def __post_init__(self) -> None:
        require_not_negative(self.l)
        if self.p not in (-1, 1):
            raise InputError("the parity of an irrep is not a sign", got=self.p, accepted="p = 1 or -1")

    @property
    def group(self) -> Group:
        """O(3)."""
        return O3

    @property
    def parity(self) -> int:
        """The sign p."""
        return self.p

    @property
    def label(self) -> str:
        """`1o`: the degree, then e or o."""
        return f"{self.l}{'e' if self.p == 1 else 'o'}"

    def product(self, other: "O3Irrep") -> "list[tuple[int, O3Irrep]]":
        """|l1−l2| … l1+l2, each once, parity p1·p2.

        >>> O3Irrep(1, -1).product(O3Irrep(1, -1))
        [(1, 0e), (1, 1e), (1, 2e)]
        """
        degrees = range(abs(self.l - other.l), self.l + other.l + 1)
        return [(1, O3Irrep(l, self.p * other.p)) for l in degrees]


@dataclass(frozen=True, order=True, repr=False)
class SO3Irrep(DegreeIrrep):
    """An irrep of SO(3): a degree, ≥ 0.

    Raises:
        InputError: a negative degree.

    >>> SO3Irrep(1).product(SO3Irrep(2))
    [(1, 1), (1, 2), (1, 3)]
    """

    l: int

    def __post_init__(self) -> None:
        require_not_negative(self.l)

    @property
    def group(self) -> Group:
        """SO(3)."""
        return SO3

    @property
    def parity(self) -> int:
        """No element of SO(3) reverses handedness, so this is never asked."""
        return 1

    @property
    def label(self) -> str:
        """The degree."""
        return str(self.l)

    def product(self, other: "SO3Irrep") -> "list[tuple[int, SO3Irrep]]":
        """|l1−l2| … l1+l2, each once."""
        return [(1, SO3Irrep(l)) for l in range(abs(self.l - other.l), self.l + other.l + 1)]


def require_degree(group: Group, degree: int | None) -> int:
    """The degree up to which irreps of a compact group are asked for.

    Raises:
        InputError: none was given, or it is negative.
    """
    if degree is None or degree < 0:
        raise InputError(
            f"{group.name} has infinitely many irreps",
            got=degree,
            accepted="a degree >= 0",
            fix="say up to which degree, as in irreps(3)",
        )
    return degree


def require_not_negative(degree: int) -> None:
    """Refuse a negative degree.

    Raises:
        InputError: degree < 0.
    """
    if degree < 0:
        raise InputError("the degree of an irrep is negative", got=degree, accepted="l >= 0")


O3 = OrthogonalGroup()
SO3 = RotationGroup()
