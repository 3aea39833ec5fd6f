"""What it costs to predict forces directly: twins of one size, trained alike, on your own data.

    python examples/label_with_any_calculator.py
    python examples/cost_of_direct_forces.py

Prints errors, work done round closed loops, and drift of the energy; writes figures to copper/twins.
"""

import sys

from rich import print

from intertwine.apps.twins import compare_twins
from intertwine.train import RunConfig

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 60

config = RunConfig.model_validate(
    {
        "data": {"train": "copper/train.extxyz", "valid": 0.1, "test": ["copper/test.extxyz"]},
        "model": {"preset": "small", "cutoff": 4.5},
        "training": {"epochs": EPOCHS, "batch_size": 4},
        "output": "copper/twins",
    }
)
comparison = compare_twins(config, picoseconds=0.05 * EPOCHS, time_step=2.0, temperature=600.0)
print(comparison.table())
