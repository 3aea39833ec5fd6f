"""Equilibrium of a body that is pulled about, by Newton's method."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64, Int
from scipy.sparse.linalg import splu

from intertwine.apps.crystal.finite_elements import Body
from intertwine.errors import InputError, IntertwineError

HALVINGS = 8
"""How often a step of Newton's method is halved before it is given up."""
SMALL = 1e-3
"""A strain; where reactions are less than it takes, forces out of balance count relative to those."""
Observer = Callable[["LoadStep"], None]


@dataclass(frozen=True, eq=False)
class LoadStep:
    """A body in equilibrium.

    Args:
        load: the part of the prescribed displacements that is applied, 0 to 1.
        displacement: of every degree of freedom.
        force: that the degrees of freedom exert on the body, stress × length²; zero where none is prescribed.
        residuals: norm of the forces out of balance over that of the reactions, after every iteration.
        halvings: of all iterations together.
    """

    load: float
    displacement: Float[np.ndarray, " unknowns"]
    force: Float[np.ndarray, " unknowns"]
    residuals: tuple[float, ...]
    halvings: int


def solve(
    body: Body,
    held: Int[np.ndarray, " held"],
    values: Float[np.ndarray, " held"],
    *,
    steps: int = 5,
    tolerance: float = 1e-11,
    iterations: int = 15,
    observe: Observer | None = None,
) -> list[LoadStep]:
    """Equilibrium under prescribed displacements, in equal load steps, by Newton's method.

    The prescribed part of a step enters its first linear system, so that a good tangent carries the whole
    body along. A later iteration that turns an element inside out or leaves more out of balance is halved.

    Args:
        body: undeformed to begin with.
        held: degrees of freedom that are prescribed; enough of them that no rigid motion is left.
        values: their displacements at the end; all others feel no force.
        steps: of load.
        tolerance: on the forces out of balance, relative to the reactions.
        iterations: most of them in a step.
        observe: called with every load step.

    Raises:
        InputError: a degree of freedom that is not there or held twice, no load step.
        IntertwineError: no equilibrium was found, or the body is free to move.
    """
    if len(np.unique(held)) != len(held) or not np.isin(held, np.arange(body.unknowns)).all():
        raise InputError("held degrees of freedom repeat or are none", accepted=f"0 to {body.unknowns - 1}")
    if steps < 1:
        raise InputError("no load step", got=steps, accepted="1 or more")
    newton = _Newton(body, held, tolerance, iterations)
    u, found = np.zeros(body.unknowns), []
    for load in np.arange(1, steps + 1) / steps:
        found.append(newton.step(u, float(load), values))
        u = found[-1].displacement
        if observe is not None:
            observe(found[-1])
    return found


class _Newton:
    """One load step after the other."""

    def __init__(self, body: Body, held: Int[np.ndarray, " held"], tolerance: float, iterations: int) -> None:
        self.body, self.held, self.tolerance, self.iterations = body, held, tolerance, iterations
        self.free = np.setdiff1d(np.arange(body.unknowns), held)
        modulus = body.law.spec.stress_scale / body.law.spec.strain_scale
        area = float(body.volumes.sum()) ** (2 / 3)
        self.least = SMALL * modulus * area / max(len(held), 1) ** 0.5

    def step(self, u: np.ndarray, load: float, values: np.ndarray) -> LoadStep:
        u = u + self._increment(u, load * values - u[self.held])
        relative, force = self._balance(u)
        residuals, halvings = [relative], 0
        while residuals[-1] > self.tolerance:
            if len(residuals) > self.iterations or not np.isfinite(residuals[-1]):
                raise self._lost(load)
            du, part = self._increment(u, np.zeros(len(self.held))), 1.0
            relative, force = self._balance(u + du)
            while not relative < residuals[-1]:
                part, halvings = part / 2, halvings + 1
                if part < 0.5**HALVINGS:
                    raise self._lost(load)
                relative, force = self._balance(u + part * du)
            u = u + part * du
            residuals.append(relative)
        force[self.free] = 0.0
        return LoadStep(load, u, force, tuple(residuals), halvings)

    def _increment(self, u: np.ndarray, prescribed: np.ndarray) -> Float64[np.ndarray, " unknowns"]:
        """Solution of K du = −r where du is free and as prescribed elsewhere."""
        forces, matrix = self.body.tangent(u)
        rows, du = matrix[self.free], np.zeros(len(u))
        du[self.held] = prescribed
        right = -forces[self.free] - rows[:, self.held] @ prescribed
        try:
            factors = splu(
                rows[:, self.free].tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}
            )
        except RuntimeError as error:
            raise IntertwineError(
                f"the stiffness of the body is singular ({error}); do: hold it so that it cannot move"
            ) from error
        du[self.free] = factors.solve(right)
        return du

    def _balance(self, u: np.ndarray) -> tuple[float, Float64[np.ndarray, " unknowns"]]:
        """Forces out of balance over reactions, and all forces; infinite where an element is inside out."""
        if not bool((torch.linalg.det(self.body.deformation(u)) > 0).all()):
            return np.inf, np.zeros(len(u))
        force = self.body.residual(u)
        scale = max(float(np.linalg.norm(force[self.held])), self.least)
        relative = float(np.linalg.norm(force[self.free])) / scale
        return relative if np.isfinite(relative) else np.inf, force

    def _lost(self, load: float) -> IntertwineError:
        return IntertwineError(f"no equilibrium at load {load:.3g} was found; do: take more load steps")
