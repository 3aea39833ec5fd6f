"""Encoder of clouds in a plane: the particles of a collision about its beam, or of a jet about its axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Literal

import torch
from jaxtyping import Float, Int64
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from intertwine.encoders.particles import LOGIT, ParticleNetwork
from intertwine.errors import InputError
from intertwine.groups import Irreps, get_group
from intertwine.nn.equivariant_norm import EquivariantNorm
from intertwine.nn.gate import Gate
from intertwine.nn.schur_linear import SchurLinear
from intertwine.nn.tensor_product import TensorProduct
from intertwine.ops.cloud_sums import SumRule, can_sum, cloud_sums
from intertwine.ops.planar import gather_products, planar_harmonics
from intertwine.ops.segment import segment_sum


class PlanarSpec(BaseModel):
    """Sizes of a `PlanarEncoder`.

    >>> PlanarSpec(scalars=3).group
    'SO(2)'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["planar"] = "planar"
    group: Literal["SO(2)", "O(2)"] = "SO(2)"
    """O(2): also mirrors φ → −φ."""
    scalars: Annotated[int, Field(ge=0)]
    """Invariants known of every particle."""
    orders: Annotated[int, Field(ge=1, le=8)] = 3
    """Highest m."""
    width: Annotated[int, Field(ge=1)] = 32
    """Hidden units of the network on a particle's invariants."""
    functions: Annotated[int, Field(ge=1)] = 16
    """Functions of a particle that are summed over an event."""
    heads: Annotated[int, Field(ge=1)] = 2
    """Learned queries: weighted means over an event, beside its sums."""
    channels: Annotated[int, Field(ge=1)] = 16
    """Width of the features of an event."""
    rounds: Annotated[int, Field(ge=1)] = 2
    """Times that particles tell the event, and hear from it."""
    infrared_safe: bool = False
    """Count a particle only by its share of the weight; see `PlanarEncoder`."""
    particles: Annotated[float, Field(gt=0)] = 100.0
    """Average number in an event (a scale, not a limit)."""

    @property
    def irreps(self) -> Irreps:
        """Of the features of an event: every m up to `orders`; under O(2) both kinds of m = 0."""
        return get_group(self.group).irreps(self.orders)


@dataclass(frozen=True, eq=False)
class PlanarCloud:
    """Particles of many events, those of one event after those of another.

    Args:
        direction: in the plane; a unit vector, or shorter near an axis where there is no direction.
        scalars: invariants of each particle.
        weight: from 0 up: transverse momentum in a unit of the size of its mean.
        counts: how many particles each event has.

    Raises:
        InputError: numbers of particles do not agree.

    >>> len(PlanarCloud(torch.zeros(3, 2), torch.zeros(3, 1), torch.ones(3), [2, 0, 1]))
    3
    """

    direction: Float[Tensor, "particles 2"]
    scalars: Float[Tensor, "particles scalars"]
    weight: Float[Tensor, " particles"]
    counts: Sequence[int]

    def __post_init__(self) -> None:
        sizes = {len(self.direction), len(self.scalars), len(self.weight), sum(self.counts)}
        if len(sizes) > 1:
            raise InputError("a cloud's particles do not agree in number", got=sorted(sizes))

    @cached_property
    def index(self) -> Int64[Tensor, " particles"]:
        """The event of each particle."""
        counts = torch.tensor(self.counts, dtype=torch.int64)
        return torch.repeat_interleave(counts).to(self.direction.device)

    def __len__(self) -> int:
        return len(self.counts)


