"""The laws that a model of atoms has to keep, one file per family."""

from typing import Final

from intertwine.testing.law import Law
from intertwine.testing.laws.charges import CHARGES
from intertwine.testing.laws.conservation import BALANCE, LOOP, SUBSTANCE
from intertwine.testing.laws.derivatives import FORCES, HESSIAN, STRESS
from intertwine.testing.laws.dynamics import NVE
from intertwine.testing.laws.locality import CUTOFF, EXTENSIVITY, ISOLATED
from intertwine.testing.laws.numerics import BATCH, PRECISION
from intertwine.testing.laws.periodic import LATTICE, SUPERCELL, WRAPPING
from intertwine.testing.laws.response import RESPONSE
from intertwine.testing.laws.symmetry import PERMUTATION, REFLECTION, ROTATION, TRANSLATION
from intertwine.testing.laws.tensors import TENSORS

LAWS: Final[tuple[Law, ...]] = (
    ROTATION,
    REFLECTION,
    TRANSLATION,
    PERMUTATION,
    FORCES,
    STRESS,
    HESSIAN,
    LOOP,
    BALANCE,
    SUBSTANCE,
    SUPERCELL,
    WRAPPING,
    LATTICE,
    CUTOFF,
    ISOLATED,
    EXTENSIVITY,
    BATCH,
    PRECISION,
    *TENSORS,
    *RESPONSE,
    *CHARGES,
    NVE,
)
"""Every law, in the order of the certificate."""

__all__ = ["LAWS"]
