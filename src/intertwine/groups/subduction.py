"""Irreps of a finite group as they stand inside those of O(3).

Every irrep of a closed subgroup of O(3) stands in the restriction of some irrep of O(3), so going through
degrees 0, 1, 2, … finds them all. A random symmetric matrix, averaged over the group, has irreducible
eigenspaces; these only tell *which* irreps there are. Their bases are then read from the projector on the
first place of each, (d/e|G|) Σ_g χ(g) D(g), by pivots along the usual functions (x, y, z; z², x²−y², yz, xz,
xy; …), and do not depend on the random matrix.
"""

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError
from intertwine.groups.intertwiners import pivoted_basis
from intertwine.groups.orthogonal import O3Irrep
from intertwine.groups.wigner import wigner_d

LARGEST = 240
"""Most elements that generators may have: twice those of the icosahedral group."""

AXES_RENAMED = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
"""(x, y, z) → (y, z, x): carries the polar axis y of the harmonics to z."""

USUAL_ORDER = {1: [2, 0, 1], 2: [2, 4, 1, 3, 0]}
"""Of the harmonics with polar axis z, m = −l…l: x, y, z and z², x²−y², yz, xz, xy."""

EXACT = np.array([0.0, 0.5, np.sqrt(0.75), 1.0])
"""Magnitudes of the entries of all matrices of the 32 crystallographic point groups."""

Table = Float64[np.ndarray, "order _ _"]


def closure(generators: Float[np.ndarray, "n 3 3"]) -> Float64[np.ndarray, "order 3 3"]:
    """All products of the generators, the identity first, then in the order of their discovery.

    Raises:
        InputError: more than 240 elements.

    >>> closure(np.array([np.diag([-1.0, -1.0, 1.0]), np.diag([1.0, 1.0, -1.0])])).shape
    (4, 3, 3)
    """
    elements = np.eye(3)[None]
    newest = elements
    while len(newest):
        products = settle((newest[:, None] @ generators).reshape(-1, 3, 3))
        newest = _unseen(products, elements)
        elements = np.concatenate([elements, newest])
        if len(elements) > LARGEST:
            raise InputError(
                "the generators give too many elements",
                got=f"more than {LARGEST}",
                accepted="a finite group",
                fix="check that every angle is a fraction of a turn",
            )
    return elements


def subduced_irreps(elements: Float64[np.ndarray, "order 3 3"]) -> list[Table]:
    """The matrices of every irrep, in order of first appearance in 0e, 0o, 1o, 1e, 2e, 2o, …

    >>> [table.shape for table in subduced_irreps(closure(np.diag([-1.0, -1.0, 1.0])[None]))]
    [(2, 1, 1), (2, 1, 1)]
    """
    found: list[Table] = []
    degree = missing = 0
    while True:
        for parity in ((-1) ** degree, -((-1) ** degree)):
            whole = _in_usual_order(degree, parity, elements)
            for character in _characters_in(whole):
                if not any(_overlap(table.trace(axis1=1, axis2=2), character) > 0.5 for table in found):
                    found.append(_first_place(whole, character))
        missing = len(elements) - sum(_share(table) for table in found)
        if missing <= 0:
            return found
        degree += 1


def settle(matrices: Float64[np.ndarray, "*batch i j"]) -> Float64[np.ndarray, "*batch i j"]:
    """Entries rounded to 0, ±1/2, ±√3/2, ±1 where all lie within 1e-12 of these: the same on every machine.

    >>> settle(np.array([[0.5 + 1e-15, 0.0]]))
    array([[0.5, 0. ]])
    """
    nearest = EXACT[np.abs(np.abs(matrices)[..., None] - EXACT).argmin(axis=-1)]
    exact = np.copysign(nearest, matrices) + 0.0
    return exact if np.abs(exact - matrices).max(initial=0.0) < 1e-12 else matrices


def _unseen(
    candidates: Float64[np.ndarray, "n 3 3"], seen: Float64[np.ndarray, "order 3 3"]
) -> Float64[np.ndarray, "new 3 3"]:
    new: list[np.ndarray] = []
    for candidate in candidates:
        if not any(np.abs(other - candidate).max() < 1e-9 for other in [*seen, *new]):
            new.append(candidate)
    return np.array(new).reshape(-1, 3, 3)


def _in_usual_order(degree: int, parity: int, elements: Float64[np.ndarray, "order 3 3"]) -> Table:
    """D_l of the elements on the harmonics with polar axis z, in their usual order."""
    rename = wigner_d(degree, AXES_RENAMED)[USUAL_ORDER.get(degree, slice(None))]
    return rename @ O3Irrep(degree, parity).matrix(elements) @ rename.T


def _characters_in(whole: Table) -> list[Float64[np.ndarray, " order"]]:
    """Characters of the irreps that stand in a representation, in the order of the rows they first touch."""
    for seed in range(100):
        random = np.random.default_rng(seed).standard_normal(whole.shape[1:])
        average = np.einsum("gij,jk,glk->il", whole, random + random.T, whole) / len(whole)
        values, vectors = np.linalg.eigh(average)
        gaps = np.flatnonzero(np.diff(values) > 1e-6) + 1
        spaces = np.split(vectors, gaps, axis=1)
        characters = [np.einsum("ia,gij,ja->g", space, whole, space) for space in spaces]
        if all(round(_overlap(character, character), 6) in (1, 2) for character in characters):
            return sorted(characters, key=lambda c: _first_row(whole, c))
    raise AssertionError("no random matrix told the irreps apart")


def _first_place(whole: Table, character: Float64[np.ndarray, " order"]) -> Table:
    """Matrices of the irrep with this character on the first place where it stands."""
    projector = _projector(whole, character)
    rows = round(character[0])
    if round(np.trace(projector)) > rows:  # several copies: the one that the first row reaches
        pivot = projector[:, _first_row(whole, character)]
        reached = whole @ pivot
        projector = pivoted_basis(reached)[:rows]
        projector = projector.T @ projector
    basis = pivoted_basis(projector)
    return settle(basis @ whole @ basis.T)


def _first_row(whole: Table, character: Float64[np.ndarray, " order"]) -> int:
    weight = np.diag(_projector(whole, character))
    return int(np.argmax(weight > weight.max() * (1 - 1e-6)))


def _projector(whole: Table, character: Float64[np.ndarray, " order"]) -> Float64[np.ndarray, "rows rows"]:
    scale = character[0] / _overlap(character, character) / len(whole)
    return scale * np.einsum("g,gij->ij", character, whole)


def _overlap(a: Float64[np.ndarray, " order"], b: Float64[np.ndarray, " order"]) -> float:
    return float(a @ b) / len(a)


def _share(table: Table) -> int:
    """Its part of the group's order, d²/e: these sum to the order."""
    character = table.trace(axis1=1, axis2=2)
    return round(character[0] ** 2 / _overlap(character, character))
