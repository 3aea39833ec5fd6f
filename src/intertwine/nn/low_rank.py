"""Low-rank adapters: a frozen module that learns a change of small rank in each of its weights."""

import copy
from functools import reduce
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn


class LowRankAdapters(nn.Module):
    """A frozen module that is called with changed weights.

        W → W + A B,    rank(A B) ≤ r,    B = 0 at the start

    A weight is a matrix in its last two axes; the axes before them count matrices, each with its own A and B.
    So every block W_ρ `(channels_in, channels_out)` of a `SchurLinear`, one for each intertwiner, is changed
    by at most rank r. Whatever multiplies an intertwiner, the map commutes with the group: the changed module
    is as equivariant as the module. Where a side of the matrix is no longer than r, every matrix has rank r
    or less, and one matrix is learned instead of two factors.

    After Hu et al., "LoRA", ICLR 2022.

    Args:
        module: taken over and frozen; parameters that it did not train are left alone.
        rank: r, at least 1.

    >>> linear = nn.Linear(6, 5)
    >>> adapted = LowRankAdapters(linear, rank=2)
    >>> x = torch.randn(3, 6)
    >>> torch.equal(adapted(x), linear(x)), [tuple(p.shape) for p in adapted.changes[0].factors]
    (True, [(5, 2), (2, 6)])
    """

    def __init__(self, module: nn.Module, rank: int) -> None:
        super().__init__()
        learned = {name: weight for name, weight in module.named_parameters() if weight.requires_grad}
        self.names = tuple(learned)
        self.changes = nn.ModuleList(_Change(weight, rank) for weight in learned.values())
        self.module = module.requires_grad_(False)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        return torch.func.functional_call(self.module, self.weights(), inputs, options)

    def weights(self) -> dict[str, Tensor]:
        """W + A B of every weight that is adapted, by name."""
        pairs = zip(self.names, self.changes, strict=True)
        return {name: self.module.get_parameter(name) + change() for name, change in pairs}

    @torch.no_grad()
    def merged(self) -> nn.Module:
        """A plain copy of the module with the changed weights, to be trained or saved as any other.

        >>> LowRankAdapters(nn.Linear(6, 5), rank=2).merged()
        Linear(in_features=6, out_features=5, bias=True)
        """
        module = copy.deepcopy(self.module)
        for name, weight in self.weights().items():
            module.get_parameter(name).copy_(weight).requires_grad_(True)
        return module


class _Change(nn.Module):
    """A B, or one matrix where that is no more; zero at the start."""

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        *blocks, rows, columns = weight.shape if weight.ndim > 1 else (1, *weight.shape)
        if rank < min(rows, columns):
            down = weight.new_empty(*blocks, rows, rank).normal_(std=rows**-0.5)
            factors = [down, weight.new_zeros(*blocks, rank, columns)]
        else:
            factors = [torch.zeros_like(weight)]
        self.factors = nn.ParameterList(nn.Parameter(factor.detach()) for factor in factors)

    def forward(self) -> Float[Tensor, "*blocks"]:
        return reduce(torch.matmul, self.factors)
