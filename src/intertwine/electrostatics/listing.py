"""Pairs and waves listed beforehand, for programs that cannot search."""

from dataclasses import dataclass

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from intertwine.electrostatics.open_space import all_pairs, pair_energies
from intertwine.electrostatics.periodic import Bulk, wave_steps
from intertwine.electrostatics.sources import Sources
from intertwine.electrostatics.spec import LongRangeSpec
from intertwine.errors import InputError
from intertwine.graph import Graph


@dataclass(frozen=True, eq=False)
class Listing:
    """The pairs and waves of a graph, listed beforehand: what a compiled program cannot find by itself.

    Args:
        pairs: atoms i < j of the open systems, `(pairs, 2)`.
        waves: whole numbers of `wave_steps`, where the graph is one crystal, `(waves, 3)`.
        periodic: 1.0 for that crystal and 0.0 for open systems, `(systems,)`.
    """

    pairs: Int64[Tensor, "pairs 2"]
    waves: Float64[Tensor, "waves 3"]
    periodic: Float64[Tensor, " systems"]

    @classmethod
    def of(cls, graph: Graph, spec: LongRangeSpec) -> "Listing":
        """Of open systems, or of one crystal.

        Raises:
            InputError: several crystals, or slabs and wires.
        """
        device, axes = graph.positions.device, graph.pbc.sum(1)
        if bool(((axes != 0) & (axes != 3)).any()) or (graph.n_systems > 1 and bool(axes.any())):
            raise InputError(
                "a compiled program with charges takes molecules, or one crystal at a time",
                got=f"systems with {', '.join(map(str, sorted(set(axes.tolist()))))} periodic axes",
                fix="use the .safetensors file it was exported from",
            )
        crystal = bool(axes.any())
        counts = [] if crystal else graph.counts.tolist()
        waves = graph.positions.new_zeros(0, 3)
        if crystal:
            waves = wave_steps(graph.cell[0], spec.width, spec.accuracy)
        return cls(all_pairs(counts, device).T.contiguous(), waves, axes.double() / 3)

    def energies(self, graph: Graph, sources: Sources, spec: LongRangeSpec) -> Float64[Tensor, " atoms"]:
        """What `electrostatic_energies` gives of the graph, or of one with the same pairs and waves, eV."""
        pairs = pair_energies(graph.positions, self.pairs.T, sources, spec.width)
        crystal = self.periodic[0]
        cell = graph.cell[0] + (1 - crystal) * torch.eye(3, dtype=torch.float64, device=graph.cell.device)
        waves = Bulk(graph.positions, cell, spec.width, spec.accuracy, self.waves)
        return pairs + crystal * waves.energies(sources)
