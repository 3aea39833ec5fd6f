"""MACE (`mace-torch`), trained by its own `mace_run_train` with its authors' settings for molecules.

Loss on forces first (energies weigh as many parts in 1000 as there are atoms, as in the scripts for 3BPA), on
energies in the last quarter ("stage two"), Adam with AMSGrad, averaged weights. The learning rate falls
tenfold until stage two begins, where its own default continues: the stock schedule waits for a plateau of 50
epochs, which no budget here would ever see.
"""

import importlib
from pathlib import Path
from typing import Any

from ase.calculators.calculator import Calculator
from benchmarks.pareto.measure import CLOCK, Job, main
from mace import tools
from mace.calculators import MACECalculator
from mace.cli import run_train

STAGE_TWO = 0.75
"""Part of the epochs before the energies gain weight."""


def fit(job: Job) -> None:
    epochs = job["epochs"]
    start = max(1, int(STAGE_TWO * epochs))
    words = {
        "name": "mace",
        "train_file": job["train"],
        "valid_file": job["valid"],
        "work_dir": job["folder"],
        "E0s": str(dict.fromkeys(job["species"], 0.0)),
        "energy_key": "energy",
        "forces_key": "forces",
        "model": "ScaleShiftMACE",
        "r_max": 5.0,
        "max_ell": 3,
        "correlation": 3,
        "num_interactions": 2,
        "hidden_irreps": job["settings"]["hidden"],
        "batch_size": 5,
        "valid_batch_size": 10,
        "lr": 0.01,
        "scheduler": "ExponentialLR",
        "lr_scheduler_gamma": 0.1 ** (1.0 / start),
        "ema_decay": 0.99,
        "forces_weight": 1000.0,
        "energy_weight": 15.0,
        "start_swa": start,
        "swa_energy_weight": 1000.0,
        "swa_forces_weight": 100.0,
        "max_num_epochs": epochs,
        "eval_interval": 1,
        "default_dtype": "float32",
        "device": "cpu",
        "num_workers": 0,
        "plot": False,
        "seed": job["seed"],
    }
    flags = ["--amsgrad", "--ema", *(["--swa"] if epochs > 1 else [])]
    arguments = [f"--{name}={value}" for name, value in words.items()] + flags
    _follow()
    run_train.run(tools.build_default_arg_parser().parse_args(arguments))


def _follow() -> None:
    """Let the clock see the validation before the first epoch and the one after each."""
    train, loop = tools.train, importlib.import_module("mace.tools.train")
    report = loop.valid_err_log

    def counted(*given: Any, **named: Any) -> Any:
        CLOCK.parameters = sum(parameter.numel() for parameter in named["model"].parameters())
        return train(*given, **named)

    def ticked(*given: Any, **named: Any) -> Any:
        CLOCK.tick()
        return report(*given, **named)

    tools.train, loop.valid_err_log = counted, ticked


def calculator(job: Job) -> Calculator:
    """Of stage two where there was one."""
    found = sorted(Path(job["model"]).glob("checkpoints/*.model"), key=lambda path: "stagetwo" in path.name)
    return MACECalculator(model_paths=str(found[-1]), device="cpu", default_dtype="float32")


if __name__ == "__main__":
    main(fit, calculator, ("mace-torch", "e3nn", "torch", "numpy"))
