"""Steepest descent where the size of a linear map is what it can do to a vector."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim.adam import adam

Blocks = Float[Tensor, "blocks rows columns"]

QUINTIC = (3.4445, -4.7750, 2.0315)
"""a, b, c of X ← aX + (bA + cA²)X with A = XXᵀ, under which small singular values grow fastest."""


def polar_factor(matrices: Blocks, steps: int = 5) -> Blocks:
    """The orthogonal factor UVᵀ of every matrix UΣVᵀ, roughly: singular values of 0.68 to 1.2 instead of 1.

    By matrix products alone (a quintic Newton–Schulz iteration, Jordan et al. 2024), as exact as a direction
    of descent has to be. Zero stays zero; singular values below 1 % of the Frobenius norm come out smaller.

    >>> polar_factor(torch.diag(torch.tensor([5.0, 1.0]))[None]).diagonal(dim1=1, dim2=2).round(decimals=2)
    tensor([[0.7200, 0.8000]])
    """
    a, b, c = QUINTIC
    wide = matrices.shape[-2] <= matrices.shape[-1]
    x = matrices if wide else matrices.mT
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-15)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x if wide else x.mT


class Muon(torch.optim.Optimizer):
    """Descends along the polar factor of the gradient, one for each matrix that Schur's lemma leaves.

        M ← µM + G,    W ← (1 − ηλ)W − η √(max(m, n)/m) UVᵀ,    UΣVᵀ = G + µM,    W of shape (m, n)

    An equivariant map is ⊕_l W_l ⊗ 1; its operator norm is the largest of those of its W_l, and among the
    steps of one operator norm the above descends most. All directions of the channels move alike, whatever
    the gradient's size in each, and a rotation of the channels turns the step. A step changes an entry by η
    times what it is at the start, 1/√m. What is not a map between channels, or one from or to a single
    channel, is left to Adam.

    Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024); spectral norms: Bernstein
    & Newhouse, arXiv:2409.20325.

    Args:
        model: of whose modules those with linear maps name them in `linear_maps`: parameter to number of maps
            side by side in its columns.
        lr: η, of both parts.
        momentum: µ.
        weight_decay: λ, of the matrices.

    >>> from intertwine.groups import Irreps
    >>> from intertwine.nn import SchurLinear
    >>> layer = SchurLinear(Irreps("1o"), Irreps("1o"), 2, 2)
    >>> _ = layer.weight.data.zero_()
    >>> optimizer = Muon(layer, lr=0.1)
    >>> (layer(torch.ones(1, 3, 2)) - torch.tensor([1.0, -2.0])).square().sum().backward()
    >>> optimizer.step()
    >>> torch.linalg.matrix_rank(layer.weight).item()
    1
    """

    def __init__(
        self, model: nn.Module, lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        maps = {
            one: count for one, count in _linear_maps(model) if min(one.shape[-2], one.shape[-1] // count) > 1
        }
        others = [parameter for parameter in model.parameters() if parameter not in maps]
        groups = [{"params": list(maps)}, {"params": others}]
        super().__init__([group for group in groups if group["params"]], {"lr": lr})
        self.momentum, self.weight_decay, self._side_by_side = momentum, weight_decay, maps

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One step along the gradients that are there."""
        value = None
        if closure is not None:
            with torch.enable_grad():
                value = closure()
        for group in self.param_groups:
            live = [parameter for parameter in group["params"] if parameter.grad is not None]
            if live:  # all of a group are maps, or none is
                (self._descend if live[0] in self._side_by_side else self._adam)(live, group["lr"])
        return value

    def _descend(self, maps: list[Tensor], rate: float) -> None:
        """Maps of one shape, or of the transposed one, share their matrix products."""
        shapes: dict[tuple[int, int], list[tuple[Tensor, Tensor, float]]] = {}
        for parameter in maps:
            weight, ahead = (self._blocks(one, parameter) for one in (parameter, self._ahead(parameter)))
            rows, columns = weight.shape[1:]
            weight.mul_(1.0 - rate * self.weight_decay)
            size = rate * math.sqrt(max(rows, columns) / rows)
            if rows > columns:
                weight, ahead = weight.mT, ahead.mT
            shapes.setdefault((weight.shape[1], weight.shape[2]), []).append((weight, ahead, size))
        for group in shapes.values():
            weights, aheads, lengths = zip(*group, strict=True)
            steps = polar_factor(torch.cat(aheads)).split([len(weight) for weight in weights])
            for weight, step, size in zip(weights, steps, lengths, strict=True):
                weight.sub_(step, alpha=size)

    def _ahead(self, parameter: Tensor) -> Tensor:
        """G + µM with the new M: where the momentum leads (Nesterov)."""
        assert parameter.grad is not None
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        momentum = state["momentum"].mul_(self.momentum).add_(parameter.grad)
        return parameter.grad.add(momentum, alpha=self.momentum)

    def _blocks(self, tensor: Tensor, parameter: Tensor) -> Blocks:
        """A view of the matrices in a parameter, or in what goes with it."""
        if tensor.ndim == 3:
            return tensor
        return tensor.unflatten(1, (self._side_by_side[parameter], -1)).transpose(0, 1)

    def _adam(self, parameters: list[Tensor], rate: float) -> None:
        for parameter in parameters:
            if not self.state[parameter]:
                zeros = {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
                self.state[parameter] = {**zeros, "step": torch.zeros((), dtype=torch.float32)}
        state = [self.state[parameter] for parameter in parameters]
        adam(
            parameters,
            [parameter.grad for parameter in parameters if parameter.grad is not None],
            [one["exp_avg"] for one in state],
            [one["exp_avg_sq"] for one in state],
            [],
            [one["step"] for one in state],
            foreach=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=rate,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )


def _linear_maps(model: nn.Module) -> Iterator[tuple[Tensor, int]]:
    """Parameters that are matrices between channels, `(maps, in, out)` or `(in, maps · out)`."""
    for module in model.modules():
        for name, side_by_side in getattr(module, "linear_maps", {}).items():
            yield getattr(module, name), side_by_side
