"""A law fitted to labels: energies and stresses at once, by a quasi-Newton method on all of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.apps.crystal.labels import StrainLabels
from intertwine.apps.crystal.law import ConstitutiveLaw, LawSpec
from intertwine.apps.crystal.strain import cayley_strain, right_cauchy_green
from intertwine.errors import IntertwineError

Observer = Callable[[int, int, float], None]


@dataclass(frozen=True)
class Errors:
    """How far a law is from labels.

    Args:
        energy: root mean square error of W, in the unit of the labels.
        stress: that of the components of P.
        relative: stress error over the root mean square of the labels' stress.
        largest: largest error of a component of P.
    """

    energy: float
    stress: float
    relative: float
    largest: float


@dataclass(frozen=True)
class Fit:
    """What came of a fit.

    Args:
        law: fitted, float64.
        train: errors on the labels it was fitted to.
        loss: at the end.
        evaluations: of loss and gradient.
    """

    law: ConstitutiveLaw
    train: Errors
    loss: float
    evaluations: int


def scaled(spec: LawSpec, labels: StrainLabels) -> LawSpec:
    """The specification with the scales of strain and stress that the labels have, and their unit."""
    Z = cayley_strain(right_cauchy_green(torch.from_numpy(labels.F)))
    strain = max(float(Z.square().sum((1, 2)).mean().div(6).sqrt()), 1e-6)
    stress = float(np.sqrt((labels.P**2).mean())) or 1.0
    return spec.model_copy(update={"strain_scale": 2 * strain, "stress_scale": stress, "unit": labels.unit})


def fit_law(
    labels: StrainLabels,
    spec: LawSpec,
    *,
    iterations: int = 400,
    seed: int = 0,
    observe: Observer | None = None,
) -> Fit:
    """Minimise the mean squares of the errors of P and of W, each over the size of the labels.

    L-BFGS on all labels in float64: laws are small, and the last per cent is in the curvature. The weights'
    small random start and smooth activations are what keeps a fit to few labels smooth in between.

    Args:
        labels: to fit to.
        spec: of the law; its scales and unit are taken from the labels.
        iterations: most of them.
        seed: of the first weights.
        observe: called with (iteration, most, loss).

    Raises:
        IntertwineError: the loss is no number any more.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        law = ConstitutiveLaw(scaled(spec, labels)).double()
    F, W, P = (torch.from_numpy(np.ascontiguousarray(x, dtype=float)) for x in (labels.F, labels.W, labels.P))
    loss_of = _Loss(law, F, W, P)
    optimizer = torch.optim.LBFGS(
        law.parameters(),
        max_iter=1,
        max_eval=25,
        history_size=50,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )
    value, still = float("inf"), 0
    for step in range(1, iterations + 1):
        before, value = value, float(optimizer.step(loss_of).detach())
        if not np.isfinite(value):
            raise IntertwineError(
                "the fit diverged; do: give more labels, or a smaller law (width, expansion)"
            )
        still = still + 1 if before - value < 1e-9 * value else 0
        if observe is not None:
            observe(step, iterations, value)
        if still >= 10:
            break
    return Fit(law.requires_grad_(False), errors(law, labels), value, loss_of.evaluations)


class _Loss:
    """Loss and gradient at the weights as they are."""

    def __init__(self, law: ConstitutiveLaw, F: Tensor, W: Tensor, P: Tensor) -> None:
        self.law, self.F, self.W, self.P, self.evaluations = law, F, W, P, 0

    def __call__(self) -> Float[Tensor, ""]:
        spec, self.evaluations = self.law.spec, self.evaluations + 1
        W, P = self.law.stress(self.F, create_graph=True)
        energy = (W - self.W).square().mean() / (spec.stress_scale * spec.strain_scale) ** 2
        loss = (P - self.P).square().mean() / spec.stress_scale**2 + energy
        self.law.zero_grad()
        loss.backward()
        return loss


def errors(law: ConstitutiveLaw, labels: StrainLabels) -> Errors:
    """Errors of a law on labels, best on such as it was not fitted to."""
    dtype = next(law.parameters()).dtype
    W, P = law.stress(torch.from_numpy(np.asarray(labels.F, dtype=float)).to(dtype))
    gaps, size = P.double().numpy() - labels.P, np.sqrt((labels.P**2).mean())
    stress = float(np.sqrt((gaps**2).mean()))
    return Errors(
        float(np.sqrt(((W.double().numpy() - labels.W) ** 2).mean())),
        stress,
        stress / float(size) if size else float("nan"),
        float(np.abs(gaps).max()),
    )
