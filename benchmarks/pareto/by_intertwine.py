"""Intertwine, by the recipe of all benchmarks."""

from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
from benchmarks.pareto.measure import CLOCK, Job, main
from benchmarks.recipe import RECIPE

from intertwine.engines import IntertwineCalculator
from intertwine.train import RunConfig, train
from intertwine.train.run_folder import RunFolder


class Follower(lightning.Callback):
    """Lets the clock see the epochs."""

    def on_train_start(self, trainer: lightning.Trainer, fit: Any) -> None:
        CLOCK.parameters = sum(parameter.numel() for parameter in fit.model.parameters())
        CLOCK.tick()

    def on_train_epoch_end(self, trainer: lightning.Trainer, fit: Any) -> None:
        CLOCK.tick()


def fit(job: Job) -> None:
    config = RunConfig.model_validate(
        {
            "data": {
                "train": job["train"],
                "valid": Path(job["valid"]),
                "isolated_atoms": job["isolated_atoms"],
            },
            "model": {"preset": job["settings"]["preset"]},
            "training": {**RECIPE, "epochs": job["epochs"], "threads": job["threads"], "device": "cpu"},
            "seed": job["seed"],
            "output": Path(job["folder"]) / "run",
        }
    )
    train(config, callbacks=[Follower()])


def calculator(job: Job) -> IntertwineCalculator:
    return IntertwineCalculator(RunFolder(Path(job["model"]) / "run").model, device="cpu")


if __name__ == "__main__":
    main(fit, calculator, ("torch", "numpy", "lightning"))
