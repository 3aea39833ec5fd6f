"""Events that one core answers in a second, by the number of particles.

    python -m benchmarks.jets speed

Events of flow, already in memory as NumPy arrays; from there to answers, in CPU time of one thread, so that
other work on the machine disturbs less.
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

PARTICLES = (25, 100, 400)
ROUNDS = 20


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("speed", help="events per second of one core")
    options.add_argument("--results", type=Path, default=RESULTS)
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    found: dict[str, dict[str, float]] = {}
    with Stopwatch() as watch:
        for preset in PRESETS:
            for what, speed in (("answers", answers), ("training", training)):
                found[f"{preset}, {what}"] = {str(size): speed(preset, size) for size in PARTICLES}
    path = keep("jets-speed", 0, watch, {"speed": found}, options.results)
    columns = [f"{size} particles" for size in PARTICLES]
    rows = [[name, *(f"{value:.0f}" for value in by_size.values())] for name, by_size in found.items()]
    show("events per CPU second", columns, rows, watch, path)
    return 0


def answers(preset: str, particles: int) -> float:
    """Events answered per CPU second, the best of some rounds."""
    events = flow_events(FlowPlan(20_000 // particles, multiplicity=float(particles)))
    model = JetModel(spec_for(events, "event-plane-2", preset=preset)).eval().requires_grad_(False)
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        model.answer(events)
        times.append(time.process_time() - begun)
    return len(events) / min(times)


def training(preset: str, particles: int) -> float:
    """Events per CPU second while a model is fitted."""
    events = flow_events(FlowPlan(max(16, 6_400 // particles), multiplicity=float(particles)))
    fit = fit_jets(events, spec_for(events, "event-plane-2", preset=preset), FitPlan(epochs=2))
    return 2 * len(events) / fit.seconds
