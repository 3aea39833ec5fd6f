"""All second derivatives of the energy of a crystal, and what is left of them when the atoms may follow."""

from dataclasses import dataclass
from math import pi
from typing import Any

import torch
from ase.units import GPa
from jaxtyping import Float64
from torch import Tensor

from intertwine.electrostatics import COULOMB
from intertwine.errors import InputError
from intertwine.graph import Graph, strained
from intertwine.observables.derivatives import AtomEnergies, jacobians
from intertwine.observables.model import Model
from intertwine.units import factor

ACOUSTIC = 3
"""Directions in which a crystal moves as a whole, at no cost."""


@dataclass(frozen=True, eq=False)
class LinearResponse:
    """How a crystal answers displacements u, strain ε and electric field 𝓔, to first order in each.

    With K = ∂²E/∂u∂u, Λ = −∂²E/∂u∂ε, Z = −∂²E/∂u∂𝓔 and volume V, clamped-ion values are second derivatives at
    fixed fractional positions, relaxed-ion values let the atoms follow (Wu, Vanderbilt & Hamann, Phys. Rev. B
    72, 035105 (2005)):

        C = C̄ − Λᵀ K⁻¹ Λ/V,    e = ē + Zᵀ K⁻¹ Λ/V,    ε = ε̄ + 4π Zᵀ K⁻¹ Z/V

    K⁻¹ is taken on what is orthogonal to the translations. They are what an experiment sees if the forces
    vanish and no mode is unstable (`softest` > 0); elastic constants are those of Hooke's law if the
    stress vanishes too.

    Attributes:
        force_constants: K, eV/Å², `(3·atoms, 3·atoms)`.
        internal_strain: Λ, eV/Å, `(3·atoms, 3, 3)`.
        clamped_elastic, elastic: GPa, `(3, 3, 3, 3)`.
        born_charges: Z*_ab = ∂µ_a/∂x_b, e, `(atoms, 3, 3)`; None without a field in the energy.
        clamped_dielectric, dielectric: relative permittivity, high-frequency and static, `(3, 3)`; or None.
        clamped_piezoelectric, piezoelectric: proper, ∂P_i/∂ε_jk, C/m², `(3, 3, 3)`; or None.
    """

    force_constants: Float64[Tensor, "coordinates coordinates"]
    internal_strain: Float64[Tensor, "coordinates 3 3"]
    clamped_elastic: Float64[Tensor, "3 3 3 3"]
    elastic: Float64[Tensor, "3 3 3 3"]
    born_charges: Float64[Tensor, "atoms 3 3"] | None = None
    clamped_dielectric: Float64[Tensor, "3 3"] | None = None
    dielectric: Float64[Tensor, "3 3"] | None = None
    clamped_piezoelectric: Float64[Tensor, "3 3 3"] | None = None
    piezoelectric: Float64[Tensor, "3 3 3"] | None = None

    @property
    def softest(self) -> float:
        """Smallest eigenvalue of K but for the translations, eV/Å²; negative where E is no minimum."""
        projected = torch.linalg.eigvalsh(_without_translations(self.force_constants))
        return projected[projected.abs().argsort()][ACOUSTIC:].min().item()


def linear_response(model: Model, graph: Graph) -> LinearResponse:
    """Force constants, elastic constants and, where the model feels a field, Born charges, dielectric and
    piezoelectric tensors of one crystal: every one an exact derivative of its energy.

    One backward pass per coordinate, strain and field component.

    Args:
        model: with an energy.
        graph: one system, periodic along three axes.

    Raises:
        InputError: several systems, or no crystal.
    """
    return response_of(model.atom_energies, graph, field=model.spec.field != "none")


