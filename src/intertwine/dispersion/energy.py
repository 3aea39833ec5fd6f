"""The dispersion energy as a function that torch can differentiate twice."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from intertwine.dispersion.package import apart, damping, evaluate
from intertwine.dispersion.spec import DispersionSpec
from intertwine.graph import Graph
from intertwine.ops.segment import segment_sum

STEP = 0.005
"""Å: how far atoms are moved for second derivatives, at most."""

DIFFERENCES = {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}
"""Weights of the gradient at whole numbers of steps, for its slope with an error of the fourth order."""


class Dispersion(nn.Module):
    """D3 or D4 as the packages of their authors compute them; nothing in it is learned.

    All atoms of a system get the same share of its energy. First derivatives are the packages' own. Second
    ones, where somebody asks, are central differences of these: four evaluations for a product with the
    Hessian, right to 1e-8 eV/Å²; to some 1e-6 in bulk with D3, whose coordination numbers end abruptly.
    There are no third ones: torch raises where they are asked for.

    Args:
        spec: method and functional.

    Raises:
        InputError: no parameters for the functional.
        MissingExtraError: the package is not installed.
    """

    def __init__(self, spec: DispersionSpec) -> None:
        super().__init__()
        self.spec = spec
        damping(spec)

    def forward(self, graph: Graph, twice: bool = True) -> Float64[Tensor, " atoms"]:
        """Energy of each atom, eV, differentiable in positions and cell.

        Args:
            graph: one system or a batch; each with its own boundary condition.
            twice: whether anybody can ask for second derivatives. Training on forces does not, for no weight
                is in this energy; False spares it what they cost, and makes first derivatives constants.
        """
        energy = _Energy.apply(graph.positions, graph.cell, graph, self.spec, twice)
        return (energy / graph.counts).index_select(0, graph.batch)


class _Energy(torch.autograd.Function):
    """Energy of each system."""

    @staticmethod
    def forward(
        ctx: Any, positions: Tensor, cell: Tensor, graph: Graph, spec: DispersionSpec, twice: bool
    ) -> Tensor:
        energy, *gradients = _evaluated(graph, positions, cell, spec)
        ctx.save_for_backward(positions, cell, *gradients)
        ctx.graph, ctx.spec, ctx.twice = graph, spec, twice
        return energy

    @staticmethod
    def backward(ctx: Any, weight: Tensor) -> tuple[Tensor | None, ...]:
        positions, cell, *gradients = ctx.saved_tensors
        if ctx.twice and torch.is_grad_enabled():
            gradients = _Gradients.apply(positions, cell, *gradients, ctx.graph, ctx.spec)
        by_positions, by_cell = gradients
        scale = weight.index_select(0, ctx.graph.batch)
        return scale[:, None] * by_positions, weight[:, None, None] * by_cell, None, None, None


class _Gradients(torch.autograd.Function):
    """Its first derivatives, known already, as a function of positions and cells."""

    @staticmethod
    def forward(
        ctx: Any,
        positions: Tensor,
        cell: Tensor,
        by_positions: Tensor,
        by_cell: Tensor,
        graph: Graph,
        spec: DispersionSpec,
    ) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(positions, cell)
        ctx.graph, ctx.spec = graph, spec
        return by_positions.clone(), by_cell.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, move: Tensor, deform: Tensor) -> tuple[Tensor | None, ...]:
        positions, cell = ctx.saved_tensors
        graph, product = ctx.graph, [torch.zeros_like(positions), torch.zeros_like(cell)]
        size = _sizes(graph, move, deform)
        scales = (size.index_select(0, graph.batch)[:, None], size[:, None, None])
        steps = [STEP * way / scale for way, scale in zip((move, deform), scales, strict=True)]
        for count, weight in DIFFERENCES.items():
            _, *gradients = _evaluated(graph, positions + count * steps[0], cell + count * steps[1], ctx.spec)
            product = [
                total + weight * part * scale / STEP
                for total, part, scale in zip(product, gradients, scales, strict=True)
            ]
        return *product, None, None, None, None


def _sizes(
    graph: Graph, move: Float64[Tensor, "atoms 3"], deform: Float64[Tensor, "systems 3 3"]
) -> Float64[Tensor, " systems"]:
    """Length of the way in which each system is moved, by which it is divided."""
    square = segment_sum(move.square().sum(1), graph.batch, graph.n_systems) + deform.square().sum((1, 2))
    return torch.where(square > 0, square.sqrt(), 1.0)


def _evaluated(
    graph: Graph, positions: Tensor, cell: Tensor, spec: DispersionSpec
) -> tuple[Tensor, Tensor, Tensor]:
    """Energies `(systems,)`, and their gradients by positions `(atoms, 3)` and cells `(systems, 3, 3)`.

    Everything strained alike, x → x + xε, changes the energy by Σ ε·W; what of W is not the atoms' moving is
    the cell's:

        ∂E/∂cell = cell⁻ᵀ (W − xᵀg)    in the rows that repeat, zero in the others.
    """
    x, cells, numbers, pbc = (t.detach().cpu().numpy() for t in (positions, cell, graph.numbers, graph.pbc))
    charges = np.zeros(graph.n_systems) if graph.charge is None else graph.charge.detach().cpu().numpy()
    energy, by_positions, by_cell = np.zeros(graph.n_systems), np.zeros_like(x), np.zeros_like(cells)
    for system, (part, axes) in enumerate(zip(graph.parts, pbc, strict=True)):
        found = evaluate(spec, numbers[part], x[part], cells[system], axes, float(charges[system]))
        energy[system], by_positions[part] = found.energy, found.gradient
        if axes.any():
            rest = found.strain - x[part].T @ found.gradient
            whole = np.linalg.solve(apart(x[part], cells[system], axes).T, rest)
            by_cell[system, axes] = whole[axes]
    device = positions.device
    slopes = torch.from_numpy(by_positions).to(device), torch.from_numpy(by_cell).to(device)
    return torch.from_numpy(energy).to(device), *slopes
