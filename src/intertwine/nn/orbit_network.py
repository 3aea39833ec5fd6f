"""An invariant function on any representation of a finite group: plain in its middle, exact at both ends."""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.errors import InputError
from intertwine.groups import Representation
from intertwine.nn.constant import Constant


class OrbitNetwork(nn.Module):
    """A network of two hidden layers, the first on the orbit of its input, without value or slope at zero.

        n(x) = s(U s̄(x) + c)·v,    s̄_k(x) = mean over g of s(w_k·ρ(g) x + b_k),    s = SiLU
        f(x) = n(x) − n(0) − ∇n(0)·x

    The orbit of the weights w_k stands in for that of the input: x ↦ (w_k·ρ(g) x)_g is the general
    equivariant map into functions on the group, functions act on it point by point, and their mean is
    invariant. So is f, exactly and for all weights, and such f come as near as one likes to every smooth
    invariant function without value and slope at zero. Elements that act alike count once. (Cohen & Welling,
    ICML 2016.)

    Args:
        representation: of a finite group, on the input.
        width: k, number of functions on the group.
        invariants: number of hidden invariants after them.

    Attributes:
        points: number of elements that act differently.

    Raises:
        InputError: the group is not finite, or a width below 1.

    >>> from intertwine.groups import CartesianTensor
    >>> network = OrbitNetwork(CartesianTensor("ij=ji", "Oh"), 8, 4)
    >>> network.points, network(torch.randn(5, 6)).shape, network(torch.zeros(6)).abs().item() < 1e-6
    (24, torch.Size([5]), True)
    """

    def __init__(self, representation: Representation, width: int = 32, invariants: int = 16) -> None:
        super().__init__()
        if representation.group.kind != "finite":
            raise InputError("an orbit network sums over a finite group", got=representation.group.name)
        if min(width, invariants) < 1:
            raise InputError("a network without width", got=min(width, invariants), accepted=">= 1")
        matrices = representation.matrix(representation.group.elements)
        first = np.unique(matrices.round(9), axis=0, return_index=True)[1]
        self.elements = Constant(matrices[np.sort(first)])
        rows = representation.dim
        self.weight = nn.Parameter(torch.randn(width, rows) / math.sqrt(rows))
        self.bias = nn.Parameter(torch.randn(width))
        self.mix = nn.Parameter(torch.randn(width, invariants) / math.sqrt(width))
        self.offset = nn.Parameter(torch.randn(invariants))
        self.read = nn.Parameter(torch.randn(invariants) / math.sqrt(invariants))

    @property
    def points(self) -> int:
        """Number of elements that act differently on the input."""
        return len(self.elements.value)

    def forward(self, x: Float[Tensor, "*batch rows"]) -> Float[Tensor, "*batch"]:
        silu = nn.functional.silu
        orbit = (self.weight @ self.elements.value).flatten(0, 1)
        inner = (x @ orbit.T).unflatten(-1, (self.points, -1))
        outer = silu(inner + self.bias).mean(-2) @ self.mix + self.offset
        start = silu(self.bias) @ self.mix + self.offset
        slope = (inner.mean(-2) * _silu_slope(self.bias)) @ self.mix * _silu_slope(start)
        return (silu(outer) - silu(start) - slope) @ self.read

    def derivatives(
        self, x: Float[Tensor, "points rows"]
    ) -> tuple[Float[Tensor, "points rows"], Float[Tensor, "points rows rows"]]:
        """∇f and ∇∇f, written out: a few times the cost of f instead of one backward pass for each row.

        >>> from intertwine.groups import CartesianTensor
        >>> network = OrbitNetwork(CartesianTensor("ij=ji", "Oh"), 8, 4).double()
        >>> x = torch.randn(3, 6, dtype=torch.float64, requires_grad=True)
        >>> (slope,) = torch.autograd.grad(network(x).sum(), x)
        >>> torch.allclose(network.derivatives(x)[0], slope)
        True
        """
        width, rows = self.weight.shape
        orbit = (self.weight @ self.elements.value).flatten(0, 1)
        inner = (x @ orbit.T).unflatten(-1, (self.points, width)) + self.bias
        outer = nn.functional.silu(inner).mean(-2) @ self.mix + self.offset
        start = nn.functional.silu(self.bias) @ self.mix + self.offset
        first, second = _silu_slope(inner) / self.points, _silu_bend(inner) / self.points
        table = orbit.unflatten(0, (self.points, width))
        means = torch.einsum("ngk,gkr->nkr", first, table)  # ∇s̄
        each = (_silu_slope(outer) * self.read) @ self.mix.T  # ∂n/∂s̄
        hidden = self.mix.T @ means
        left = (_silu_bend(outer) * self.read)[..., None] * hidden
        squares = (orbit[:, :, None] * orbit[:, None, :]).flatten(1)
        bends = (second * each[:, None, :]).flatten(1) @ squares
        hessian = hidden.transpose(1, 2) @ left + bends.unflatten(-1, (rows, rows))
        slope = torch.einsum("nk,nkr->nr", each, means)
        flat = _silu_slope(self.bias) * (self.mix @ (_silu_slope(start) * self.read))
        return slope - flat @ table.mean(0), hessian


def _silu_slope(x: Tensor) -> Tensor:
    gate = torch.sigmoid(x)
    return gate * (1 + x * (1 - gate))


def _silu_bend(x: Tensor) -> Tensor:
    gate = torch.sigmoid(x)
    return gate * (1 - gate) * (2 + x * (1 - 2 * gate))
