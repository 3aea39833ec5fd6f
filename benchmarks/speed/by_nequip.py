"""NequIP (`nequip`), compiled by its own `nequip-compile` ahead of time; weights as one step leaves them.

`nequip-compile` reads what `nequip-train` wrote, so it is given one crystal with forces of zero.
"""

import json
import sys
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import torch
from ase.calculators.calculator import Calculator
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import chemical_symbols
from nequip.integrations.ase import NequIPCalculator
from nequip.scripts import compile as compiling
from nequip.scripts import train as training

DISTRIBUTIONS = ("nequip", "e3nn", "torch", "numpy")


def calculator(job: dict[str, Any]) -> tuple[Calculator, int]:
    folder = Path(job["folder"])
    compiled = folder / "model.nequip.pt2"
    if not compiled.is_file():
        _train(job, folder)
        words = [
            str(folder / "last.ckpt"),
            str(compiled),
            "--device=cpu",
            "--mode=aotinductor",
            "--target=ase",
        ]
        compiling.main(words)
    state = torch.load(folder / "last.ckpt", weights_only=False, map_location="cpu")["state_dict"]
    parameters = sum(value.numel() for name, value in state.items() if "weight" in name)
    return NequIPCalculator.from_compiled_model(compiled, device="cpu"), parameters


def _train(job: dict[str, Any], folder: Path) -> None:
    frame = ase.io.read(job["sample"])
    frame.calc = SinglePointCalculator(frame, energy=0.0, forces=np.zeros((len(frame), 3)))
    ase.io.write(folder / "frame.xyz", [frame, frame])
    (folder / "config.yaml").write_text(json.dumps(_configuration(job, folder), indent=1), encoding="utf-8")
    sys.argv = ["nequip-train", "-cp", str(folder), "-cn", "config", f"hydra.run.dir={folder}"]
    training.main()


def _configuration(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What `nequip-train` reads; JSON is YAML."""
    names = [chemical_symbols[number] for number in job["species"]]
    checkpoint = {
        "_target_": "lightning.pytorch.callbacks.ModelCheckpoint",
        "dirpath": str(folder),
        "filename": "last",
    }
    metrics = {
        "_target_": "nequip.train.EnergyForceMetrics",
        "coeffs": {"per_atom_energy_rmse": 1.0, "forces_rmse": 1.0},
    }
    return {
        "run": ["train"],
        "data": _data(job, names, str(folder / "frame.xyz")),
        "trainer": {
            "_target_": "lightning.Trainer",
            "accelerator": "cpu",
            "max_epochs": 1,
            "logger": False,
            "enable_progress_bar": False,
            "callbacks": [checkpoint],
        },
        "training_module": {
            "_target_": "nequip.train.NequIPLightningModule",
            "loss": {
                "_target_": "nequip.train.EnergyForceLoss",
                "per_atom_energy": True,
                "coeffs": {"total_energy": 1.0, "forces": 1.0},
            },
            "val_metrics": metrics,
            "train_metrics": metrics,
            "optimizer": {"_target_": "torch.optim.SGD", "lr": 1e-9},
            "model": {
                "_target_": "nequip.model.NequIPGNNModel",
                "seed": job["seed"],
                "model_dtype": "float32",
                "type_names": names,
                "r_max": job["cutoff"],
                "num_bessels": 8,
                "polynomial_cutoff_p": 6,
                "radial_mlp_depth": 2,
                "radial_mlp_width": 64,
                "avg_num_neighbors": job["neighbours"],
                "per_type_energy_scales": 1.0,
                "per_type_energy_shifts": 0.0,
                **job["settings"],
            },
        },
        "global_options": {"allow_tf32": False},
    }


def _data(job: dict[str, Any], names: list[str], path: str) -> dict[str, Any]:
    loader = {"_target_": "torch.utils.data.DataLoader", "num_workers": 0, "batch_size": 2}
    return {
        "_target_": "nequip.data.datamodule.ASEDataModule",
        "seed": job["seed"],
        "train_file_path": path,
        "val_file_path": path,
        "transforms": [
            {
                "_target_": "nequip.data.transforms.ChemicalSpeciesToAtomTypeMapper",
                "model_type_names": names,
                "chemical_species_to_atom_type_map": {name: name for name in names},
            },
            {"_target_": "nequip.data.transforms.NeighborListTransform", "r_max": job["cutoff"]},
        ],
        "train_dataloader": loader,
        "val_dataloader": loader,
        "stats_manager": {
            "_target_": "nequip.data.CommonDataStatisticsManager",
            "dataloader_kwargs": {"batch_size": 2},
            "type_names": names,
        },
    }
