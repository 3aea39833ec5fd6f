"""What the Coulomb energy of many charges costs: the sum over waves, and the mesh.

    python -m benchmarks.longrange scaling

Cells of ions ±1, displaced at random by 0.3 Å; energy, forces and the gradient by the charges,
float64, one thread unless told otherwise. Errors of forces are relative to the sum over waves, where that is
affordable. The second table is what charges add to a model (small preset, random weights, float32): energy
and forces of rock salt, for which a model without charges has its compiled call, and a training step on it.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.longrange.salt import rock_salt
from benchmarks.record import RESULTS, Stopwatch, keep, show
from torch import Tensor

from intertwine.electrostatics import LongRangeSpec, Sources
from intertwine.electrostatics.mesh import Mesh
from intertwine.electrostatics.periodic import Bulk
from intertwine.encoders import BodyOrderedSpec
from intertwine.graph import Graph, build_graph
from intertwine.observables import Model, ModelSpec
from intertwine.train.model_config import PRESETS

SPACING = 2.81
"""Å between neighbours."""

KINDS = {"without charges": None, "local charges": "local", "equilibrated charges": "equilibration"}
CELLS = {64: 2, 512: 4, 2744: 7}
"""Cubic cells along an edge, by ions."""

WAVES = 8000
"""The most ions for which waves are summed."""


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("scaling", help="cost of 10³ to 10⁵ charges")
    options.add_argument("--edges", type=int, nargs="+", default=[10, 16, 24, 34, 48], help="ions on an edge")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--results", type=Path, default=RESULTS, help="where the JSON goes")
    options.set_defaults(do=run)


def ions(edge: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Positions, cell and charges of edge³ ions."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*[np.arange(edge)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    charges = 1.0 - 2.0 * (grid.sum(1) % 2)
    positions = SPACING * grid + 0.3 * rng.normal(size=grid.shape)
    return tuple(torch.from_numpy(part) for part in (positions, SPACING * edge * np.eye(3), charges))


def evaluated(kind: type, *parts: Tensor, accuracy: float) -> tuple[Tensor, float]:
    """Forces, eV/Å, and CPU seconds of energy, forces and gradient by the charges."""
    positions, cell, charges = parts
    begun = time.process_time()
    x, q = positions.clone().requires_grad_(True), charges.clone().requires_grad_(True)
    energy = kind(x, cell, LongRangeSpec().width, accuracy).energies(Sources(q)).sum()
    slope, _ = torch.autograd.grad(energy, (x, q))
    return -slope, time.process_time() - begun


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(options.threads)
    spec, rows, record = LongRangeSpec(), [], []
    evaluated(Mesh, *ions(4, 0), accuracy=spec.mesh_accuracy)  # imports and plans of the transform
    with Stopwatch() as watch:
        for edge in options.edges:
            parts = ions(edge, options.seed)
            forces, seconds = evaluated(Mesh, *parts, accuracy=spec.mesh_accuracy)
            figures = {"ions": edge**3, "mesh": seconds, "waves": None, "error": None}
            if edge**3 <= WAVES:
                exact, figures["waves"] = evaluated(Bulk, *parts, accuracy=spec.accuracy)
                figures["error"] = ((forces - exact).abs().max() / exact.abs().max()).item()
            record.append(figures)
            rows.append(
                [
                    f"{edge**3}",
                    f"{seconds:.3g}",
                    f"{1e6 * seconds / edge**3:.3g}",
                    "–" if figures["waves"] is None else f"{figures['waves']:.3g}",
                    "–" if figures["error"] is None else f"{figures['error']:.1e}",
                ]
            )
        models = of_models(options)
    figures = {"test": record, "models": models}
    path = keep("longrange-scaling", options.seed, watch, figures, options.results)
    columns = ["mesh (CPU s)", "µs per ion", "waves (CPU s)", "error of forces"]
    show("Coulomb energy, forces, gradient by charges", columns, rows, watch, path)
    sizes = [f"{n}, {what}" for n in CELLS for what in ("forces", "training")]
    table = [
        [name, *("–" if t is None else f"{1000 * t:.3g}" for times in row.values() for t in times)]
        for name, row in models.items()
    ]
    show("CPU ms by number of ions", sizes, table, watch, path)
    return 0


def of_models(options: argparse.Namespace) -> dict[str, dict[str, list[float | None]]]:
    """CPU seconds of energy and forces, and of a training step, by kind of model and number of ions."""
    found: dict[str, dict[str, list[float | None]]] = {}
    for name, charges in KINDS.items():
        torch.manual_seed(options.seed)
        encoder = BodyOrderedSpec(species=(11, 17), **{"cutoff": 5.0, **PRESETS["small"]}, neighbours=20.0)
        longrange = None if charges is None else LongRangeSpec.model_validate({"charges": charges})
        spec = ModelSpec(encoder=encoder, reference_energies={11: 0.0, 17: 0.0}, longrange=longrange)
        model = Model(spec)
        found[name] = {}
        for n, repeat in CELLS.items():
            if charges == "equilibration" and n > 600:
                found[name][str(n)] = [None, None]
                continue
            graph = build_graph(rock_salt(5.62, (repeat,) * 3), model.cutoff)
            found[name][str(n)] = [
                _least(partial(_forces, model, graph)),
                _least(partial(_step, model, graph)),
            ]
    return found


def _forces(model: Model, graph: Graph) -> None:
    with torch.no_grad():
        model(graph, ("energy", "forces"))


def _step(model: Model, graph: Graph) -> None:
    model.zero_grad()
    found = model(graph, ("energy", "forces"), create_graph=True)
    (found["energy"].square().sum() + found["forces"].square().sum()).backward()


def _least(do: Callable[[], None], rounds: int = 5) -> float:
    """Least CPU seconds of a few rounds after one that warms up."""
    do()
    spent = []
    for _ in range(rounds):
        begun = time.process_time()
        do()
        spent.append(time.process_time() - begun)
    return min(spent)
