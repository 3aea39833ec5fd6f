"""Model = encoder + heads + observables."""

from collections.abc import Collection
from typing import cast

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from intertwine.electrostatics import total_dipole
from intertwine.encoders.body_ordered import BodyOrderedEncoder
from intertwine.encoders.features import AtomFeatures
from intertwine.errors import InputError, nearest
from intertwine.graph import Graph
from intertwine.heads.tensor import TensorHead
from intertwine.heads.vector import DirectForceHead
from intertwine.observables.compiled import evaluate
from intertwine.observables.derivatives import VARIABLES, differentiate, hessian_of
from intertwine.observables.energy import EnergyTerms
from intertwine.observables.field import dipole_of_charge, field_energy
from intertwine.observables.longrange import Charged, LongRange
from intertwine.observables.spec import EXPANSION, ModelSpec


class Model(nn.Module):
    """An invariant energy and its exact derivatives, and any tensors beside it, on one encoder.

    Args:
        spec: what it is made of. Weights are drawn from torch's global generator.

    Raises:
        InputError: a head bears the name of a label that means something else.

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

    energy: EnergyTerms

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.spec = spec
        self.metadata: dict = {}
        self.encoder = BodyOrderedEncoder(spec.encoder)
        if spec.energy:
            self.energy = EnergyTerms(spec)
        self.direct = DirectForceHead(spec.encoder.channels) if spec.forces == "direct" else None
        sizes = spec.encoder.species, spec.encoder.channels, spec.encoder.layers, spec.encoder.output_l
        for name, head in spec.heads.items():
            head.declare(name)
        self.longrange = None
        if spec.longrange is not None:
            self.longrange = LongRange(spec.longrange, *sizes, field=spec.field != "none")
        self.heads = nn.ModuleDict({name: TensorHead(head, *sizes) for name, head in spec.heads.items()})

    @property
    def cutoff(self) -> float:
        """Radius of the neighbour list, Å."""
        return self.spec.encoder.cutoff

    @property
    def species(self) -> tuple[int, ...]:
        """Atomic numbers the model knows."""
        return self.spec.encoder.species

    @property
    def outputs(self) -> tuple[str, ...]:
        """Everything that it computes on request."""
        return self.spec.outputs

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
            outputs: any of `self.outputs`: energy (eV, `(systems,)`), energies (eV, `(atoms,)`), forces
                (eV/Å, `(atoms, 3)`), stress (eV/Å³, tensile positive, `(systems, 3, 3)`), virial (eV,
                `(systems, 3, 3)`), responses to a field as in `differentiate`, charges (e, `(atoms,)`) of a
                long-range model, the remainder (e, `(systems,)`) that was dealt out among them so that they
                add up, and what has a head, with one value of the shape of its indices per system, atom or
                bond.
            create_graph: keep the graph of the derivatives, to train on them.

        Raises:
            InputError: an output that does not exist, or an element the model has never seen.
        """
        self._check(outputs)
        read = [name for name in outputs if self._is_read(name)]
        rest = [name for name in outputs if name not in read]
        if self.direct is not None and "forces" in rest:
            return self._with_direct_forces(graph, outputs, create_graph)
        if not rest:
            return self._read(graph, self.encoder(graph), read)
        found = None if create_graph else evaluate(self, graph, rest)
        if found is not None:
            found |= self._read(graph, self.encoder(graph), read) if read else {}
        else:
            found = self._in_torch(graph, rest, read, create_graph)
        return {name: found[name] for name in outputs}

    def start_from_reference(self) -> "Model":
        """Silence the learned energy and all heads, so that training starts from what is known without them.

        A random start adds a random mean energy that many steps are spent on removing.
        """
        if self.spec.energy and self.spec.field != "density":
            self.energy.head.silence()
        for head in self.heads.values():
            cast("TensorHead", head).silence()
        return self

    def atom_energies(self, graph: Graph) -> Float[Tensor, " atoms"]:
        """Energy of each atom, eV, `(atoms,)`, float64, differentiable in positions, cell and field.

        Raises:
            InputError: the model has no energy.
        """
        if not self.spec.energy:
            raise InputError("this model has no energy", accepted=", ".join(self.outputs))
        features = self.encoder(graph)
        return self._atom_energies(graph, features, self._charged(graph, features))

    def _atom_energies(
        self, graph: Graph, features: AtomFeatures, charged: Charged | None, twice: bool = True
    ) -> Float[Tensor, " atoms"]:
        energies = self.energy(graph, features, twice)
        if self.longrange is not None and charged is not None:
            energies = energies + self.longrange.energies(graph, charged)
        if graph.electric_field is None or self.spec.field == "none":
            return energies
        terms = [name for name in EXPANSION if name in self.heads and self.spec.field == "expansion"]
        responses = self._intrinsic(graph, features, terms)
        share = field_energy(graph, responses, charged=self.longrange is None) / graph.counts
        return energies + share.index_select(0, graph.batch)

    def _charged(self, graph: Graph, features: AtomFeatures) -> Charged | None:
        return None if self.longrange is None else self.longrange(graph, features, self._species(graph))

    def _read(
        self,
        graph: Graph,
        features: AtomFeatures,
        names: Collection[str],
        charged: Charged | None = None,
    ) -> dict[str, Tensor]:
        """What heads and charges say; of a dipole the charges of atoms, or that of the system, are a part."""
        values = self._intrinsic(graph, features, [name for name in names if name in self.heads])
        if set(self.spec.moments).intersection(names):
            charged = charged or self._charged(graph, features)
            assert charged is not None
            values["charges"] = charged.sources.charges
            if charged.remainder is not None:
                values["remainder"] = charged.remainder
            values["dipole"] = total_dipole(graph, charged.sources) + values.get("dipole", 0.0)
        elif "dipole" in values and graph.charge is not None:
            values["dipole"] = values["dipole"] + dipole_of_charge(graph, graph.charge)
        return {name: values[name] for name in names}

    def _intrinsic(self, graph: Graph, features: AtomFeatures, names: Collection[str]) -> dict[str, Tensor]:
        species = self._species(graph)
        return {name: self.heads[name](features, species, graph) for name in names}

    def _species(self, graph: Graph) -> Int64[Tensor, " atoms"]:
        return self.encoder.species(graph.numbers)

    def _is_read(self, name: str) -> bool:
        """Whether it is read off the features, and no derivative of the energy."""
        derived = self.spec.field != "none" and name in EXPANSION
        return not derived and (name in self.heads or name in self.spec.moments)

    def _in_torch(
        self, graph: Graph, derivatives: Collection[str], read: Collection[str], create_graph: bool
    ) -> dict[str, Tensor]:
        """Derivatives of the energy, and heads on the same features."""
        heads: dict[str, Tensor] = {}
        # `differentiate` moves positions of its own, unless the caller's can be differentiated by
        twice = graph.positions.requires_grad or graph.cell.requires_grad

        def energies_of(moved: Graph) -> Float[Tensor, " atoms"]:
            features = self.encoder(moved)
            charged = self._charged(moved, features)
            heads.update(self._read(moved, features, read, charged))
            return self._atom_energies(moved, features, charged, twice)

        found = differentiate(energies_of, graph, derivatives, create_graph)
        if not create_graph and set(VARIABLES).intersection(derivatives):
            heads = {name: value.detach() for name, value in heads.items()}
        return found | heads

    def _with_direct_forces(
        self, graph: Graph, outputs: Collection[str], create_graph: bool
    ) -> dict[str, Tensor]:
        """Direct forces; all else, the stress too, as of any model."""
        assert self.direct is not None
        rest = [name for name in outputs if name != "forces"]
        found = self(graph, rest, create_graph) if rest else {}
        found["forces"] = self.spec.scale * self.direct(self.encoder(graph)).double()
        return {name: found[name] for name in outputs}

    def _check(self, outputs: Collection[str]) -> None:
        for name in outputs:
            if name not in self.outputs:
                close = nearest(name, self.outputs)
                fix = f"write '{close}'" if close else None
                raise InputError(f"unknown output '{name}'", accepted=", ".join(self.outputs), fix=fix)


def hessian(model: Model, graph: Graph) -> Float[Tensor, "coordinates coordinates"]:
    """Matrix of second derivatives of the model's energy, eV/Å², `(3·atoms, 3·atoms)`.

    For a model with direct forces this is still the Hessian of its energy, which its forces do not follow.
    """
    return hessian_of(model.atom_energies, graph)
