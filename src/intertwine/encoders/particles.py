"""The network of one particle: what it makes of its own invariants and of the event around it."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.groups import Irreps
from intertwine.nn.schur_linear import SchurLinear
from intertwine.ops.cloud_sums import ParticleTables
from intertwine.ops.planar import spread_products

LOGIT = 4.0
"""Attention weights of two particles of equal weight differ by at most exp(2 · LOGIT)."""


class ParticleNetwork(nn.Module):
    """Invariant functions of a particle in an event, the same network for every particle.

        e = silu(W₀ s + b₀ + ⟨Y, W g⟩ + W₂ o²),    f = silu(W₁ e + b₁),    f' = (W₃ o) ∘ σ(W₄ e)

    ⟨Y, W g⟩ is the event's features g, brought to `width` channels by a `SchurLinear` and read along the
    harmonics Y of the particle: what the event looks like from there. Under O(2), o is what is seen on the
    left minus what is seen on the right, ⟨iY, W′ g⟩, and f′ are odd under mirrors; under SO(2) there is no
    such distinction, and everything is in e.

    Args:
        scalars: invariants of the particle itself.
        width: hidden units.
        functions: how many f, and f′.
        heads: how many logits of attention.
        irreps, channels: of the event's features.
        listening: whether there are features of the event yet.
    """

    def __init__(
        self, scalars: int, width: int, functions: int, heads: int, irreps: Irreps, channels: int,
        listening: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        group, self.heads = irreps.group, heads
        self.own = nn.Linear(scalars, width)
        self.out = nn.Linear(width, functions + heads)
        self.hear = self.hear_odd = None
        if not listening:
            return
        orders = [irrep for _, irrep in irreps if irrep.dim == 2]
        self.hear = SchurLinear(irreps, Irreps([group.trivial, *orders], group), channels, width)
        if group.name == "O(2)":
            odd = Irreps([group.irrep("0o"), *orders], group)
            self.hear_odd = SchurLinear(irreps, odd, channels, width)
            self.square = nn.Linear(width, width, bias=False)
            self.odd_out = nn.Linear(width, functions, bias=False)
            self.odd_gate = nn.Linear(width, functions)

    def forward(
        self,
        scalars: Float[Tensor, "particles scalars"],
        harmonics: Float[Tensor, "particles rows"],
        event: Float[Tensor, "events rows_of_event channels"] | None,
        counts: Sequence[int],
    ) -> tuple[
        Float[Tensor, "particles functions"],
        Float[Tensor, "particles functions"] | None,
        Float[Tensor, "particles heads"],
    ]:
        hidden = self.own(scalars)
        odd = None
        if self.hear is not None and event is not None:
            hidden = spread_products(harmonics, self.hear(event), counts, onto=hidden)
            if self.hear_odd is not None:
                seen = spread_products(_quarter_turned(harmonics), self.hear_odd(event), counts)
                hidden = hidden + self.square(seen.square())
                odd = self.odd_out(seen)
        hidden = nn.functional.silu(hidden)
        functions, logits = self._outputs(hidden)
        if odd is not None:
            odd = odd * torch.sigmoid(self.odd_gate(hidden))
        return nn.functional.silu(functions), odd, LOGIT * torch.tanh(logits / LOGIT)

    def tables(self, event: Float[Tensor, "events rows channels"] | None) -> ParticleTables:
        """What the network knows, for `ops.cloud_sums`."""
        plain = self.own.weight, self.own.bias, self.out.weight, self.out.bias
        if self.hear is None or event is None:
            return ParticleTables(*plain)
        if self.hear_odd is None:
            return ParticleTables(*plain, self.hear(event))
        odd = self.square.weight, self.odd_out.weight, self.odd_gate.weight, self.odd_gate.bias
        return ParticleTables(*plain, self.hear(event), self.hear_odd(event), *odd)

    def _outputs(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Functions and logits, each contiguous: what follows runs over them many times."""
        cut = self.out.out_features - self.heads
        weights, biases = self.out.weight.tensor_split([cut]), self.out.bias.tensor_split([cut])
        functions, logits = (nn.functional.linear(hidden, W, b) for W, b in zip(weights, biases, strict=True))
        return functions, logits


def _quarter_turned(harmonics: Float[Tensor, "particles rows"]) -> Float[Tensor, "particles rows"]:
    """i times every order m > 0."""
    pairs = harmonics[:, 1:].unflatten(1, (-1, 2))
    turned = torch.stack([-pairs[..., 1], pairs[..., 0]], dim=2).flatten(1)
    return torch.cat([harmonics[:, :1], turned], dim=1)
