"""A model's weights in the layout in which the compiled evaluation reads them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from ase.data import covalent_radii
from jaxtyping import Float
from torch import Tensor

from intertwine.encoders.body_ordered import BodyOrderedLayer
from intertwine.encoders.message import BondMessage
from intertwine.ops.bond_message import raising_blocks
from intertwine.ops.sphere_product import grid_tables

TILE = 32
"""Bytes of a tile of channels; two tiles make a panel, to which every number of channels is padded."""


class Packing:
    """Arrays in the order in which the kernel asks for them, of one model.

    Args:
        model: a `Model` of an energy.
    """

    def __init__(self, model: Any) -> None:
        self.model, self.spec = model, model.spec.encoder
        self.dtype = model.dtype
        self.tile = TILE // self.dtype.itemsize
        self.columns = model.encoder.density.species.shape[1]
        self.channels, self.message = self.padded(self.spec.channels), self.padded(self.spec.message_channels)
        self.radial = -(-self.spec.radial // self.tile) * self.tile
        self.functions = -(-self.spec.radial // 4) * 4
        self.depth = self.columns * self.radial
        self.width = self.padded(self.depth)
        self.head = self.padded(model.energy.head.network.weights[0].shape[1])

    def padded(self, channels: int) -> int:
        """Channels up to whole panels."""
        return -(-channels // (2 * self.tile)) * 2 * self.tile

    def sizes(self) -> list[int]:
        """What the kernel has to know of the model before it reads an array."""
        spec = self.spec
        widths = [self.functions, self.columns, self.width, self.depth, self.head]
        shape = [spec.layers, spec.l_max, self.channels, self.message]
        return [*shape, *widths, int(self.model.energy.zbl is not None)]

    def arrays(self) -> Iterator[Tensor | np.ndarray]:
        """All arrays; those of a layer follow one another."""
        energy, spec = self.model.energy, self.spec
        numbers = torch.tensor(spec.species)
        yield self.model.encoder.density.species.contiguous()
        yield raising_blocks(spec.l_max, self.dtype)
        hidden, out = energy.head.network.weights
        yield from self.both(_sized(hidden, self.channels, self.head)[None])
        yield _sized(out[:, 0], self.head)
        yield energy.reference.energies.value[numbers].contiguous()
        yield energy.cohesion.energies.value[numbers].contiguous()
        radii = torch.from_numpy(np.asarray(covalent_radii, dtype=np.float64))[numbers]
        yield torch.stack([numbers.double(), radii], dim=1)
        for number, layer in enumerate(self.model.encoder.layers):
            yield from self.layer(number, layer)

    def layer(self, number: int, layer: BodyOrderedLayer) -> Iterator[Tensor | np.ndarray]:
        """Of the last layer only what the invariants need."""
        spec, channels = self.spec, self.channels
        last = number == spec.layers - 1
        l_out = 0 if last else spec.hidden_l
        tables = grid_tables(spec.l_max, l_out, self.dtype)
        yield from tables
        mix = self.gathered(number, layer.product.mix.weight).unflatten(2, (3, spec.channels))
        yield from self.both(_sized(mix, *mix.shape[:2], 3, channels).flatten(2))
        yield from self.both(_sized(layer.mix.weight[: l_out + 1], l_out + 1, channels, channels))
        skip = self.gathered(number, layer.skip.weight[: l_out + 1])
        yield from self.both(_sized(skip, *skip.shape[:2], channels))
        nothing = np.zeros(0)
        if layer.residual is None:
            yield from [nothing] * 4
        else:
            residual = layer.residual.weight[: l_out + 1]
            yield from self.both(_sized(residual, len(residual), channels, channels))
            message = self.model.encoder.messages[number - 1]
            narrow = message.narrow.weight
            yield from self.both(_sized(narrow, len(narrow), channels, self.message))
        yield _sized(layer.orders, *layer.orders.shape[:2], channels)
        yield (
            nothing
            if layer.residual is None
            else _sized(layer.residual_scale, len(layer.orders), 1, channels)
        )
        yield nothing if number == 0 else self.radial_functions(self.model.encoder.messages[number - 1])
        (readout,) = self.model.energy.head.linear[number].weights
        yield _sized(readout[:, 0], channels)

    def gathered(
        self, number: int, weight: Float[Tensor, "degrees channels_in out"]
    ) -> Float[Tensor, "_ _ _"]:
        """A matrix on what a layer gathered: of the first, species before radial functions, each padded."""
        if number > 0:
            return _sized(weight, weight.shape[0], self.message, weight.shape[2])
        by_species = weight.unflatten(1, (self.spec.radial, self.columns)).transpose(1, 2)
        return _sized(by_species, weight.shape[0], self.columns, self.radial, weight.shape[2]).flatten(1, 2)

    def radial_functions(self, message: BondMessage) -> Float[Tensor, "degrees tiles radial kinds lanes"]:
        """All three kinds of every degree side by side; zero where there is none."""
        degrees, channels = self.spec.l_max + 1, self.spec.message_channels
        table = torch.zeros(degrees, self.functions, 3, self.message, dtype=self.dtype)
        kinds = [message.scalar_radial]
        if message.hidden_l:
            kinds += [message.parallel_radial, message.pair_radial]
        for kind, weight in enumerate(kinds):
            values = weight.unflatten(1, (-1, channels)).transpose(0, 1)
            table[degrees - len(values) :, : self.spec.radial, kind, :channels] = values
        return table.unflatten(3, (-1, self.tile)).permute(0, 3, 1, 2, 4).contiguous()

    def both(self, matrices: Float[Tensor, "degrees depth columns"]) -> tuple[Tensor, Tensor]:
        """Panels of every matrix, and of its transpose."""
        return self.panels(matrices), self.panels(matrices.transpose(1, 2))

    def panels(
        self, matrices: Float[Tensor, "degrees depth columns"]
    ) -> Float[Tensor, "degrees panels depth _"]:
        """Columns by panels, each read from top to bottom."""
        degrees, depth, columns = matrices.shape
        whole = _sized(matrices, degrees, depth, self.padded(columns))
        return whole.unflatten(2, (-1, 2 * self.tile)).transpose(1, 2).contiguous()


def _sized(x: Tensor, *shape: int) -> Tensor:
    """The same numbers in a larger array, zero elsewhere."""
    whole = x.new_zeros(shape)
    whole[tuple(slice(size) for size in x.shape)] = x
    return whole
