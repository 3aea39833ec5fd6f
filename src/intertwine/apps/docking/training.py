"""Learning where ligands sit: rank poses, feel the torque home, and mine one's own false minima."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.apps.docking.cases import Case, beside_native
from intertwine.apps.docking.energy import PoseEnergy
from intertwine.apps.docking.kinematics import Placed, Poses, place, pulled_back, torques_of
from intertwine.apps.docking.refine import FullLandscape, reweighted
from intertwine.apps.docking.search import jolted

WIDTHS = (0.3, 0.15, 0.2)
"""Scatter of the noise whose removal is learned: Å, radians of rotation, radians of each torsion."""

KT = 0.593
"""kcal/mol at 298 K: poses are as likely as e^{−E/kT} says."""


@dataclass(frozen=True)
class DockingTraining:
    """How a `PoseEnergy` is fitted.

    Attributes:
        epochs: passes over the cases.
        rate: largest learning rate of AdamW; it rises over the first twentieth and falls to zero.
        prior_rate: that of the prior's weights.
        decay: weight decay of the learned term.
        near, far: minima of a case in one step, those within 2 Å and those beyond 2.5 Å.
        noisy: poses whose noise is to be removed in one step.
        noisy_share: of the steps that do so; the loss counts the more in them.
        margin: kcal/mol by which a pose 4 Å or more away has to lie higher.
        denoising: weight of the loss on forces and torques.
        mining: after each of these shares of the epochs, false minima are sought under the energy as it is.
        mined_share: of the cases, drawn anew each time, in which they are sought.
        mined: lowest poses of such a case that are brought down anew, each twice.
        seed: of everything random.
    """

    epochs: int = 6
    rate: float = 2e-3
    prior_rate: float = 5e-3
    decay: float = 5e-2
    near: int = 8
    far: int = 36
    noisy: int = 12
    noisy_share: float = 0.33
    margin: float = 2.0
    denoising: float = 0.05
    mining: tuple[float, ...] = (0.4, 0.7)
    mined_share: float = 0.35
    mined: int = 16
    seed: int = 0


class Losses(NamedTuple):
    """The three losses of one step."""

    ranking: Tensor
    margin: Tensor
    denoising: Tensor


def train(
    energy: PoseEnergy,
    cases: Sequence[Case],
    plan: DockingTraining,
    advance: Callable[[dict[str, float]], None] | None = None,
) -> list[Case]:
    """Fit an energy to cases, in place.

    Each step takes one case and

    - ranks poses: −log Σ_k g_k e^{−E_k/kT} / Σ_k e^{−E_k/kT}, g = e^{−(RMSD/1.5 Å)²/2}, how right one is;
    - asks that a pose d Å away lies at least margin · min(1, d/4 Å) above the lowest one within 2 Å;
    - removes noise: poses scattered about the native one by a Gaussian of widths σ must have the slope of its
      logarithm, ∂(E/kT)/∂(t, ω, φ) = (δt, ω, δφ)/σ²: the torque is what is regressed, E is its potential
      (Vincent, Neural Comput. 23, 1661 (2011)).

    A few times minima of the pool are jolted and minimised under the energy as it stands by then, and what is
    found enters the pool: the model is shown its own false minima.

    Args:
        energy: the model; its prior is learned with it.
        cases: to learn from.
        plan: how.
        advance: told the losses after every step.

    Returns:
        the cases with what was mined.
    """
    cases = list(cases)
    source = torch.Generator().manual_seed(plan.seed)
    optimiser = torch.optim.AdamW(_groups(energy, plan))
    rates = [group["lr"] for group in optimiser.param_groups]
    steps = plan.epochs * len(cases) + 1
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=steps, pct_start=0.05)
    mines = {int(share * plan.epochs) for share in plan.mining}
    for epoch in range(plan.epochs):
        if epoch and epoch in mines:
            cases = [_perhaps_mined(energy, case, plan, source) for case in cases]
        for index in torch.randperm(len(cases), generator=source).tolist():
            losses = losses_of(energy, cases[index], plan, source)
            loss = losses.ranking + losses.margin + plan.denoising * losses.denoising
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(energy.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            if advance is not None:
                advance({name: float(value.detach()) for name, value in losses._asdict().items()})
    return cases


def losses_of(energy: PoseEnergy, case: Case, plan: DockingTraining, source: torch.Generator) -> Losses:
    """The losses of one case on some of its poses."""
    site, guest = energy.site(case.site, case.traits), energy.guest(case.ligand)
    chosen = _chosen(case, plan, source)
    value = energy(site, guest, Placed(*(part[chosen] for part in case.placed))).total
    away = case.rmsd[chosen]
    ranking, margin = ranking_loss(value / KT, away), margin_loss(value, away, plan.margin)
    if float(torch.rand((), generator=source)) >= plan.noisy_share:
        return Losses(ranking, margin, torch.zeros_like(margin))
    noisy = beside_native(case.native, plan.noisy, source, WIDTHS)
    return Losses(ranking, margin, denoising_loss(energy, case, (site, guest), noisy) / plan.noisy_share)


def ranking_loss(energy: Float[Tensor, "poses"], rmsd: Float[Tensor, "poses"]) -> Float[Tensor, ""]:
    """−log Σ g e^{−E} / Σ e^{−E} with g = e^{−(RMSD/1.5)²/2}; E in units of kT.

    >>> ranking_loss(torch.tensor([-9.0, -9.0]), torch.tensor([0.0, 8.0]))
    tensor(0.6931)
    """
    log_right = -0.5 * (rmsd / 1.5).square()
    return torch.logsumexp(-energy, 0) - torch.logsumexp(log_right - energy, 0)


def margin_loss(
    energy: Float[Tensor, "poses"], rmsd: Float[Tensor, "poses"], margin: float
) -> Float[Tensor, ""]:
    """Mean of what a pose d Å away lacks to margin · min(1, d/4) above the best within 2 Å; 0 without one.

    >>> margin_loss(torch.tensor([0.0, 1.5]), torch.tensor([0.0, 8.0]), 2.0)
    tensor(0.5000)
    """
    near = rmsd < 2.0
    if not bool(near.any()) or bool(near.all()):
        return energy.sum() * 0.0
    wanted = margin * (rmsd[~near] / 4.0).clamp_max(1.0)
    return (energy[near].min() + wanted - energy[~near]).clamp_min(0.0).mean()


def denoising_loss(energy: PoseEnergy, case: Case, encoded: tuple, noisy: Poses) -> Float[Tensor, ""]:
    """Mean square of σ ∂(E/kT)/∂(δt, ω, δφ) less the noise over σ, saturating where poses clash.

    Each freedom is weighed alike; noise of rotation is the rotation vector from the native pose.
    """
    placed = place(case.body, noisy)
    x, frames = placed.positions.detach().requires_grad_(), placed.frames.detach().requires_grad_()
    total = energy(*encoded, Placed(x, frames)).total.sum() / KT
    outer, turn = torch.autograd.grad(total, (x, frames), create_graph=True, allow_unused=True)
    torque = None if turn is None else torques_of(frames, turn)
    slope = pulled_back(case.body, noisy, x, outer, torque)
    width = slope.new_tensor([WIDTHS[0]] * 3 + [WIDTHS[1]] * 3 + [WIDTHS[2]] * (slope.shape[1] - 6))
    wanted = noise_of(case.native, noisy) / width
    return torch.nn.functional.huber_loss(width * slope, wanted, delta=2.0)


def noise_of(native: Poses, noisy: Poses) -> Float[Tensor, "poses freedoms"]:
    """The step (δt, ω, δφ) that leads from one pose to others: what `Poses.moved` was given, |ω| < π."""
    turn = noisy.rotation @ native.rotation.mT
    skew = 0.5 * torch.stack([turn[:, k - 2, k - 1] - turn[:, k - 1, k - 2] for k in range(3)], dim=1)
    cosine = ((turn.diagonal(dim1=1, dim2=2).sum(1) - 1.0) / 2.0).clamp(-1.0, 1.0)
    sine = skew.norm(dim=1)
    vector = -skew * (torch.atan2(sine, cosine) / sine.clamp_min(1e-9))[:, None]
    return torch.cat(
        (noisy.translation - native.translation, vector, noisy.torsions - native.torsions), dim=1
    )


@torch.no_grad()
def mined(energy: PoseEnergy, case: Case, plan: DockingTraining, source: torch.Generator) -> Case:
    """The case with false minima of the energy as it is: the lowest of its pool, jolted and brought down."""
    landscape = FullLandscape(
        reweighted(case.landscape, energy),
        energy,
        energy.site(case.site, case.traits),
        energy.guest(case.ligand),
    )
    lowest = landscape(case.poses)[0].argsort()[: plan.mined]
    starts = case.poses.take(lowest)
    both = Poses(*(torch.cat(pair) for pair in zip(starts, jolted(starts, source), strict=True)))
    return case.with_poses(landscape.minimised(both, 12).poses)


def _perhaps_mined(energy: PoseEnergy, case: Case, plan: DockingTraining, source: torch.Generator) -> Case:
    lucky = float(torch.rand((), generator=source)) < plan.mined_share
    return mined(energy, case, plan, source) if lucky else case


def _chosen(case: Case, plan: DockingTraining, source: torch.Generator) -> Tensor:
    """Numbers of the poses of one step: minima within 2 Å, and others, half of them by low energy."""
    away = case.rmsd.cpu()
    minimum = torch.arange(len(away)) >= case.scattered
    near = ((away < 2.0) & minimum).nonzero()[:, 0]
    far = ((away > 2.5) & minimum).nonzero()[:, 0]
    near = near[torch.randperm(len(near), generator=source)][: plan.near]
    low = far[case.first.cpu()[far].argsort()]
    odds = (-torch.arange(len(far)) / plan.far).exp() + 0.05
    drawn = torch.multinomial(odds, min(plan.far, len(far)), generator=source) if len(far) else far
    return torch.cat((near, low[drawn])).to(case.rmsd.device)


def _groups(energy: PoseEnergy, plan: DockingTraining) -> list[dict]:
    prior = list(energy.prior.parameters())
    learned = [p for name, p in energy.named_parameters() if not name.startswith("prior")]
    return [
        {"params": prior, "lr": plan.prior_rate, "weight_decay": 0.0},
        {"params": learned, "lr": plan.rate, "weight_decay": plan.decay},
    ]
