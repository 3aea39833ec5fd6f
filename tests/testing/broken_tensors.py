"""Models with sound features whose tensors or responses break one thing each."""

from collections.abc import Collection
from typing import ClassVar, Literal

import torch
from torch import Tensor

from intertwine.data import LABELS
from intertwine.encoders import BodyOrderedSpec
from intertwine.graph import Graph
from intertwine.heads import TensorSpec
from intertwine.observables import Model, ModelSpec

REFERENCE = {1: -13.6, 8: -432.0}
HANDEDNESS = TensorSpec(unit="1", axial=True)
COUPLING = TensorSpec(unit="meV", indices="ij", per="bond")


def spec(
    *heads: str,
    field: Literal["none", "expansion", "density"] = "none",
    energy: bool = True,
    **more: TensorSpec,
) -> ModelSpec:
    """A small model with heads of the label table, one that tells left from right, and more."""
    tensors = {name: TensorSpec.of(LABELS[name]) for name in heads} | {"handedness": HANDEDNESS} | more
    degree = max(2, *(tensor.irreps.degree for tensor in tensors.values()))
    sizes = {"channels": 8, "message_channels": 4, "l_max": degree, "output_l": degree}
    return ModelSpec(
        encoder=BodyOrderedSpec(species=(1, 8), cutoff=4.0, field=field == "density", **sizes),
        reference_energies=REFERENCE if energy else {},
        heads=tensors,
        field=field,
        energy=energy,
    )


class Altered(Model):
    """A model whose answers pass through `changed` before anybody sees them."""

    def forward(
        self, graph: Graph, outputs: Collection[str] = ("energy", "forces"), create_graph: bool = False
    ) -> dict[str, Tensor]:
        found = super().forward(graph, outputs, create_graph)
        return {name: self.changed(name, value, graph) for name, value in found.items()}

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        return value


class Tensors(Altered):
    """Base of them all, which is sound itself."""

    heads_of_table: ClassVar = ("dipole", "polarisability", "hyperpolarisability", "charges", "dielectric")

    def __init__(self) -> None:
        torch.manual_seed(0)
        super().__init__(spec(*self.heads_of_table, field="expansion"))


class Polar(Tensors):
    """Every atom has a dipole along z."""

    breaks = ("tensors.rotation", "tensors.reflection", "tensors.crystal")
    keeps = ("tensors.translation", "tensors.permutation", "tensors.supercell", "tensors.extensivity")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        along = torch.tensor([0.0, 0.0, 1e-6]).double()
        return value + along * graph.counts[:, None] if name == "dipole" else value


class Blind(Tensors):
    """An axial number that does not know left from right."""

    breaks = ("tensors.reflection",)
    keeps = ("tensors.rotation", "tensors.crystal", "tensors.permutation", "rotation.forces")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        return value.abs() if name == "handedness" else value


class Lopsided(Tensors):
    """A polarisability that is not symmetric."""

    breaks = ("tensors.indices", "tensors.rotation")
    keeps = ("tensors.translation", "tensors.supercell", "response.polarisability")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        twist = torch.tensor([[0.0, 1e-6, 0], [-1e-6, 0, 0], [0, 0, 0]]).double()
        return value + twist * graph.counts[:, None, None] if name == "polarisability" else value


class Wavy(Tensors):
    """Charges that follow a wave in space."""

    breaks = ("tensors.translation", "tensors.lattice", "tensors.rotation")
    keeps = ("tensors.permutation", "tensors.indices", "response.dipole")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        return value + 1e-6 * torch.sin(graph.positions.sum(-1)) if name == "charges" else value


class Listed(Tensors):
    """Atoms listed later have more charge."""

    breaks = ("tensors.permutation", "tensors.supercell", "tensors.extensivity")
    keeps = ("tensors.translation", "tensors.rotation", "tensors.batch", "tensors.lattice")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        first = (graph.counts.cumsum(0) - graph.counts)[graph.batch]
        return value + 1e-6 * (torch.arange(graph.n_atoms) - first) if name == "charges" else value


class CellReader(Tensors):
    """A permittivity that depends on which lattice vectors were written down."""

    breaks = ("tensors.lattice", "tensors.supercell")
    keeps = ("tensors.rotation", "tensors.translation", "tensors.batch")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        edges = torch.log1p(graph.cell.square().sum((1, 2)))[:, None, None]
        return value * (1 + 1e-3 * edges) if name == "dielectric" else value


