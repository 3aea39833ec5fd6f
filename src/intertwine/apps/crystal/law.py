"""Energy density of a crystal as a function of its deformation."""

import math
from typing import Annotated, Literal

import numpy as np
import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn.functional import softplus

from intertwine.apps.crystal.polyconvex import PolyconvexNetwork
from intertwine.apps.crystal.strain import cayley_strain, right_cauchy_green, volume_ratio
from intertwine.groups import CartesianTensor, FiniteGroup, get_group
from intertwine.nn import InvariantPolynomials, OrbitNetwork, symmetrize
from intertwine.nn.constant import Constant

IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Row = tuple[float, float, float]


class LawSpec(BaseModel):
    """What a law is made of, apart from its weights.

    >>> LawSpec(group="m-3m").point_group.order
    48
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    group: str
    """Point group of the crystal, any of the 32, as `Oh` or `m-3m`."""
    orientation: tuple[Row, Row, Row] = IDENTITY
    """Proper rotation that carries the group's standard setting into the axes of F."""
    construction: Literal["orbit", "average", "polyconvex"] = "orbit"
    """Symmetric weights; any network averaged over the group; or a polyconvex energy."""
    width: Annotated[int, Field(ge=1)] = 32
    """Functions on the group, or hidden units."""
    invariants: Annotated[int, Field(ge=1)] = 16
    """Hidden invariants after them."""
    expansion: Annotated[int, Field(ge=0, le=6)] = 4
    """Degree of the invariant polynomials of strain beside the network; 0 or 1 for none."""
    growth: bool = False
    """Whether a learned multiple of J + 1/J − 2 makes the energy grow without bound as J → 0 and J → ∞."""
    strain_scale: Positive = 0.05
    """Typical strain; what the network counts strains in."""
    stress_scale: Positive = 0.05
    """Typical stress, in the unit of the labels; what the network counts energies in."""
    unit: str = "eV/Å³"
    """Of energy density and stress."""

    @property
    def point_group(self) -> FiniteGroup:
        """The group in its orientation."""
        group = get_group(self.group, np.array(self.orientation))
        assert isinstance(group, FiniteGroup)
        return group


