"""From atomic numbers to the rows of per-species tables."""

import torch
from ase.data import chemical_symbols
from jaxtyping import Int64
from torch import Tensor, nn

from intertwine.errors import InputError


class SpeciesIndex(nn.Module):
    """Index of each atom's species in the model's list, or one clear line for an element it never saw.

    >>> SpeciesIndex((1, 8))(torch.tensor([8, 1, 1]))
    tensor([1, 0, 0])
    """

    def __init__(self, species: tuple[int, ...]) -> None:
        super().__init__()
        self.known = tuple(species)
        table = torch.full((len(chemical_symbols),), -1, dtype=torch.int64)
        table[list(species)] = torch.arange(len(species))
        self.register_buffer("table", table, persistent=False)

    table: Tensor

    def forward(self, numbers: Int64[Tensor, " atoms"]) -> Int64[Tensor, " atoms"]:
        index = self.table[numbers]
        if bool((index < 0).any()):
            strange = sorted({chemical_symbols[int(z)] for z in numbers[index < 0]})
            raise InputError(
                f"the model has never seen the element {', '.join(strange)}",
                accepted=", ".join(chemical_symbols[z] for z in self.known),
                fix="train on data that contains it",
            )
        return index
