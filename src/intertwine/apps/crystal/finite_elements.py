"""A body cut from a crystal, deformed: a constitutive law inside scikit-fem (the extra `elements`)."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from scipy.sparse import csc_matrix
from torch import Tensor

from intertwine.apps.crystal.law import ConstitutiveLaw
from intertwine.errors import InputError, require


class Body:
    """A crystal of some shape: total-Lagrangian hyperelasticity at finite deformation.

        Π(u) = ∫ W_body(F) dV,    F = 1 + ∂u/∂X,    r(v) = ∫ P:∇v dV,    K(v, w) = ∫ ∇v:A:∇w dV

    Lengths are in any unit; energies and forces are in the law's stress times that length³ and length².

    Args:
        law: W in the axes of the crystal.
        mesh: of scikit-fem, three-dimensional: `skfem.MeshHex`, `skfem.MeshTet`, …
        rotation: R, proper, carries axes of the crystal into axes of the body.
        element: scalar element of scikit-fem for each component of u; None for the mesh's, of first degree.
        order: of polynomials that the quadrature integrates; 3 is two points along each axis of a hexahedron.

    Attributes:
        basis: scikit-fem's; `basis.get_dofs` finds degrees of freedom by place.

    Raises:
        MissingExtraError: scikit-fem is not installed.
        InputError: R is no rotation, or the mesh is not three-dimensional.
    """

    def __init__(
        self,
        law: ConstitutiveLaw,
        mesh: Any,
        rotation: Float[np.ndarray, "3 3"] | None = None,
        element: Any = None,
        order: int = 3,
    ) -> None:
        fem = require("skfem", extra="elements")
        rotation = np.eye(3) if rotation is None else rotation
        if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-9) or np.linalg.det(rotation) < 0:
            raise InputError("the crystal cannot lie so in the body", got=rotation, accepted="a rotation")
        if mesh.dim() != 3:
            raise InputError("the mesh is not three-dimensional", got=type(mesh).__name__)
        self.law, self.rotation = law, torch.from_numpy(np.array(rotation, dtype=float))
        self.basis: Any = fem.Basis(mesh, fem.ElementVector(element or mesh.elem()), intorder=order)
        fields = [field[0].grad for field in self.basis.basis]
        slopes = torch.from_numpy(np.stack(fields)).permute(3, 4, 0, 1, 2)
        self.slopes = slopes.flatten(3).contiguous()
        """∂N_d,i/∂X_J, `(elements, points, functions, 9)`."""
        self.volumes = torch.from_numpy(np.array(self.basis.dx))
        self.members = torch.from_numpy(np.array(self.basis.element_dofs.T, dtype=np.int64))

    @property
    def unknowns(self) -> int:
        """Number of degrees of freedom."""
        return int(self.basis.N)

    @property
    def points(self) -> int:
        """Number of quadrature points."""
        return self.volumes.numel()

    def deformation(self, u: Float[np.ndarray, " unknowns"]) -> Float[Tensor, "elements points 3 3"]:
        """F at the quadrature points, in the axes of the body."""
        values = torch.from_numpy(np.asarray(u, dtype=float))[self.members]
        gradient = torch.einsum("ed,eqdm->eqm", values, self.slopes)
        return gradient.unflatten(-1, (3, 3)) + torch.eye(3, dtype=torch.float64)

    def energy(self, u: Float[np.ndarray, " unknowns"]) -> float:
        """Π(u), stress × length³."""
        F = self.deformation(u) @ self.rotation
        with torch.no_grad():
            W = self.law(F.to(self._dtype)).double()
        return float((W * self.volumes).sum())

    def residual(self, u: Float[np.ndarray, " unknowns"]) -> Float64[np.ndarray, " unknowns"]:
        """∂Π/∂u, the forces that hold the body so."""
        return self._gathered(self.piola(u))

    def tangent(
        self, u: Float[np.ndarray, " unknowns"]
    ) -> tuple[Float64[np.ndarray, " unknowns"], csc_matrix]:
        """∂Π/∂u and ∂²Π/∂u², a sparse symmetric matrix."""
        F = self.deformation(u).flatten(0, 1)
        P, A = body_tangent(self.law, F, self.rotation)
        P, A = (part.unflatten(0, self.volumes.shape) for part in (P, A))
        weighted = A.flatten(-4, -3).flatten(-2) * self.volumes[..., None, None]
        left = (self.slopes @ weighted).transpose(1, 2).flatten(2)
        blocks = left @ self.slopes.transpose(1, 2).flatten(2).transpose(1, 2)
        rows = self.members[:, :, None].expand_as(blocks)
        places = (rows.flatten().numpy(), rows.transpose(1, 2).flatten().numpy())
        matrix = csc_matrix((blocks.flatten().numpy(), places), shape=(self.unknowns,) * 2)
        return self._gathered(P), matrix

    def piola(self, u: Float[np.ndarray, " unknowns"]) -> Float[Tensor, "elements points 3 3"]:
        """P at the quadrature points, in the axes of the body."""
        _, P = self.law.stress((self.deformation(u) @ self.rotation).to(self._dtype))
        return P.double() @ self.rotation.T

    def cauchy(self, u: Float[np.ndarray, " unknowns"]) -> Float64[np.ndarray, "elements points 3 3"]:
        """σ = P Fᵀ/det F, force per deformed area, in the axes of the body."""
        F = self.deformation(u)
        return (self.piola(u) @ F.mT / torch.linalg.det(F)[..., None, None]).numpy()

    @property
    def _dtype(self) -> torch.dtype:
        return next(self.law.parameters()).dtype

    def _gathered(self, P: Tensor) -> Float64[np.ndarray, " unknowns"]:
        forces = torch.einsum("eqdm,eqm->ed", self.slopes, P.flatten(2) * self.volumes[..., None])
        total = torch.zeros(self.unknowns, dtype=torch.float64)
        return total.index_add_(0, self.members.flatten(), forces.flatten()).numpy()


def body_tangent(
    law: ConstitutiveLaw, F: Float[Tensor, "points 3 3"], rotation: Float[Tensor, "3 3"]
) -> tuple[Float[Tensor, "points 3 3"], Float[Tensor, "points 3 3 3 3"]]:
    """P and ∂P/∂F of a crystal that lies turned in the body, float64.

    A step dX of the body is R dξ of the crystal, so that F R carries dξ into space:

        W_body(F) = W(F R),    P = P(F R) Rᵀ,    A_iJkL = R_JM R_LN A_iMkN(F R)

    Args:
        law: W in the axes of the crystal.
        F: in the axes of the body.
        rotation: R, carries axes of the crystal into axes of the body.

    >>> from intertwine.apps.crystal import LawSpec
    >>> law, one = ConstitutiveLaw(LawSpec(group="m-3m")).double(), torch.eye(3, dtype=torch.float64)
    >>> quarter = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], dtype=torch.float64)
    >>> F = one + 0.01 * torch.arange(9.0, dtype=torch.float64).reshape(1, 3, 3)
    >>> torch.allclose(body_tangent(law, F, quarter)[1], body_tangent(law, F, one)[1], atol=1e-14)
    True
    """
    dtype = next(law.parameters()).dtype
    P, A = law.tangent((F @ rotation).to(dtype))
    turned = torch.einsum("nimkl,jm->nijkl", A.double(), rotation) @ rotation.T
    return P.double() @ rotation.T, turned


def von_mises(stress: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch"] | np.float64:
    """√(3/2 s:s), s the deviator of σ: the size of what shears.

    >>> von_mises(np.diag([2.0, 0.0, 0.0])).item()
    2.0
    """
    deviator = stress - np.trace(stress, axis1=-2, axis2=-1)[..., None, None] * np.eye(3) / 3
    return np.sqrt(1.5 * (deviator**2).sum((-2, -1)))
