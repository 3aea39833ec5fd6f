"""Missing transverse momentum of Z → νν + jet amid ten other collisions, by the number of training events.

    python -m benchmarks.jets met

Root mean square error of a component, GeV, on 2000 events that none has seen.
"""

import argparse
from typing import Any

import numpy as np
import torch
from benchmarks.jets.contest import (
    OURS,
    epochs_for,
    held_out,
    hold,
    options_for,
    ours,
    tell,
    with_local_frames,
)
from benchmarks.jets.rivals import fit_deep_set, linear_weights, raw_sum
from benchmarks.jets.samples import sample
from benchmarks.record import Stopwatch

from intertwine.apps.jets.tasks import find_task

TEST = 2000


def add(commands: Any) -> None:
    """The command and its options."""
    options = options_for(commands, "met", "missing transverse momentum", [60, 600, 6000])
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    task = find_task("met")
    test, draw = held_out(sample("z-nunu-jet", options.events), TEST)
    trainers = {
        "linear weights": lambda train, seed: linear_weights(train, task),
        "deep set, turned events": lambda train, seed: fit_deep_set(
            train, task, seed, 2 * epochs_for(options, len(train))
        ),
        OURS: ours(options, task, rate=3e-3, decay=1.0, scaled=True, group="O(2)"),
    }
    fixed = {"always zero": np.zeros((TEST, 2)), "raw sum": raw_sum(task)(test)}
    with Stopwatch() as watch:
        found = hold(options, task, draw, test, with_local_frames(options, task, trainers), fixed)
    tell(options, "met", found, watch, "RMSE of a component, GeV")
    return 0
