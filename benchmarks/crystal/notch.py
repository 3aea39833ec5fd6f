"""A notched bar of copper pulled along [001] and along [111], by a law learned from an interatomic potential.

    pip install 'intertwine[elements]'
    python -m benchmarks.crystal notch

Labels: strained copper of ASE's EMT, up to |ln λ| = 0.08. The bar is 6 long, 2 wide and 0.6 thick in any
unit, with a notch 0.4 deep on both sides; its ends are clamped and drawn apart. Forces out of balance are
relative to the reactions. Stresses are in GPa, nominal ones force over the area of an end.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase.build import bulk
from ase.units import GPa
from benchmarks.crystal.picture import drawn
from benchmarks.record import RESULTS, Stopwatch, keep, machine

from intertwine.apps.crystal import (
    ConstitutiveLaw,
    LawSpec,
    StrainPlan,
    elastic_constants,
    fit_law,
    label_strains,
)
from intertwine.apps.crystal.equilibrium import LoadStep, solve
from intertwine.apps.crystal.finite_elements import Body, von_mises
from intertwine.apps.crystal.fitting import errors
from intertwine.apps.elasticity import compliance, young_modulus
from intertwine.apps.style import save
from intertwine.engines.oracles import oracle
from intertwine.errors import require
from intertwine.groups.voigt import from_voigt

AMPLITUDE = 0.08
HALF_LENGTH, HALF_WIDTH, HALF_THICKNESS = 3.0, 1.0, 0.3
DEPTH, SPREAD = 0.4, 0.3
"""Of a notch: half width 1 − DEPTH exp(−(z/SPREAD)²)."""

CRYSTAL_AXES = {
    "[001]": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "[111]": ((1, -1, 0), (1, 1, -2), (1, 1, 1)),
}
"""Directions of the crystal along width, thickness and length of the bar."""


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("notch", help="a notched bar of copper, pulled in two directions")
    options.add_argument("--labels", type=int, default=200, help="to fit to; 40 more to judge by")
    options.add_argument(
        "--elements", type=int, nargs=3, default=(14, 4, 36), help="width, thickness, length"
    )
    options.add_argument("--strain", type=float, default=0.016, help="nominal, at the end")
    options.add_argument("--steps", type=int, default=2, help="of load")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--results", type=Path, default=RESULTS, help="where JSON and figure go")
    options.set_defaults(do=run)


def learned(count: int, seed: int) -> tuple[ConstitutiveLaw, dict[str, Any]]:
    """A law of copper and what is known of it; moduli in GPa."""
    plan = StrainPlan(count=count + 40, amplitude=AMPLITUDE, seed=seed)
    labels, _ = label_strains(bulk("Cu"), oracle("emt"), plan)
    fit = fit_law(labels[:count], LawSpec(group="m-3m", width=16), seed=seed)
    constants = elastic_constants(fit.law) / GPa
    pulls = np.array([axes[2] for axes in CRYSTAL_AXES.values()], dtype=float)
    moduli = young_modulus(compliance(from_voigt(constants, 4)), pulls)
    figures = {
        "labels": count,
        "amplitude": AMPLITUDE,
        "stress_error": errors(fit.law, labels[count:]).relative,
        "constants": {f"C{i + 1}{j + 1}": constants[i, j] for i, j in ((0, 0), (0, 1), (3, 3))},
        "young": dict(zip(CRYSTAL_AXES, moduli, strict=True)),
    }
    return fit.law, figures


def bar(elements: tuple[int, int, int]) -> Any:
    """Hexahedra, small at the notches."""
    wide, thick, long = (np.linspace(-1, 1, count + 1) for count in elements)
    x = HALF_WIDTH * (0.4 * wide + 0.6 * np.sin(np.pi / 2 * wide))
    z = HALF_LENGTH * (0.25 * long + 0.75 * long**3)
    hexes = require("skfem", extra="elements").MeshHex
    mesh = hexes.init_tensor(x, HALF_THICKNESS * thick, z)
    places = mesh.p.copy()
    places[0] *= 1 - DEPTH * np.exp(-((places[2] / SPREAD) ** 2))
    return hexes(places, mesh.t)


def rotation(name: str) -> np.ndarray:
    """Rows: axes of the body in those of the crystal, so that it carries the crystal's into the body's."""
    axes = np.array(CRYSTAL_AXES[name], dtype=float)
    return axes / np.linalg.norm(axes, axis=1)[:, None]


def pulled(
    law: ConstitutiveLaw, name: str, options: argparse.Namespace
) -> tuple[Body, LoadStep, dict[str, Any]]:
    """The bar at its full length, and figures of every load step."""
    body = Body(law, bar(tuple(options.elements)), rotation(name))
    bottom, top = (
        body.basis.get_dofs(lambda x, end=end: np.isclose(x[2], end)) for end in (-HALF_LENGTH, HALF_LENGTH)
    )
    held, upward = np.concatenate([bottom.all(), top.all()]), top.all("u^3")
    values = np.where(np.isin(held, upward), 2 * HALF_LENGTH * options.strain, 0.0)
    area = 4 * HALF_WIDTH * HALF_THICKNESS
    records: list[dict[str, Any]] = []

    def observe(step: LoadStep) -> None:
        nominal = step.force[upward].sum() / area / GPa
        records.append({"strain": step.load * options.strain, "stress": nominal, "residuals": step.residuals})
        balance = "  ".join(f"{residual:.0e}" for residual in step.residuals)
        print(
            f"{name}  {100 * step.load * options.strain:5.2f} %  {nominal:7.3f} GPa   {balance}", flush=True
        )

    begun = time.perf_counter()
    last = solve(body, held, values, steps=options.steps, observe=observe)[-1]
    stretches = torch.linalg.svdvals(body.deformation(last.displacement))
    figures = {
        "elements": int(body.basis.nelems),
        "points": body.points,
        "unknowns": body.unknowns,
        "seconds": time.perf_counter() - begun,
        "largest_strain": float(stretches.log().abs().max()),
        "largest_von_mises": float(von_mises(body.cauchy(last.displacement)).max() / GPa),
        "steps": records,
    }
    return body, last, figures


def cost(law: ConstitutiveLaw, points: int = 100_000) -> float:
    """CPU seconds of stress and tangent."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(points, 3, 3, dtype=torch.float64, generator=generator)
    begun = time.process_time()
    law.tangent(torch.eye(3, dtype=torch.float64) + 0.02 * noise)
    return time.process_time() - begun


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    with Stopwatch() as watch:
        law, figures = learned(options.labels, options.seed)
        print(
            f"law: {100 * figures['stress_error']:.2f} % error of stress on 40 labels left out; GPa:", end=" "
        )
        print(", ".join(f"{key} {value:.1f}" for key, value in figures["constants"].items()))
        found = {name: pulled(law, name, options) for name in CRYSTAL_AXES}
        figures["seconds_per_100000_points"] = cost(law)
    figures["bars"] = {name: bars for name, (_, _, bars) in found.items()}
    for name, bars in figures["bars"].items():
        print(
            f"{name}: {bars['elements']} elements, {bars['points']} points, {bars['seconds']:.0f} s; "
            f"largest |ln λ| {bars['largest_strain']:.3f}, von Mises {bars['largest_von_mises']:.2f} GPa"
        )
    print(
        f"stress and tangent of 100000 points: {figures['seconds_per_100000_points']:.1f} CPU s, one thread"
    )
    files = save(drawn(found), options.results / "crystal-notch")
    path = keep("crystal-notch", options.seed, watch, figures, options.results, what="all")
    print(f"{machine()['processor']}, {machine()['cores']} cores; {path}", *files)
    return 0
