"""Train a potential from Python, test it on hotter frames, and certify it.

    python examples/label_with_any_calculator.py
    python examples/train_from_python.py

The same from a shell: `intertwine train config.yaml` with these keys in the file.
"""

import sys

from intertwine.apps.potential import train_and_certify
from intertwine.train import RunConfig

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 60

config = RunConfig.model_validate(
    {
        "data": {"train": "copper/train.extxyz", "valid": 0.1, "test": ["copper/test.extxyz"]},
        "model": {"preset": "small", "cutoff": 4.5},
        "training": {"epochs": EPOCHS, "batch_size": 4},
        "output": "copper/run",
    }
)
outcome = train_and_certify(config, budget=EPOCHS / 3)  # s for the certificate; prints errors and verdict
print(f"every law kept: {outcome.passed}; look at {outcome.folder / 'certificate.html'}")
