"""The questions put to every package, and the truth its answers are held against: characters of 3×3 matrices.

Needs nothing but NumPy, so that it runs inside the environment of any package. A package answers through the
methods of `Package`; what it does not override, it cannot do.
"""

import itertools
from dataclasses import dataclass, field

import numpy as np

Array = np.ndarray
Tables = dict[str, Array]

POINT_GROUPS = {
    "C1": "", "Ci": "i", "C2": "2", "Cs": "h", "C2h": "2h", "D2": "2x", "C2v": "2m", "D2h": "2xi",
    "C4": "4", "S4": "-", "C4h": "4h", "D4": "4x", "C4v": "4m", "D2d": "-x", "D4h": "4xi",
    "C3": "3", "S6": "3i", "D3": "3x", "C3v": "3m", "D3d": "3xi",
    "C6": "6", "C3h": "3h", "C6h": "6h", "D6": "6x", "C6v": "6m", "D3h": "3mh", "D6h": "6xi",
    "T": "2d", "Th": "2di", "O": "4d", "Td": "-d", "Oh": "4di",
}  # fmt: skip
"""Generators of the 32 point groups, one letter each, see `generator`."""


class No(Exception):
    """The package cannot do this; the message says what was tried, or what comes nearest."""


@dataclass
class Linear:
    """A layer: its number of weights, its largest equivariance error, the name it has in the package."""

    weights: int
    error: float
    called: str = ""


@dataclass
class Coupling:
    """Clebsch-Gordan tables `(paths, a, b, c)` of one triple, and the matrices of the three irreps."""

    tables: Array
    left: Array
    right: Array
    out: Array


@dataclass
class Package:
    """What a package is asked. Groups go by Schoenflies name; `(order, 3, 3)` are its elements on vectors."""

    name: str = ""
    distributions: tuple[str, ...] = ()
    documentation: dict[str, str] = field(default_factory=dict)
    """What its documentation says, not run here."""
    built_on: str = ""
    inherited: tuple[str, ...] = ()
    """Questions that the package beneath it answers."""

    def compact(self) -> list[str]:
        """Which of O(3), SO(3), O(2), SO(2) it can name."""
        raise No("no such group")

    def elements(self, name: str) -> Array:
        """Elements, on polar vectors, of a point group that it has under a name or constructor."""
        raise No("no finite group")

    def from_generators(self, generators: Array) -> Array:
        """Elements of a group that the user gives by matrices."""
        raise No("no groups from generators")

    def turned(self, name: str, rotation: Array) -> Array:
        """Elements of a point group in any orientation, R g Rᵀ."""
        raise No("no finite group")

    def beyond(self) -> str:
        """A group that is no subgroup of O(3)."""
        raise No("none")

    def irreps(self, name: str) -> tuple[Array, Tables]:
        """Elements and, by label, the matrices of every real irrep of a finite group."""
        raise No("no irreps of finite groups")

    def endomorphisms(self, name: str) -> list[int]:
        """Dimension of the endomorphism algebra of every irrep."""
        raise No("no irreps of finite groups")

    def couplings(self, name: str) -> list[Coupling]:
        """Clebsch-Gordan tables of every triple of irreps of a finite group."""
        raise No("no couplings of finite groups")

    def couplings_of_space(self, degree: int) -> list[Coupling]:
        """Those of O(3) or SO(3), all degrees up to this one, with matrices of one random rotation."""
        raise No("no couplings")

    def maps(self, name: str) -> tuple[Array, Array]:
        """Elements, and a basis `(n, 3, 9)` of the equivariant maps V ⊗ V → V on Cartesian vectors."""
        raise No("no such function")

    def project(self, name: str, map: Array) -> tuple[Array, Array]:
        """Elements, and the equivariant map V → V nearest to a given matrix."""
        raise No("no such function")

    def average(self, name: str) -> float:
        """Equivariance error, on vectors, of a plain network of torch made equivariant by averaging."""
        raise No("no such function")

    def linear(self, name: str) -> Linear:
        """Layer from 2 to 3 copies of an irrep: vectors of O(3) or SO(3), the pair E of C4."""
        raise No("no such layer")

    def bilinear(self, name: str) -> Linear:
        """Learnable product of two vectors that gives a rank-two tensor or its irreps."""
        raise No("no such layer")

    def network(self, name: str) -> Linear:
        """A ready network from vectors to vectors."""
        raise No("no ready network")

    def layers(self) -> list[str]:
        """Names of its other layers: nonlinearities, norms, attention."""
        raise No("none")

    def cartesian(self) -> list[str]:
        """Irreps of O(3) in a tensor with t_ijk = t_ikj."""
        raise No("no Cartesian tensors")

    def allowed(self, name: str) -> int:
        """Independent components of a tensor with t_ijk = t_ikj in a point group."""
        raise No("no Cartesian tensors in a point group")

    def restrict(
        self, degree: int, name: str, rotation: Array | None = None
    ) -> tuple[Array, Array, list[int]]:
        """Restriction of degree l (natural parity): D_l of the elements, Q, sizes of the blocks of Q D Qᵀ."""
        raise No("no restriction")

    def restrict_to_axis(self, degree: int) -> list[int]:
        """O(3) → O(2) of degree l: dimensions of the irreps found."""
        raise No("no restriction")

    def convolution(self) -> float:
        """Equivariance error of a steerable convolution on a grid of pixels or voxels."""
        raise No("no convolution on grids")


