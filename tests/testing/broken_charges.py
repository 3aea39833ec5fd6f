"""Models whose charges reach far and break one thing each."""

import torch
from broken_tensors import Altered
from torch import Tensor

from intertwine.electrostatics import LongRangeSpec
from intertwine.encoders import BodyOrderedSpec
from intertwine.graph import Graph
from intertwine.observables import ModelSpec


class Charged(Altered):
    """Base of them all, which is sound itself."""

    longrange_spec = LongRangeSpec()

    def __init__(self) -> None:
        torch.manual_seed(0)
        encoder = BodyOrderedSpec(species=(1, 8), cutoff=4.0, channels=8, message_channels=4)
        references = {1: -13.6, 8: -432.0}
        spec = ModelSpec(encoder=encoder, reference_energies=references, longrange=self.longrange_spec)
        super().__init__(spec)


class Shared(Charged):
    """Sound as well: charges that flow to where the energy is lowest."""

    longrange_spec = LongRangeSpec(charges="equilibration")
    breaks = ()
    keeps = ("charges.sum", "charges.coulomb", "derivative.forces", "supercell.energy", "cutoff.curvature")


class Leaky(Charged):
    """A thousandth of a charge is lost on every atom."""

    breaks = ("charges.sum", "charges.coulomb")
    keeps = ("rotation.energy", "wrapping.energy", "lattice.stress", "isolated.energy")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        return value - 1e-3 if name == "charges" else value


class Boasting(Charged):
    """The charges are right in sum, but not those that act."""

    breaks = ("charges.coulomb",)
    keeps = ("charges.sum", "derivative.stress", "batch.energy")

    def changed(self, name: str, value: Tensor, graph: Graph) -> Tensor:
        if name != "charges":
            return value
        mean = torch.zeros(graph.n_systems, dtype=value.dtype).index_add(0, graph.batch, value) / graph.counts
        return 2 * value - mean[graph.batch]


BROKEN = (Shared, Leaky, Boasting)
