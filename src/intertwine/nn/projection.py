"""Projection: the equivariant part of any linear map, in torch."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.errors import InputError
from intertwine.groups import Group, Representation, get_group, hom, invariants
from intertwine.nn.averaging import representation_of
from intertwine.nn.constant import Constant


def symmetric_part(
    weight: Float[Tensor, "*batch rows_out rows_in"], rep_in: Representation, rep_out: Representation
) -> Float[Tensor, "*batch rows_out rows_in"]:
    """The equivariant map nearest to a given one: its part along every element of `groups.hom`.

        P(W) = Σ_a ⟨W_a, W⟩ W_a

    Linear in the weight, hence differentiable; equal to the average of ρ_out(g) W ρ_in(g)⁻¹ over the group.

    Args:
        weight: linear maps acting on columns, as the weight of `nn.Linear`.
        rep_in, rep_out: representations of one group.

    Raises:
        InputError: the maps have another shape, or the groups differ.

    >>> vector = get_group("O(3)").vector
    >>> plain = torch.diag(torch.tensor([1.0, 2.0, 6.0]))
    >>> torch.allclose(symmetric_part(plain, vector, vector), 3 * torch.eye(3))
    True
    """
    _require_shape(weight, rep_in, rep_out)
    basis = torch.as_tensor(hom(rep_in, rep_out), dtype=weight.dtype, device=weight.device)
    return _along(basis, weight)


def project_linear(
    linear: nn.Linear, group: Group | str, rep_in: Representation | str, rep_out: Representation | str
) -> "ProjectedLinear":
    """The equivariant linear layer nearest to a plain one, for vectors `(…, rows)`.

    Args:
        linear: from `rep_in.dim` to `rep_out.dim` features, with or without a bias.
        group: itself, or its name.
        rep_in, rep_out: its representations, or the text of `Irreps`.

    Raises:
        InputError: the layer has other sizes, or a representation belongs to another group.

    >>> layer = project_linear(nn.Linear(4, 3), "C4v", "A1 + B1 + E", "A1 + E")
    >>> layer(torch.zeros(2, 4)).shape, layer.dimension
    (torch.Size([2, 3]), 2)
    """
    group = get_group(group)
    return ProjectedLinear(linear, representation_of(group, rep_in), representation_of(group, rep_out))


class ProjectedLinear(nn.Module):
    """A plain linear layer of which only the equivariant part acts, made by `project_linear`.

    The weight enters by its part in the space of equivariant maps, the bias by its invariant part. The plain
    layer keeps its parameters; what breaks the symmetry has no effect and no gradient, so training keeps it.

    Args:
        linear: the plain layer.
        rep_in, rep_out: representations of one group on its inputs and outputs.

    Attributes:
        dimension: of the space of equivariant maps.
    """

    def __init__(self, linear: nn.Linear, rep_in: Representation, rep_out: Representation) -> None:
        super().__init__()
        _require_shape(linear.weight, rep_in, rep_out)
        self.linear, self.rep_in, self.rep_out = linear, rep_in, rep_out
        basis = hom(rep_in, rep_out)
        self.dimension = len(basis)
        self.basis = Constant(basis).to(linear.weight)
        self.invariants = Constant(invariants(rep_out)).to(linear.weight)

    @property
    def weight(self) -> Float[Tensor, "rows_out rows_in"]:
        """The equivariant part of the plain weight."""
        return _along(self.basis.value, self.linear.weight)

    def forward(self, x: Float[Tensor, "*batch rows_in"]) -> Float[Tensor, "*batch rows_out"]:
        bias = self.linear.bias
        if bias is not None:
            bias = self.invariants.value.mT @ (self.invariants.value @ bias)
        return nn.functional.linear(x, self.weight, bias)

    def extra_repr(self) -> str:
        return f"{self.rep_in.group}, {self.dimension} equivariant maps"


def _along(basis: Tensor, weight: Tensor) -> Tensor:
    """Σ_a ⟨W_a, W⟩ W_a."""
    return torch.einsum("...a,aij->...ij", torch.einsum("aij,...ij->...a", basis, weight), basis)


def _require_shape(weight: Tensor, rep_in: Representation, rep_out: Representation) -> None:
    if weight.shape[-2:] != (rep_out.dim, rep_in.dim):
        raise InputError(
            "the map does not fit the representations",
            got=f"shape {tuple(weight.shape[-2:])}",
            accepted=f"({rep_out.dim}, {rep_in.dim})",
        )
