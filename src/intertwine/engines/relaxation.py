"""Downhill to a minimum of the energy: atoms, and the cell with them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ase import Atoms, units
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS, FIRE, LBFGS

from intertwine.engines.oracles import answering
from intertwine.errors import InputError, nearest

OPTIMIZERS: Final[dict[str, Any]] = {"fire": FIRE, "bfgs": BFGS, "lbfgs": LBFGS}
"""ASE's optimisers by name."""

CELLS: Final = ("fixed", "isotropic", "shape", "full")
"""What may happen to the cell."""


@dataclass(frozen=True)
class Relaxation:
    """Where a relaxation ended.

    Attributes:
        atoms: relaxed, with their calculator.
        converged: largest force (and stress, with a moving cell) below the threshold.
        steps: optimiser steps done.
        energy: eV.
        largest_force: eV/Å, on the atoms only.
    """

    atoms: Atoms
    converged: bool
    steps: int
    energy: float
    largest_force: float


def relax(
    atoms: Atoms,
    fmax: float = 0.01,
    steps: int = 500,
    optimizer: str = "fire",
    cell: str = "fixed",
    pressure: float = 0.0,
    observe: Callable[[int, float, float], None] | None = None,
) -> Relaxation:
    """Move atoms, and the cell when asked, downhill until every force is small.

    Minimises E, or with a moving cell the enthalpy E + pV, over positions and the logarithm of the
    deformation (ASE's FrechetCellFilter). Converged when every force is below `fmax` and, with a moving cell,
    every component of V(σ + p)/N too (eV per atom).

    Args:
        atoms: with any ASE calculator; a copy is moved.
        fmax: largest force left, eV/Å.
        steps: most steps to take.
        optimizer: "fire" (robust), "bfgs" or "lbfgs" (fast near a minimum).
        cell: "fixed", "isotropic" (scales only), "shape" (keeps its volume) or "full"; all but the first need
            a crystal.
        pressure: external, GPa; with a moving cell.
        observe: called after each step with (step, energy in eV, largest force in eV/Å).

    Returns:
        The relaxed atoms and whether they converged; not converging is no error.

    Raises:
        InputError: a number out of range, an unknown name, or a cell that cannot move.
        IntertwineError: the calculator failed, or the structure fell apart.

    >>> from ase.build import molecule
    >>> from intertwine.engines.oracles import oracle
    >>> nitrogen = molecule("N2")
    >>> nitrogen.calc = oracle("emt")
    >>> relax(nitrogen, fmax=0.001).converged
    True
    """
    _check(fmax, steps, optimizer, cell, pressure, atoms)
    moving = atoms.copy()
    moving.calc = atoms.calc
    target: Any = moving
    if cell != "fixed":
        target = FrechetCellFilter(
            moving,
            scalar_pressure=pressure * units.GPa,
            hydrostatic_strain=cell == "isotropic",
            constant_volume=cell == "shape",
        )
    with answering("while relaxing"), OPTIMIZERS[optimizer](target, logfile=None) as search:
        if observe is not None:
            search.attach(lambda: observe(search.nsteps, *_standing(moving)))
        converged = bool(search.run(fmax=fmax, steps=steps))
        energy, force = _standing(moving)
    return Relaxation(moving, converged, int(search.nsteps), energy, force)


def _standing(atoms: Atoms) -> tuple[float, float]:
    """Energy in eV and largest force in eV/Å."""
    forces = np.linalg.norm(atoms.get_forces(), axis=1)
    return float(atoms.get_potential_energy()), float(forces.max(initial=0.0))


def _check(fmax: float, steps: int, optimizer: str, cell: str, pressure: float, atoms: Atoms) -> None:
    if not (math.isfinite(fmax) and fmax > 0):
        raise InputError("fmax cannot be used", got=fmax, accepted="a positive number in eV/Å")
    if steps < 1:
        raise InputError("the number of steps is too small", got=steps, accepted="1 or more")
    for what, name, legal in (("optimizer", optimizer, tuple(OPTIMIZERS)), ("cell motion", cell, CELLS)):
        if name not in legal:
            close = nearest(name, legal)
            fix = f"write '{close}'" if close else None
            raise InputError(f"unknown {what} '{name}'", accepted=", ".join(legal), fix=fix)
    if cell != "fixed" and not atoms.pbc.all():
        raise InputError("the cell can move only in a crystal", got=f"pbc {atoms.pbc}", accepted="pbc T T T")
    if cell in ("fixed", "shape") and pressure:
        raise InputError(
            "a pressure acts only on a volume that changes", fix="let the cell be isotropic or full"
        )
