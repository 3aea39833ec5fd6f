"""A plain network on invariants that sends zero to zero."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn


class InvariantNetwork(nn.Module):
    """Multilayer perceptron without biases, SiLU between the layers: f(0) = 0 exactly.

    Args:
        sizes: widths from input to output.
        output_scale: standard deviation of the outputs for inputs of order one, at the start.

    >>> network = InvariantNetwork([8, 16, 1])
    >>> network(torch.zeros(3, 8)).abs().max().item()
    0.0
    """

    def __init__(self, sizes: list[int], output_scale: float = 1.0) -> None:
        super().__init__()
        gains = [math.sqrt(2.0)] * (len(sizes) - 2) + [output_scale]
        self.weights = nn.ParameterList(
            nn.Parameter(torch.randn(n_in, n_out) * gain / math.sqrt(n_in))
            for n_in, n_out, gain in zip(sizes[:-1], sizes[1:], gains, strict=True)
        )

    def silence(self) -> None:
        """Set the last layer to zero: the output is zero until something is learned."""
        with torch.no_grad():
            self.weights[-1].zero_()

    def forward(self, x: Float[Tensor, "*batch in"]) -> Float[Tensor, "*batch out"]:
        *hidden, last = self.weights
        for weight in hidden:
            x = torch.nn.functional.silu(x @ weight)
        return x @ last
