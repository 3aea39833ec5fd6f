"""The mean of the weights along the way, which generalises better than the weights at its end."""

import copy

import torch
from torch import Tensor, nn


class MovingAverage(nn.Module):
    """Exponential moving average of a model's parameters, in a model of its own that is never trained.

        θ̄ ← θ̄ + (1 − d_k)(θ − θ̄),    d_k = min(decay, (1 + k)/(10 + k))    after the k-th step

    so that the random start is forgotten within the first steps whatever the decay. It is a submodule with a
    buffer, hence saved and restored with the rest; it needs no swapping of weights for validation.

    Args:
        model: copied.
        decay: d in [0, 1); 0 follows the model.

    >>> model = nn.Linear(1, 1)
    >>> average = MovingAverage(model, decay=0.0)
    >>> _ = model.weight.data.fill_(3.0)
    >>> average.update(model)
    >>> average.model.weight.item()
    3.0
    """

    updates: Tensor

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__()
        self.model = copy.deepcopy(model).requires_grad_(False)
        self.decay = decay
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))
        self._pairs: tuple[nn.Module, list[Tensor], list[Tensor]] | None = None

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take in the parameters as they are now."""
        step = int(self.updates)
        decay = min(self.decay, (1 + step) / (10 + step))
        if self._pairs is None or self._pairs[0] is not model:  # walking through a module takes its time
            self._pairs = model, list(self.model.parameters()), list(model.parameters())
        _, mine, theirs = self._pairs
        torch._foreach_lerp_(mine, theirs, 1.0 - decay)  # pyright: ignore[reportPrivateImportUsage]
        self.updates += 1
