"""What can be said of a tensor without a network: means by crystal class, and a line through composition."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from benchmarks.tensors.crystal_data import Crystal
from jaxtyping import Float64

from intertwine.apps.elasticity import moduli
from intertwine.data import LABELS
from intertwine.groups import invariants
from intertwine.groups.voigt import from_voigt

Learned = Callable[[Sequence[Crystal]], np.ndarray]
"""Crystals to their tensors, `(crystals, 3, …, 3)`."""

RIDGE: Final = 1.0
"""Weight of the squared coefficients, in crystals."""


def isotropic_mean(quantity: str, crystals: Sequence[Crystal]) -> Learned:
    """The mean over the crystals of a class of what no rotation changes; over all where there is none.

    Of a piezoelectric tensor that is zero.
    """
    space = LABELS[quantity].tensor
    basis = invariants(space)

    def kept(crystal: Crystal) -> np.ndarray:
        return space.tensor(space.flatten(crystal.tensor(quantity)) @ basis.T @ basis)

    means = _means({id(c): kept(c) for c in crystals}, crystals)
    return lambda some: np.array([means.get(c.group.name, means[""]) for c in some])


def class_mean(quantity: str, crystals: Sequence[Crystal]) -> Learned:
    """The mean tensor of each crystal class in its standard axes, turned into those of the crystal."""
    space = LABELS[quantity].tensor

    def turned(tensor: np.ndarray, R: np.ndarray) -> np.ndarray:
        return space.tensor(space.matrix(R) @ space.flatten(tensor))

    standard = {id(c): turned(c.tensor(quantity), c.group.orientation.T) for c in crystals}
    means = _means(standard, crystals)
    fallback = isotropic_mean(quantity, crystals)

    def predict(crystal: Crystal) -> np.ndarray:
        if crystal.group.name not in means:
            return fallback([crystal])[0]
        return turned(means[crystal.group.name], crystal.group.orientation)

    return lambda some: np.array([predict(crystal) for crystal in some])


def composition_line(quantity: str, crystals: Sequence[Crystal]) -> Learned:
    """Isotropic tensors whose logarithms are linear in the shares of the elements and in log volume per atom.

    Ridge regression of log K and log G, or of the logarithm of the mean permittivity.
    """
    targets = np.log(_moduli(quantity, np.array([c.tensor(quantity) for c in crystals])))
    line = ridge(crystals, targets)
    return lambda some: _isotropic(quantity, np.exp(line(some)))


def ridge(
    crystals: Sequence[Crystal], targets: Float64[np.ndarray, "crystals targets"]
) -> Callable[[Sequence[Crystal]], np.ndarray]:
    """Numbers linear in the shares of the elements and in log volume per atom, by ridge regression."""
    elements = sorted({z for c in crystals for z in c.structure.species})
    features = _features(crystals, elements)
    centre, middle = features.mean(axis=0), targets.mean(axis=0)
    shifted = features - centre
    normal = shifted.T @ shifted + RIDGE * np.eye(shifted.shape[1])
    slope = np.linalg.solve(normal, shifted.T @ (targets - middle))
    return lambda some: (_features(some, elements) - centre) @ slope + middle


BASELINES: Final = {
    "isotropic mean of the class": isotropic_mean,
    "mean tensor of the class": class_mean,
    "line through composition": composition_line,
}


def _means(tensors: dict[int, np.ndarray], crystals: Sequence[Crystal]) -> dict[str, np.ndarray]:
    """By crystal class; that of all crystals has no name."""
    members: dict[str, list[np.ndarray]] = defaultdict(list)
    for crystal in crystals:
        members[crystal.group.name].append(tensors[id(crystal)])
        members[""].append(tensors[id(crystal)])
    return {name: np.mean(some, axis=0) for name, some in members.items()}


def _features(
    crystals: Sequence[Crystal], elements: Sequence[int]
) -> Float64[np.ndarray, "crystals features"]:
    """Share of each element, and the logarithm of the volume per atom."""
    shares = [[np.mean(c.structure.numbers == z) for z in elements] for c in crystals]
    volumes = [[np.log(c.structure.volume / len(c.structure))] for c in crystals]
    return np.hstack([shares, volumes])


def _moduli(quantity: str, tensors: np.ndarray) -> Float64[np.ndarray, "crystals moduli"]:
    if quantity == "elastic":
        found = moduli(tensors)
        return np.stack([found.bulk, found.shear], axis=1)
    return np.trace(tensors, axis1=1, axis2=2)[:, None] / 3


def _isotropic(quantity: str, values: Float64[np.ndarray, "crystals moduli"]) -> np.ndarray:
    if quantity == "elastic":
        bulk, shear = values.T[:, :, None, None]
        pressure = np.zeros((6, 6))
        pressure[:3, :3] = 1.0
        deviator = np.diag([2.0] * 3 + [1.0] * 3) - 2 / 3 * pressure
        return from_voigt(bulk * pressure + shear * deviator, 4)
    return values[:, :, None] * np.eye(3)
