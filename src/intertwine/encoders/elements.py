"""What elements have in common: tables per element as smooth functions of the periodic table."""

import copy
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import torch
from ase.data import covalent_radii
from jaxtyping import Float, Float64
from torch import Tensor, nn

from intertwine.nn.constant import Constant

SHELLS: Final = ("s", "sp", "sp", "sdp", "sdp", "sfdp", "sfdp")
"""Subshells in the order in which each period fills them (Madelung's rule)."""

ROOM: Final = {"s": 2, "p": 6, "d": 10, "f": 14}
"""Electrons of a full subshell."""

HIDDEN: Final = 32
"""Units of a table's network."""

STEEPNESS: Final = 1.5
"""Of the first functions: what lies one spread apart in the periodic table is told apart; c is as much."""


class SharedElements(nn.Module):
    """A module that is called with tables per element that are one function of the periodic table.

        T_z = m + s c tanh(x_z A) B,    x_z = (period, electrons in s, p, d, f, covalent radius)

    in place of tables whose rows learn each from the examples of its own element. m and s are the mean and
    spread of the table that is replaced; c keeps that spread at the start. What few examples say of bromine
    is then said of chlorine too, which is worth most where there are many elements and few examples. `merged`
    gives the module back, its tables filled in: how they were learned leaves no trace in it.

    Tables are those that a part of the module names in its `species_tables`.

    Args:
        module: taken over.
        species: atomic numbers of the rows.

    >>> from intertwine.encoders import BodyOrderedSpec
    >>> from intertwine.encoders.body_ordered import BodyOrderedEncoder
    >>> halogens = BodyOrderedSpec(species=(9, 17, 35, 53, 85), channels=4)
    >>> shared = SharedElements(BodyOrderedEncoder(halogens), halogens.species)
    >>> shared.names[0], shared.tables()["layers.0.orders"].shape
    ('density.species', torch.Size([5, 3, 4]))
    """

    def __init__(self, module: nn.Module, species: Sequence[int]) -> None:
        super().__init__()
        found = {
            f"{prefix}.{name}".lstrip("."): table
            for prefix, part in module.named_modules()
            for name in getattr(part, "species_tables", ())
            if (table := getattr(part, name, None)) is not None and table.requires_grad
        }
        self.names = tuple(found)
        self.functions = nn.ModuleList(_Function(table, species) for table in found.values())
        for table in found.values():
            table.requires_grad_(False)
        self.module = module

    def forward(self, *inputs: Any, **options: Any) -> Any:
        return torch.func.functional_call(self.module, self.tables(), inputs, options)

    def tables(self) -> dict[str, Tensor]:
        """Every table, by the name of the parameter that it replaces."""
        return {name: function() for name, function in zip(self.names, self.functions, strict=True)}

    @torch.no_grad()
    def merged(self) -> nn.Module:
        """A plain copy of the module with these tables, each row free to change."""
        module = copy.deepcopy(self.module)
        for name, table in self.tables().items():
            module.get_parameter(name).copy_(table).requires_grad_(True)
        return module


class _Function(nn.Module):
    """One table."""

    def __init__(self, table: Tensor, species: Sequence[int]) -> None:
        super().__init__()
        places = periodic_places()[np.array(species) - 1]
        self.places = Constant(places, pinned=False)
        self.shape = table.shape
        size = int(np.prod(table.shape[1:]))
        self.mean, self.spread = float(table.detach().mean()), float(table.detach().std())
        self.inner = nn.Parameter(
            torch.randn(places.shape[1], HIDDEN, dtype=table.dtype) * STEEPNESS / places.shape[1] ** 0.5
        )
        self.outer = nn.Parameter(torch.randn(HIDDEN, size, dtype=table.dtype) / HIDDEN**0.5)

    def forward(self) -> Float[Tensor, "species *table"]:
        values = torch.tanh(self.places.value.to(self.inner) @ self.inner) @ self.outer
        return self.mean + STEEPNESS * self.spread * values.reshape(self.shape)


@cache
def periodic_places() -> Float64[np.ndarray, "elements 6"]:
    """Period, electrons in s, p, d and f outside the last noble gas, and covalent radius, of Z = 1 … 118.

    By Madelung's rule, without its exceptions; each centred, and scaled to unit spread over all elements.

    >>> away = np.linalg.norm(periodic_places() - periodic_places()[10], axis=1)  # from sodium
    >>> np.argsort(away)[:3] + 1
    array([11, 19,  3])
    """
    rows = []
    for period, shells in enumerate(SHELLS, start=1):
        full = sum(ROOM[shell] for shell in shells)
        for electrons in range(1, full + 1):
            held, left = dict.fromkeys("spdf", 0), electrons
            for shell in shells:
                held[shell] = min(left, ROOM[shell])
                left -= held[shell]
            radius = covalent_radii[min(len(rows) + 1, 96)]
            rows.append([period, *(held[shell] / ROOM[shell] for shell in "spdf"), radius])
    places = np.array(rows, dtype=np.float64)
    return (places - places.mean(axis=0)) / places.std(axis=0)
