"""How the weights are found in every benchmark, whatever the molecule: chosen by `benchmarks.ablation`."""

from typing import Any

RECIPE: dict[str, Any] = {
    "batch_size": 5,
    "learning_rate": 0.01,
    "weights": ({"energy": 3.0, "forces": 1.0}, {"at": 0.6, "energy": 30.0, "forces": 1.0}),
    "ema": 0.995,
}
"""For molecules; the energy gains weight when the forces are learned."""

CRYSTALS: dict[str, Any] = {
    **RECIPE,
    "batch_size": 2,
    "learning_rate": 0.005,
    "weight_decay": 0.1,
    "weights": tuple({**stage, "stress": 20.0} for stage in RECIPE["weights"]),
}
"""For crystals, whose frames have more atoms, and stress."""
