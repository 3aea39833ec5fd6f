"""Figures of a law: energy along paths, and the pole figure of its stress."""

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure

from intertwine.apps.crystal.labels import StrainLabels
from intertwine.apps.crystal.law import ConstitutiveLaw
from intertwine.apps.crystal.paths import bain_path, pulled, shear_path
from intertwine.apps.crystal.suspects import Suspect
from intertwine.apps.style import COLOURS, INK, MUTED, styled_figure

SHEARS = {"{111}⟨11-2⟩": ((1, 1, -2), (1, 1, 1)), "{001}⟨100⟩": ((1, 0, 0), (0, 0, 1))}
"""Direction and plane, in the axes of the crystal."""


def energy_paths(law: ConstitutiveLaw, reach: float) -> Figure:
    """W along the Bain path and two shears, as far as the labels' strains reach.

    Args:
        law: fitted.
        reach: largest logarithmic stretch.
    """
    figure, (left, right) = styled_figure(9.6, 3.4, columns=2)
    logs = np.linspace(-1.5 * reach, 1.5 * reach, 81)
    left.plot(np.exp(logs), _energies(law, bain_path(np.exp(logs))), color=COLOURS[0])
    left.set(xlabel="c/a over that of the crystal, at constant volume", ylabel=f"W ({law.spec.unit})")
    amounts = np.linspace(-2 * reach, 2 * reach, 81)
    for colour, (name, (along, across)) in zip(COLOURS, SHEARS.items(), strict=False):
        F = shear_path(amounts, np.array(along, dtype=float), np.array(across, dtype=float))
        right.plot(amounts, _energies(law, F), color=colour, label=name)
    right.set(xlabel="shear", ylabel=f"W ({law.spec.unit})")
    right.legend(frameon=False)
    return figure


def _energies(law: ConstitutiveLaw, F: Float[np.ndarray, "n 3 3"]) -> np.ndarray:
    with torch.no_grad():
        return law(torch.from_numpy(F).to(next(law.parameters()).dtype)).double().numpy()


def pole_figure(law: ConstitutiveLaw, strain: float) -> Figure:
    """Stress along n of a crystal stretched, and compressed, along n: stereographic projection from below.

    Args:
        law: fitted.
        strain: of the stretch; directions of the upper half stand for both.
    """
    figure, axes = styled_figure(9.0, 4.0, columns=2)
    polar, azimuth = np.meshgrid(np.linspace(0, np.pi / 2, 46), np.linspace(0, 2 * np.pi, 181), indexing="ij")
    n = np.stack([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)], axis=-1)
    r = np.tan(polar / 2)
    for ax, stretch in zip(axes, (1 + strain, 1 - strain), strict=True):
        values = pulled(law, n, stretch)
        levels = (
            np.linspace(values.min(), values.max(), 13) if np.ptp(values) > 1e-9 * abs(values).max() else 3
        )
        drawn = ax.contourf(r * np.cos(azimuth), r * np.sin(azimuth), values, levels=levels, cmap="Blues")
        ax.plot(np.cos(azimuth[0]), np.sin(azimuth[0]), color=MUTED, linewidth=0.8)
        ax.set(aspect="equal")
        ax.set_title(f"n·P n at F = 1 {'+' if stretch > 1 else '−'} {strain:.3g} n⊗n", pad=18)
        ax.set_axis_off()
        for x, y, name in ((1.07, 0, "x"), (0, 1.07, "y")):
            ax.text(x, y, name, color=INK, ha="center", va="center")
        figure.colorbar(drawn, ax=ax, shrink=0.8, label=law.spec.unit)
    return figure


def symmetry_figure(found: list[Suspect]) -> Figure:
    """Error of each element beside that of no symmetry."""
    figure, (ax,) = styled_figure(9.6, 0.9 + 0.22 * len(found))
    names = [suspect.name for suspect in found][::-1]
    values = [suspect.error for suspect in found][::-1]
    tints = [COLOURS[1] if suspect.violated else COLOURS[0] for suspect in found][::-1]
    ax.barh(names, values, color=tints, height=0.65)
    ax.axvline(found[0].reference, color=INK, linewidth=1.0)
    ax.set(xlabel="relative error of stress on labels left out; the line: no symmetry at all")
    return figure


def parity(law: ConstitutiveLaw, labels: StrainLabels) -> Figure:
    """Stress of the law against that of labels, component by component."""
    figure, (ax,) = styled_figure(4.4, 4.0)
    _, P = law.stress(torch.from_numpy(labels.F).to(next(law.parameters()).dtype))
    low, high = float(labels.P.min()), float(labels.P.max())
    ax.plot([low, high], [low, high], color=MUTED, linewidth=0.8)
    ax.plot(labels.P.ravel(), P.double().numpy().ravel(), ".", color=COLOURS[0], markersize=3)
    ax.set(xlabel=f"P of the labels ({labels.unit})", ylabel="P of the law")
    return figure
