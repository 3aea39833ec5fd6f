"""Charges in space: their energy under every boundary condition, and how they share themselves out."""

from intertwine.electrostatics.equilibration import equilibrated
from intertwine.electrostatics.gaussian import COULOMB, smeared_coulomb
from intertwine.electrostatics.listing import Listing
from intertwine.electrostatics.sources import Sources, total_dipole
from intertwine.electrostatics.spec import LongRangeSpec
from intertwine.electrostatics.systems import electrostatic_energies, interaction_matrices

__all__ = [
    "COULOMB",
    "Listing",
    "LongRangeSpec",
    "Sources",
    "electrostatic_energies",
    "equilibrated",
    "interaction_matrices",
    "smeared_coulomb",
    "total_dipole",
]
