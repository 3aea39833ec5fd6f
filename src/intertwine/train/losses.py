"""What a prediction costs: read from the label table, fair to frames that lack a label."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.data.labels import LABELS
from intertwine.graph import Graph
from intertwine.ops.norm import norm

Penalty = Callable[[Float[Tensor, "*shape"]], Float[Tensor, "*shape"]]


@dataclass(frozen=True)
class Deviation:
    """Prediction minus reference of one label in a batch; what is not labelled is zero and not counted.

    Args:
        values: differences in the unit of the label, per atom of the system where the label is extensive
            (energy: eV/atom; forces: eV/Å; stress: eV/Å³), float64, shape of the label.
        counted: 1 where labelled and 0 elsewhere, broadcastable to `values`; None where all is labelled.
    """

    values: Float[Tensor, "*shape"]
    counted: Tensor | None = None

    def mean(self, penalty: Penalty) -> Float[Tensor, ""]:
        """Mean penalty over what is labelled; zero when nothing is."""
        costs = penalty(self.values)
        if self.counted is None:
            return costs.mean()
        counted = (
            self.counted.flatten()
        )  # one number per atom, bond or system, whatever the shape of the label
        return costs.sum() / _as_column(counted, costs).expand_as(costs).sum().clamp(min=1)

    @property
    def count(self) -> Float[Tensor, ""]:
        """Number of labelled components."""
        if self.counted is None:
            return self.values.new_tensor(float(self.values.numel()))
        return self.counted.expand_as(self.values).sum()


def deviations(predicted: Mapping[str, Tensor], graph: Graph) -> dict[str, Deviation]:
    """Deviation of every label that is both predicted and known.

    Args:
        predicted: what the model says, by label name, float64.
        graph: the batch with its labels and masks.

    >>> import numpy as np
    >>> from intertwine.data import Structure
    >>> from intertwine.graph import build_graph
    >>> pair = Structure([1, 1], [[0.0, 0, 0], [0, 0, 0.74]], labels={"energy": np.array(-31.0)})
    >>> predicted = {"energy": torch.tensor([-31.4], dtype=torch.float64)}
    >>> deviations(predicted, build_graph(pair, 3.0))["energy"].values  # eV/atom: the energy is extensive
    tensor([-0.2000], dtype=torch.float64)
    """
    return {name: _deviation(name, value, graph) for name, value in predicted.items() if name in graph.labels}


def _deviation(name: str, predicted: Tensor, graph: Graph) -> Deviation:
    label = LABELS[name]
    values = predicted - graph.labels[name]
    if label.cyclic:
        values = nearest_image(values, graph)
    if label.extensive and label.per == "system":
        values = values / _as_column(graph.counts.to(values.dtype), values)
    mask = graph.labels.get(f"has_{name}")
    if mask is None:
        return Deviation(values)
    mask = mask.index_select(0, graph.system_of(label.per))
    counted = _as_column(mask.to(values.dtype), values)
    return Deviation(values * counted, counted)


def nearest_image(values: Float[Tensor, "systems 3"], graph: Graph) -> Float[Tensor, "systems 3"]:
    """Differences of cell dipoles, e·Å, less the nearest whole multiples of e × the periodic cell vectors.

    The polarisation of a crystal is defined up to those (King-Smith & Vanderbilt 1993).

    >>> from intertwine.data import Structure
    >>> from intertwine.graph import build_graph
    >>> import numpy as np
    >>> graph = build_graph(Structure([1], [[0, 0, 0]], cell=4 * np.eye(3), pbc=[True, True, False]), 3.0)
    >>> nearest_image(torch.tensor([[3.5, 0.5, 3.5]], dtype=torch.float64), graph)
    tensor([[-0.5000,  0.5000,  3.5000]], dtype=torch.float64)
    """
    periodic = graph.pbc.any(1)
    if not bool(periodic.any()):
        return values
    cell = torch.where(graph.pbc[:, :, None], graph.cell, 0.0)
    steps = (values.detach()[:, None] @ torch.linalg.pinv(cell)).round()
    return values - (steps @ cell)[:, 0]


def _as_column(rows: Tensor, values: Tensor) -> Tensor:
    """`(n,)` made broadcastable to `(n, …)`."""
    return rows.reshape(-1, *[1] * (values.ndim - 1))


def penalty(kind: str, delta: float = 0.01) -> Penalty:
    """The function of one deviation that is averaged.

        norm:   |d|, the length of a vector, the Frobenius norm of a tensor: one cost per atom or system
        mse:    d², a component
        huber:  d² for |d| ≤ δ,  δ(2|d| − δ) beyond, a component (Huber 1964, twice his normalisation)

    The norm turns with the vector, as the penalty of a component does not, and forgives outliers.

    >>> penalty("norm")(torch.tensor([[3.0, 4.0, 0.0]]))
    tensor([5.])

    >>> penalty("huber", delta=1.0)(torch.tensor([0.5, 3.0]))
    tensor([0.2500, 5.0000])
    """
    if kind == "norm":
        return lambda values: norm(values.unsqueeze(1).flatten(1))
    if kind == "mse":
        return torch.square
    return lambda values: (
        2.0 * torch.nn.functional.huber_loss(values, torch.zeros_like(values), reduction="none", delta=delta)
    )


def loss(
    found: Mapping[str, Deviation],
    weights: Mapping[str, float],
    penalty: Penalty = torch.square,
    logs: Mapping[str, Tensor] = MappingProxyType({}),
) -> Float[Tensor, ""]:
    """L = Σ_labels w · mean(penalty(deviation)): zero for a perfect prediction, linear in the weights.

    With `logs` s each term becomes e^{−s} L_label + s: the negative log-likelihood of deviations of a width
    that is learned, so that every label weighs as much as it is sure of itself (Kendall, Gal & Cipolla, CVPR
    2018).

    Args:
        found: from `deviations`.
        weights: by label name; a label without weight costs nothing.
        penalty: from `penalty`.
        logs: s by label name.

    >>> exact = {"energy": Deviation(torch.zeros(3))}
    >>> loss(exact, {"energy": 1.0})
    tensor(0.)
    """
    terms = [weights[name] * found[name].mean(penalty) for name in found if weights.get(name, 0.0) > 0.0]
    if logs:
        shares = [logs[name] for name in found if weights.get(name, 0.0) > 0.0]
        terms = [term * torch.exp(-share) + share for term, share in zip(terms, shares, strict=True)]
    return torch.stack(terms).sum() if terms else torch.zeros((), dtype=torch.float64)
