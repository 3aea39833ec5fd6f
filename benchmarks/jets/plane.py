"""Decay plane of the W in a boosted top, about the axis of its jet, by the number of training jets.

    python -m benchmarks.jets plane

⟨cos 2(Ψ − Ψ_true)⟩ of the axis of the W's two quarks, on 1000 jets that none has seen.
"""

import argparse
from typing import Any

import torch
from benchmarks.jets.contest import OURS, epochs_for, held_out, hold, options_for, ours, tell
from benchmarks.jets.rivals import fit_deep_set, linear_weights, raw_sum
from benchmarks.jets.samples import sample
from benchmarks.record import Stopwatch

from intertwine.apps.jets.tasks import find_task

TEST = 1000


def add(commands: Any) -> None:
    """The command and its options."""
    options = options_for(commands, "plane", "decay plane of the W in a top jet", [50, 500, 5000])
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    task = find_task("decay-plane")
    test, draw = held_out(sample("top", options.events), TEST)
    trainers = {
        "linear weights": lambda train, seed: linear_weights(train, task),
        "deep set, turned jets": lambda train, seed: fit_deep_set(
            train, task, seed, 2 * epochs_for(options, len(train))
        ),
        OURS: ours(options, task, rate=3e-3, decay=1.0, group="O(2)"),
    }
    with Stopwatch() as watch:
        found = hold(options, task, draw, test, trainers, {"sum of pT": raw_sum(task)(test)})
    tell(options, "plane", found, watch, "resolution of the decay plane")
    return 0