class EventStep(nn.Module):
    """Sums over particles to features of the event: linear, then products m₁ ± m₂ and gates.

        a = Σ_kinds W_kind A_kind,    h = norm(a + g),    g' = gate(W h + (W₁ h) ⊗ (W₂ h))

    Args:
        spec: of the encoder.
        sources: irreps and channels of each kind of sum.
    """

    def __init__(self, spec: PlanarSpec, sources: Sequence[tuple[Irreps, int]]) -> None:
        super().__init__()
        irreps, channels = spec.irreps, spec.channels
        self.mixes = nn.ModuleList(SchurLinear(source, irreps, width, channels) for source, width in sources)
        self.norm = EquivariantNorm(irreps, channels, epsilon=1.0)
        self.split = SchurLinear(irreps, irreps, channels, 3 * channels)
        self.product = TensorProduct(irreps, irreps, irreps, channels)
        self.gate = Gate(irreps, channels)

    def forward(
        self, sums: Sequence[Tensor], before: Float[Tensor, "events rows channels"] | None
    ) -> tuple[Float[Tensor, "events rows channels"], Float[Tensor, "events rows channels"]]:
        linear = torch.stack([mix(x) for mix, x in zip(self.mixes, sums, strict=True)]).sum(dim=0)
        alone, left, right = self.split(self.norm(linear if before is None else linear + before)).chunk(
            3, dim=-1
        )
        return linear, self.gate(alone + self.product(left, right))


