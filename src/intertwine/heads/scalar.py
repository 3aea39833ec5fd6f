"""One number per atom, from invariants."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.encoders.features import AtomFeatures
from intertwine.nn.invariant_network import InvariantNetwork


class ScalarHead(nn.Module):
    """Invariant of each atom: a linear readout of every layer and a small network on the last.

        ε_i = Σ_t w_t · h_i^(t) + f(h_i^(last)),    f(0) = 0

    An atom with zero features gets exactly zero. Seen from its last weights it is linear, ε_i = φ_i · w, with
    `last_features` φ and `last_weights` w: what the uncertainty of its numbers is read from.

    Args:
        channels: channels of the features.
        layers: number of layers of the encoder.
        width: hidden width of f.
    """

    def __init__(self, channels: int, layers: int, width: int = 16) -> None:
        super().__init__()
        self.linear = nn.ModuleList(InvariantNetwork([channels, 1], 0.1) for _ in range(layers))
        self.network = InvariantNetwork([channels, width, 1], 0.1)

    def silence(self) -> None:
        """Set the readouts to zero: every atom gets exactly zero until something is learned."""
        for module in self.modules():
            if isinstance(module, InvariantNetwork):
                module.silence()

    def forward(self, features: AtomFeatures) -> Float[Tensor, " atoms"]:
        last = features.invariants()
        total = self.network(last)
        for layer, readout in enumerate(self.linear):
            total = total + readout(features.invariants(layer))
        return total.squeeze(-1)

    def last_features(self, features: AtomFeatures) -> Float[Tensor, "atoms readouts"]:
        """φ_i: the invariants of every layer and the hidden units of f, side by side."""
        hidden = features.invariants()
        for weight in list(self.network.weights)[:-1]:
            hidden = torch.nn.functional.silu(hidden @ weight)
        return torch.cat([*(features.invariants(layer) for layer in range(len(self.linear))), hidden], dim=-1)

    def last_weights(self) -> Float[Tensor, " readouts"]:
        """w, in the order of `last_features`."""
        networks = [module for module in self.modules() if isinstance(module, InvariantNetwork)]
        return torch.cat([network.weights[-1] for network in networks]).squeeze(-1)