class ConstitutiveLaw(nn.Module):
    """W(F), energy per undeformed volume: objective, and symmetric under a point group, both exactly.

        W(F) = σ ε [ network(x) + Σ_k c_k p_k(x)/n_k! ] + growth,    x = Z/ε,    Z = tanh(½ ln FᵀF)

    Z is a symmetric tensor, Sym²V, which the group decomposes (A1g + Eg + T2g for m-3m). The network and the
    polynomials p_k, of degree n_k, are invariant under the group for all weights. So W(RFQ) = W(F) for every
    rotation R and every element Q. Energy and stress of the undeformed crystal are zero.

    Inversion does nothing to C = FᵀF, so that groups of one Laue class have the same laws: zinc blende (-43m)
    the same as fcc (m-3m).

    Args:
        spec: what it is made of.

    Raises:
        InputError: an unknown group, an orientation that is no rotation, a compact group.

    >>> law = ConstitutiveLaw(LawSpec(group="m-3m")).double()
    >>> F = torch.eye(3).double() + 0.1 * torch.randn(3, 3).double()
    >>> turn = torch.tensor(law.spec.point_group.elements[17])
    >>> bool((law(F @ turn) - law(F)).abs() < 1e-14)
    True
    """

    def __init__(self, spec: LawSpec) -> None:
        super().__init__()
        self.spec = spec
        strain = CartesianTensor("ij=ji", spec.point_group)
        self.components = Constant(strain.embedding.reshape(6, 9).T)
        self.polynomials = InvariantPolynomials(strain, spec.expansion) if spec.expansion > 1 else None
        degrees = self.polynomials.degrees if self.polynomials else []
        self.shares = Constant(np.array([2 / math.factorial(degree) for degree in degrees]))
        self.coefficients = nn.Parameter(torch.zeros(len(degrees)))
        self.network = _network(spec, strain)
        self.stiffening = nn.Parameter(torch.tensor(-3.0)) if spec.growth else None

    def forward(self, F: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch"]:
        """Energy density of deformation gradients with det F > 0, in the unit of the specification."""
        return self.of_cauchy_green(right_cauchy_green(F))

    def of_cauchy_green(self, C: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch"]:
        """Energy density as a function of C = FᵀF."""
        spec = self.spec
        x = (cayley_strain(C) / spec.strain_scale).flatten(-2) @ self.components.value
        energy = self.network(C if spec.construction == "polyconvex" else x)
        if self.polynomials is not None:
            energy = energy + self.polynomials(x) @ (self.shares.value * self.coefficients)
        if self.stiffening is not None:
            J = volume_ratio(C)
            energy = energy + softplus(self.stiffening) * (J + 1 / J - 2) / spec.strain_scale**2
        return spec.stress_scale * spec.strain_scale * energy

    def stress(
        self, F: Float[Tensor, "*batch 3 3"], create_graph: bool = False
    ) -> tuple[Float[Tensor, "*batch"], Float[Tensor, "*batch 3 3"]]:
        """W and the first Piola–Kirchhoff stress P = ∂W/∂F, force per undeformed area."""
        with torch.enable_grad():
            F = F if F.requires_grad else F.detach().requires_grad_(True)
            W = self(F)
            (P,) = torch.autograd.grad(W.sum(), F, create_graph=create_graph)
        return (W, P) if create_graph else (W.detach(), P)

    def tangent(
        self, F: Float[Tensor, "points 3 3"], chunk: int = 512
    ) -> tuple[Float[Tensor, "points 3 3"], Float[Tensor, "points 3 3 3 3"]]:
        """P and its derivative A_iJkL = ∂P_iJ/∂F_kL, what Newton's method of a finite-element code needs.

            P = F S,    A_iJkL = δ_ik S_JL + F_iI F_kK D_IJKL,    S = 2 ∂W/∂C,    D = 2 ∂S/∂C

        Points are independent, `chunk` of them at once. Derivatives are written out for a law of symmetric
        weights without growth, and taken automatically for any other: six of S instead of nine of P.
        """
        parts = [self._tangent(part) for part in F.split(chunk)]
        return torch.cat([P for P, _ in parts]), torch.cat([A for _, A in parts])

    def _tangent(self, F: Tensor) -> tuple[Tensor, Tensor]:
        basis = self.components.value.T.unflatten(-1, (3, 3))
        C = right_cauchy_green(F.detach())
        written_out = isinstance(self.network, OrbitNetwork) and self.stiffening is None
        slope, bend = self._written_out(C, basis) if written_out else self._differentiated(C, basis)
        S = 2 * torch.tensordot(slope, basis, 1)
        FB = (F[:, None] @ basis).flatten(-2)  # F_iI B^a_IJ
        A = (FB.transpose(1, 2) @ (4 * bend) @ FB).unflatten(-1, (3, 3)).unflatten(1, (3, 3))
        one = torch.eye(3, dtype=F.dtype, device=F.device)
        return F @ S, A + torch.einsum("ik,njl->nijkl", one, S)

    def _differentiated(self, C: Tensor, basis: Tensor) -> tuple[Tensor, Tensor]:
        """∂W/∂c and ∂²W/∂c∂c of C = Σ_a c_a B_a, by automatic differentiation."""
        with torch.enable_grad():
            c = (C.flatten(-2) @ self.components.value).requires_grad_(True)
            W = self.of_cauchy_green(torch.tensordot(c, basis, 1))
            (slope,) = torch.autograd.grad(W.sum(), c, create_graph=True)
            rows = [
                torch.autograd.grad(slope[:, k].sum(), c, retain_graph=True)[0] for k in range(c.shape[1])
            ]
        return slope.detach(), torch.stack(rows, dim=1)

    @torch.no_grad()
    def _written_out(self, C: Tensor, basis: Tensor) -> tuple[Tensor, Tensor]:
        """The same through x: with M = (C + 1)⁻¹, Z = 1 − 2M and so ∂Z = 2 M ∂C M, ∂∂Z = −4 M ∂C M ∂C M."""
        spec, network = self.spec, self.network
        assert isinstance(network, OrbitNetwork)
        one = torch.eye(3, dtype=C.dtype, device=C.device)
        Z = cayley_strain(C)
        M = (one - Z) / 2
        x = Z.flatten(-2) @ self.components.value / spec.strain_scale
        slope, bend = network.derivatives(x)
        if self.polynomials is not None:
            more = self.polynomials.derivatives(x, self.shares.value * self.coefficients)
            slope, bend = slope + more[0], bend + more[1]
        MB = M[:, None] @ basis
        turned = (2 / spec.strain_scale) * torch.einsum("aij,nbji->nab", basis, MB @ M[:, None])
        G = torch.tensordot(slope, basis, 1)
        GMB = (G @ M)[:, None] @ basis
        curved = torch.einsum("naij,nbjk,nki->nab", GMB, MB, M)
        curved = -(2 / spec.strain_scale) * (curved + curved.transpose(1, 2))
        scale = spec.stress_scale * spec.strain_scale
        slope_c = torch.einsum("na,nab->nb", slope, turned)
        return scale * slope_c, scale * (turned.transpose(1, 2) @ bend @ turned + curved)


def _network(spec: LawSpec, strain: CartesianTensor) -> nn.Module:
    if spec.construction == "polyconvex":
        return PolyconvexNetwork(strain, spec.width, spec.strain_scale)
    if spec.construction == "orbit":
        return OrbitNetwork(strain, spec.width, spec.invariants)
    group = spec.point_group
    return Flat(symmetrize(plain_network(spec.width), group, strain, group.trivial, axis=-1))


def plain_network(width: int) -> nn.Module:
    """Two hidden layers of SiLU on the six components of strain; symmetric under nothing."""
    sizes = (6, width, width)
    layers = [layer for k in range(2) for layer in (nn.Linear(sizes[k], sizes[k + 1]), nn.SiLU())]
    return nn.Sequential(*layers, nn.Linear(width, 1))


class Flat(nn.Module):
    """A network less its value and slope at zero: n(x) − n(0) − ∇n(0)·x.

    Args:
        network: `(…, rows)` to `(…, 1)`.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Float[Tensor, "*batch rows"]) -> Float[Tensor, "*batch"]:
        slope, start = torch.func.grad_and_value(lambda zero: self.network(zero)[0])(x.new_zeros(x.shape[-1]))
        return self.network(x)[..., 0] - start - x @ slope
