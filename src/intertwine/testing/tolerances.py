"""The one table of tolerances: how exactly each law must hold, and why no better can be asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Tolerance:
    """The largest figure with which a law still counts as kept.

    Args:
        limit: largest figure allowed, in `unit`.
        unit: unit of figure and limit; "relative" for a ratio.
        dtype: precision in which the model is run.
        reason: where the limit comes from.

    >>> TOLERANCES["rotation.energy"].limit
    1e-10
    """

    limit: float
    unit: str
    dtype: str
    reason: str


_ENERGY = Tolerance(1e-10, "eV", "float64", "an exact identity: what remains is rounding of float64 sums")
_FORCES = Tolerance(1e-9, "eV/Å", "float64", "an exact identity: rounding, amplified by one derivative")
_STRESS = Tolerance(1e-9, "eV/Å³", "float64", "an exact identity: rounding, amplified by one derivative")
_DIFFERENCE = Tolerance(
    1e-6, "relative", "float64", "fourth-order differences of float64 energies reach 1e-7 to 1e-8"
)
_RELATIVE = Tolerance(1e-9, "relative", "float64", "an exact identity: rounding, amplified by derivatives")
_RESPONSE = Tolerance(
    1e-5, "relative", "float64", "fourth-order differences of energies or lower derivatives"
)
_EXACT: Final = {"energy": _ENERGY, "forces": _FORCES, "stress": _STRESS}
_IDENTITIES: Final = {
    "rotation": ("energy", "forces", "stress"),
    "reflection": ("energy", "forces", "stress"),
    "translation": ("energy", "forces", "stress"),
    "permutation": ("energy", "forces", "stress"),
    "supercell": ("energy", "forces", "stress"),
    "wrapping": ("energy", "forces", "stress"),
    "lattice": ("energy", "forces", "stress"),
    "batch": ("energy", "forces", "stress"),
    "extensivity": ("energy", "forces"),
    "isolated": ("energy", "forces"),
}
_OF_TENSORS: Final = (
    *("rotation", "reflection", "translation", "permutation", "lattice", "supercell", "extensivity", "batch"),
)
_OF_RESPONSE: Final = ("dipole", "polarisability", "hyperpolarisability", "born_charges", "forces")

TOLERANCES: Final[Mapping[str, Tolerance]] = MappingProxyType(
    {f"{law}.{quantity}": _EXACT[quantity] for law, names in _IDENTITIES.items() for quantity in names}
    | {
        "derivative.forces": _DIFFERENCE,
        "derivative.stress": _DIFFERENCE,
        "hessian.symmetry": Tolerance(
            1e-6, "relative", "float64", "second derivatives commute; fourth-order differences of forces"
        ),
        "hessian.derivative": _DIFFERENCE,
        "loop.work": Tolerance(
            1e-6, "relative", "float64", "the integral converges to 1e-8 where atoms cross a C² cutoff"
        ),
        "balance.force": Tolerance(1e-9, "eV/Å", "float64", "Newton's third law, to rounding"),
        "balance.torque": Tolerance(1e-8, "eV", "float64", "as the net force, times a lever of 10 Å"),
        "cutoff.value": Tolerance(1e-7, "eV", "float64", "one-sided extrapolation of energies to the cutoff"),
        "cutoff.slope": Tolerance(1e-5, "eV/Å", "float64", "one-sided extrapolation, first derivative"),
        "cutoff.curvature": Tolerance(1e-3, "eV/Å²", "float64", "one-sided extrapolation, second derivative"),
        "precision.energy": Tolerance(
            0.1, "meV/atom", "float32", "24 bits of a few eV per atom, some hundred operations deep"
        ),
        "precision.forces": Tolerance(
            1e-3, "relative", "float32", "24 bits, one derivative: far below the error of any fit"
        ),
        "substance.forces": Tolerance(
            1.0, "meV/Å over RMS force", "float64", "a model that does nothing would keep every other law"
        ),
        "nve.drift": Tolerance(
            1.0,
            "meV/atom in 10 ps",
            "float32",
            "4 % of k_B·300 K = 26 meV, and far above the rounding of float32",
        ),
        "nve.fluctuation": Tolerance(
            3.0, "meV/atom", "float32", "velocity Verlet's own ripple, second order in the time step"
        ),
    }
    | {f"tensors.{line}": _RELATIVE for line in _OF_TENSORS}
    | {f"response.{line}": _RESPONSE for line in _OF_RESPONSE}
    | {
        "tensors.indices": Tolerance(
            1e-12, "relative", "float64", "exact where a head is read; mixed derivatives commute to rounding"
        ),
        "tensors.crystal": Tolerance(
            1e-10, "relative", "float64", "nothing is masked: what cancels leaves rounding"
        ),
        "tensors.precision": Tolerance(
            1e-3, "relative", "float32", "24 bits: far below the error of any fit"
        ),
        "tensors.substance": Tolerance(
            0.0, "silent tensors", "float64", "tensors that are always zero would keep every other law"
        ),
        "charges.sum": Tolerance(1e-10, "e", "float64", "shared out to the last charge: rounding"),
        "charges.coulomb": Tolerance(
            1e-9, "relative", "float64", "smeared charges this far apart are points to rounding"
        ),
        "response.sum": Tolerance(
            1e-10, "e", "float64", "an exact identity of a translation-invariant energy: rounding"
        ),
    }
)
"""Tolerance of every line of a certificate, by name of the line."""

_SINGLE: Final = Tolerance(1e-4, "relative", "float32", "24 bits, summed in another order")

EXPORT: Final[Mapping[str, Mapping[str, Tolerance]]] = MappingProxyType(
    {
        "float64": {
            "energy": _ENERGY,
            "energies": _ENERGY,
            "forces": _FORCES,
            "stress": _STRESS,
            "virial": Tolerance(1e-8, "eV", "float64", "as the forces, times a lever of 10 Å"),
        },
        "float32": dict.fromkeys(("energy", "energies", "forces", "stress", "virial"), _SINGLE),
    }
)
"""How nearly a compiled program must give what its model gives, by precision and output.

In float32 relative to the largest value, or to 1 eV, eV/Å, eV/Å³ where all are smaller; energies per atom,
relative to the largest binding energy of an atom.
"""
