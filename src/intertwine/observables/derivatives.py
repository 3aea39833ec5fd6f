"""The only place that differentiates: forces, stress, responses and Hessian of an energy functional."""

from collections.abc import Callable, Collection, Mapping, Sequence, Set

import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.graph import Graph, strained
from intertwine.ops.segment import segment_sum

AtomEnergies = Callable[[Graph], Float[Tensor, " atoms"]]

VARIABLES: Mapping[str, tuple[str, ...]] = {
    "forces": ("positions",),
    "stress": ("strain",),
    "virial": ("strain",),
    "dipole": ("field",),
    "polarisability": ("field",),
    "hyperpolarisability": ("field",),
    "born_charges": ("field", "positions"),
}
"""By what each output is differentiated."""

HIGHER = frozenset({"polarisability", "hyperpolarisability", "born_charges"})
"""Outputs that are second or third derivatives."""

DERIVATIVES = frozenset({"forces", "stress", "virial"})
"""Outputs that are first derivatives of the energy by positions and cell."""


def differentiate(
    energies_of: AtomEnergies, graph: Graph, wanted: Collection[str], create_graph: bool = False
) -> dict[str, Tensor]:
    """Energy and its derivatives.

        F = −∂E/∂x  (eV/Å),    virial W = −∂E/∂ε  (eV),    stress σ = ∂E/∂ε / V  (eV/Å³, tensile positive)
        µ = −∂E/∂𝓔  (e·Å),     α = −∂²E/∂𝓔²  (e²Å²/eV),    β = −∂³E/∂𝓔³  (e³Å³/eV²)
        Z*_ab = ∂µ_a/∂x_b = ∂F_b/∂𝓔_a  (e)

    ε is a symmetric strain acting as x → x + xε on positions and cell rows alike, 𝓔 the electric field, zero
    where the graph has none.

    Args:
        energies_of: atomic energies of a graph, differentiable in positions, cell and field.
        graph: where to evaluate.
        wanted: any of energy, energies, forces, stress, virial, dipole, polarisability, hyperpolarisability,
            born_charges.
        create_graph: keep the graph of the derivatives, to train on them.

    Returns:
        energy `(systems,)`, energies `(atoms,)` and what was wanted of forces `(atoms, 3)`, stress and virial
        `(systems, 3, 3)`, dipole `(systems, 3)`, polarisability `(systems, 3, 3)`, hyperpolarisability
        `(systems, 3, 3, 3)` and born_charges `(atoms, 3, 3)`; float64. The stress of a system that is not
        periodic in all three directions is its virial over the volume of the cell given, and zero where no
        volume is defined.
    """
    needed = set(VARIABLES) & set(wanted)
    with torch.set_grad_enabled(bool(needed) or torch.is_grad_enabled()):
        variables, moved = _variables(graph, {name for output in needed for name in VARIABLES[output]})
        energies = energies_of(moved)
        energy = segment_sum(energies, graph.batch, graph.n_systems)
        again = create_graph or bool(needed & HIGHER)
        gradients = _gradients(energy, variables, again)
        named = _named(gradients, graph, needed) | _responses(gradients, variables, needed, create_graph)
    results = {"energy": energy, "energies": energies, **named}
    if create_graph or not needed:
        return results
    return {name: value.detach() for name, value in results.items()}


def _variables(graph: Graph, needed: Set[str]) -> tuple[dict[str, Tensor], Graph]:
    """Fresh leaves for positions, strain and field, and the graph that depends on them."""
    variables: dict[str, Tensor] = {}
    if "positions" in needed:
        variables["positions"] = graph.positions.detach().requires_grad_(True)
    if "field" in needed:
        field = graph.electric_field
        field = graph.cell.new_zeros(graph.n_systems, 3) if field is None else field.detach()
        variables["field"] = field.requires_grad_(True)
    graph = graph.replace(
        positions=variables.get("positions", graph.positions),
        electric_field=variables.get("field", graph.electric_field),
    )
    if "strain" not in needed:
        return variables, graph
    strain = variables["strain"] = torch.zeros_like(graph.cell).requires_grad_(True)
    return variables, strained(graph, 0.5 * (strain + strain.transpose(1, 2)))


def _gradients(energy: Tensor, variables: dict[str, Tensor], create_graph: bool) -> dict[str, Tensor]:
    if not variables:
        return {}
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
    if "dipole" in needed:
        named["dipole"] = -gradients["field"]
    return named


def _responses(
    gradients: dict[str, Tensor], variables: dict[str, Tensor], needed: Set[str], create_graph: bool
) -> dict[str, Tensor]:
    """Second and third derivatives, each a backward pass per component of the one before."""
    if not needed & HIGHER:
        return {}
    third = "hyperpolarisability" in needed
    second = needed & HIGHER - {"hyperpolarisability"} | ({"polarisability"} if third else set())
    by = {name: variables[VARIABLES[name][-1]] for name in sorted(second)}
    found = jacobians(-gradients["field"], list(by.values()), create_graph or third)
    named = dict(zip(by, found, strict=True))
    if third:
        (beta,) = jacobians(named["polarisability"], [variables["field"]], create_graph)
        named["hyperpolarisability"] = beta
    return {name: value for name, value in named.items() if name in needed}


def jacobians(
    values: Float[Tensor, "systems *shape"], variables: Sequence[Tensor], create_graph: bool = False
) -> list[Tensor]:
    """∂ Σ_systems values / ∂ each variable `(rows, *axes)`, as `(rows, *shape, *axes)`.

    Exact where a row of a variable belongs to one system only. One backward pass a component of the values,
    whatever the number of variables.

    >>> x = torch.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    >>> jacobians(x**2, [x])[0][0].diagonal()
    tensor([2., 4., 6.])
    """
    passes = [
        _component_gradients(component, variables, create_graph) for component in values.flatten(1).unbind(1)
    ]
    shape = values.shape[1:]
    return [torch.stack(rows, dim=1).unflatten(1, shape) for rows in zip(*passes, strict=True)]


def _component_gradients(
    component: Tensor, variables: Sequence[Tensor], create_graph: bool
) -> tuple[Tensor, ...]:
    if not component.requires_grad:
        return tuple(torch.zeros_like(variable) for variable in variables)
    return torch.autograd.grad(
        component.sum(), variables, create_graph=create_graph, retain_graph=True, materialize_grads=True
    )


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
