"""How far predicted tensors are from true ones: by component, by irreducible part, and in what follows.

The 21 components of a stiffness are two numbers (l = 0), two quadrupoles (l = 2) and one part of degree 4;
those of a piezoelectric tensor are two vectors (l = 1), l = 2 and l = 3. The error of degree l is the norm of
that part of the difference, which no choice of axes changes. R² compares with what is known without looking
at a crystal: the mean of the l = 0 part, and zero for every other, which is its mean over all orientations.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from intertwine.apps.elasticity import kelvin_moduli, moduli
from intertwine.data import LABELS
from intertwine.groups import CartesianTensor, Decomposition, PointGroup, decompose
from intertwine.groups.voigt import from_voigt, voigt_matrix
from intertwine.train.isotropic import logarithm

Tensors = Float64[np.ndarray, "crystals *indices"]

FLOOR: Final = 1.0
"""GPa: no predicted Kelvin modulus counts as less where a logarithm is taken."""


def parts(quantity: str, tensors: Tensors) -> dict[int, Float64[np.ndarray, "crystals rows"]]:
    """Components of each degree in an orthonormal basis: norms are those of the tensors."""
    space, found = _split(quantity)
    components = space.flatten(tensors) @ found.basis.T
    split = zip(found.irreps, found.irreps.slices(), strict=True)
    return {irrep.l: components[:, rows] for (_, irrep), rows in split}


@lru_cache
def _split(quantity: str) -> tuple[CartesianTensor, Decomposition]:
    space = LABELS[quantity].tensor
    return space, decompose(space)


def component_scores(quantity: str, truth: Tensors, predicted: Tensors) -> dict[str, Any]:
    """Errors of the tensors themselves.

    Returns:
        `mae` and `rmse` over the independent components in the given axes, in the unit of the tensor, and
        `r2` over all parts; by degree `error`, the mean norm of the difference, `norm`, that of the truth,
        and `r2`.
    """
    label = LABELS[quantity]
    difference = predicted - truth
    rank = label.rank
    assert label.symmetry is not None
    independent = difference.reshape(len(truth), 3**rank)[:, label.symmetry.leaders]
    true, wrong = parts(quantity, truth), parts(quantity, difference)
    spread = {l: part - (part.mean(axis=0) if l == 0 else 0.0) for l, part in true.items()}
    missed = {l: float(np.sum(part**2)) for l, part in wrong.items()}
    varied = {l: float(np.sum(part**2)) for l, part in spread.items()}
    return {
        "unit": label.unit,
        "mae": float(np.abs(independent).mean()),
        "rmse": float(np.sqrt((independent**2).mean())),
        "r2": explained(sum(missed.values()), sum(varied.values())),
        "by_degree": {
            str(l): {
                "error": float(np.linalg.norm(wrong[l], axis=1).mean()),
                "norm": float(np.linalg.norm(true[l], axis=1).mean()),
                "r2": explained(missed[l], varied[l]),
            }
            for l in true
        },
    }


def elastic_scores(truth: Tensors, predicted: Tensors) -> dict[str, Any]:
    """Errors of the Hill moduli, GPa and as log₁₀, and of the logarithm of the stiffness.

    A prediction that is not stable has no moduli; it is counted, and its Kelvin moduli raised to 1 GPa.
    """
    unstable = kelvin_moduli(predicted)[:, 0] <= 0
    raised = _raised(predicted)
    known, found = moduli(truth), moduli(raised)
    scores: dict[str, Any] = {"unstable": int(unstable.sum())}
    for name in ("bulk", "shear"):
        true, ours = np.asarray(getattr(known, name)), np.asarray(getattr(found, name))
        scores[name] = {
            "mae": float(np.abs(ours - true).mean()),
            "mae_log10": float(np.abs(np.log10(ours / true)).mean()),
            "r2": r_squared(true, ours),
        }
    scores["log"] = component_scores("elastic", *logarithms("elastic", truth, raised))
    return scores


def dielectric_scores(truth: Tensors, predicted: Tensors) -> dict[str, Any]:
    """Errors of the mean permittivity, and of the logarithm of the tensor; values below 1 are raised to 1."""
    raised = _of_eigenvalues(predicted, lambda values: np.maximum(values, 1.0))
    true, ours = (np.trace(some, axis1=1, axis2=2) / 3 for some in (truth, raised))
    return {
        "mean": {
            "mae": float(np.abs(ours - true).mean()),
            "mae_log10": float(np.abs(np.log10(ours / true)).mean()),
            "r2": r_squared(true, ours),
        },
        "log": component_scores("dielectric", *logarithms("dielectric", truth, raised)),
    }


def forbidden_share(quantity: str, predicted: Tensors, groups: Sequence[PointGroup]) -> float:
    """Largest component that a crystal class forbids, over the largest of all predicted ones."""
    space = LABELS[quantity].tensor
    largest = 0.0
    for tensor, group in zip(predicted, groups, strict=True):
        part = space.tensor(space.matrix(group.elements).mean(axis=0) @ space.flatten(tensor))
        largest = max(largest, float(np.abs(tensor - part).max()))
    return largest / max(float(np.abs(predicted).max()), np.finfo(float).tiny)


def r_squared(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Of single numbers; NaN where they do not vary."""
    return explained(float(np.sum((predicted - truth) ** 2)), float(np.sum((truth - truth.mean()) ** 2)))


def explained(missed: float, varied: float) -> float:
    """R² = 1 − missed / varied; NaN where nothing varies."""
    return 1.0 - missed / varied if varied > 0 else float("nan")


def logarithms(quantity: str, *tensors: Tensors) -> list[Tensors]:
    """Of positive definite tensors, as maps."""
    return [logarithm(some, LABELS[quantity]) for some in tensors]


def _raised(stiffness: Tensors) -> Tensors:
    """The stiffness with no Kelvin modulus below `FLOOR`."""
    return from_voigt(
        _of_eigenvalues(voigt_matrix(stiffness, 4, "mandel"), lambda v: np.maximum(v, FLOOR)), 4, "mandel"
    )


def _of_eigenvalues(matrices: Float64[np.ndarray, "crystals n n"], function: Any) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrices)
    return (vectors * function(values)[..., None, :]) @ vectors.swapaxes(-1, -2)
