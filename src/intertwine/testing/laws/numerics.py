"""Laws of arithmetic: the answer does not depend on the company a system keeps, nor on the number format."""

from collections.abc import Iterator

import numpy as np
import torch

from intertwine.errors import InputError
from intertwine.testing.interface import in_precision
from intertwine.testing.law import Law, Omission, Reading, worst
from intertwine.testing.laws.comparison import Expected, compare, largest
from intertwine.testing.trial import Trial

FAMILY = "Numerics"

FORCE_FLOOR = 1.0
"""eV/Å: float32's errors are compared with the largest force, or with this where all are smaller."""


def batch(trial: Trial) -> Iterator[Reading]:
    """Every probe alone, against batches of all probes in two random orders."""
    rng = trial.rng("batch")
    alone = [trial.predict([probe.structure])[0] for probe in trial.probes]
    for_all = [Expected(p.structure, prediction) for p, prediction in zip(trial.probes, alone, strict=True)]
    order = [int(k) for _ in range(2) for k in rng.permutation(len(for_all))]
    yield from compare("batch", trial, [for_all[k] for k in order], [trial.probes[k].name for k in order])


def precision(trial: Trial) -> Iterator[Reading | Omission]:
    """float32 against float64, with the same weights."""
    structures = [probe.structure for probe in trial.probes]
    try:
        single = in_precision(trial.model, torch.float32)
    except InputError as error:
        for line in PRECISION.claims:
            yield Omission(line, str(error))
        return
    pairs = list(
        zip(
            trial.predict(structures, ("energy", "forces"), single),
            trial.predict(structures, ("energy", "forces")),
            trial.probes,
            strict=True,
        )
    )
    yield worst(
        "precision.energy",
        [(1000 * abs(a.energy - b.energy) / len(p.structure), p.name) for a, b, p in pairs],
    )
    yield worst(
        "precision.forces",
        [
            (largest(a.forces - b.forces) / float(np.maximum(largest(b.forces), FORCE_FLOOR)), p.name)
            for a, b, p in pairs
        ],
    )


BATCH = Law(
    "batch",
    FAMILY,
    {
        "batch.energy": "A system has the same energy alone and in any batch, in any order.",
        "batch.forces": "A system has the same forces alone and in any batch.",
        "batch.stress": "A system has the same stress alone and in any batch.",
    },
    batch,
)
PRECISION = Law(
    "precision",
    FAMILY,
    {
        "precision.energy": "float32 gives the energies of float64.",
        "precision.forces": "float32 gives the forces of float64.",
    },
    precision,
)