def generator(letter: str) -> Array:
    """Turns about z (2, 3, 4, 6; − the rotoinversion −4), x (two-fold about x), d (three-fold about [111]),
    i (inversion), h (mirror across z), m (mirror across x)."""
    if letter in "2346-":
        angle = 2 * np.pi / (4 if letter == "-" else int(letter))
        c, s = np.cos(angle), np.sin(angle)
        return (-1 if letter == "-" else 1) * np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
    if letter == "d":
        return np.eye(3)[[2, 0, 1]]
    return np.diag({"x": [1.0, -1, -1], "i": [-1.0, -1, -1], "h": [1.0, 1, -1], "m": [-1.0, 1, 1]}[letter])


def closed(generators: Array) -> Array:
    """Every product of some matrices."""
    found = [np.eye(3)]
    for g in found:
        for h in generators:
            if not any(np.allclose(g @ h, other, atol=1e-9) for other in found):
                found.append(g @ h)
    return np.array(found)


def true_generators(name: str) -> Array:
    """Generators of a point group; `Ih` too."""
    if name == "Ih":
        golden = (1 + 5**0.5) / 2
        axis = np.array([0, 1, golden]) / np.hypot(1, golden)
        cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
        fifth = np.eye(3) + np.sin(0.4 * np.pi) * cross + (1 - np.cos(0.4 * np.pi)) * cross @ cross
        return np.array([fifth, generator("d"), -np.eye(3)])
    return np.array([generator(letter) for letter in POINT_GROUPS[name]]).reshape(-1, 3, 3)


def kinds(elements: Array) -> list[tuple[float, float]]:
    """Determinant and trace of every element: a point group is known by these, up to its orientation."""
    pairs = zip(np.linalg.det(elements), np.trace(elements, axis1=1, axis2=2), strict=True)
    return sorted((round(d, 6) + 0.0, round(t, 6) + 0.0) for d, t in pairs)


def same_set(first: Array, second: Array) -> bool:
    """Whether two lists hold the same matrices."""
    return len(first) == len(second) and all(np.abs(second - g).max(axis=(1, 2)).min() < 1e-5 for g in first)


def homomorphism_error(elements: Array, table: Array) -> float:
    """Largest |ρ(g)ρ(h) − ρ(gh)|."""
    worst = 0.0
    for (i, g), (j, h) in itertools.product(enumerate(elements), repeat=2):
        k = int(np.abs(elements - g @ h).max(axis=(1, 2)).argmin())
        worst = max(worst, float(np.abs(table[i] @ table[j] - table[k]).max()))
    return worst


def coupling_error(coupling: Coupling) -> float:
    """Largest change of the tables under any of the elements."""
    if not len(coupling.tables):
        return 0.0
    turned = np.einsum(
        "pabc,gai,gbj,gck->gpijk", coupling.tables, coupling.left, coupling.right, coupling.out, optimize=True
    )
    return float(np.abs(turned - coupling.tables).max())


def true_paths(coupling: Coupling) -> int:
    """Number of independent couplings, by characters."""
    traces = [np.trace(t, axis1=1, axis2=2) for t in (coupling.left, coupling.right, coupling.out)]
    return round(float(np.mean(traces[0] * traces[1] * traces[2])))


def true_allowed(name: str) -> int:
    """Independent components with t_ijk = t_ikj: ⟨χ · (χ² + χ(g²))/2⟩."""
    g = closed(true_generators(name))
    trace, square = np.trace(g, axis1=1, axis2=2), np.trace(g @ g, axis1=1, axis2=2)
    return round(float(np.mean(trace * (trace**2 + square) / 2)))


def relative(turned: Array, straight: Array) -> float:
    """Largest difference of f(ρ(g) x) and ρ(g) f(x), in units of the largest entry of the latter."""
    return float(np.abs(turned - straight).max() / np.abs(straight).max())


def map_error(elements: Array, maps: Array) -> float:
    """Largest |g W − W (g ⊗ g)|, or |g W − W g| for square maps."""
    power = elements if maps.shape[-1] == 3 else np.array([np.kron(g, g) for g in elements])
    return float(
        np.abs(np.einsum("gij,njk->gnik", elements, maps) - np.einsum("nij,gjk->gnik", maps, power)).max()
    )


def block_error(matrices: Array, basis: Array, sizes: list[int]) -> float:
    """Largest entry of Q D Qᵀ outside its blocks, and of Q Qᵀ − 1."""
    turned = basis @ matrices @ basis.T
    stops = np.cumsum([0, *sizes])
    for start, stop in itertools.pairwise(stops):
        turned[:, start:stop, start:stop] = 0.0
    return float(max(np.abs(turned).max(), np.abs(basis @ basis.T - np.eye(len(basis))).max()))


def random_rotation() -> Array:
    """One fixed rotation that fits no crystal axis."""
    q, r = np.linalg.qr(np.random.default_rng(7).standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.sign(np.linalg.det(q))
