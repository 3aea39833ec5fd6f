"""What an encoder hands to the heads."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from intertwine.groups import Irreps


@dataclass(frozen=True, eq=False)
class AtomFeatures:
    """Features of every atom after every layer.

    Attributes:
        layers: one tensor `(atoms, lm, channels)` per layer, first to last.
        irreps: what stands on the representation axis of each; the invariants 0e come first.
    """

    layers: tuple[Float[Tensor, "atoms _ channels"], ...]
    irreps: tuple[Irreps, ...]

    def invariants(self, layer: int = -1) -> Float[Tensor, "atoms channels"]:
        """The l = 0 rows of one layer, `(atoms, channels)`."""
        return self.layers[layer][:, 0]
