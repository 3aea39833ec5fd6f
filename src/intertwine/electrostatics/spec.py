"""How a model's charges come about, and how finely their energy is summed."""

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(gt=0, lt=0.1)]


class LongRangeSpec(BaseModel):
    """Charges of atoms and their Coulomb energy, beside what the network sees within its cutoff.

    >>> LongRangeSpec(charges="equilibration").width
    1.4142135623730951
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    charges: Literal["local", "equilibration"] = "local"
    """Read off the surroundings of each atom, or shared out so that the energy is lowest."""
    dipoles: bool = False
    """Whether atoms have dipoles, too."""
    smearing: Positive = 1.0
    """Å: standard deviation of the Gaussian that each charge is."""
    accuracy: Fraction = 1e-8
    """Relative: where the sum over waves is cut off."""
    mesh_from: Annotated[int, Field(ge=1)] = 500
    """Periodic systems of so many atoms have their charges on a mesh."""
    mesh_accuracy: Fraction = 1e-4
    """Relative, of forces from the mesh."""

    @property
    def width(self) -> float:
        """s of two such Gaussians with each other: erf(r/√2 s)/r, Å."""
        return math.sqrt(2) * self.smearing
