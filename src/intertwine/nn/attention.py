"""Attention between features of points: invariant weights, equivariant values."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from intertwine.errors import InputError
from intertwine.groups import Irreps
from intertwine.nn.schur_linear import SchurLinear


class EquivariantAttention(nn.Module):
    """Multi-head attention of every point to every point of its set.

        y_i = W_o Σ_j softmax_j( ⟨q_i, k_j⟩ / √(rows · channels / heads) + bias_ij ) v_j,    q, k, v = W x

    W and W_o are `SchurLinear`; the inner product runs over rows and over the channels of a head and is
    invariant because real representations are orthogonal. Permuting the points permutes the result.

    Args:
        irreps: what stands on the representation axis.
        channels: number of channels, a multiple of `heads`.
        heads: number of heads.

    Raises:
        InputError: channels that cannot be shared among the heads.

    >>> layer = EquivariantAttention(Irreps("0 + 1", "SO(2)"), channels=8, heads=2)
    >>> layer(torch.randn(4, 10, 3, 8)).shape
    torch.Size([4, 10, 3, 8])
    """

    def __init__(self, irreps: Irreps, channels: int, heads: int = 1) -> None:
        super().__init__()
        if heads < 1 or channels % heads:
            raise InputError(
                "the heads cannot share the channels",
                got=f"{channels} channels, {heads} heads",
                accepted="channels a multiple of heads",
            )
        self.irreps, self.heads = irreps, heads
        self.mix = SchurLinear(irreps, irreps, channels, 3 * channels)
        self.out = SchurLinear(irreps, irreps, channels, channels)

    def forward(
        self,
        x: Float[Tensor, "*sets points rows channels"],
        mask: Bool[Tensor, "*sets points"] | None = None,
        bias: Float[Tensor, "*sets heads points points"] | None = None,
    ) -> Float[Tensor, "*sets points rows channels"]:
        """Mix the points of each set.

        Args:
            x: features.
            mask: which points are there; those that are not are not attended to and come out as zero.
            bias: invariants of pairs, added to the logits.
        """
        query, key, value = (self._split(part) for part in self.mix(x).chunk(3, dim=-1))
        if mask is not None:  # a set without points attends to nothing, and is zero below
            hidden = ~mask & mask.any(dim=-1, keepdim=True)
            blocked = torch.zeros_like(hidden, dtype=x.dtype).masked_fill(hidden, -torch.inf)
            blocked = blocked[..., None, None, :]
            bias = blocked if bias is None else bias + blocked
        mixed = torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        mixed = mixed.unflatten(-1, (x.shape[-2], -1)).movedim(-4, -2).flatten(-2)
        y = self.out(mixed)
        return y if mask is None else y * mask[..., None, None]

    def _split(self, x: Tensor) -> Tensor:
        """(…, points, rows, channels) to (…, heads, points, rows · channels of a head)."""
        return x.unflatten(-1, (self.heads, -1)).movedim(-2, -4).flatten(-2)

    def extra_repr(self) -> str:
        return f"[{self.irreps}], {self.heads} heads"
