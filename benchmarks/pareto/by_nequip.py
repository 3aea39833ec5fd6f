"""NequIP (`nequip`), trained by its own `nequip-train` with the settings of its tutorial for small molecules.

The learning rate follows a cosine to zero at the end of the budget: the tutorial's schedule waits for
plateaus, which no budget here would ever see. Judged as `nequip-compile` leaves it.
"""

import json
import sys
from pathlib import Path
from typing import Any

import lightning
from ase.calculators.calculator import Calculator
from ase.data import chemical_symbols
from ase.io import read
from benchmarks.pareto.measure import CLOCK, Job, main
from nequip.integrations.ase import NequIPCalculator
from nequip.scripts import compile as compiling
from nequip.scripts import train as training

BATCH = 5
"""Frames per step."""
TARGET = "benchmarks.pareto.by_nequip.Follower"


class Follower(lightning.Callback):
    """Lets the clock see the epochs."""

    def on_train_start(self, trainer: lightning.Trainer, module: Any) -> None:
        CLOCK.parameters = sum(parameter.numel() for parameter in module.model.parameters())
        CLOCK.tick()

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: Any) -> None:
        CLOCK.tick()


def fit(job: Job) -> None:
    folder = Path(job["folder"]).absolute()
    (folder / "config.yaml").write_text(json.dumps(configuration(job, folder), indent=1), encoding="utf-8")
    sys.argv = ["nequip-train", "-cp", str(folder), "-cn", "config", f"hydra.run.dir={folder}"]
    training.main()


def configuration(job: Job, folder: Path) -> dict[str, Any]:
    """What `nequip-train` reads; JSON is YAML."""
    names = [chemical_symbols[number] for number in job["species"]]
    metrics = {
        "_target_": "nequip.train.EnergyForceMetrics",
        "coeffs": {"per_atom_energy_rmse": 1.0, "forces_rmse": 1.0},
    }
    return {
        "run": ["train"],
        "data": _data(job, names),
        "trainer": _trainer(job, folder),
        "training_module": {
            "_target_": "nequip.train.EMALightningModule",
            "ema_decay": 0.999,
            "loss": {
                "_target_": "nequip.train.EnergyForceLoss",
                "per_atom_energy": True,
                "coeffs": {"total_energy": 1.0, "forces": 1.0},
            },
            "val_metrics": metrics,
            "train_metrics": metrics,
            "optimizer": {"_target_": "torch.optim.Adam", "lr": 0.01},
            "lr_scheduler": {
                "scheduler": {
                    "_target_": "torch.optim.lr_scheduler.CosineAnnealingLR",
                    "T_max": job["epochs"] * -(-len(read(job["train"], ":")) // BATCH),
                },
                "interval": "step",
            },
            "model": _model(job, names),
        },
        "global_options": {"allow_tf32": False},
    }


def _data(job: Job, names: list[str]) -> dict[str, Any]:
    loader = {"_target_": "torch.utils.data.DataLoader", "num_workers": 0}
    transforms = [
        {
            "_target_": "nequip.data.transforms.ChemicalSpeciesToAtomTypeMapper",
            "model_type_names": names,
            "chemical_species_to_atom_type_map": {name: name for name in names},
        },
        {"_target_": "nequip.data.transforms.NeighborListTransform", "r_max": 5.0},
    ]
    return {
        "_target_": "nequip.data.datamodule.ASEDataModule",
        "seed": job["seed"],
        "train_file_path": job["train"],
        "val_file_path": job["valid"],
        "transforms": transforms,
        "train_dataloader": {**loader, "batch_size": BATCH, "shuffle": True},
        "val_dataloader": {**loader, "batch_size": 2 * BATCH},
        "stats_manager": {
            "_target_": "nequip.data.CommonDataStatisticsManager",
            "dataloader_kwargs": {"batch_size": 10},
            "type_names": names,
        },
    }


def _trainer(job: Job, folder: Path) -> dict[str, Any]:
    checkpoint = {
        "_target_": "lightning.pytorch.callbacks.ModelCheckpoint",
        "monitor": "val0_epoch/weighted_sum",
        "dirpath": str(folder),
        "filename": "best",
    }
    return {
        "_target_": "lightning.Trainer",
        "accelerator": "cpu",
        "max_epochs": job["epochs"],
        "logger": False,
        "enable_progress_bar": False,
        "callbacks": [checkpoint, {"_target_": TARGET}],
    }


def _model(job: Job, names: list[str]) -> dict[str, Any]:
    return {
        "_target_": "nequip.model.NequIPGNNModel",
        "seed": job["seed"],
        "model_dtype": "float32",
        "type_names": names,
        "r_max": 5.0,
        "num_bessels": 8,
        "polynomial_cutoff_p": 6,
        "radial_mlp_depth": 2,
        "radial_mlp_width": 64,
        "avg_num_neighbors": "${training_data_stats:num_neighbors_mean}",
        "per_type_energy_scales": "${training_data_stats:per_type_forces_rms}",
        "per_type_energy_shifts": "${training_data_stats:per_atom_energy_mean}",
        **job["settings"],
    }


def calculator(job: Job) -> Calculator:
    folder = Path(job["model"])
    compiled = folder / "best.nequip.pt2"
    if not compiled.is_file():
        compiling.main(
            [str(folder / "best.ckpt"), str(compiled), "--device=cpu", "--mode=aotinductor", "--target=ase"]
        )
    return NequIPCalculator.from_compiled_model(compiled, device="cpu")


if __name__ == "__main__":
    main(fit, calculator, ("nequip", "e3nn", "torch", "numpy"))
