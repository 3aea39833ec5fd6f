"""A small network for any group by name: linear maps, products and gates."""

from jaxtyping import Float
from torch import Tensor, nn

from intertwine.groups import Group, Irreps, get_group
from intertwine.nn.equivariant_norm import EquivariantNorm
from intertwine.nn.gate import Gate
from intertwine.nn.schur_linear import SchurLinear
from intertwine.nn.tensor_product import TensorProduct

HIDDEN_DEGREE = 2
"""Highest degree of the hidden features of a compact group, if nothing else is asked for."""


class ProductStep(nn.Module):
    """One residual step: features are normalised, mixed, multiplied with each other, gated and mixed again.

        x ↦ x + W_o gate(u + v ⊗ w),    (u, v, w) = W norm(x)

    Args:
        irreps: what stands on the representation axis, with the trivial irrep.
        channels: number of channels.

    >>> import torch
    >>> ProductStep(Irreps("A + E", "C3"), 8)(torch.zeros(2, 3, 8)).abs().max().item()
    0.0
    """

    def __init__(self, irreps: Irreps, channels: int) -> None:
        super().__init__()
        self.norm = EquivariantNorm(irreps, channels)
        self.mix = SchurLinear(irreps, irreps, channels, 3 * channels)
        self.product = TensorProduct(irreps, irreps, irreps, channels)
        self.gate = Gate(irreps, channels)
        self.out = SchurLinear(irreps, irreps, channels, channels)

    def forward(self, x: Float[Tensor, "*batch rows channels"]) -> Float[Tensor, "*batch rows channels"]:
        u, v, w = self.mix(self.norm(x)).chunk(3, dim=-1)
        return x + self.out(self.gate(u + self.product(v, w)))


class EquivariantMLP(nn.Module):
    """An equivariant map of features, `(…, rows_in, channels_in)` to `(…, rows_out, channels_out)`.

    A linear map into hidden features, steps of `ProductStep`, a linear map out. Each step doubles the
    polynomial degree that can be reached; what no number of products of the input can give, no equivariant
    network gives. Zero is sent to zero.

    Args:
        group: itself, or its name.
        irreps_in, irreps_out: its irreps before and after, as `Irreps` or their text.
        channels_in, channels_out: numbers of channels before and after.
        hidden: hidden irreps, with the trivial one; each irrep once (of a compact group up to degree 2) if
            not given.
        channels: number of hidden channels.
        steps: number of steps.

    Raises:
        InputError: irreps of another group, or hidden ones without the trivial irrep.

    >>> import torch
    >>> strain_to_energy = EquivariantMLP("Oh", "A1g + Eg + T2g", "A1g", channels=4)
    >>> strain_to_energy(torch.randn(7, 6, 1)).shape
    torch.Size([7, 1, 1])
    """

    def __init__(
        self,
        group: Group | str,
        irreps_in: Irreps | str,
        irreps_out: Irreps | str,
        channels_in: int = 1,
        channels_out: int = 1,
        *,
        hidden: Irreps | str | None = None,
        channels: int = 16,
        steps: int = 2,
    ) -> None:
        super().__init__()
        group = get_group(group)
        self.irreps_in, self.irreps_out = Irreps(irreps_in, group), Irreps(irreps_out, group)
        self.hidden = hidden_irreps(group, hidden)
        self.embed = SchurLinear(self.irreps_in, self.hidden, channels_in, channels)
        self.steps = nn.ModuleList(ProductStep(self.hidden, channels) for _ in range(steps))
        self.read = SchurLinear(self.hidden, self.irreps_out, channels, channels_out)

    def forward(
        self, x: Float[Tensor, "*batch rows_in channels_in"]
    ) -> Float[Tensor, "*batch rows_out channels_out"]:
        x = self.embed(x)
        for step in self.steps:
            x = step(x)
        return self.read(x)


def hidden_irreps(group: Group, given: Irreps | str | None) -> Irreps:
    """The hidden irreps asked for, or each irrep of the group once.

    >>> hidden_irreps(get_group("O(2)"), None)
    1x0e+1x0o+1x1+1x2
    """
    return group.irreps(HIDDEN_DEGREE) if given is None else Irreps(given, group)
