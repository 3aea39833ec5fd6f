"""The settings of a crystal that a table of piezoelectric tensors leaves open, and scores blind to them.

The axes of a crystal class are fixed up to the motions that carry the class to itself: the inversion always,
which turns the sign of e, and for some classes exchanges of axes. A table that does not say which it chose
gives the tensor up to these.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
from ase.neighborlist import neighbor_list
from benchmarks.tensors.crystal_baselines import Learned
from benchmarks.tensors.crystal_data import Crystal
from benchmarks.tensors.crystal_scores import Tensors, component_scores, parts, r_squared
from jaxtyping import Float64

from intertwine.data import LABELS
from intertwine.groups import PointGroup, get_group

REACH: Final = 4.0
"""Å: longest bond of `polarity`."""


def settings(group: PointGroup) -> Float64[np.ndarray, "settings 3 3"]:
    """Motions h of a cube or a hexagonal prism on its axes with h G h⁻¹ = G, one of each coset h G.

    >>> from intertwine.groups import get_group
    >>> len(settings(get_group("-43m"))), len(settings(get_group("mm2")))
    (2, 4)
    """
    R = group.orientation
    return R @ _standard_settings(group.name) @ R.T


def aligned(quantity: str, truth: Tensors, predicted: Tensors, groups: Sequence[PointGroup]) -> Tensors:
    """The true tensors in those of their settings that are nearest to the predicted ones."""
    space = LABELS[quantity].tensor
    found = []
    for true, ours, group in zip(truth, predicted, groups, strict=True):
        choices = space.tensor(space.matrix(settings(group)) @ space.flatten(true))
        away = ((choices - ours) ** 2).reshape(len(choices), -1).sum(axis=1)
        found.append(choices[np.argmin(away)])
    return np.array(found)


def chosen_alike(
    learn: Callable[[Sequence[Crystal]], Learned], crystals: Sequence[Crystal], rounds: int
) -> list[Crystal]:
    """The crystals with their tensors in settings that agree with each other.

    First each is put into the setting nearest to `polarity`; then, `rounds` times, into the one nearest to
    what was learned from the other half of the crystals, lest a setting be learned by heart.
    """
    chosen = set_alike(crystals, np.array([polarity(crystal) for crystal in crystals]))
    for _ in range(rounds):
        halves = chosen[::2], chosen[1::2]
        chosen = [*_as_learned(learn, halves[1], halves[0]), *_as_learned(learn, halves[0], halves[1])]
    return chosen


def _as_learned(
    learn: Callable[[Sequence[Crystal]], Learned], known: Sequence[Crystal], others: Sequence[Crystal]
) -> list[Crystal]:
    """Crystals in the settings that some others teach; left alone where those lack one of their elements."""
    elements = {z for crystal in known for z in crystal.structure.species}
    said = [crystal for crystal in others if elements.issuperset(crystal.structure.species)]
    unsaid = [crystal for crystal in others if not elements.issuperset(crystal.structure.species)]
    return [*(set_alike(said, learn(known)(said)) if said else []), *unsaid]


def set_alike(crystals: Sequence[Crystal], tensors: Tensors) -> list[Crystal]:
    """The crystals with their piezoelectric tensors in the settings nearest to these."""
    truth = np.array([crystal.tensor("piezoelectric") for crystal in crystals])
    found = aligned("piezoelectric", truth, tensors, [crystal.group for crystal in crystals])
    return [
        replace(crystal, structure=crystal.structure.replace(labels={"piezoelectric": tensor}))
        for crystal, tensor in zip(crystals, found, strict=True)
    ]


def polarity(crystal: Crystal) -> Float64[np.ndarray, "3 3 3"]:
    """Σ over bonds of (χ_i − χ_j) f(r) r̂ r̂ r̂ per atom: which way a crystal points, in arbitrary units.

    χ is the number of valence electrons in s and p, less half the period: it grows as electronegativity does.
    """
    atoms = crystal.structure.to_ase()
    i, j, r, bonds = neighbor_list("ijdD", atoms, REACH)
    electrons = np.array([_attraction(int(z)) for z in atoms.numbers])
    weights = (electrons[i] - electrons[j]) * (1 - r / REACH) ** 2 / len(atoms)
    n = bonds / r[:, None]
    return np.einsum("e,ea,eb,ec->abc", weights, n, n, n, optimize=True)


def piezoelectric_scores(truth: Tensors, predicted: Tensors, groups: Sequence[PointGroup]) -> dict[str, Any]:
    """Errors up to the setting, and of the norms of each degree, which no setting changes, C/m²."""
    scores = component_scores("piezoelectric", aligned("piezoelectric", truth, predicted, groups), predicted)
    return scores | {"norms": norm_scores(norms(truth), norms(predicted))}


def norms(tensors: Tensors) -> dict[str, Float64[np.ndarray, " crystals"]]:
    """Of the parts of degree 1, 2 and 3, and of the whole."""
    found = {str(l): np.linalg.norm(part, axis=1) for l, part in parts("piezoelectric", tensors).items()}
    return found | {"all": np.linalg.norm(tensors.reshape(len(tensors), -1), axis=1)}


def norm_scores(truth: dict[str, np.ndarray], predicted: dict[str, np.ndarray]) -> dict[str, Any]:
    """Mean absolute error and R² of each norm."""
    return {
        degree: {
            "mae": float(np.abs(predicted[degree] - true).mean()),
            "r2": r_squared(true, predicted[degree]),
        }
        for degree, true in truth.items()
    }


@lru_cache(maxsize=64)
def _standard_settings(name: str) -> Float64[np.ndarray, "settings 3 3"]:
    elements = get_group(name).elements
    chosen: list[np.ndarray] = []
    for h in np.concatenate([get_group("Oh").elements, get_group("D6h").elements]):
        keeps = all(_among(h @ g @ h.T, elements) for g in elements)
        if keeps and not any(_among(h.T @ other, elements) for other in chosen):
            chosen.append(h)
    return np.array(chosen)


def _among(matrix: np.ndarray, elements: np.ndarray) -> bool:
    return bool(np.any(np.abs(elements - matrix).max(axis=(1, 2)) < 1e-9))


def _attraction(z: int) -> float:
    """Valence electrons in s and p, less half the period."""
    ends = np.array([0, 2, 10, 18, 36, 54, 86])
    period = int(np.searchsorted(ends, z))
    place, room = z - ends[period - 1], (2, 8, 8, 18, 18, 32, 32)[period - 1]
    return min(place, 2) + max(0, place - (room - 6)) * (room > 2) - 0.5 * period
