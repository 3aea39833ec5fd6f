"""What the Coulomb energy of many charges costs: the sum over waves, and the mesh.

    python -m benchmarks.longrange scaling

Cells of ions ±1, displaced at random by 0.3 Å; energy, forces and the gradient by the charges,
float64, one thread unless told otherwise. Errors of forces are relative to the sum over waves, where that is
affordable.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.record import RESULTS, Stopwatch, keep, show
from torch import Tensor

from intertwine.electrostatics import LongRangeSpec, Sources
from intertwine.electrostatics.mesh import Mesh
from intertwine.electrostatics.periodic import Bulk

SPACING = 2.81
"""Å between neighbours."""

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
    path = keep("longrange-scaling", options.seed, watch, {"test": record}, options.results)
    columns = ["mesh (CPU s)", "µs per ion", "waves (CPU s)", "error of forces"]
    show("Coulomb energy, forces, gradient by charges", columns, rows, watch, path)
    return 0