class Averaged(Tensors):
    """The polarisability of an atom, where that of the system was asked for."""

    breaks = ("tensors.supercell", "tensors.extensivity", "response.polarisability")
    keeps = ("tensors.rotation", "tensors.indices", "response.dipole", "tensors.crystal")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        return value / graph.counts[:, None, None] if name == "polarisability" else value


class Leaking(Tensors):
    """Charges in proportion to the mean size of the systems in the batch."""

    breaks = ("tensors.batch",)
    keeps = ("tensors.indices", "response.dipole")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        return value * graph.n_atoms / graph.n_systems if name == "charges" else value


class Rough(Tensors):
    """Loses half of float32's digits."""

    breaks = ("tensors.precision",)
    keeps = ("tensors.rotation", "tensors.batch", "precision.forces")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        rough = name == "charges" and self.dtype == torch.float32
        return value.to(torch.bfloat16).double() if rough else value


class Mute(Tensors):
    """A permittivity of nothing."""

    breaks = ("tensors.substance",)
    keeps = ("tensors.rotation", "tensors.supercell", "tensors.precision", "tensors.crystal")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        return torch.zeros_like(value) if name == "dielectric" else value


class Scaled(Tensors):
    """One output a ten-thousandth too large."""

    output: ClassVar[str]

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        return value * (1 + 1e-4) if name == self.output else value


class LargeDipole(Scaled):
    """So that it is not the slope of the energy, nor its own slopes what they should be."""

    output = "dipole"
    breaks = ("response.dipole", "response.polarisability", "response.born_charges")
    keeps = ("response.hyperpolarisability", "response.forces", "response.sum", "tensors.rotation")


class LargePolarisability(Scaled):
    """So that it is not the slope of the dipole."""

    output = "polarisability"
    breaks = ("response.polarisability", "response.hyperpolarisability")
    keeps = ("response.dipole", "response.forces", "tensors.indices")


class LargeHyperpolarisability(Scaled):
    """So that it is not the slope of the polarisability."""

    output = "hyperpolarisability"
    breaks = ("response.hyperpolarisability",)
    keeps = ("response.polarisability", "tensors.extensivity")


class Uncharged(Tensors):
    """Born charges that forget the charge of the system."""

    breaks = ("response.sum", "response.born_charges", "response.forces")
    keeps = ("response.dipole", "response.polarisability", "tensors.translation")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        if name != "born_charges" or graph.charge is None:
            return value
        share = (graph.charge / graph.counts)[graph.batch]
        return value - share[:, None, None] * torch.eye(3).double()


class Coupled(Tensors):
    """A sound coupling between atoms, too."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        Model.__init__(self, spec("charges", coupling=COUPLING))


class Shortsighted(Coupled):
    """A coupling between the atoms as they are written, whatever the cells in which they lie."""

    breaks = ("tensors.lattice", "tensors.supercell")
    keeps = ("tensors.rotation", "tensors.reflection", "tensors.permutation", "tensors.extensivity")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        if name != "coupling" or graph.bonds is None:
            return value
        first, second = graph.positions[graph.bonds].unbind(1)
        return value + 1e-6 * (second - first).square().sum(-1)[:, None, None] * torch.eye(3).double()


class Leaning(Coupled):
    """A coupling that knows where x is."""

    breaks = ("tensors.rotation", "tensors.reflection", "tensors.crystal")
    keeps = (
        "tensors.translation",
        "tensors.permutation",
        "tensors.lattice",
        "tensors.supercell",
        "tensors.batch",
    )

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        return value + 1e-6 * torch.tensor([1.0, 0, 0]).double().diag() if name == "coupling" else value


class Deaf(Tensors):
    """Forces that do not feel the field."""

    breaks = ("response.forces",)
    keeps = ("response.born_charges", "response.sum", "derivative.forces", "tensors.rotation")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        if name != "forces" or graph.electric_field is None:
            return value
        return Model.forward(self, graph.replace(electric_field=None), ("forces",))["forces"]


BROKEN = (
    Polar,
    Blind,
    Lopsided,
    Wavy,
    Listed,
    CellReader,
    Averaged,
    Leaking,
    Rough,
    Mute,
    LargeDipole,
    LargePolarisability,
    LargeHyperpolarisability,
    Uncharged,
    Shortsighted,
    Leaning,
    Deaf,
)