class PlanarEncoder(nn.Module):
    """Clouds of particles to features of events, of every order m of SO(2) or O(2).

    In the frame of a particle, turned until its own direction is the x-axis, every feature is a number, and
    any network may act on it. So each round, all sums over the particles i of one event:

        f_i = network(s_i, ⟨Y(φ_i), W g⟩)         what particle i makes of the event: invariants
        A_k = Σ_i ω_k,i Y(φ_i) f_i               Y = (1, cos mφ, sin mφ, …), m up to `orders`
        g   = products and gates of W A           `EventStep`

    W are `SchurLinear`: none mixes two orders m. The weights ω are 1, the transverse momentum w_i, and for
    each head w_i exp(ℓ_i)/Σ_j w_j exp(ℓ_j) with a logit ℓ_i among the f_i: attention of learned queries. Work
    and memory grow linearly with the particles, and their order does not matter.

    Under O(2) a particle's numbers are even or odd under the mirror that leaves its direction alone; odd ones
    enter the network only squared, or as a factor of what stays odd.

    `infrared_safe`: w_i is the particle's share of the event's, and ω = 1 is left out. Then nothing changes
    when a particle of weight → 0 is added or one is split into two of the same direction and scalars (which
    must not depend on the weight).

    Where no gradients are wanted, a compiled kernel does each round's sums on CPUs (`ops.cloud_sums`).

    An event without particles has features exactly zero. No layer on features of orders m has a bias.

    Deep sets: Zaheer et al., NeurIPS 2017; energy flow networks: Komiske, Metodiev & Thaler, JHEP 01 (2019)
    121.

    >>> encoder = PlanarEncoder(PlanarSpec(scalars=2, channels=4))
    >>> cloud = PlanarCloud(torch.eye(2), torch.zeros(2, 2), torch.ones(2), [2, 0])
    >>> encoder(cloud).shape, encoder.channels
    (torch.Size([2, 7, 12]), 12)
    """

    def __init__(self, spec: PlanarSpec) -> None:
        super().__init__()
        self.spec = spec
        sources = self._sources()
        self.networks = nn.ModuleList(
            ParticleNetwork(
                spec.scalars, spec.width, spec.functions, spec.heads, spec.irreps, spec.channels, k > 0
            )
            for k in range(spec.rounds)
        )
        self.steps = nn.ModuleList(EventStep(spec, sources if k else sources[:1]) for k in range(spec.rounds))
        self.irreps, self.channels = spec.irreps, (spec.rounds + 1) * spec.channels

    def _sources(self) -> list[tuple[Irreps, int]]:
        """Irreps of the sums of even and of odd functions, with one channel per weight and function."""
        spec, group = self.spec, get_group(self.spec.group)
        channels = (spec.heads + (1 if spec.infrared_safe else 2)) * spec.functions
        if spec.group == "SO(2)":
            return [(spec.irreps, channels)]
        orders = [group.irrep(str(m)) for m in range(1, spec.orders + 1)]
        return [(Irreps([group.irrep(zero), *orders], group), channels) for zero in ("0e", "0o")]

    def forward(self, cloud: PlanarCloud) -> Float[Tensor, "events rows channels"]:
        harmonics = cache(lambda: planar_harmonics(cloud.direction, self.spec.orders))
        event: Tensor | None = None
        told: list[Tensor] = []
        for network, step in zip(self.networks, self.steps, strict=True):
            sums = self._compiled(network, cloud, event)  # pyright: ignore[reportArgumentType]
            linear, event = step(sums or self._told(network, cloud, event, harmonics()), event)  # pyright: ignore[reportArgumentType]
            told.append(linear)
        assert event is not None
        return torch.cat([*told, event], dim=-1)

    def _compiled(
        self, network: ParticleNetwork, cloud: PlanarCloud, event: Tensor | None
    ) -> list[Float[Tensor, "events rows channels"]] | None:
        """What `_told` gives, by the compiled kernel; None where it cannot."""
        spec, particles = self.spec, (cloud.direction, cloud.scalars, cloud.weight)
        if not can_sum(*particles, *self.parameters()):
            return None
        rule = SumRule(spec.orders, spec.heads, spec.infrared_safe, spec.particles, LOGIT)
        return cloud_sums(particles, cloud.counts, network.tables(event), rule)

    def _told(
        self, network: ParticleNetwork, cloud: PlanarCloud, event: Tensor | None, harmonics: Tensor
    ) -> list[Float[Tensor, "events rows channels"]]:
        """Sums of even and of odd functions over the particles of each event."""
        even, odd, logits = network(cloud.scalars, harmonics, event, cloud.counts)
        weights = self._weights(cloud.weight, logits)
        weighted = (weights[:, :, None] * harmonics[:, None, :]).flatten(1)
        factors = self._factors(segment_sum(weights, cloud.index, len(cloud)))
        sums = [self._sums(weighted, even, factors, cloud.counts)]
        if odd is not None:
            sums.append(_quarter_turned(self._sums(weighted, odd, factors, cloud.counts)))
        return sums

    def _weights(
        self, weight: Float[Tensor, " particles"], logits: Float[Tensor, "particles heads"]
    ) -> Float[Tensor, "particles weights"]:
        """The weights ω of each particle, those that are shares not yet divided by their sum."""
        weight = weight[:, None]
        plain = [weight] if self.spec.infrared_safe else [weight, torch.ones_like(weight)]
        return torch.cat([weight * torch.exp(logits), *plain], dim=1)

    def _factors(self, totals: Float[Tensor, "events weights"]) -> Float[Tensor, "events weights rows"]:
        """What makes shares of weights and brings sums to unit size, by event, weight and row."""
        spec, rows = self.spec, 2 * self.spec.orders + 1
        factors = (1 / torch.where(totals > 0, totals, 1.0))[:, :, None].expand(-1, -1, rows)
        if spec.infrared_safe:
            return factors
        scale = totals.new_full((len(totals), 2, rows), spec.particles**-0.5)
        scale[..., 0] = 1 / spec.particles
        return torch.cat([factors[:, : spec.heads], scale], dim=1)

    def _sums(
        self, weighted: Tensor, functions: Tensor, factors: Tensor, counts: Sequence[int]
    ) -> Float[Tensor, "events rows channels"]:
        """Σ_i ω_i Y(φ_i) f_i with a channel for each pair of weight and function."""
        sums = gather_products(weighted, functions, counts).unflatten(1, factors.shape[1:])
        return (sums * factors[..., None]).transpose(1, 2).flatten(2)


def _quarter_turned(sums: Float[Tensor, "events rows channels"]) -> Float[Tensor, "events rows channels"]:
    """i times the rows of every m > 0: what a sum of odd functions is under mirrors."""
    pairs = sums[:, 1:].unflatten(1, (-1, 2))
    turned = torch.stack([-pairs[:, :, 1], pairs[:, :, 0]], dim=2).flatten(1, 2)
    return torch.cat([sums[:, :1], turned], dim=1)
