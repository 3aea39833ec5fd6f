"""Body-ordered message passing: the default encoder of atoms."""

from typing import Annotated, Literal

import torch
from jaxtyping import Float, Int64
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from intertwine.encoders.conditions import Conditions
from intertwine.encoders.density import NeighbourDensity
from intertwine.encoders.features import AtomFeatures
from intertwine.encoders.geometry import edge_geometry
from intertwine.encoders.message import BondMessage
from intertwine.encoders.species import SpeciesIndex
from intertwine.graph import Graph
from intertwine.groups import Irreps
from intertwine.nn.schur_linear import SchurLinear
from intertwine.nn.sphere_product import SphereProduct


class BodyOrderedSpec(BaseModel):
    """Sizes of a `BodyOrderedEncoder`.

    >>> BodyOrderedSpec(species=(1, 6, 8)).cutoff
    5.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["body_ordered"] = "body_ordered"
    species: Annotated[tuple[int, ...], Field(min_length=1)]
    """Atomic numbers the model knows, ascending."""
    cutoff: Annotated[float, Field(gt=0)] = 5.0
    """Å; messages reach layers × cutoff."""
    channels: Annotated[int, Field(ge=1)] = 64
    """Many-body products of every atom, the width of its features."""
    message_channels: Annotated[int, Field(ge=1)] = 32
    """What an atom sends to its neighbours."""
    layers: Annotated[int, Field(ge=1)] = 2
    l_max: Annotated[int, Field(ge=1, le=6)] = 3
    """Highest degree of the neighbour density."""
    hidden_l: Literal[0, 1] = 1
    """Highest degree carried between layers."""
    output_l: Annotated[int, Field(ge=0, le=6)] = 0
    """Highest degree after the last layer: 0 for an energy, that of the tensor where a head wants one."""
    radial: Annotated[int, Field(ge=1)] = 8
    """Number of radial functions."""
    neighbours: Annotated[float, Field(gt=0)] = 12.0
    """Average number of neighbours in the training data (a scale, not a limit)."""
    field: bool = False
    """Feel an electric field in every product; see `Conditions`."""
    charge: bool = False
    """Feel the total charge."""

    @model_validator(mode="after")
    def _nothing_finer_than_the_density(self) -> "BodyOrderedSpec":
        if self.output_l > self.l_max:
            raise ValueError(f"output_l = {self.output_l} needs l_max of at least as much, not {self.l_max}")
        return self


class BodyOrderedLayer(nn.Module):
    """One layer: many-body products of what was gathered, mixed, plus a species-wise residual.

    h' = W · P[u(a₁ + v(a₂ + a₃ w))](A) + W_skip A_{l ≤ l_out} + R_z ∘ h
    """

    species_tables = ("orders", "residual_scale")

    def __init__(
        self, l_in: int, l_out: int, channels_in: int, channels: int, species: int, residual_l: int | None
    ) -> None:
        super().__init__()
        out = Irreps.spherical_harmonics(l_out)
        self.rows = out.dim
        self.product = SphereProduct(l_in, l_out, channels_in, channels)
        self.orders = nn.Parameter(1.0 + 0.3 * torch.randn(species, 3, channels))
        self.mix = SchurLinear(out, out, channels, channels)
        self.skip = SchurLinear(out, out, channels_in, channels)
        self.residual = None
        if residual_l is not None:
            self.residual = SchurLinear(Irreps.spherical_harmonics(residual_l), out, channels, channels)
            self.residual_scale = nn.Parameter(1.0 + 0.3 * torch.randn(species, 1, channels))

    def forward(
        self,
        gathered: Float[Tensor, "atoms lm channels_in"],
        species: Int64[Tensor, " atoms"],
        hidden: Float[Tensor, "atoms rows channels"] | None,
    ) -> Float[Tensor, "atoms rows_out channels"]:
        out = self.mix(self.product(gathered, self.orders[species])) + self.skip(gathered[:, : self.rows])
        if self.residual is not None and hidden is not None:
            out = out + self.residual(hidden) * self.residual_scale[species]
        return out


class BodyOrderedEncoder(nn.Module):
    """Graph of atoms to equivariant features by body-ordered message passing.

    The first layer expands the density of neighbours (`NeighbourDensity`) and takes products of up to three
    of them (`SphereProduct`): correlations of up to four bodies, so angles and torsions. Later layers gather
    what neighbours learned (`BondMessage`) and do the same. An atom without neighbours has features exactly
    zero, and every feature is C² in the positions, also where an atom crosses the cutoff.

    Body-ordered expansion: Drautz, Phys. Rev. B 99, 014104 (2019); message passing on it: Batatia et al.,
    NeurIPS 2022 (MACE). Products on the sphere's grid: see `SphereProduct`.

    >>> from intertwine.graph import build_graph
    >>> from intertwine.data import Structure
    >>> water = Structure(numbers=[8, 1, 1], positions=[[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
    >>> encoder = BodyOrderedEncoder(BodyOrderedSpec(species=(1, 8), channels=4))
    >>> [tuple(layer.shape) for layer in encoder(build_graph(water, cutoff=5.0)).layers]
    [(3, 4, 4), (3, 1, 4)]
    """

    def __init__(self, spec: BodyOrderedSpec) -> None:
        super().__init__()
        self.spec = spec
        self.species = SpeciesIndex(spec.species)
        kinds = len(spec.species)
        self.density = NeighbourDensity(spec.radial, kinds, spec.neighbours)
        self.conditions = None
        if spec.field or spec.charge:
            self.conditions = Conditions(kinds, self.density.channels, spec.field, spec.charge)
        degrees = [spec.hidden_l] * (spec.layers - 1) + [spec.output_l]
        sizes = spec.channels, spec.message_channels
        self.messages = nn.ModuleList(
            BondMessage(spec.l_max, spec.hidden_l, spec.radial, *sizes, spec.neighbours) for _ in degrees[1:]
        )
        gathered = [self.density.channels] + [spec.message_channels] * len(self.messages)
        self.layers = nn.ModuleList(
            BodyOrderedLayer(
                spec.l_max, l_out, width, spec.channels, kinds, None if k == 0 else spec.hidden_l
            )
            for k, (l_out, width) in enumerate(zip(degrees, gathered, strict=True))
        )
        self.irreps = tuple(Irreps.spherical_harmonics(l_out) for l_out in degrees)

    def forward(self, graph: Graph) -> AtomFeatures:
        species = self.species(graph.numbers)
        spec = self.spec
        edges = edge_geometry(graph, spec.l_max, spec.radial, spec.cutoff, self.density.species.dtype)
        density = self.density(edges, species)
        if self.conditions is not None and not (graph.charge is None and graph.electric_field is None):
            density = self.conditions(density, species, graph)
        hidden = self.layers[0](density, species, None)
        outputs: list[Float[Tensor, "atoms _ channels"]] = [hidden]
        for message, layer in zip(self.messages, self.layers[1:], strict=True):
            hidden = layer(message(edges, hidden), species, hidden)
            outputs.append(hidden)
        return AtomFeatures(tuple(outputs), self.irreps)
