"""A law of a beam lattice at large strains: calibrated on simple paths, tested on mixed ones.

    INTERTWINE_DATA=… python -m benchmarks.crystal lattice

Simulations of a cubic lattice of beams (BCC) by Fernández et al. 2020 (github CPShub/sim-data): fit to the
uniaxial, biaxial, planar, volumetric and shear paths, test on three mixed ones. The same models as `laws`.
"""

import argparse
import time
from typing import Any

import torch
from benchmarks.crystal.laws import MODELS, turned
from benchmarks.record import RESULTS, Stopwatch, data_folder, keep, show

from intertwine.apps.crystal import fit_law, read_strains
from intertwine.apps.crystal.fitting import errors
from intertwine.apps.crystal.labels import joined

PATHS = ("uniaxial", "biaxial", "planar", "volumetric", "shear")
TESTS = ("test1", "test2", "test3")
EVERY = 4
"""Of the labels along a path, which lie close together, one in so many is fitted to."""
CONVEX = {"construction": "polyconvex", "expansion": 0, "width": 32}


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("lattice", help="a beam lattice at large strains")
    options.add_argument("--iterations", type=int, default=400)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--results", default=RESULTS)
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    folder = data_folder("beam_lattices")
    parts = {name: read_strains(folder / f"BCC_{name}.txt", "Pa") for name in (*PATHS, *TESTS)}
    train = joined([parts[name][::EVERY] for name in PATHS])
    models = MODELS | {"ours, polyconvex": MODELS["ours"].model_copy(update=CONVEX)}
    found: dict[str, dict[str, float]] = {}
    with Stopwatch() as watch:
        for name, spec in models.items():
            start = time.process_time()
            fit = fit_law(
                turned(train) if spec.group == "1" else train,
                spec,
                iterations=options.iterations,
                seed=options.seed,
            )
            seconds = time.process_time() - start
            found[name] = {part: 100 * errors(fit.law, parts[part]).relative for part in TESTS}
            found[name] |= {"fitted": 100 * errors(fit.law, train).relative, "seconds": seconds}
            print(name, found[name], flush=True)
    path = keep(
        "crystal-lattice", options.seed, watch, {"labels": len(train), "laws": found}, options.results
    )
    columns = ["fitted (%)", *(f"{name} (%)" for name in TESTS), "CPU s"]
    rows = [
        [name, *(f"{row[key]:.3g}" for key in ("fitted", *TESTS, "seconds"))] for name, row in found.items()
    ]
    show(f"Stress of the lattice, RMSE over its size; {len(train)} labels", columns, rows, watch, path)
    return 0
