"""The packages of the authors of D3 and D4, called in eV and Å with cutoffs that fade out."""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ase.geometry import minkowski_reduce
from ase.units import Bohr, Hartree
from jaxtyping import Bool, Float, Int

from intertwine.dispersion.spec import DispersionSpec
from intertwine.errors import InputError, nearest, require

REACH = {"pairs": 60.0, "triples": 25.0}
"""Bohr: where sums end. The packages go to 40 with triples, in bulk at ten times the cost."""

FADE = 10.0
"""Bohr before that: where they begin to fade out, so that energies and forces do not jump."""

HEAVIEST = 103
"""Atomic number up to which both have parameters."""

COUNTED = {"d3bj": 40.0, "d4": 30.0}
"""Bohr: neighbours that coordination numbers count."""


class Evaluated(NamedTuple):
    """Energy of one system, eV, its gradient by positions, eV/Å, and by a strain of everything, eV."""

    energy: float
    gradient: Float[np.ndarray, "atoms 3"]
    strain: Float[np.ndarray, "3 3"]


def damping(spec: DispersionSpec) -> Any:
    """The package's parameters for a functional.

    Raises:
        InputError: it has none.
        MissingExtraError: the package is not installed.
    """
    package = _package(spec.method)
    kind = package.RationalDampingParam if spec.method == "d3bj" else package.DampingParam
    try:
        return kind(method=spec.functional, atm=spec.with_three_bodies)
    except RuntimeError:
        close = nearest(spec.functional.lower(), _functionals(spec))
        raise InputError(
            f"dispersion.functional: {spec.method} has no parameters for '{spec.functional}'",
            accepted="a functional it was fitted to, such as pbe, revpbe, blyp, b3lyp or pbe0",
            fix=f"write '{close}'" if close else None,
        ) from None


def evaluate(
    spec: DispersionSpec,
    numbers: Int[np.ndarray, " atoms"],
    positions: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "3 3"],
    pbc: Bool[np.ndarray, "3"],
    charge: float,
) -> Evaluated:
    """Dispersion energy of one system and its first derivatives.

    Wires and slabs are handed over as bulk, their images farther apart than the sums reach.

    Args:
        spec: method and functional.
        numbers: atomic numbers.
        positions: Å.
        cell: lattice vectors as rows, Å; those of open axes are not used.
        pbc: which axes repeat.
        charge: e; only D4 knows of it.

    Raises:
        InputError: an element beyond lawrencium, or a wire or slab with D4, whose charges there would feel
            those of the images.
    """
    if numbers.max(initial=0) > HEAVIEST:
        raise InputError(
            f"{spec.method} has no parameters for Z={numbers.max()}", accepted=f"Z up to {HEAVIEST}"
        )
    if spec.method == "d4" and pbc.any() and not pbc.all():
        raise InputError(
            "d4 knows molecules and bulk, no wires and slabs",
            got=f"pbc={pbc.tolist()}",
            fix="use d3bj, or a bulk with empty space",
        )
    lattice = (None, None)
    if pbc.any():  # short vectors, for the packages count images by them
        lattice = np.asarray(minkowski_reduce(apart(positions, cell, pbc))[0]) / Bohr, np.ones(3, bool)
    charges = (charge,) if spec.method == "d4" else ()
    try:
        model = _package(spec.method).DispersionModel(numbers, positions / Bohr, *charges, *lattice)
        model.set_realspace_cutoff(*REACH.values(), COUNTED[spec.method], FADE, FADE)
        found = model.get_dispersion(damping(spec), grad=True)
    except RuntimeError as error:
        raise InputError(f"{spec.method} gives no energy of a structure", got=error) from error
    return Evaluated(
        float(found["energy"]) * Hartree, found["gradient"] * (Hartree / Bohr), found["virial"] * Hartree
    )


def apart(
    positions: Float[np.ndarray, "atoms 3"], cell: Float[np.ndarray, "3 3"], pbc: Bool[np.ndarray, "3"]
) -> Float[np.ndarray, "3 3"]:
    """The cell with perpendicular vectors on its open axes, so long that images do not feel each other, Å.

    >>> layer = np.diag([3.0, 3.0, 0.0])
    >>> bool(abs(apart(np.zeros((1, 3)), layer, np.array([True, True, False]))[2, 2]) > 60 * Bohr)
    True
    """
    if pbc.all():
        return cell
    across = np.linalg.svd(cell[pbc])[2][pbc.sum() :]
    extent = np.ptp(positions @ across.T, axis=0)
    filled = cell.copy()
    filled[~pbc] = (extent + (REACH["pairs"] + 1) * Bohr)[:, None] * across
    return filled


def _package(method: str) -> Any:
    return require("dftd3.interface" if method == "d3bj" else "dftd4.interface", extra="dispersion")


def _functionals(spec: DispersionSpec) -> list[str]:
    """Names in the package's table, which it needs a parser of TOML beside Python's own to read."""
    table = Path(_package(spec.method).__file__).with_name("parameters.toml")
    return list(tomllib.loads(table.read_text())["parameter"]) if table.is_file() else []
