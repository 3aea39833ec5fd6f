"""Figures of a docking: the funnel of energies, and who pays how much."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from intertwine.apps.style import COLOURS, MUTED, styled_figure

MOST_BARS = 14


def funnel(rmsds: Sequence[float], energies: Sequence[float], origin: str) -> Figure:
    """Energy of each pose against its distance from a place: a funnel where the lowest stand near it.

    Args:
        rmsds: Å.
        energies: kcal/mol.
        origin: what the distances are from.

    >>> len(funnel([0.4, 3.0], [-9.0, -7.5], "the reference").axes)
    1
    """
    figure, (ax,) = styled_figure(5.2, 3.6)
    ax.scatter(rmsds, energies, s=34, color=COLOURS[0], zorder=3)
    for number, (x, y) in enumerate(zip(rmsds, energies, strict=True), 1):
        ax.annotate(str(number), (x, y), xytext=(5, 3), textcoords="offset points", fontsize=8.5, color=MUTED)
    ax.set_xlim(left=min(0.0, *rmsds) - 0.1)
    ax.set_xlabel(f"RMSD to {origin} (Å)")
    ax.set_ylabel("energy (kcal/mol)")
    return figure


def bars(parts: Mapping[str, float], what: str) -> Figure:
    """The parts of an energy that are largest in size, lowest first.

    Args:
        parts: kcal/mol by name.
        what: the parts belong to.

    >>> (ax,) = bars({"A:GLY27": 0.2, "A:ASP25": -1.5}, "residue").axes
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['A:ASP25', 'A:GLY27']
    """
    largest = sorted(parts, key=lambda name: -abs(parts[name]))[:MOST_BARS]
    names = sorted(largest, key=lambda name: parts[name])
    values = np.array([parts[name] for name in names])
    figure, (ax,) = styled_figure(5.2, max(1.6, 0.5 + 0.24 * len(names)))
    ax.barh(names, values, color=np.where(values < 0, COLOURS[2], COLOURS[1]).tolist(), height=0.66)
    ax.invert_yaxis()
    ax.axvline(0.0, color=MUTED, linewidth=0.8)
    ax.set_xlabel(f"energy by {what} (kcal/mol)")
    return figure
