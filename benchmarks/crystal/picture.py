"""Two bars side by side, what they bear, and how fast Newton's method closes in."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from ase.units import GPa
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from intertwine.apps.crystal.equilibrium import LoadStep
from intertwine.apps.crystal.finite_elements import Body, von_mises
from intertwine.apps.style import COLOURS, INK, name_curves, styled_figure

MAGNIFIED = 5
"""Displacements as drawn."""

EYE = np.array([0.5, -1.0, 0.28])
"""From the middle of the bar to who looks at it."""


def drawn(found: Mapping[str, tuple[Body, LoadStep, dict[str, Any]]]) -> Figure:
    """Deformed bars coloured by stress, nominal stress by strain, forces out of balance by iteration."""
    figure, (*bodies, pull, balance) = styled_figure(11.0, 5.2, columns=len(found) + 2)
    ratios = [0.7] * len(found) + [1.0, 1.0]
    pull.get_gridspec().set_width_ratios(ratios)  # pyright: ignore[reportOptionalMemberAccess]
    shades = {
        name: shade(body, step) / figures["steps"][-1]["stress"]
        for name, (body, step, figures) in found.items()
    }
    scale = Normalize(0.0, max(float(np.quantile(values, 0.995)) for values in shades.values()))
    for ax, (name, (body, step, _)) in zip(bodies, found.items(), strict=True):
        solid(ax, body, step, shades[name], scale)
        ax.set_title(f"pulled along {name}", fontsize=10, color=INK)
    bar = figure.colorbar(ScalarMappable(scale, "viridis"), ax=bodies, shrink=0.7, pad=0.02, aspect=30)
    bar.set_label("von Mises stress / nominal stress", fontsize=9, color=INK)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    bar.ax.tick_params(labelsize=8, length=0, labelcolor=INK)
    for colour, (name, (_, _, figures)) in zip(COLOURS, found.items(), strict=False):
        steps = figures["steps"]
        strains, stresses = ([0.0, *(step[key] for step in steps)] for key in ("strain", "stress"))
        pull.plot(100 * np.array(strains), stresses, "o-", color=colour, markersize=4, label=name)
        for number, step in enumerate(steps):
            label = name if number == len(steps) - 1 else None
            balance.semilogy(step["residuals"], "o-", color=colour, markersize=3, lw=1, label=label)
    pull.set(xlabel="nominal strain (%)", ylabel="nominal stress (GPa)")
    balance.set(xlabel="iteration", ylabel="forces out of balance / reactions")
    balance.set_xticks(range(max(len(s["residuals"]) for *_, f in found.values() for s in f["steps"])))
    name_curves(pull)
    return figure


def shade(body: Body, step: LoadStep) -> np.ndarray:
    """Von Mises stress at the corners of the mesh, GPa: the mean of the elements around, by volume."""
    stress = von_mises(body.cauchy(step.displacement)) / GPa
    volumes = body.volumes.numpy()
    corners, around = body.basis.mesh.t, np.ones((8, 1))
    total, weight = (
        np.bincount(corners.ravel(), (around * part.sum(1)).ravel()) for part in (stress * volumes, volumes)
    )
    return total / weight


def solid(ax: Axes, body: Body, step: LoadStep, values: np.ndarray, scale: Normalize) -> None:
    """The faces of the body that can be seen, deformed, from far away."""
    mesh = body.basis.mesh
    places = (mesh.p + MAGNIFIED * step.displacement[body.basis.nodal_dofs]).T
    deep = EYE / np.linalg.norm(EYE)
    right = np.cross([0.0, 0.0, 1.0], deep)
    right /= np.linalg.norm(right)
    screen = np.array([right, np.cross(deep, right), deep])
    faces = mesh.boundary_facets()
    corners = places[mesh.facets[:, faces].T] @ screen.T
    middle = corners.mean(1, keepdims=True)
    around = np.argsort(np.arctan2(*(corners - middle)[..., :2].transpose(2, 0, 1)[::-1]), axis=1)
    corners = np.take_along_axis(corners, around[..., None], axis=1)
    inside = places[mesh.t[:, mesh.f2t[0, faces]].T].mean(1) @ screen.T
    normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    normal *= np.sign(((middle[:, 0] - inside) * normal).sum(1))[:, None]
    seen = np.flatnonzero(normal[:, 2] > 0)
    seen = seen[np.argsort(middle[seen, 0, 2])]
    colour = colormaps["viridis"](scale(values[mesh.facets[:, faces[seen]]].mean(0)))
    colour[:, :3] *= (0.8 + 0.2 * normal[seen, 2])[:, None]
    polygons = PolyCollection(
        list(corners[seen, :, :2]), facecolors=colour, edgecolors="#00000040", linewidths=0.3
    )
    ax.add_collection(polygons)
    ax.set_aspect("equal")
    ax.margins(0.01)
    ax.autoscale_view()
    ax.axis("off")
