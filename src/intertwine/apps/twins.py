"""Twins: one model with derivative and one with direct forces, trained alike to be compared."""

from pathlib import Path
from typing import Any

from intertwine.apps.direct_forces import Comparison, compare
from intertwine.train.config import RunConfig
from intertwine.train.datasets import read_datasets
from intertwine.train.run import train

TWINS = {"conservative": "derivative", "direct": "direct"}
"""Folder of each twin, and the value of `model.forces` that makes it."""


def train_twins(config: RunConfig, *, quiet: bool = False) -> tuple[Path, Path]:
    """Train one model with derivative and one with direct forces: all else, size and budget too, is the same.

    They go into `conservative/` and `direct/` below the output of the configuration; a twin that is there
    already is not trained again, one that was interrupted goes on.

    Returns:
        The files of the conservative and of the direct model.
    """
    conservative, direct = (
        train(
            config.model_copy(
                update={
                    "model": config.model.model_copy(update={"forces": forces}),
                    "output": config.output / name,
                }
            ),
            resume=True,
            quiet=quiet,
        ).model_path
        for name, forces in TWINS.items()
    )
    return conservative, direct


def compare_twins(config: RunConfig, *, quiet: bool = False, **settings: Any) -> Comparison:
    """Train both twins of a configuration, compare them on its test files and write the result beside them.

    Args:
        config: of the conservative model; `model.forces` is set for each.
        quiet: train silently.
        settings: as for `compare`.

    Returns:
        The comparison; on the validation frames where the configuration names no test file.
    """
    twins = train_twins(config, quiet=quiet)
    sets = read_datasets(config.data, config.seed)
    held_out = [structure for frames in sets.test.values() for structure in frames] or sets.valid
    comparison = compare(*twins, held_out, **{"seed": config.seed, **settings})
    comparison.write(config.output)
    return comparison
