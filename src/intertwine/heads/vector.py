"""One vector per atom, without an energy behind it."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.encoders.features import AtomFeatures
from intertwine.groups import Irreps
from intertwine.nn.gate import Gate


class DirectForceHead(nn.Module):
    """Force of each atom read straight from its l = 1 features: equivariant, but not a derivative.

        f_i = Σ_c w_c · gate(h_i)[l=1, c]

    Nothing makes the work round a closed loop vanish. It exists so that users can measure what that costs;
    for anything else take the derivative of an energy.

    Args:
        channels: channels of the features, whose last layer must reach l = 1.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gate = Gate(Irreps.spherical_harmonics(1), channels)
        self.weight = nn.Parameter(torch.randn(channels) / channels**0.5)

    def forward(self, features: AtomFeatures) -> Float[Tensor, "atoms 3"]:
        return self.gate(features.layers[-1][:, :4])[:, 1:4] @ self.weight
