"""The equivariant model: one tensor head on the encoder, trained as any user would train it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from benchmarks.tensors.crystal_baselines import Learned
from benchmarks.tensors.crystal_data import Crystal

from intertwine.data import write
from intertwine.engines import Predictor
from intertwine.train import RunConfig, train

ENCODER: Final[dict[str, Any]] = {
    "channels": 32,
    "message_channels": 16,
    "layers": 2,
    "l_max": 4,
    "hidden_l": 1,
    "radial": 6,
    "cutoff": 6.0,
}
"""Of the model and of the network without equivariance alike."""

HEADS: Final[dict[str, dict[str, Any]]] = {
    "elastic": {"elastic": {"positive": True}},
    "dielectric": {"dielectric": {"positive": True}},
    "piezoelectric": {"piezoelectric": {}},
}

TRAINING: Final[dict[str, Any]] = {
    "batch_size": 16,
    "learning_rate": 0.01,
    "weight_decay": 0.3,
    "elements": "shared",
    "epochs": 30,
    "ema": 0.99,
}

VALID: Final = 0.1
"""Share of the crystals by which the best weights are chosen."""


def learn_equivariantly(
    quantity: str,
    crystals: Sequence[Crystal],
    folder: Path,
    seed: int = 0,
    members: int = 1,
    **training: Any,
) -> Learned:
    """Train in `folder`, or go on where that was interrupted; the mean of several models where asked for.

    Args:
        quantity: of the label table.
        crystals: to learn from and to choose by.
        folder: of the runs.
        seed: of the first member; each has the next one.
        members: how many models.
        training: changes of `TRAINING`.
    """
    predictors = []
    for member in range(members):
        home = folder / f"member-{member}"
        home.mkdir(parents=True, exist_ok=True)
        learned, held = _parted(crystals, seed + member)
        files = {"train": home / "train.extxyz", "valid": home / "valid.extxyz"}
        for file, some in zip(files.values(), (learned, held), strict=True):
            if not file.exists():
                write(file, [crystal.structure for crystal in some])
        config = {
            "data": files,
            "model": {**ENCODER, "energy": False, "heads": HEADS[quantity]},
            "training": {**TRAINING, "threads": 1, **training},
            "seed": seed + member,
            "output": home / "run",
        }
        result = train(RunConfig.model_validate(config), resume=True, quiet=True)
        predictors.append(Predictor.load(result.model_path, dtype=torch.float64))

    def predict(some: Sequence[Crystal]) -> np.ndarray:
        structures = [crystal.structure for crystal in some]
        found = [[one[quantity] for one in predictor(structures, (quantity,))] for predictor in predictors]
        return np.mean(np.array(found), axis=0)

    return predict


def _parted(crystals: Sequence[Crystal], seed: int) -> tuple[list[Crystal], list[Crystal]]:
    """Those to learn from and those to choose by: no formula in both, no element only in the latter."""
    formulas = sorted({crystal.formula for crystal in crystals})
    order = np.random.default_rng(seed).permutation(formulas).tolist()
    left = Counter(z for crystal in crystals for z in crystal.structure.species)
    by_formula = {name: [c for c in crystals if c.formula == name] for name in formulas}
    held: list[Crystal] = []
    for name in order:
        elements = Counter(z for crystal in by_formula[name] for z in crystal.structure.species)
        if len(held) < VALID * len(crystals) and all(left[z] > elements[z] for z in elements):
            held += by_formula[name]
            left -= elements
    chosen = {id(crystal) for crystal in held}
    return [crystal for crystal in crystals if id(crystal) not in chosen], held
