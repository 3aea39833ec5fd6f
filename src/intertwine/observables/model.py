"""Model = encoder + heads + observables."""

from collections.abc import Collection

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.encoders.body_ordered import BodyOrderedEncoder
from intertwine.errors import InputError, nearest
from intertwine.graph import Graph
from intertwine.heads.vector import DirectForceHead
from intertwine.observables.compiled import evaluate
from intertwine.observables.derivatives import DERIVATIVES, differentiate, hessian_of
from intertwine.observables.energy import EnergyTerms
from intertwine.observables.spec import ModelSpec
from intertwine.ops.segment import segment_sum

OUTPUTS = ("energy", "energies", "forces", "stress", "virial")
"""Everything that a model computes on request."""


class Model(nn.Module):
    """An interatomic potential: an invariant energy and its exact derivatives.

    Args:
        spec: what it is made of. Weights are drawn from torch's global generator.

    >>> from intertwine.data import Structure
    >>> from intertwine.encoders.body_ordered import BodyOrderedSpec
    >>> from intertwine.graph import build_graph
    >>> hydrogen = BodyOrderedSpec(species=(1,), channels=4)
    >>> model = Model(ModelSpec(encoder=hydrogen, reference_energies={1: -13.6}))
    >>> pair = Structure(numbers=[1, 1], positions=[[0.0, 0.0, 0.0], [0.0, 0.0, 0.74]])
    >>> out = model(build_graph(pair, model.cutoff), outputs=("energy", "forces"))
    >>> out["energy"].shape, out["forces"].sum(0).abs().max().item() < 1e-12
    (torch.Size([1]), True)
    """

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.spec = spec
        self.metadata: dict = {}
        self.encoder = BodyOrderedEncoder(spec.encoder)
        self.energy = EnergyTerms(spec)
        self.direct = DirectForceHead(spec.encoder.channels) if spec.forces == "direct" else None

    @property
    def cutoff(self) -> float:
        """Radius of the neighbour list, Å."""
        return self.spec.encoder.cutoff

    @property
    def species(self) -> tuple[int, ...]:
        """Atomic numbers the model knows."""
        return self.spec.encoder.species

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the weights; geometry and energy sums are float64 whatever it is."""
        return next(self.parameters()).dtype

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def forward(
        self, graph: Graph, outputs: Collection[str] = ("energy", "forces"), create_graph: bool = False
    ) -> dict[str, Tensor]:
        """Evaluate the outputs asked for.

        Two equal roads: operations of torch, and on a CPU one compiled call where nothing has to be
        differentiated further (`create_graph`, or an energy alone of weights that learn, ask for that).

        Args:
            graph: one system or a batch.
            outputs: any of energy (eV, `(systems,)`), energies (eV, `(atoms,)`), forces (eV/Å, `(atoms, 3)`),
                stress (eV/Å³, tensile positive, `(systems, 3, 3)`), virial (eV, `(systems, 3, 3)`).
            create_graph: keep the graph of the derivatives, to train on them.

        Raises:
            InputError: an output that does not exist, or an element the model has never seen.
        """
        _check(outputs)
        if self.direct is not None:
            results = self._without_derivatives(graph, outputs, create_graph)
        else:
            found = None if create_graph else evaluate(self, graph, outputs)
            results = found or differentiate(self.atom_energies, graph, outputs, create_graph)
        return {name: results[name] for name in outputs}

    def start_from_reference(self) -> "Model":
        """Silence the learned energy, so that training starts from reference and cohesion alone.

        A random start adds a random mean energy that many steps are spent on removing.
        """
        self.energy.head.silence()
        return self

    def atom_energies(self, graph: Graph) -> Float[Tensor, " atoms"]:
        """Energy of each atom, eV, `(atoms,)`, float64, differentiable in positions and cell."""
        return self.energy(graph, self.encoder(graph))

    def _without_derivatives(
        self, graph: Graph, outputs: Collection[str], create_graph: bool
    ) -> dict[str, Tensor]:
        """Direct forces from one pass; stress still from the energy, there being no other source."""
        assert self.direct is not None
        if DERIVATIVES & set(outputs) - {"forces"}:
            wanted = set(outputs) - {"forces"}
            rest = differentiate(self.atom_energies, graph, wanted, create_graph)
            return rest | {"forces": self.spec.scale * self.direct(self.encoder(graph)).double()}
        features = self.encoder(graph)
        energies = self.energy(graph, features)
        return {
            "energies": energies,
            "energy": segment_sum(energies, graph.batch, graph.n_systems),
            "forces": self.spec.scale * self.direct(features).double(),
        }


def hessian(model: Model, graph: Graph) -> Float[Tensor, "coordinates coordinates"]:
    """Matrix of second derivatives of the model's energy, eV/Å², `(3·atoms, 3·atoms)`.

    For a model with direct forces this is still the Hessian of its energy, which its forces do not follow.
    """
    return hessian_of(model.atom_energies, graph)


def _check(outputs: Collection[str]) -> None:
    for name in outputs:
        if name not in OUTPUTS:
            close = nearest(name, OUTPUTS)
            fix = f"write '{close}'" if close else None
            raise InputError(f"unknown output '{name}'", accepted=", ".join(OUTPUTS), fix=fix)
