"""Event planes of known flow, by the number of training events, over the best that can be known.

    python -m benchmarks.jets flow

Figures are ⟨cos n(Ψ − Ψ_true)⟩ on 2000 other events, over that of the posterior mean, which is the most there
is.
"""

import argparse
from typing import Any

import numpy as np
import torch
from benchmarks.jets.contest import OURS, epochs_for, hold, options_for, ours, tell, with_local_frames
from benchmarks.jets.rivals import fit_deep_set, linear_weights, raw_sum
from benchmarks.record import Stopwatch

from intertwine.apps.jets.flow import FlowPlan, best_estimate, flow_events
from intertwine.apps.jets.scores import resolution
from intertwine.apps.jets.tasks import find_task

TEST = FlowPlan(2000, seed=10_000)


def add(commands: Any) -> None:
    """The command and its options."""
    options = options_for(commands, "flow", "event planes of known flow", [100, 300, 1000, 3000, 10000])
    options.add_argument("--orders", type=int, nargs="+", default=[1, 2, 3])
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    test = flow_events(TEST)
    draw = lambda size, seed: flow_events(FlowPlan(size, seed=100 + seed))  # noqa: E731
    with Stopwatch() as watch:
        best = best_estimate(test, TEST)
        for order in options.orders:
            task = find_task(f"event-plane-{order}")
            mean = best.planes[:, order - 1]
            most = np.stack([mean.real, mean.imag], axis=1)
            trainers = {
                "linear weights": lambda train, seed, task=task: linear_weights(train, task),
                "deep set, turned events": lambda train, seed, task=task: fit_deep_set(
                    train, task, seed, 3 * epochs_for(options, len(train))
                ),
                OURS: ours(options, task, rate=2e-3, decay=5.0, group="O(2)"),
            }
            fixed = {"best there is": most, "sum of pT": raw_sum(task)(test)}
            found = hold(options, task, draw, test, with_local_frames(options, task, trainers), fixed)
            top = resolution(most, task.truth(test))
            for by_size in found.values():
                for figures in by_size.values():
                    figures["of_best"] = figures["value"] / top
            tell(
                options,
                f"flow-{order}",
                found,
                watch_so_far(watch),
                f"resolution of Ψ{order}; best {top:.4f}",
            )
    return 0


def watch_so_far(watch: Stopwatch) -> Stopwatch:
    """The time spent until now."""
    watch.__exit__()
    return watch
