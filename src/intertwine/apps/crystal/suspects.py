"""Which elements of a point group the labels contradict: told by what symmetric expansions cannot fit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from scipy.linalg import block_diag

from intertwine.apps.crystal.labels import StrainLabels
from intertwine.apps.crystal.strain import cayley_strain, right_cauchy_green
from intertwine.errors import InputError
from intertwine.groups import CartesianTensor, FiniteGroup, SymmetricPower
from intertwine.groups.elements import read_operation
from intertwine.nn.invariant_polynomials import InvariantPolynomials

FOLDS = 5
VIOLATED = 2.0
"""So many times the error of a law without symmetry is more than chance."""
FLOOR = 0.01
"""Relative error of stress below which nothing is called a contradiction: labels have errors, too."""


@dataclass(frozen=True, eq=False)
class Suspect:
    """An element of a group before the labels.

    Args:
        element: its matrix, proper: inversion does nothing to strains.
        name: in the field's notation, as `C4 z`.
        error: relative error of stress, cross-validated, of an expansion symmetric under it.
        reference: the same without any symmetry.
    """

    element: Float[np.ndarray, "3 3"]
    name: str
    error: float
    reference: float

    @property
    def violated(self) -> bool:
        """Whether the labels contradict it."""
        return self.error > max(VIOLATED * self.reference, FLOOR)


def suspects(labels: StrainLabels, group: FiniteGroup, degree: int = 3) -> list[Suspect]:
    """Every rotation of the group (times inversion or not), and whether the labels contradict it.

    For each, all polynomials of strain that it leaves as they are, up to `degree`, are fitted to energies and
    stresses by least squares and judged on labels left out (five folds). An element that is no symmetry
    of the crystal ties coefficients which the labels pull apart, and the error rises above that of the
    expansion without symmetry, which has the most freedom.

    Args:
        labels: some fifty or more; strains of several per cent in all directions.
        group: proposed.
        degree: of the expansion.

    Raises:
        InputError: too few labels to fit an expansion without symmetry.
    """
    basis = InvariantPolynomials(CartesianTensor("ij=ji", "C1"), degree).double()
    size = len(basis.degrees)
    if 7 * len(labels) * (FOLDS - 1) // FOLDS < size:
        raise InputError(
            f"{len(labels)} labels cannot tell {size} coefficients of strain apart",
            fix="give more labels, or a lower degree",
        )
    rows, target = _equations(labels, basis)
    reference = _cross_validated(rows, target, len(labels))
    found: list[Suspect] = []
    strain = CartesianTensor("ij=ji", group)
    powers = [SymmetricPower(strain, power) for power in range(2, degree + 1)]
    for name, element in acting(group).items():
        tied = rows @ _invariants(element, powers)
        found.append(Suspect(element, name, _cross_validated(tied, target, len(labels)), reference))
    return sorted(found, key=lambda suspect: -suspect.error)


def acting(group: FiniteGroup) -> dict[str, Float64[np.ndarray, "3 3"]]:
    """Proper rotations by name, one of each pair of inverses; inversion does nothing to strains.

    >>> from intertwine.groups import get_group
    >>> sorted(acting(get_group("C4v")))
    ['C2 [1-10]', 'C2 [110]', 'C2 x', 'C2 y', 'C2 z', 'C4 z']
    """
    found: dict[str, np.ndarray] = {}
    for element in group.elements:
        proper = element * np.linalg.det(element)
        operation = read_operation(proper)
        if operation.kind != "E" and operation.power > 0:
            found.setdefault(operation.name, proper)
    return found


def _invariants(
    element: Float[np.ndarray, "3 3"], powers: Sequence[SymmetricPower]
) -> Float64[np.ndarray, "monomials kept"]:
    """Coefficients of the polynomials that one element leaves as they are: the null space of ρ − 1."""
    blocks: list[np.ndarray] = []
    for power in powers:
        rho = power.matrix(element)
        _, values, vectors = np.linalg.svd(rho - np.eye(len(rho)))
        blocks.append(vectors[values < 1e-8].T)
    return np.asarray(block_diag(*blocks))


def _equations(
    labels: StrainLabels, basis: InvariantPolynomials
) -> tuple[Float64[np.ndarray, "labels ten size"], Float64[np.ndarray, "labels ten"]]:
    """Value and slope of every monomial, and what they should add up to; each over its typical size."""
    embedding = torch.from_numpy(np.array(CartesianTensor("ij=ji").embedding))
    scale = max(float(np.abs(np.linalg.eigvalsh(labels.F.swapaxes(1, 2) @ labels.F) - 1).max()) / 2, 1e-6)
    size = max(float(np.sqrt((labels.P**2).mean())), 1e-300)

    def values(F: torch.Tensor) -> torch.Tensor:
        Z = cayley_strain(right_cauchy_green(F)) / scale
        return basis(torch.einsum("...ij,kij->...k", Z, embedding)) * scale

    F = torch.from_numpy(np.asarray(labels.F, dtype=float))
    slopes = torch.func.vmap(torch.func.jacrev(values))(F).flatten(2).transpose(1, 2)
    rows = torch.cat([values(F)[:, None] / scale, slopes], dim=1).numpy() / size
    return rows, np.concatenate([labels.W[:, None] / scale, labels.P.reshape(-1, 9)], axis=1) / size


def _cross_validated(
    rows: Float[np.ndarray, "labels ten size"], target: Float[np.ndarray, "labels ten"], count: int
) -> float:
    """Root mean square error on labels left out."""
    fold, total = np.arange(count) % FOLDS, 0.0
    for k in range(FOLDS):
        train, test = fold != k, fold == k
        found = np.linalg.lstsq(rows[train].reshape(-1, rows.shape[2]), target[train].ravel(), rcond=1e-10)[0]
        total += ((rows[test][:, 1:] @ found - target[test][:, 1:]) ** 2).sum()
    return float(np.sqrt(total / (9 * count)))
