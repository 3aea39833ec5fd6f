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
from intertwine.encoders.density import NeighbourDensity
from intertwine.encoders.message import BondMessage
from intertwine.encoders.species import SpeciesIndex
from intertwine.graph import Graph
from intertwine.heads.scalar import ScalarHead
from intertwine.nn.constant import Constant
from intertwine.nn.invariant_network import InvariantNetwork
from intertwine.nn.schur_linear import SchurLinear
from intertwine.nn.sphere_product import SphereProduct
from intertwine.observables.derivatives import DERIVATIVES, named
from intertwine.observables.energy import EnergyTerms
from intertwine.observables.packing import Packing
from intertwine.observables.reference import ZBL, Cohesion, ReferenceEnergies
from intertwine.ops.native import address, function, kernel, usable
from intertwine.ops.segment import segment_sum

if TYPE_CHECKING:
    from intertwine.observables.model import Model

MOST = {"layers": 8, "l_max": 6, "radial": 32}
"""Sizes for which the kernel has room."""

PARTS = (
    *(BodyOrderedEncoder, BodyOrderedLayer, NeighbourDensity, BondMessage, SpeciesIndex, SphereProduct, SchurLinear),
    *(EnergyTerms, ScalarHead, InvariantNetwork, ReferenceEnergies, Cohesion, ZBL, Constant),
    *(nn.ModuleList, nn.ParameterList),
)
"""What the kernel knows to compute; a model with any other part in it runs in torch."""

_compiled: WeakKeyDictionary["Model", "CompiledPotential | None"] = WeakKeyDictionary()


def compiled(model: "Model") -> "CompiledPotential | None":
    """The compiled evaluation of a model as it is now; None where it has none.

    The kernel reads its own copy of the weights. It is made when first asked for, and again when a weight or
    a part of the model has changed.
    """
    if not usable(next(model.parameters())):
        return None
    known = _compiled.get(model)
    if known is None or not known.still(model):
        known = CompiledPotential(model) if _can_be_compiled(model) else None
        _compiled[model] = known
    return known


def _can_be_compiled(model: "Model") -> bool:
    spec = model.spec.encoder
    if model.direct is not None or any(getattr(spec, name) > most for name, most in MOST.items()):
        return False
    parts = [part for part in model.modules() if part is not model]
    return all(type(part) in PARTS for part in parts) and all(
        parameter.dtype == model.dtype and parameter.is_cpu for parameter in model.parameters()
    )


def evaluate(model: "Model", graph: Graph, wanted: Collection[str]) -> dict[str, Tensor] | None:
    """What `differentiate` gives, detached, by the compiled call; None where that cannot be used.

    Args:
        model: any model.
        graph: where to evaluate.
        wanted: any of energy, energies, forces, stress, virial.
    """
    derivatives = bool(DERIVATIVES & set(wanted))
    followed = [graph.positions, graph.cell, *model.parameters()]
    if not derivatives and torch.is_grad_enabled() and any(tensor.requires_grad for tensor in followed):
        return None
    potential = compiled(model) if graph.positions.is_cpu else None
    found = potential and potential(graph, model.encoder.species(graph.numbers), derivatives)
    if not found:
        return None
    energies = found["energies"]
    results = {"energies": energies, "energy": segment_sum(energies, graph.batch, graph.n_systems)}
    if derivatives:
        gradients = {"positions": -found["forces"], "strain": -found["virial"]}
        results |= named(gradients, graph, DERIVATIVES & set(wanted))
    return results


class CompiledPotential:
    """A model's weights as the kernel reads them, and the call.

    The kernel goes through the layers block by block of atoms and back again: it forms no tensor of size
    edges × channels, skips the edges beyond the cutoff and shares the blocks among torch's threads. The
    network runs in the precision of the weights; vectors are formed, and energies, forces and virials summed,
    in float64.

    Args:
        model: one that `compiled` accepts.
    """

    def __init__(self, model: "Model") -> None:
        packing = Packing(model)
        with torch.no_grad():
            self._arrays = list(packing.arrays())
            self._weights = [parameter.detach().clone() for parameter in model.parameters()]
        self._parts = [
            (table, name, part)
            for module in model.modules()
            for table in (module._modules, module._parameters)
            for name, part in table.items()
        ]
        self._parameters = list(model.parameters())
        self._bytes = np.array([weight.nbytes for weight in self._weights], dtype=np.int64)
        self._snapshots = _pointers(self._weights)
        self._tables = _pointers(self._arrays)
        density, cohesion = model.encoder.density, model.energy.cohesion
        self._numbers = np.array(
            [model.cutoff, model.spec.scale, cohesion.rate, density.scale, Hartree * Bohr], dtype=np.float64
        )
        self._sizes = packing.sizes()
        self._run = kernel("potential", packing.dtype)

    def still(self, model: "Model") -> bool:
        """Whether the model's parts and weights are those this was made from, to the last bit."""
        if not all(table.get(name) is part for table, name, part in self._parts):
            return False
        dtype = self._weights[0].dtype
        if not all(parameter.dtype == dtype and parameter.is_contiguous() for parameter in self._parameters):
            return False
        now = _pointers(self._parameters)
        return bool(function("same")(now, self._snapshots, address(self._bytes), ctypes.c_long(len(now))))

    def __call__(
        self, graph: Graph, species: Tensor, derivatives: bool = True
    ) -> dict[str, Tensor] | None:
        """Energies `(atoms,)`, and with `derivatives` forces `(atoms, 3)` and virial `(systems, 3, 3)`, float64.

        None where a bond is shorter than a hundredth of the cutoff or not finite: there torch's operations
        say what the derivatives are.
        """
        atoms, systems = graph.n_atoms, graph.n_systems
        given = [graph.positions, graph.cell, graph.batch, graph.receiver, graph.sender, graph.shift]
        given = [species.contiguous(), *(array.detach().contiguous() for array in given)]
        energies = graph.positions.new_empty(atoms)
        forces = graph.positions.new_empty(atoms if derivatives else 0, 3)
        virial = graph.positions.new_empty(systems if derivatives else 0, 3, 3)
        threads = max(1, min(torch.get_num_threads(), -(-atoms // 8)))
        sizes = np.array([*self._sizes, atoms, systems, graph.n_edges, threads, derivatives], dtype=np.int64)
        results = _pointers([energies, forces, virial, None])
        status = self._run(address(sizes), address(self._numbers), self._tables, _pointers(given), results)
        if status == 2:
            raise MemoryError(f"no memory for {atoms} atoms with {graph.n_edges} edges")
        if status:
            return None
        return {"energies": energies, "forces": forces, "virial": virial} if derivatives else {"energies": energies}


def _pointers(arrays: Collection[Tensor | np.ndarray | None]) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(arrays))(*map(address, arrays))
