"""Where in the pocket: uniform starts, minimisation of all at once, hops over the barriers."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from intertwine.apps.docking.clusters import distinct
from intertwine.apps.docking.kinematics import Body, Poses, place
from intertwine.apps.docking.landscape import PriorLandscape
from intertwine.apps.docking.minimise import Minima
from intertwine.errors import InputError
from intertwine.ops.rotations import random_rotations, rotation_exponential

TOGETHER = 8
"""Hops after which the worse half of the chains goes on from where the better half is."""


@dataclass(frozen=True)
class SearchPlan:
    """How hard to search.

    Attributes:
        starts: chains of minimisations, each from a random pose.
        drawn: random poses among which each start is the best of its prior energy.
        hops: jumps of each chain after its first minimisation.
        hops_per_torsion: and as many more for each torsion that turns.
        rounds: evaluations of each minimisation.
        temperature: of the Metropolis choice between hops, kcal/mol.
        kept: minima of the prior that are minimised again under the full energy.
        refined: evaluations of each of those minimisations.
        radius: Å; poses nearer than that are one.
        poses: how many poses are reported at most.
        seed: of the random numbers.
    """

    starts: int = 200
    drawn: int = 8
    hops: int = 8
    hops_per_torsion: int = 2
    rounds: int = 40
    temperature: float = 1.2
    kept: int = 100
    refined: int = 40
    radius: float = 1.0
    poses: int = 9
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("starts", "drawn", "rounds", "kept", "refined", "poses"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"the plan's {name} cannot be used", got=getattr(self, name), accepted="1 or more"
                )


def search(
    landscape: PriorLandscape, plan: SearchPlan, symmetries: Int64[Tensor, "symmetries atoms"]
) -> Minima:
    """Minima of the prior, best first, none within `plan.radius` of a better one; at most `plan.kept`.

    Starts are uniform: rotations by Haar's measure, places in the box, torsions on the circle. Each chain
    then hops: it is jolted (a shift, a turn, or some torsions drawn anew), minimised, and the result taken or
    left as Metropolis would (basin hopping; Wales & Doye, J. Phys. Chem. A 101, 5111 (1997)).
    """
    source = torch.Generator().manual_seed(plan.seed)
    now = landscape.minimised(random_starts(landscape, plan, source), plan.rounds)
    found, evaluations = [now], now.evaluations
    for hop in range(plan.hops + plan.hops_per_torsion * len(landscape.body.torsions)):
        tried = landscape.minimised(jolted(now.poses, source), plan.rounds)
        found.append(tried)
        evaluations += tried.evaluations
        odds = ((now.energy - tried.energy) / plan.temperature).exp()
        dice = torch.rand(len(odds), generator=source).to(odds)
        taken = (dice < odds).nonzero()[:, 0]
        now = now.put(taken, tried.take(taken))
        if hop % TOGETHER == TOGETHER - 1:
            order = now.energy.argsort(stable=True)
            now = now.put(order[len(order) - len(order) // 2 :], now.take(order[: len(order) // 2]))
    best = best_of(landscape, found, symmetries, plan.radius, plan.kept)
    return best._replace(evaluations=evaluations)


def best_of(
    landscape: PriorLandscape,
    found: list[Minima],
    symmetries: Int64[Tensor, "symmetries atoms"],
    radius: float,
    count: int,
) -> Minima:
    """The lowest of some minima, best first, one from each cluster."""
    poses = Poses(*(torch.cat(parts) for parts in zip(*(minima.poses for minima in found), strict=True)))
    energy = torch.cat([minima.energy for minima in found])
    norms = torch.cat([minima.gradient_norm for minima in found])
    lowest = energy.argsort(stable=True)[: 40 * count]
    return apart(landscape.body, Minima(poses, energy, norms).take(lowest), symmetries, radius, count)


def apart(
    body: Body,
    minima: Minima,
    symmetries: Int64[Tensor, "symmetries atoms"],
    radius: float,
    count: int,
) -> Minima:
    """Some minima, best first, none within `radius` Å of a better one; at most `count`."""
    order = minima.energy.argsort(stable=True)
    x = place(body, minima.poses.take(order)).positions
    return minima.take(order[distinct(x, symmetries.to(x.device), radius, count)])


def random_starts(landscape: PriorLandscape, plan: SearchPlan, source: torch.Generator) -> Poses:
    """For each chain the best by energy of `plan.drawn` uniform poses."""
    count = plan.starts * plan.drawn
    poses = uniform_poses(landscape, count, source)
    energy = torch.cat([landscape(poses.take(part))[0] for part in torch.arange(count).split(4096)])
    best = energy.reshape(plan.starts, plan.drawn).argmin(1)
    return poses.take(torch.arange(plan.starts, device=best.device) * plan.drawn + best)


def uniform_poses(landscape: PriorLandscape, count: int, source: torch.Generator) -> Poses:
    """Uniform poses: Haar's rotations, the ligand's centre in the inner half of the box, any torsions."""
    body = landscape.body
    like = body.reference
    rotation = random_rotations(count, source).to(like)
    where = (torch.rand(count, 3, generator=source).to(like) - 0.5) * landscape.half + landscape.centre
    torsions = (torch.rand(count, len(body.torsions), generator=source).to(like) * 2 - 1) * math.pi
    raw = Poses(rotation, where, torsions)
    return raw._replace(translation=2 * where - place(body, raw).positions.mean(1))


def jolted(poses: Poses, source: torch.Generator) -> Poses:
    """Each pose after one of three jolts: a shift of some Å, a turn, or torsions drawn anew."""
    like, (count, torsions) = poses.translation, poses.torsions.shape

    def normal(*shape: int) -> Float[Tensor, "..."]:
        return torch.randn(*shape, generator=source).to(like)

    choice = torch.randint(0, 3 if torsions else 2, (count,), generator=source).to(like.device)
    shift = normal(count, 3) * 1.0 * (choice == 0)[:, None]
    turn = normal(count, 3) * 0.8 * (choice == 1)[:, None]
    drawn = (torch.rand(count, torsions, generator=source).to(like) * 2 - 1) * math.pi
    again = (torch.rand(count, torsions, generator=source).to(like) < 1.5 / max(torsions, 1)) & (choice == 2)[
        :, None
    ]
    return Poses(
        rotation_exponential(turn) @ poses.rotation,
        poses.translation + shift,
        torch.where(again, drawn, poses.torsions),
    )
