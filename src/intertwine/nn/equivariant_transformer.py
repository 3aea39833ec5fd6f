"""A small transformer on sets of points for any group by name."""

from jaxtyping import Bool, Float
from torch import Tensor, nn

from intertwine.groups import Group, Irreps, get_group
from intertwine.nn.attention import EquivariantAttention
from intertwine.nn.equivariant_mlp import ProductStep, hidden_irreps
from intertwine.nn.equivariant_norm import EquivariantNorm
from intertwine.nn.schur_linear import SchurLinear


class EquivariantTransformer(nn.Module):
    """Sets of points with features to sets of points with features, equivariant under group and permutation.

    A linear map into hidden features; in each layer attention between the points of a set and a `ProductStep`
    at each point, both residual; a linear map out. A sum over points of the result is a feature of the set.

    Args:
        group: itself, or its name.
        irreps_in, irreps_out: its irreps before and after, as `Irreps` or their text.
        channels_in, channels_out: numbers of channels before and after.
        hidden: hidden irreps, with the trivial one; each irrep once (of a compact group up to degree 2) if
            not given.
        channels: number of hidden channels, a multiple of `heads`.
        heads: number of heads.
        layers: number of layers.

    Raises:
        InputError: irreps of another group, hidden ones without the trivial irrep, or channels that cannot be
            shared among the heads.

    >>> import torch
    >>> momenta = EquivariantTransformer("SO(2)", "2x0 + 1", "0", channels=8, heads=2)
    >>> momenta(torch.randn(3, 20, 4, 1)).shape
    torch.Size([3, 20, 1, 1])
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
        heads: int = 4,
        layers: int = 2,
    ) -> None:
        super().__init__()
        group = get_group(group)
        self.irreps_in, self.irreps_out = Irreps(irreps_in, group), Irreps(irreps_out, group)
        self.hidden = hidden_irreps(group, hidden)
        self.embed = SchurLinear(self.irreps_in, self.hidden, channels_in, channels)
        self.norms = nn.ModuleList(EquivariantNorm(self.hidden, channels) for _ in range(layers))
        self.attentions = nn.ModuleList(
            EquivariantAttention(self.hidden, channels, heads) for _ in range(layers)
        )
        self.steps = nn.ModuleList(ProductStep(self.hidden, channels) for _ in range(layers))
        self.read = SchurLinear(self.hidden, self.irreps_out, channels, channels_out)

    def forward(
        self,
        x: Float[Tensor, "*sets points rows_in channels_in"],
        mask: Bool[Tensor, "*sets points"] | None = None,
    ) -> Float[Tensor, "*sets points rows_out channels_out"]:
        """Features of every point in the light of the others.

        Args:
            x: features of the points of each set.
            mask: which points are there; the others change nothing and come out as zero.
        """
        x = self.embed(x)
        for norm, attention, step in zip(self.norms, self.attentions, self.steps, strict=True):
            x = step(x + attention(norm(x), mask))
        y = self.read(x)
        return y if mask is None else y * mask[..., None, None]
