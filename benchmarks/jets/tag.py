"""Boosted tops against QCD jets of the same momentum, by the number of training jets.

    python -m benchmarks.jets tag

Area under the ROC on 3000 jets of both kinds that none has seen. These are not the jets of any published
reference set, and no figure here may stand beside one from there.
"""

import argparse
from typing import Any

import numpy as np
import torch
from benchmarks.jets.contest import OURS, epochs_for, hold, options_for, ours, tell
from benchmarks.jets.rivals import PFN, Answerer, fit_deep_set
from benchmarks.jets.samples import sample
from benchmarks.record import Stopwatch

from intertwine.apps.jets.events import Events, joined
from intertwine.apps.jets.tasks import find_task

TEST = 1500
SUBSTRUCTURE = ("soft_drop_mass", "jet_mass", "tau21", "tau32")


def add(commands: Any) -> None:
    """The command and its options."""
    options = options_for(commands, "tag", "boosted tops against QCD jets", [90, 900, 9000])
    options.set_defaults(do=run)


def logistic(train: Events) -> Answerer:
    """Logistic regression on mass, soft drop mass and N-subjettiness, and their squares."""

    def table(events: Events) -> torch.Tensor:
        columns = [np.log(np.maximum(events.truth[name], 1e-2)) for name in SUBSTRUCTURE]
        x = torch.from_numpy(np.stack(columns, axis=1))
        return torch.cat([x, x**2, (x[:, :1] - np.log(173.0)).abs(), torch.ones(len(x), 1)], dim=1).double()

    x, y = table(train), torch.from_numpy(train.truth["label"])
    centre, spread = x.mean(0), x.std(0).clamp(min=1e-9)
    centre[-1], spread[-1] = 0.0, 1.0
    w = torch.zeros(x.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        logits = ((x - centre) / spread) @ w
        value = torch.nn.functional.binary_cross_entropy_with_logits(logits, y) + 1e-3 * w.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return lambda events: (((table(events) - centre) / spread) @ w).detach().numpy()[:, None]


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    task = find_task("tag")
    tops, others = sample("top", options.events), sample("qcd", options.events)
    test, pool = joined([tops[-TEST:], others[-TEST:]]), len(tops) - TEST

    def draw(size: int, seed: int) -> Events:
        chosen = np.random.default_rng(seed).permutation(pool)[: size // 2]
        return joined([tops[chosen], others[chosen]])

    trainers = {
        "logistic, mass and τ": lambda train, seed: logistic(train),
        "PFN": lambda train, seed: fit_deep_set(train, task, seed, epochs_for(options, len(train)), PFN),
        f"{OURS}, infrared safe": ours(options, task, rate=3e-3, decay=1.0, group="O(2)", infrared_safe=True),
        OURS: ours(options, task, rate=3e-3, decay=1.0, group="O(2)"),
    }
    with Stopwatch() as watch:
        found = hold(options, task, draw, test, trainers, {})
    tell(options, "tag", found, watch, "area under the ROC")
    return 0
