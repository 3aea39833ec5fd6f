"""The physical prior of binding: steric contact, hydrogen bonds, hydrophobic contact, charges."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.apps.docking.chemistry import METAL_RADIUS, RADII
from intertwine.ops.radial import envelope

if TYPE_CHECKING:
    from intertwine.apps.docking.chemistry import TypedAtoms

CUTOFF = 8.0
"""Å; no two atoms further apart meet in the prior."""

TERMS = ("close", "broad", "steric", "hydrophobic", "hydrogen_bond", "charge")
START = (-0.0356, -0.00516, 0.840, -0.0351, -0.587, 0.02)
"""Weights before training, kcal/mol: those of AutoDock Vina, and a weak one for charges, which it has not."""

COULOMB = 332.06
"""kcal Å/(mol e²)."""

BARRIER = 1.0
"""kcal/mol before training: what the worst angle about a bond costs."""


def traits_of(atoms: "TypedAtoms") -> Float[Tensor, "atoms traits"]:
    """What the prior sees of atoms, `(atoms, 5)`: radius (Å), hydrophobic, donor, acceptor, charge (e)."""
    radius = np.array([RADII.get(int(z), METAL_RADIUS) for z in atoms.numbers])
    columns = (radius, atoms.hydrophobic, atoms.donor, atoms.acceptor, atoms.charge)
    return torch.from_numpy(np.stack([np.asarray(c, dtype=np.float64) for c in columns], axis=1))


def ramp(x: Float[Tensor, "..."], zero: float, one: float) -> Float[Tensor, "..."]:
    """C² step from 0 at x = `zero` to 1 at x = `one`: s³ (10 − 15 s + 6 s²).

    >>> ramp(torch.tensor([0.0, 1.0, 2.0]), 0.0, 2.0)
    tensor([0.0000, 0.5000, 1.0000])
    """
    s = ((x - zero) / (one - zero)).clamp(0.0, 1.0)
    return s**3 * (10.0 - 15.0 * s + 6.0 * s * s)


class Prior(nn.Module):
    """Energy of two atoms at a distance, six terms with learnable weights; C² everywhere.

    With the gap d = r − Rᵢ − Rⱼ between surfaces, o = max(0, −d), and a C² envelope f(r) that ends at 8 Å:

        E = f(r) [w₁ e^{−(d/0.5)²} + w₂ e^{−((d−3)/2)²} + w₃ o³/(o + 0.1)
                  + w₄ hydrophobic·ramp(d; 1.5 → 0.5) + w₅ hydrogen bond·ramp(d; 0 → −0.7)
                  + w₆ 332 qᵢqⱼ/(1 + r²)]   kcal/mol

    The first five have the shapes and the first weights of AutoDock Vina (Trott & Olson, J. Comput. Chem. 31,
    455 (2010)) with corners rounded until second derivatives are continuous; the last is Coulomb's law under
    a dielectric constant that grows with distance. Training may scale each weight, never change its sign.

    Inside a ligand the terms have weights of their own, the same at first, and each torsion has its profile,
    of height `barrier` (`profiles_of`).

    >>> touch = torch.tensor([[1.9, 1.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    >>> energy = Prior().double()(torch.tensor([3.8], dtype=torch.float64), touch, touch)
    >>> energy.detach().round(decimals=2)
    tensor([-0.0700], dtype=torch.float64)
    """

    def __init__(self) -> None:
        super().__init__()
        self.scales = nn.Parameter(torch.zeros(len(TERMS)))
        self.inner_scales = nn.Parameter(torch.zeros(len(TERMS)))
        self.barrier_scale = nn.Parameter(torch.zeros(()))
        self.register_buffer("start", torch.tensor(START), persistent=False)

    start: Tensor

    @property
    def weights(self) -> Float[Tensor, "terms"]:
        """Weights of the terms in the order of `TERMS`, kcal/mol."""
        return self.start * self.scales.exp()

    @property
    def inner_weights(self) -> Float[Tensor, "terms"]:
        """Weights of the terms inside a ligand, kcal/mol."""
        return self.start * self.inner_scales.exp()

    @property
    def barrier(self) -> Float[Tensor, ""]:
        """Height of the profile of a torsion, kcal/mol."""
        return BARRIER * self.barrier_scale.exp()

    def forward(
        self,
        distance: Float[Tensor, "*pairs"],
        first: Float[Tensor, "*#pairs traits"],
        second: Float[Tensor, "*#pairs traits"],
        inside: bool = False,
    ) -> Float[Tensor, "*pairs"]:
        """Energy of pairs, kcal/mol.

        Args:
            distance: r, Å.
            first, second: traits of the two atoms (`traits_of`).
            inside: whether both are of one ligand.
        """
        (r1, greasy1, donor1, acceptor1, q1), (r2, greasy2, donor2, acceptor2, q2) = (
            first.unbind(-1),
            second.unbind(-1),
        )
        gap = distance - r1 - r2
        overlap = (-gap).clamp_min(0.0)
        bond = torch.maximum(donor1 * acceptor2, acceptor1 * donor2)
        terms = (
            (-(gap / 0.5).square()).exp(),
            (-((gap - 3.0) / 2.0).square()).exp(),
            overlap**3 / (overlap + 0.1),
            greasy1 * greasy2 * ramp(gap, 1.5, 0.5),
            bond * ramp(gap, 0.0, -0.7),
            COULOMB * q1 * q2 / (1.0 + distance.square()),
        )
        weights = self.inner_weights if inside else self.weights
        total = sum(weight * term for weight, term in zip(weights, terms, strict=True))
        return total * envelope(distance / CUTOFF, power=12)  # type: ignore[operator]


def kinds_of(traits: Sequence[Float[Tensor, "_ traits"]]) -> tuple[Tensor, list[Tensor]]:
    """The different rows among some tables of traits, and the index of each atom's row in them.

    >>> rows, (first, second) = kinds_of([torch.ones(2, 5), torch.zeros(1, 5)])
    >>> rows.shape, first.tolist(), second.tolist()
    (torch.Size([2, 5]), [1, 1], [0])
    """
    rows, index = torch.unique(torch.cat(list(traits)), dim=0, return_inverse=True)
    return rows, list(index.split([len(part) for part in traits]))
