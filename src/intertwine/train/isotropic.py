"""Where the prediction of a tensor starts: what atoms bring along, and the spread of the rest."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from intertwine.data import Structure
from intertwine.data.labels import Label
from intertwine.errors import InputError
from intertwine.groups import CartesianTensor
from intertwine.heads.tensor import TensorSpec, harmonic_basis
from intertwine.nn.rows import each_copy

RIDGE = 1e-2
"""What a deviation of one element from the mean costs, beside a frame that is made of it alone."""


def fitted(
    label: Label, structures: Sequence[Structure], positive: bool = False, alike: bool = False
) -> TensorSpec:
    """The specification of a head, from the training frames that have the label.

        T ≈ Σ_i or ⟨⟩_i of  Σ_k r_k(z_i) Q_k,    Q_k the isotropic tensors

    r by least squares, drawn weakly to their mean over the elements; `scale` is the root mean square of what
    is left of the components, per root of the number of atoms where they are summed.

    Args:
        label: what to predict.
        structures: training frames.
        positive: fit the logarithm, whose exponential the head will take.
        alike: one r for all elements, where what tells them apart is to be learned (`SharedElements`).

    Raises:
        InputError: no frame has the label, or one that should be positive is not.
    """
    spec = TensorSpec.of(label, positive)
    labelled = [structure for structure in structures if label.name in structure.labels]
    if not labelled:
        return spec  # learned as a derivative of something else, or not at all
    irreps, tensors = harmonic_basis(label.indices, label.axial)
    trivial = [rows.start for irrep, rows in each_copy(irreps) if irrep == irreps.group.trivial]
    species = sorted({z for structure in labelled for z in structure.species})
    counts, values = _equations(label, labelled, species, positive)
    coefficients = values.reshape(len(values), -1) @ tensors.reshape(irreps.dim, -1).T
    weights = _least_squares(counts, coefficients[:, trivial], alike)
    coefficients[:, trivial] -= counts @ weights
    sizes = counts.sum(1, keepdims=True)
    scale = float(np.sqrt(np.mean(np.square(coefficients) / sizes)))
    reference = {z: tuple(row) for z, row in zip(species, weights.tolist(), strict=True)}
    return spec.model_copy(update={"reference": reference if trivial else {}, "scale": scale or 1.0})


def spread(label: Label, structures: Sequence[Structure]) -> float:
    """Root mean square length of a label about its isotropic fit, per atom where it is extensive.

    >>> pull = [[0.0, 0, 3], [0, 0, -3]]
    >>> from intertwine.data import LABELS
    >>> spread(LABELS["forces"], [Structure([1, 1], [[0, 0, 0], [0, 0, 1]], labels={"forces": pull})])
    3.0
    """
    labelled = [structure for structure in structures if label.name in structure.labels]
    if not labelled:
        return 1.0
    species = sorted({z for structure in labelled for z in structure.species})
    counts, values = _equations(label, labelled, species, positive=False)
    irreps, tensors = harmonic_basis(label.indices, label.axial)
    coefficients = values.reshape(len(values), -1) @ tensors.reshape(irreps.dim, -1).T
    trivial = [rows.start for irrep, rows in each_copy(irreps) if irrep == irreps.group.trivial]
    coefficients[:, trivial] -= counts @ _least_squares(counts, coefficients[:, trivial])
    return float(np.sqrt(np.mean(np.square(coefficients / counts.sum(1, keepdims=True)).sum(1)))) or 1.0


def isotropic(
    label: Label, known: Sequence[Structure], asked: Sequence[Structure]
) -> Float64[np.ndarray, "values *indices"]:
    """What the isotropic fit to some structures says of others: the prediction without a network."""
    spec = fitted(label, known)
    irreps, tensors = harmonic_basis(label.indices, label.axial)
    species = sorted(spec.reference)
    counts, values = _equations(label, asked, species, positive=False)
    weights = np.zeros((len(species), irreps.dim))
    trivial = [rows.start for irrep, rows in each_copy(irreps) if irrep == irreps.group.trivial]
    for row, number in enumerate(species):
        weights[row, trivial] = spec.reference[number]
    return (counts @ weights @ tensors.reshape(irreps.dim, -1)).reshape(values.shape)


def _equations(
    label: Label, structures: Sequence[Structure], species: Sequence[int], positive: bool
) -> tuple[Float64[np.ndarray, "values species"], Float64[np.ndarray, "values *indices"]]:
    """How many atoms of each species bring about each value: all, their fractions, one alone, half of two."""
    if label.per != "system":
        numbers = np.concatenate(
            [s.numbers[s.bonds] if label.per == "bond" else s.numbers for s in structures]
        )
        values = np.concatenate([structure.labels[label.name] for structure in structures])
        return (numbers.reshape(len(values), -1, 1) == np.array(species)).mean(1), values
    counts = np.array([[np.sum(s.numbers == z) for z in species] for s in structures], dtype=np.float64)
    sizes = counts.sum(1)
    if positive or not label.extensive:
        counts /= sizes[:, None]
    values = np.stack([structure.labels[label.name] for structure in structures])
    if not positive:
        return counts, values
    if label.extensive:  # the head adds up exponentials, atom by atom
        values /= sizes.reshape(-1, *(1,) * label.rank)
    return counts, logarithm(values, label)


def _least_squares(
    counts: Float64[np.ndarray, "values species"],
    targets: Float64[np.ndarray, "values copies"],
    alike: bool = False,
) -> Float64[np.ndarray, "species copies"]:
    """Weights of the species, as deviations from the one weight that serves them all best; or just that."""
    sizes = counts.sum(1)
    mean = sizes @ targets / (sizes @ sizes)
    if alike:
        return np.tile(mean, (counts.shape[1], 1))
    left = np.concatenate([counts, np.sqrt(RIDGE) * np.eye(counts.shape[1])])
    right = np.concatenate([targets - np.outer(sizes, mean), np.zeros((counts.shape[1], targets.shape[1]))])
    return mean + np.linalg.lstsq(left, right, rcond=None)[0]


def logarithm(
    values: Float64[np.ndarray, "systems *indices"], label: Label
) -> Float64[np.ndarray, "systems *indices"]:
    """Inverse of `heads.tensor.exponential`.

    Raises:
        InputError: a value is not positive definite.

    >>> from intertwine.data import LABELS
    >>> bool(np.abs(logarithm(np.eye(3)[None], LABELS["dielectric"])).max() < 1e-12)
    True
    """
    basis = CartesianTensor("ij=ji").embedding.reshape(6, 9)
    square = values if values.ndim == 3 else basis @ values.reshape(-1, 9, 9) @ basis.T
    sizes, vectors = np.linalg.eigh(square)
    if sizes.min() <= 0:
        worst = int(sizes.min(axis=1).argmin())
        raise InputError(
            f"{label.name} of training frame {worst} is not positive definite",
            got=f"an eigenvalue of {sizes.min():.3g} {label.unit}",
            fix="leave the frame out, or set positive to false",
        )
    logs = np.einsum("sij,sj,skj->sik", vectors, np.log(sizes), vectors)
    return logs if values.ndim == 3 else (basis.T @ logs @ basis).reshape(values.shape)
