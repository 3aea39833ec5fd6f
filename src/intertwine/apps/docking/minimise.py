"""Thousands of minimisations at once: quasi-Newton on SE(3) × torsions."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from intertwine.apps.docking.kinematics import Poses

Landscape = Callable[[Poses], tuple[Tensor, Tensor]]
"""Poses to their energies `(poses,)` and derivatives along (δt, ω, δφ), `(poses, freedoms)`."""

LONGEST = 1.0
"""Å, the furthest that one step goes, in units of what each freedom moves."""

SUFFICIENT = 1e-4
"""Share of the decrease that the slope promises which a step must bring (Armijo)."""

SHORTER = 0.3
"""What is left of a step that does not bring it."""

FIRST = 0.1
"""Å²/energy, the inverse curvature that is assumed before anything is learned."""


class Minima(NamedTuple):
    """Where minimisation ended.

    Attributes:
        poses: as many as there were starts.
        energy: `(poses,)`.
        gradient_norm: length of the gradient with every freedom counted in Å, energy/Å, `(poses,)`.
        evaluations: how many poses were evaluated on the way.
    """

    poses: Poses
    energy: Float[Tensor, "poses"]
    gradient_norm: Float[Tensor, "poses"]
    evaluations: int = 0

    def take(self, which: Int64[Tensor, "some"]) -> "Minima":
        """Some of them, by their numbers."""
        return Minima(self.poses.take(which), self.energy[which], self.gradient_norm[which], self.evaluations)

    def put(self, which: Int64[Tensor, "some"], other: "Minima") -> "Minima":
        """These with those of some numbers taken from others."""
        energy = self.energy.index_copy(0, which, other.energy)
        norm = self.gradient_norm.index_copy(0, which, other.gradient_norm)
        return Minima(self.poses.put(which, other.poses), energy, norm, self.evaluations)


class _State(NamedTuple):
    """Everything known of each pose: gradients and curvatures in scaled freedoms, and the trial length."""

    poses: Poses
    energy: Tensor
    gradient: Tensor
    inverse: Tensor
    length: Tensor

    def take(self, which: Tensor) -> "_State":
        return _State(self.poses.take(which), *(part[which] for part in self[1:]))

    def put(self, which: Tensor, other: "_State") -> "_State":
        """These states with those of `which` taken from another."""
        rest = (a.index_copy(0, which, b) for a, b in zip(self[1:], other[1:], strict=True))
        return _State(self.poses.put(which, other.poses), *rest)


def minimise(
    landscape: Landscape,
    starts: Poses,
    reaches: Float[Tensor, "freedoms"],
    rounds: int = 60,
    tolerance: float = 0.02,
) -> Minima:
    """Bring poses to the minima of an energy, each by its own BFGS steps, all in the same evaluations.

    Every pose keeps an inverse Hessian of its own (BFGS; Nocedal & Wright, *Numerical Optimization*, 2006)
    over its freedoms (δt, ω, δφ), scaled so that each moves atoms by about its own length. A step that does
    not lower the energy enough is shortened at the next evaluation; energies never rise. Poses whose
    gradient is small enough, or whose steps have become tiny, are left in peace.

    Args:
        landscape: energies and derivatives of poses.
        starts: where to begin.
        reaches: Å that atoms move per unit of each freedom (`Body.reaches`).
        rounds: largest number of evaluations of each pose.
        tolerance: gradient, energy/Å, at which a pose is done.
    """
    energy, slope = landscape(starts)
    eye = torch.eye(slope.shape[1], dtype=slope.dtype, device=slope.device)
    state = _State(
        starts, energy, slope / reaches, FIRST * eye.repeat(len(energy), 1, 1), torch.ones_like(energy)
    )
    evaluations = len(energy)
    for _ in range(rounds - 1):
        busy = (state.gradient.norm(dim=1) > tolerance) & (state.length > 1e-3)
        which = busy.nonzero()[:, 0]
        if not len(which):
            break
        state = state.put(which, _one_round(landscape, state.take(which), reaches))
        evaluations += len(which)
    return Minima(state.poses, state.energy, state.gradient.norm(dim=1), evaluations)


def _one_round(landscape: Landscape, now: _State, reaches: Tensor) -> _State:
    """One evaluation of each pose: taken, with the curvature learned from it, or shortened."""
    step = -(now.inverse @ now.gradient[:, :, None])[:, :, 0]
    step = step * (LONGEST / step.norm(dim=1).clamp_min(LONGEST))[:, None]
    step = step * now.length[:, None]
    promised = (step * now.gradient).sum(1)
    trial = now.poses.moved(step / reaches)
    energy, slope = landscape(trial)
    gradient = slope / reaches
    taken = (energy <= now.energy + SUFFICIENT * promised) & (promised < 0)
    inverse = _learned(now.inverse, step, gradient - now.gradient)
    start = FIRST * torch.eye(inverse.shape[1], dtype=inverse.dtype, device=inverse.device)
    lost = (promised >= 0)[:, None, None]
    poses = Poses(*(_where(taken, a, b) for a, b in zip(trial, now.poses, strict=True)))
    return _State(
        poses,
        torch.where(taken, energy, now.energy),
        _where(taken, gradient, now.gradient),
        torch.where(lost, start, _where(taken, inverse, now.inverse)),
        torch.where(taken, torch.ones_like(now.length), SHORTER * now.length),
    )


def _learned(inverse: Tensor, step: Tensor, change: Tensor) -> Tensor:
    """BFGS update of the inverse Hessian where the curvature along the step is positive."""
    curvature = (step * change).sum(1)
    good = curvature > 1e-8
    safe = torch.where(good, curvature, torch.ones_like(curvature))[:, None]
    spread = (inverse @ change[:, :, None])[:, :, 0]
    along = ((change * spread).sum(1, keepdim=True) + safe) / (safe * safe)
    mixed = spread[:, :, None] * (step / safe)[:, None, :]
    update = along[:, :, None] * step[:, :, None] * step[:, None, :] - mixed - mixed.mT
    return torch.where(good[:, None, None], inverse + update, inverse)


def _where(which: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    return torch.where(which.reshape(-1, *(1 for _ in yes.shape[1:])), yes, no)
