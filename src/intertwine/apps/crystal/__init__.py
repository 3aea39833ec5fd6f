"""A constitutive law of a crystal: energy of a deformation, exactly objective, exactly as symmetric as it is.

What a deformation does is in `strain`, the law in `law` and `polyconvex`, where labels come from in `labels`
and `cauchy_born`, how it is fitted in `fitting`, and what it tells in `constants` and `suspects`.
"""

from intertwine.apps.crystal.archive import load_law, save_law
from intertwine.apps.crystal.cauchy_born import StrainPlan, label_strains
from intertwine.apps.crystal.constants import elastic_constants
from intertwine.apps.crystal.fitting import Fit, fit_law
from intertwine.apps.crystal.labels import StrainLabels, read_strains, write_strains
from intertwine.apps.crystal.law import ConstitutiveLaw, LawSpec
from intertwine.apps.crystal.suspects import Suspect, suspects

__all__ = [
    "ConstitutiveLaw",
    "Fit",
    "LawSpec",
    "StrainLabels",
    "StrainPlan",
    "Suspect",
    "elastic_constants",
    "fit_law",
    "label_strains",
    "load_law",
    "read_strains",
    "save_law",
    "suspects",
    "write_strains",
]
