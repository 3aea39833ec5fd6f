"""Small lots of events and models of every task, for the tests of jets."""

import numpy as np
import torch

from intertwine.apps.jets import Events, FlowPlan, JetModel, flow_events, spec_for

SMALL = {"width": 8, "functions": 4, "channels": 4, "heads": 1}


def flow(count: int = 20, seed: int = 0, multiplicity: float = 30.0) -> Events:
    return flow_events(FlowPlan(count, multiplicity, seed=seed))


def lot(count: int = 12, seed: int = 0) -> Events:
    """Events that know everything, one of them empty."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(2, 15, count)
    counts[1] = 0
    size = counts.sum()
    return Events(
        np.concatenate([[0], np.cumsum(counts)]),
        rng.gamma(2.0, 2.0, size),
        rng.normal(0, 0.4, size),
        rng.normal(0.5, 0.3, size),
        {
            "charge": rng.integers(-1, 2, size),
            "kind": rng.integers(0, 5, size),
            "vertex": rng.integers(-1, 2, size),
        },
        {
            "neutrino": rng.normal(0, 20, (count, 2)),
            "psi": rng.uniform(-1, 1, (count, 3)),
            "decay_plane": rng.uniform(0, np.pi, count),
            "label": np.arange(count) % 2.0,
            "soft_drop_mass": rng.uniform(50, 200, count),
        },
        {"process": "random numbers"},
    )


def model_of(task: str, group: str = "SO(2)", seed: int = 0, **options) -> JetModel:
    torch.manual_seed(seed)
    return JetModel(spec_for(lot(), task, group=group, sizes=SMALL, **options)).double()
