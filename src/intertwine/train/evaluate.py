"""How far a model is from labels: errors by property, and the numbers behind a parity plot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from intertwine.data import LABELS, Label, Structure
from intertwine.graph import Graph, build_graph, collate
from intertwine.heads.tensor import harmonic_basis
from intertwine.observables import Model
from intertwine.train.losses import nearest_image
from intertwine.train.tally import unit_of

ZERO = 1e-24
"""Spread of a reference, per value, that is only the rounding of something that vanishes by symmetry."""


@dataclass(frozen=True)
class Errors:
    """Errors over n numbers: mean absolute, root mean square, and the explained part of the variance.

        R² = 1 − Σ(predicted − reference)² / Σ(reference − mean)²   (NaN if the references are equal)

    >>> Errors.between(np.array([1.0, 2.0]), np.array([1.0, 3.0]), "eV").mae
    0.5
    """

    mae: float
    rmse: float
    r2: float
    n: int
    unit: str

    @classmethod
    def between(
        cls, predicted: Float[np.ndarray, " n"], reference: Float[np.ndarray, " n"], unit: str
    ) -> "Errors":
        """Errors of predictions against references."""
        deviation = predicted - reference
        spread = float(((reference - reference.mean()) ** 2).sum())
        square = float((deviation**2).sum())
        return cls(
            mae=float(np.abs(deviation).mean()),
            rmse=(square / len(deviation)) ** 0.5,
            r2=1.0 - square / spread if spread > ZERO * reference.size else float("nan"),
            n=len(deviation),
            unit=unit,
        )


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a model said of labelled structures.

    Args:
        errors: by property: every label, the same per atom where it is extensive (`energy_per_atom`), and the
            irreducible parts of tensors, `polarisability[2e]`, as coefficients of orthonormal tensors.
        predicted: numbers behind each of them, flat; forces and stress component by component.
        reference: the labels, in the same order.
    """

    errors: Mapping[str, Errors]
    predicted: Mapping[str, Float[np.ndarray, " n"]]
    reference: Mapping[str, Float[np.ndarray, " n"]]

    def record(self) -> dict[str, dict[str, Any]]:
        """The errors as plain values for a JSON file; NaN becomes None."""
        return {
            name: {key: None if value != value else value for key, value in asdict(errors).items()}
            for name, errors in self.errors.items()
        }


def evaluate(
    model: Model,
    structures: Sequence[Structure],
    batch_size: int = 32,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Compare a model with the labels of structures.

    Args:
        model: on any device; its own neighbour cutoff is used.
        structures: labels may be missing here and there; what is missing is not compared.
        batch_size: structures at a time; it changes the memory needed, not the result.
        progress: called with the number of structures done.

    Returns:
        Errors with units and the numbers behind them. Empty if no structure has a label.

    Raises:
        InputError: an element that the model has never seen.
    """
    pairs: dict[str, list[tuple[np.ndarray, ...]]] = {}
    device = next(model.parameters()).device
    for start in range(0, len(structures), batch_size):
        chunk = structures[start : start + batch_size]
        batch = collate([build_graph(structure, model.cutoff) for structure in chunk])
        names = tuple(name for name in LABELS if name in batch.labels and name in model.outputs)
        if names:
            with torch.no_grad():
                predicted = model(batch.to(device), outputs=names)
            _gather(pairs, batch, {name: value.detach().cpu() for name, value in predicted.items()})
        if progress is not None:
            progress(min(start + batch_size, len(structures)))
    said = {name: np.concatenate([one[0] for one in found]) for name, found in pairs.items()}
    true = {name: np.concatenate([one[1] for one in found]) for name, found in pairs.items()}
    errors = {name: Errors.between(said[name], true[name], _unit(name)) for name in pairs}
    return Evaluation(errors, predicted=said, reference=true)


def _gather(pairs: dict[str, list], batch: Graph, predicted: Mapping[str, torch.Tensor]) -> None:
    """Append the labelled numbers of a batch, prediction beside reference."""
    counts = batch.counts.double()
    for name, value in predicted.items():
        label, mask = LABELS[name], batch.labels.get(f"has_{name}")
        rows = slice(None) if mask is None else mask[batch.system_of(label.per)]
        reference = batch.labels[name]
        if label.cyclic:
            value = reference + nearest_image(value - reference, batch)
        sides = [value[rows], reference[rows]]
        pairs.setdefault(name, []).append(tuple(side.flatten().numpy() for side in sides))
        for part, tensors in irreducible_parts(label).items():
            coefficients = tuple((side.flatten(1).numpy() @ tensors.T).ravel() for side in sides)
            pairs.setdefault(f"{name}[{part}]", []).append(coefficients)
        if label.extensive and label.per == "system":
            sizes = counts[rows].reshape(-1, *[1] * label.rank)
            per_atom = tuple((side / sizes).flatten().numpy() for side in sides)
            pairs.setdefault(f"{name}_per_atom", []).append(per_atom)


def irreducible_parts(label: Label) -> dict[str, Float[np.ndarray, "rows entries"]]:
    """Orthonormal tensors that span each kind of irrep in a tensor; none where there is only one kind.

    >>> {part: len(tensors) for part, tensors in irreducible_parts(LABELS["polarisability"]).items()}
    {'0e': 1, '2e': 5}
    """
    if not label.indices or label.name in ("forces", "stress"):
        return {}
    irreps, tensors = harmonic_basis(label.indices, label.axial)
    flat = tensors.reshape(irreps.dim, -1)
    if len(irreps) == 1:
        return {}
    return {str(irrep): flat[rows] for (_, irrep), rows in zip(irreps, irreps.slices(), strict=True)}


def _unit(name: str) -> str:
    label = name.partition("[")[0]
    return LABELS[label].unit if label in LABELS else unit_of(label.removesuffix("_per_atom"))
