"""Minima of the full energy: what the search found, brought down once more and ranked."""

import copy
import dataclasses

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from intertwine.apps.docking.energy import Guest, PoseEnergy, Site
from intertwine.apps.docking.kinematics import Placed, Poses, place, pulled_back, torques_of
from intertwine.apps.docking.landscape import PriorLandscape, prior_tables
from intertwine.apps.docking.minimise import Minima, minimise
from intertwine.apps.docking.search import apart
from intertwine.ops.pose_pairs import PairEnergies

AT_ONCE = 256
"""Poses whose learned energies are formed at once."""

POLISHED = 80
"""Evaluations of the last minimisation, of the poses that are kept."""


class FullLandscape:
    """Energies and slopes of poses under prior and learned term together, and the wall of the box.

    The prior comes from the tables of a `PriorLandscape`, the learned term from its network; forces on atoms
    and torques on the fragments that carry the ligand's features are both pulled back to the pose.

    Args:
        prior: the landscape that was searched, of the same energy's prior.
        energy: the model.
        site, guest: receptor and ligand, encoded.
    """

    def __init__(self, prior: PriorLandscape, energy: PoseEnergy, site: Site, guest: Guest) -> None:
        self.prior, self.energy, self.site, self.guest = prior, energy, site, guest
        self.body = prior.body

    def __call__(self, poses: Poses) -> tuple[Float[Tensor, "poses"], Float[Tensor, "poses freedoms"]]:
        """Energy (kcal/mol) and its derivatives along (δt, ω, δφ) of poses."""
        parts = [self._some(poses.take(which)) for which in _portions(poses)]
        energies, slopes = zip(*parts, strict=True)
        return torch.cat(energies), torch.cat(slopes)

    def _some(self, poses: Poses) -> tuple[Tensor, Tensor]:
        placed = place(self.body, poses)
        found, (wall, push) = self.prior.energies(placed), self.prior.wall(placed.positions)
        learned, force, torques = self.learned(placed)
        gradient = found.gradient + push + force
        turning, resistance = self.prior.turning(poses)
        total = found.outer.sum(1) + found.inner + wall + turning + learned.sum(1)
        slope = pulled_back(self.body, poses, placed.positions, gradient, torques)
        return total, slope + resistance

    def minimised(self, starts: Poses, rounds: int) -> Minima:
        """`minimise` on this landscape; where nothing is learned, as the prior does it."""
        if not self.energy.spec.bound:
            return self.prior.minimised(starts, rounds)
        return minimise(self, starts, self.body.reaches, rounds)

    def learned(self, placed: Placed) -> tuple[Tensor, Tensor, Tensor]:
        """The learned term of each atom, its gradient along the atoms, and its torques on the fragments."""
        if not self.energy.spec.bound:
            zero = torch.zeros_like(placed.positions)
            return zero[:, :, 0], zero, torch.zeros_like(placed.frames[:, :, 0])
        x, frames = placed.positions.detach().requires_grad_(), placed.frames.detach().requires_grad_()
        with torch.enable_grad():
            terms = self.energy.learned(self.site, self.guest, Placed(x, frames))
            force, turn = torch.autograd.grad(terms.sum(), (x, frames))
        return terms.detach(), force, torques_of(placed.frames, turn)

    def terms(self, poses: Poses) -> tuple[PairEnergies, Float[Tensor, "poses atoms"]]:
        """Prior and learned energies of each atom at each pose, without the wall; turning counts as inner."""
        placed = place(self.body, poses)
        pairs = self.prior.energies(placed)
        return pairs._replace(inner=pairs.inner + self.prior.turning(poses)[0]), self.learned(placed)[0]


def refined(
    landscape: FullLandscape,
    starts: Poses,
    symmetries: Int64[Tensor, "symmetries atoms"],
    rounds: int,
    radius: float,
    count: int,
) -> Minima:
    """Minima of the full energy below some starts, best first, none within `radius` Å of a better one."""
    found = landscape.minimised(starts, rounds)
    some = apart(landscape.body, found, symmetries, radius, 2 * count)
    last = landscape.minimised(some.poses, POLISHED)
    evaluations = found.evaluations + last.evaluations
    return apart(landscape.body, last, symmetries, radius, count)._replace(evaluations=evaluations)


def reweighted(landscape: PriorLandscape, energy: PoseEnergy) -> PriorLandscape:
    """The same landscape under the weights that a model's prior has by now; nothing else is built anew."""
    again = copy.copy(landscape)
    tables = prior_tables(energy.prior, landscape.rows).to(landscape.centre.dtype, landscape.centre.device)
    again.around = dataclasses.replace(landscape.around, tables=tables)
    again.barrier = float(energy.prior.barrier.detach())
    again.__dict__.pop("mechanism", None)
    return again


def _portions(poses: Poses) -> tuple[Tensor, ...]:
    count, where = len(poses.rotation), poses.rotation.device
    return torch.arange(count, device=where).split(AT_ONCE) if count else (torch.arange(0, device=where),)
