"""Energy, forces and virial of a model in one compiled call, equal to what torch's operations give."""

import ctypes
from collections.abc import Collection
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch
from ase.units import Bohr, Hartree
from torch import Tensor, nn

from intertwine.encoders.body_ordered import BodyOrderedEncoder, BodyOrderedLayer
from intertwine.encoders.conditions import Conditions
from intertwine.encoders.density import NeighbourDensity
from intertwine.encoders.message import BondMessage
from intertwine.encoders.species import SpeciesIndex
from intertwine.graph import Graph
from intertwine.heads.scalar import ScalarHead
from intertwine.nn.constant import Constant
from intertwine.nn.invariant_network import InvariantNetwork
from intertwine.nn.schur_linear import BlockBatch, SchurLinear
from intertwine.nn.sphere_product import SphereProduct
from intertwine.observables.derivatives import DERIVATIVES, stress_from
from intertwine.observables.energy import EnergyTerms
from intertwine.observables.packing import Packing
from intertwine.observables.reference import ZBL, Cohesion, ReferenceEnergies
from intertwine.observables.spec import OUTPUTS
from intertwine.ops.native import address, function, kernel, pointers, usable

if TYPE_CHECKING:
    from intertwine.observables.model import Model

BLOCK = 8
"""Atoms that the kernel takes at once."""

MOST = {"layers": 8, "l_max": 6, "radial": 32}
"""Sizes for which the kernel has room."""

KNOWN = frozenset(OUTPUTS)
"""What the kernel computes, in no field and of neutral systems."""

PARTS = (
    *(
        BodyOrderedEncoder,
        BodyOrderedLayer,
        Conditions,
        NeighbourDensity,
        BondMessage,
        SpeciesIndex,
        SphereProduct,
    ),
    *(EnergyTerms, ScalarHead, InvariantNetwork, ReferenceEnergies, Cohesion, ZBL, Constant),
    *(SchurLinear, BlockBatch, nn.ModuleList, nn.ParameterList),
)
"""What the kernel knows to compute; a model with any other part in it runs in torch."""

_compiled: WeakKeyDictionary["Model", "CompiledPotential"] = WeakKeyDictionary()


def evaluate(model: "Model", graph: Graph, wanted: Collection[str]) -> dict[str, Tensor] | None:
    """What `differentiate` gives, detached, by the compiled call; None where that cannot be used.

    Args:
        model: any model.
        graph: where to evaluate.
        wanted: outputs of the model other than those read by heads.
    """
    if not KNOWN.issuperset(wanted) or not (graph.electric_field is None and graph.charge is None):
        return None
    potential = compiled(model) if graph.positions.is_cpu else None
    if potential is None:
        return None
    needed = DERIVATIVES.intersection(wanted)
    if not needed and torch.is_grad_enabled() and potential.learns(graph):
        return None
    found = potential(graph, bool(needed))
    if found is None:
        return None
    if "stress" in needed:
        found["stress"] = stress_from(-found["virial"], graph)
    return found


def compiled(model: "Model") -> "CompiledPotential | None":
    """The compiled evaluation of a model as it is now; None where it has none.

    The kernel reads its own copy of the weights. It is made when first asked for, and again when a weight or
    a part of the model has changed.
    """
    known = _compiled.get(model)
    if known is not None and known.still():
        return known if usable(*known.weights[:1]) else None
    _compiled.pop(model, None)
    if not usable(next(model.parameters())) or not _can_be_compiled(model):
        return None
    return _compiled.setdefault(model, CompiledPotential(model))


def _can_be_compiled(model: "Model") -> bool:
    spec = model.spec.encoder
    if not model.spec.energy or any(getattr(spec, name) > most for name, most in MOST.items()):
        return False
    return all(type(part) in PARTS for part in _parts(model)) and all(
        parameter.dtype == model.dtype and parameter.is_cpu for parameter in _weights(model)
    )


def _parts(model: "Model") -> list[nn.Module]:
    """Everything that the energy is made of."""
    return [part for whole in _wholes(model) for part in whole.modules()]


def _weights(model: "Model") -> list[Tensor]:
    return [weight for whole in _wholes(model) for weight in whole.parameters()]


