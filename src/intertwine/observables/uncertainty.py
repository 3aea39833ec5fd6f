"""How sure is a model? The posterior of its last weights, in which its energy is linear.

Energy and force are E = E⁰ + Φ · w and F = −(∂Φ/∂x) · w with Φ = Σ_i s φ_i, eV, the sum of last features.
Other weights w' that explain the training labels about as well are distributed as

    w' ~ N(w, α² P⁻¹),    P = Σ ΦΦᵀ/N + λ Σ (∂Φ/∂x)(∂Φ/∂x)ᵀ + ζ² 1

with sums over training structures of N atoms and their force components: a label y = r · w constrains w
along its row r = ∂y/∂w, whatever its value. So any prediction with row r has the standard deviation
σ = α √(rᵀP⁻¹r), without a second model. Prediction rigidity: Bigi, Chong, Ceriotti & Grasselli, Mach. Learn.:
Sci. Technol. 5, 045018 (2024).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from intertwine.data import replacing
from intertwine.errors import InputError
from intertwine.graph import Graph
from intertwine.observables.model import Model
from intertwine.ops.segment import segment_sum
from intertwine.typing import PathLike

FORMAT = "intertwine uncertainty 1"


def energy_rows(model: Model, graph: Graph) -> Float[Tensor, "systems readouts"]:
    """Φ = ∂E/∂w of every system, eV, float64; differentiable in positions."""
    features = model.energy.head.last_features(model.encoder(graph)).double()
    return model.spec.scale * segment_sum(features, graph.batch, graph.n_systems)


def force_rows(
    model: Model, graph: Graph, components: Int64[Tensor, "systems chosen"]
) -> Float[Tensor, "systems chosen readouts"]:
    """∂F/∂w of chosen force components of every system, eV/Å, float64.

    One backward pass serves all systems and readouts: the gradient g(u) = ∂(u·Φ)/∂x is linear in u, so that
    the row of a component is the derivative of that component of −g by u.

    Args:
        model: whose forces are the derivative of its energy.
        graph: one system or a batch.
        components: 3·atom + axis, counted within each system.
    """
    positions = graph.positions.detach().requires_grad_(True)
    with torch.enable_grad():
        rows = energy_rows(model, graph.replace(positions=positions))
        probe = torch.ones_like(rows).requires_grad_(True)
        gradient = _gradient((probe * rows).sum(), positions, create_graph=True).flatten()
        first = 3 * (torch.cumsum(graph.counts, 0) - graph.counts)
        found = [_gradient(gradient[first + column].sum(), probe) for column in components.unbind(1)]
    return -torch.stack(found, dim=1)


class Committee(NamedTuple):
    """What members with other last weights say: energy, eV, and forces, eV/Å."""

    energy: Float[Tensor, "members systems"]
    forces: Float[Tensor, "members atoms 3"]


def committee(model: Model, graph: Graph, deviations: Float[Tensor, "members readouts"]) -> Committee:
    """Energy and forces of members whose last weights deviate by the rows of `deviations`.

    One pass through the encoder for all, one backward pass for each; each member conserves its own energy.
    """
    positions = graph.positions.detach().requires_grad_(True)
    with torch.enable_grad():
        energies = energy_rows(model, graph.replace(positions=positions)) @ deviations.T
        forces = [-_gradient(energy.sum(), positions) for energy in energies.unbind(1)]
    centre = model(graph, ("energy", "forces"))
    moved = (centre["energy"][:, None] + energies).T
    return Committee(moved.detach(), (centre["forces"] + torch.stack(forces)).detach())


@dataclass(frozen=True, eq=False)
class LastLayerPosterior:
    """Distribution N(w, α² P⁻¹) of the last weights of a model.

    Args:
        mean: w, the weights of the model itself.
        precision: P, symmetric and positive definite, float64.
        scales: α by quantity, `energy` and, where forces were calibrated, `forces`.
        force_weight: λ, Å²: what a force component counts beside an energy per √atom.
        ridge: ζ², eV².

    >>> precision = torch.diag(torch.tensor([4.0, 1.0])).double()
    >>> posterior = LastLayerPosterior(torch.ones(2), precision, {"energy": 2.0})
    >>> posterior.deviation(torch.eye(2).double(), "energy")
    tensor([1., 2.], dtype=torch.float64)
    """

    mean: Float[Tensor, " readouts"]
    precision: Float[Tensor, "readouts readouts"]
    scales: Mapping[str, float]
    force_weight: float = 0.0
    ridge: float = 0.0

    @cached_property
    def root(self) -> Float[Tensor, "readouts readouts"]:
        """L with P = L Lᵀ."""
        return torch.linalg.cholesky(self.precision)

    def deviation(self, rows: Float[Tensor, "*labels readouts"], of: str) -> Float[Tensor, "*labels"]:
        """σ = α √(rᵀP⁻¹r) of predictions with these rows: eV for an energy, eV/Å for a force."""
        return self.scale(of) * whitened(rows, self.root).norm(dim=-1)

    def draw(self, members: int, of: str, generator: torch.Generator) -> Float[Tensor, "members readouts"]:
        """Deviations w' − w of random members, of the spread that fits the errors of one quantity."""
        normal = torch.randn(members, len(self.precision), generator=generator, dtype=torch.float64)
        return self.scale(of) * torch.linalg.solve_triangular(self.root.T, normal.T, upper=True).T

    def scale(self, of: str) -> float:
        """α of a quantity.

        Raises:
            InputError: the quantity was not calibrated.
        """
        if of not in self.scales:
            raise InputError(f"the uncertainty of {of} was not calibrated", accepted=", ".join(self.scales))
        return self.scales[of]

    def check(self, model: Model) -> "LastLayerPosterior":
        """The same, or an error when it belongs to another model.

        Raises:
            InputError: the last weights are not those of `model`.
        """
        weights = model.energy.head.last_weights().detach().cpu()
        if weights.shape != self.mean.shape or not torch.equal(weights, self.mean.to(weights.dtype)):
            raise InputError("this uncertainty belongs to another model", fix="compute it again for this one")
        return self

    def save(self, path: PathLike) -> Path:
        """Write one `.safetensors` file, whole or not at all.

        Raises:
            InputError: the place cannot be written to.
        """
        header = {"scales": dict(self.scales), "force_weight": self.force_weight, "ridge": self.ridge}
        tensors = {"mean": self.mean.contiguous(), "precision": self.precision.contiguous()}
        with replacing(path) as scratch:
            scratch.write_bytes(save(tensors, metadata={"format": FORMAT, "header": json.dumps(header)}))
        return Path(path)

    @classmethod
    def load(cls, path: PathLike) -> "LastLayerPosterior":
        """Read what `save` wrote; nothing in the file can run.

        Raises:
            InputError: the file is missing or something else.
        """
        if not Path(path).is_file():
            raise InputError(f"no uncertainty at '{path}'", accepted="a .safetensors file of `evaluate`")
        try:
            with safe_open(path, framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in ("mean", "precision")}
                metadata = file.metadata()
            if metadata["format"] != FORMAT:
                raise KeyError(metadata["format"])
            return cls(**tensors, **json.loads(metadata["header"]))
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"'{path}' is not an uncertainty of a model", accepted=FORMAT) from error


def whitened(
    rows: Float[Tensor, "*labels readouts"], root: Float[Tensor, "readouts readouts"]
) -> Float[Tensor, "*labels readouts"]:
    """L⁻¹ r, whose squared length is rᵀ(L Lᵀ)⁻¹r.

    >>> whitened(torch.ones(1, 2), torch.diag(torch.tensor([2.0, 4.0])))
    tensor([[0.5000, 0.2500]])
    """
    flat = rows.reshape(-1, rows.shape[-1])
    return torch.linalg.solve_triangular(root, flat.T, upper=False).T.reshape(rows.shape)


def _gradient(value: Tensor, variable: Tensor, create_graph: bool = False) -> Tensor:
    (found,) = torch.autograd.grad(
        value, variable, create_graph=create_graph, retain_graph=True, materialize_grads=True
    )
    return found
