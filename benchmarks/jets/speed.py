"""Events per second of a model, by the number of particles.

    python -m benchmarks.jets speed --threads 2

Events of flow, already in memory as NumPy arrays; from there to answers.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import torch
from benchmarks.record import RESULTS, Stopwatch, keep, show

from intertwine.apps.jets.flow import FlowPlan, flow_events
from intertwine.apps.jets.network import PRESETS, JetModel, spec_for
from intertwine.apps.jets.training import FitPlan, fit_jets

PARTICLES = (25, 50, 100, 200, 400)


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("speed", help="events per second")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--results", type=Path, default=RESULTS)
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(options.threads)
    found: dict[str, dict[str, float]] = {}
    with Stopwatch() as watch:
        for preset in PRESETS:
            for what in ("answers", "training"):
                found[f"{preset}, {what}"] = {
                    str(size): speed(preset, size, what, options.rounds) for size in PARTICLES
                }
    path = keep("jets-speed", 0, watch, {"threads": options.threads, "speed": found}, options.results)
    columns = [f"{size} particles" for size in PARTICLES]
    rows = [[name, *(f"{value:.0f}" for value in by_size.values())] for name, by_size in found.items()]
    show("events per second", columns, rows, watch, path)
    return 0


def speed(preset: str, particles: int, what: str, rounds: int) -> float:
    """Events per second, the best of some rounds."""
    events = flow_events(FlowPlan(max(200, 200_000 // particles), multiplicity=float(particles)))
    spec = spec_for(events, "event-plane-2", preset=preset)
    model = JetModel(spec).eval().requires_grad_(False)
    best = 0.0
    for _ in range(rounds if what == "answers" else 1):
        begun = time.perf_counter()
        if what == "answers":
            model.answer(events)
        else:
            fit_jets(events[:1000], spec, FitPlan(epochs=1))
        done = len(events) if what == "answers" else min(1000, len(events))
        best = max(best, done / (time.perf_counter() - begun))
    return best
