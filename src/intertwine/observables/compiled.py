"""A model's energy, forces and virial as one compiled call: no operation of torch, nothing stored per edge and channel."""

import ctypes
from typing import Any

import numpy as np
import torch
from ase.units import Bohr, Hartree
from torch import Tensor

from intertwine.graph import Graph
from intertwine.observables.packing import Packing
from intertwine.ops.native import address, kernel


class CompiledPotential:
    """The kernel's own copy of a model.

    Args:
        model: a `Model` that `Packing` can read.
    """

    def __init__(self, model: Any) -> None:
        packing = Packing(model)
        self.packing = packing
        with torch.no_grad():
            self._arrays = list(packing.arrays())
        self._tables = (ctypes.c_void_p * len(self._arrays))(*map(address, self._arrays))
        spec, energy = model.spec.encoder, model.energy
        numbers = [spec.cutoff, model.spec.scale, energy.cohesion.rate, model.encoder.density.scale, Hartree * Bohr]
        self._numbers = np.array(numbers)
        self._sizes = packing.sizes()
        self._run = kernel("potential", packing.dtype)
        self._run.restype = ctypes.c_long

    def __call__(self, graph: Graph, species: Tensor, derivatives: bool = True) -> dict[str, Tensor] | None:
        n, systems = graph.n_atoms, graph.n_systems
        energies = torch.empty(n, dtype=torch.float64)
        forces = torch.empty(n, 3, dtype=torch.float64)
        virial = torch.empty(systems, 3, 3, dtype=torch.float64)
        given = [species, graph.positions, graph.cell, graph.batch, graph.receiver, graph.sender, graph.shift]
        given = [array.contiguous() for array in given]
        threads = max(1, min(torch.get_num_threads(), -(-n // 8)))
        sizes = np.array([*self._sizes, n, systems, graph.n_edges, threads, derivatives], dtype=np.int64)
        graph_arrays = (ctypes.c_void_p * 7)(*map(address, given))
        results = (ctypes.c_void_p * 4)(*map(address, (energies, forces, virial, None)))
        status = self._run(address(sizes), address(self._numbers), self._tables, graph_arrays, results)
        if status:
            return None
        return {"energies": energies, "forces": forces, "virial": virial}
