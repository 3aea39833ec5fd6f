"""BaTiO3: energy, forces, stress, polarisation, Born charges and polarisability of one model, by three roads.

    INTERTWINE_DATA=… python -m benchmarks.tensors batio3 --minutes 20

The same encoder, frames, loss and time for each:

- heads: the responses are read off the features by heads of their own, forces and stress are derivatives;
- expansion: dipole and polarisability heads are the coefficients of E(x, cell, field), so that Born charges
  are derivatives of the dipole;
- density: the field is felt by every atom, and all responses are derivatives of the energy.

Frames of github.com/mir-group/allegro-pol, 40 to learn from, 4 to watch, 15 to report on; the weights at the
end are kept. Polarisations are compared modulo the quantum of the cell. The sum of the Born charges over all
atoms is zero in nature: what each road makes of it is in the last column.
"""

import argparse
from typing import Any

import torch
from benchmarks.fitting import Fitted, cell, fit
from benchmarks.record import Stopwatch, keep, show
from benchmarks.tensors.batio3_frames import LABELS, parts

from intertwine.data import Structure
from intertwine.graph import build_graph, collate

DIRECT = {name: {} for name in ("dipole", "polarisability", "born_charges")}
ROADS: dict[str, dict[str, Any]] = {
    "heads": {"heads": DIRECT},
    "expansion": {"heads": {name: {} for name in ("dipole", "polarisability")}, "field": "expansion"},
    "density": {"field": "density"},
}
TRAINING: dict[str, Any] = {
    "batch_size": 1,
    "learning_rate": 0.005,
    "weight_decay": 0.1,
    "weights": {"energy": 10.0, "forces": 1.0, "stress": 20.0},
    "ema": 0.99,
    "keep": "last",
}
PUBLISHED = {
    "energy_per_atom": 0.37,
    "forces": 14.6,
    "stress": 4.7e-4 * 160.2177,
    "dipole": 0.045,
    "born_charges": 0.0141,
    "polarisability": 0.0152,
}
"""Of the model published with the data, on these frames, which may include its training frames."""


def add(commands: Any) -> None:
    """The command and its options."""
    from benchmarks.fitting import options_of

    options = options_of(commands, "batio3", 20.0, "one functional against separate heads")
    options.add_argument("--roads", nargs="+", default=list(ROADS), choices=tuple(ROADS))
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    frames = parts(options.seed)
    found: dict[str, Fitted] = {}
    with Stopwatch() as watch:
        for road in options.roads:
            model = {"preset": "small", **ROADS[road]}
            found[road] = fit(options, f"tensors-batio3-{road}", frames, model, TRAINING, {"require": LABELS})
    sums = {road: born_sum(fitted, frames["test"]) for road, fitted in found.items()}
    record = {road: {**fitted.record(), "born_sum": sums[road]} for road, fitted in found.items()}
    name = "tensors-batio3" if len(found) == len(ROADS) else f"tensors-batio3-{'-'.join(found)}"
    path = keep(name, options.seed, watch, {"test": record}, options.results)
    quantities = list(PUBLISHED)
    units = [next(iter(found.values())).errors[quantity]["unit"] for quantity in quantities]
    columns = [f"{q.replace('_', ' ')} ({unit})" for q, unit in zip(quantities, units, strict=True)]
    rows = [["allegro-pol, published"] + [f"{PUBLISHED[quantity]:.3g}" for quantity in quantities] + ["0"]]
    for road, fitted in found.items():
        rows.append([road, *(cell(fitted.errors, quantity) for quantity in quantities), f"{sums[road]:.1e}"])
    show("BaTiO3, 15 test frames: RMSE", [*columns, "|Σ Z*| (e)"], rows, watch, path)
    return 0


def born_sum(fitted: Fitted, frames: list[Structure]) -> float:
    """Largest component of Σ_i Z*_i over the test frames, e, in float64."""
    model = fitted.model.double()
    batch = collate([build_graph(frame, model.cutoff) for frame in frames[:3]])
    charges = model(batch, ("born_charges",))["born_charges"]
    total = torch.zeros(batch.n_systems, 3, 3, dtype=torch.float64).index_add(0, batch.batch, charges)
    return total.abs().max().item()
