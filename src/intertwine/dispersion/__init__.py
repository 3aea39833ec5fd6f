"""London dispersion: the attraction of atoms far apart that local functionals, and local networks, miss."""

from intertwine.dispersion.energy import Dispersion
from intertwine.dispersion.spec import DispersionSpec

__all__ = ["Dispersion", "DispersionSpec"]