def response_of(energies_of: AtomEnergies, graph: Graph, field: bool) -> LinearResponse:
    """The same for any energy of a graph, differentiable in positions, cell and, if `field`, the field."""
    if graph.n_systems != 1 or not bool(graph.pbc.all()):
        raise InputError(
            "linear response needs one crystal",
            got=f"{graph.n_systems} systems, pbc {graph.pbc.tolist()}",
            accepted="one system that is periodic along three axes",
        )
    with torch.enable_grad():
        moves = graph.positions.detach().requires_grad_(True)
        strain = torch.zeros_like(graph.cell).requires_grad_(True)
        push = graph.cell.new_zeros(1, 3) if graph.electric_field is None else graph.electric_field.detach()
        push = push.requires_grad_(True)
        moved = graph.replace(positions=moves, electric_field=push if field else graph.electric_field)
        energy = energies_of(strained(moved, 0.5 * (strain + strain.transpose(1, 2)))).sum()
        variables = (moves, strain, push) if field else (moves, strain)
        gradients = torch.autograd.grad(energy, variables, create_graph=True, materialize_grads=True)
        rows = [jacobians(gradient.reshape(1, -1), variables) for gradient in gradients]
    by_moves = rows[0][0].permute(1, 0, 2).flatten(1)
    by_strain = [row[1][0] for row in rows]
    by_push = [row[2][0] for row in rows] if field else []
    return _assembled(graph, by_moves, by_strain, by_push, -gradients[-1].detach()[0] if field else None)


def _assembled(
    graph: Graph, stiffness: Tensor, by_strain: list[Tensor], by_push: list[Tensor], dipole: Tensor | None
) -> LinearResponse:
    """Tensors in their units from second derivatives: rows are coordinates, strains and fields."""
    volume = graph.volume[0]
    stiffness = 0.5 * (stiffness + stiffness.T)
    internal, rigid = -by_strain[0], by_strain[1].reshape(3, 3, 3, 3)
    follow = torch.linalg.pinv(_without_translations(stiffness), hermitian=True, rtol=1e-10)
    strains = internal.flatten(1)
    softening = (strains.T @ follow @ strains).reshape(3, 3, 3, 3)
    found: dict[str, Any] = {
        "force_constants": stiffness,
        "internal_strain": internal,
        "clamped_elastic": rigid / volume / GPa,
        "elastic": (rigid - softening) / volume / GPa,
    }
    if dipole is None:
        return LinearResponse(**found)
    born = -by_push[0]  # (coordinates, field)
    unit = factor("e/Å^2", "piezoelectric") / volume
    one, scale = torch.eye(3, dtype=torch.float64, device=volume.device), 4 * pi * COULOMB / volume
    rigid_piezo = -by_strain[2].reshape(3, 3, 3) - _turned_along(dipole)
    found["born_charges"] = born.reshape(-1, 3, 3).transpose(1, 2)
    found["clamped_dielectric"] = one - scale * by_push[2]
    found["dielectric"] = found["clamped_dielectric"] + scale * born.T @ follow @ born
    found["clamped_piezoelectric"] = unit * rigid_piezo
    found["piezoelectric"] = unit * (rigid_piezo + (born.T @ follow @ strains).reshape(3, 3, 3))
    return LinearResponse(**found)


def _turned_along(dipole: Float64[Tensor, "3"]) -> Float64[Tensor, "3 3 3"]:
    """½(δ_ij µ_k + δ_ik µ_j): what a strain does to a dipole that is glued to the lattice."""
    one = torch.eye(3, dtype=dipole.dtype, device=dipole.device)
    glued = torch.einsum("ij,k->ijk", one, dipole)
    return 0.5 * (glued + glued.transpose(1, 2))


def _without_translations(stiffness: Tensor) -> Tensor:
    """K with the three rigid translations projected out."""
    size = len(stiffness)
    together = torch.eye(3, dtype=stiffness.dtype, device=stiffness.device).repeat(size // 3, 1)
    projector = torch.eye(size, dtype=stiffness.dtype, device=stiffness.device)
    projector = projector - together @ together.T / (size // 3)
    return projector @ stiffness @ projector
