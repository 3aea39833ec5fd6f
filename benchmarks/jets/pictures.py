"""Figures of the page on jets: four events along the beam, and the weights of a trained layer.

python -m benchmarks.jets pictures
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.jets.met import TEST
from benchmarks.jets.samples import sample
from benchmarks.record import RESULTS

from intertwine.apps.jets import figures
from intertwine.apps.jets.network import spec_for
from intertwine.apps.jets.training import FitPlan, fit_jets
from intertwine.apps.style import save


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("pictures", help="figures of the documentation")
    options.add_argument("--epochs", type=int, default=5)
    options.add_argument("--events", type=Path, default=Path("runs/jets"), help="where events are kept")
    options.add_argument("--results", type=Path, default=RESULTS)
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    events = sample("z-nunu-jet", options.events)
    model = fit_jets(events[:-TEST], spec_for(events, "met"), FitPlan(epochs=options.epochs)).model
    truth = events.truth["neutrino"]
    shown = events[np.flatnonzero(np.linalg.norm(truth, axis=1) > 60)[-4:]]
    display = figures.displays(model.task, shown, model.answer(shown), model.task.truth(shown))
    layers = model.linear_maps()
    for name, figure in (
        ("jets-events", display),
        ("jets-weights", figures.weights(layers["encoder.steps.1.split"])),
    ):
        for path in save(figure, options.results / name):
            print(path)
    return 0