def _wholes(model: "Model") -> list[nn.Module]:
    return [whole for whole in (model.encoder, model.energy, model.longrange) if whole is not None]


class CompiledPotential:
    """A model's weights as the kernel reads them, and the call.

    The kernel goes through the layers block by block of atoms and back again: it forms no tensor of size
    edges × channels, skips the edges beyond the cutoff and shares the blocks among torch's threads. The
    network runs in the precision of the weights; vectors are formed, and energies, forces and virials summed,
    in float64.

    Args:
        model: one whose energy is made of `PARTS` only, on the CPU and in one precision.
    """

    def __init__(self, model: "Model") -> None:
        packing = Packing(model)
        self.weights = _weights(model)
        self._dtype = model.dtype
        with torch.no_grad():
            self._arrays = list(packing.arrays())
            self._copies = [weight.clone(memory_format=torch.contiguous_format) for weight in self.weights]
        self._parts = [
            (table, name, part)
            for module in (model, *_parts(model))
            for table in (module._modules, module._parameters)
            for name, part in table.items()
        ]
        self._bytes = np.array([copy.nbytes for copy in self._copies], dtype=np.int64)
        self._numbers = np.array(
            [
                *(model.cutoff, model.spec.scale, model.energy.cohesion.rate, model.encoder.density.scale),
                Hartree * Bohr,
            ]
        )
        self._tables, self._snapshots = pointers(self._arrays), pointers(self._copies)
        self._sizes = packing.sizes()
        self._index = model.encoder.species
        self._species: tuple[Tensor, int, Tensor] | None = None
        self._run = kernel("potential", packing.dtype)

    def still(self) -> bool:
        """Whether the model's parts and weights are those this was made from, to the last bit."""
        for table, name, part in self._parts:
            if table.get(name) is not part:
                return False
        for weight in self.weights:
            if weight.dtype != self._dtype or not (weight.is_cpu and weight.is_contiguous()):
                return False
        count = ctypes.c_long(len(self.weights))
        arrays = pointers(self.weights), self._snapshots, address(self._bytes)
        return bool(function("same")(*arrays, count))

    def learns(self, graph: Graph) -> bool:
        """Whether somebody follows the gradient of a weight, or of positions and cell."""
        return any(tensor.requires_grad for tensor in (*self.weights, graph.positions, graph.cell))

    def __call__(self, graph: Graph, derivatives: bool = True) -> dict[str, Tensor] | None:
        """Energy `(systems,)` and energies `(atoms,)`; with `derivatives` forces `(atoms, 3)` and virial.

        None where a bond is shorter than a hundredth of the cutoff or not finite, or leads to no atom: there
        torch's operations say what the derivatives are, or what is wrong.

        Raises:
            InputError: an element that the model has never seen.
        """
        atoms, systems, empty = graph.n_atoms, graph.n_systems, graph.positions.new_empty
        results = {"energy": empty(systems), "energies": empty(atoms)}
        if derivatives:
            results |= {"forces": empty(atoms, 3), "virial": empty(systems, 3, 3)}
        given = [graph.positions, graph.cell, graph.batch, graph.receiver, graph.sender, graph.shift]
        given = [self._species_of(graph.numbers), *(array.contiguous() for array in given)]
        threads = max(1, min(torch.get_num_threads(), -(-atoms // BLOCK)))
        sizes = [*self._sizes, atoms, systems, graph.n_edges, threads, derivatives]
        status = self._run(
            *((ctypes.c_long * len(sizes))(*sizes), address(self._numbers), self._tables),
            *(pointers(given), pointers([*results.values(), *[None] * (4 - len(results))])),
        )
        if status == 2:
            raise MemoryError(f"no memory for {atoms} atoms with {graph.n_edges} edges")
        return None if status else results

    def _species_of(self, numbers: Tensor) -> Tensor:
        """Index of every atom's species; remembered, for atoms move more often than they change."""
        last = self._species
        if last is None or last[0] is not numbers or last[1] != numbers._version:
            last = self._species = (numbers, numbers._version, self._index(numbers).contiguous())
        return last[2]
