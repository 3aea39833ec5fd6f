"""The only place that differentiates: forces, stress and Hessian of an energy functional."""

from collections.abc import Callable, Collection, Set

import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.graph import Graph, strained
from intertwine.ops.segment import segment_sum

AtomEnergies = Callable[[Graph], Float[Tensor, " atoms"]]

DERIVATIVES = frozenset({"forces", "stress", "virial"})
"""Outputs that are first derivatives of the energy."""


def differentiate(
    energies_of: AtomEnergies, graph: Graph, wanted: Collection[str], create_graph: bool = False
) -> dict[str, Tensor]:
    """Energy and its first derivatives.

        F = −∂E/∂x  (eV/Å),    virial W = −∂E/∂ε  (eV),    stress σ = ∂E/∂ε / V  (eV/Å³, tensile positive)

    ε is a symmetric strain acting as x → x + xε on positions and cell rows alike.

    Args:
        energies_of: atomic energies of a graph, differentiable in positions and cell.
        graph: where to evaluate.
        wanted: any of energy, energies, forces, stress, virial.
        create_graph: keep the graph of the derivatives, to train on them.

    Returns:
        energy `(systems,)`, energies `(atoms,)` and what was wanted of forces `(atoms, 3)`, stress and virial
        `(systems, 3, 3)`; float64. The stress of a system that is not periodic in all three directions is
        its virial over the volume of the cell given, and zero where no volume is defined.
    """
    needed = DERIVATIVES & set(wanted)
    with torch.set_grad_enabled(bool(needed) or torch.is_grad_enabled()):
        positions, strain, moved = _variables(graph, needed)
        energies = energies_of(moved)
        energy = segment_sum(energies, graph.batch, graph.n_systems)
        gradients = _gradients(energy, positions, strain, needed, create_graph)
    results = {"energy": energy, "energies": energies, **_named(gradients, graph, needed)}
    if create_graph or not needed:
        return results
    return {name: value.detach() for name, value in results.items()}


def _variables(graph: Graph, needed: Set[str]) -> tuple[Tensor, Tensor | None, Graph]:
    """Fresh leaves for positions and strain, and the graph that depends on them."""
    if not needed:
        return graph.positions, None, graph
    positions = graph.positions.detach().requires_grad_(True)
    moved = graph.replace(positions=positions)
    if not needed & {"stress", "virial"}:
        return positions, None, moved
    strain = torch.zeros_like(graph.cell).requires_grad_(True)
    return positions, strain, strained(moved, 0.5 * (strain + strain.transpose(1, 2)))


def _gradients(
    energy: Tensor, positions: Tensor, strain: Tensor | None, needed: Set[str], create_graph: bool
) -> dict[str, Tensor]:
    if not needed:
        return {}
    variables = {"positions": positions} if strain is None else {"positions": positions, "strain": strain}
    gradients = torch.autograd.grad(
        energy.sum(), list(variables.values()), create_graph=create_graph, materialize_grads=True
    )
    return dict(zip(variables, gradients, strict=True))


def _named(gradients: dict[str, Tensor], graph: Graph, needed: Set[str]) -> dict[str, Tensor]:
    named: dict[str, Tensor] = {}
    if "forces" in needed:
        named["forces"] = -gradients["positions"]
    if "virial" in needed:
        named["virial"] = -gradients["strain"]
    if "stress" in needed:
        named["stress"] = stress_from(gradients["strain"], graph)
    return named


def stress_from(gradient: Float[Tensor, "systems 3 3"], graph: Graph) -> Float[Tensor, "systems 3 3"]:
    """∂E/∂ε / V, eV/Å³; zero where no volume is defined."""
    volume = graph.volume[:, None, None]
    return torch.where(volume > 0, gradient / torch.where(volume > 0, volume, 1.0), 0.0)


def hessian_of(energies_of: AtomEnergies, graph: Graph) -> Float[Tensor, "coordinates coordinates"]:
    """Second derivatives ∂²E/∂x∂x of the total energy, eV/Å², `(3·atoms, 3·atoms)`, row by row.

    One backward pass per coordinate: exact, memory of a single pass. Order of coordinates: x, y, z of atom 0,
    then of atom 1, … The result is symmetrised; its asymmetry before that is rounding.
    """
    with torch.enable_grad():
        positions = graph.positions.detach().requires_grad_(True)
        energy = energies_of(graph.replace(positions=positions)).sum()
        (gradient,) = torch.autograd.grad(energy, positions, create_graph=True, materialize_grads=True)
        rows = [_row(component, positions) for component in gradient.flatten()]
    matrix = torch.stack(rows) if rows else positions.new_zeros(0, 0)
    return 0.5 * (matrix + matrix.T)


def _row(component: Tensor, positions: Tensor) -> Tensor:
    if not component.requires_grad:
        return torch.zeros_like(positions).flatten()
    (row,) = torch.autograd.grad(component, positions, retain_graph=True, materialize_grads=True)
    return row.flatten()
