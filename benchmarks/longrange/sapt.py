"""Interaction energies of molecules and ions by perturbation theory, with and without charges.

    INTERTWINE_DATA=… python -m benchmarks.longrange sapt --minutes 15

SAPT10k (doi 10.1063/5.0204064): 9948 dimers, 1148 of them charged, and the same dimers with their molecules
10 000 Å apart, where the energy is zero. Four fifths to learn from, a hundred to choose by, the rest on test,
and with it all charged dimers whose centres are more than 6 Å apart. One encoder, one recipe; energies only;
what charges the atoms have is not told, only that of the whole.
"""

import argparse
from typing import Any

import numpy as np
from ase.io import iread
from ase.units import kcal, mol
from benchmarks.fitting import fit, options_of
from benchmarks.record import Stopwatch, data_folder, keep, show

from intertwine.data import Structure, write
from intertwine.graph import build_graph, collate
from intertwine.observables import Model

MODELS: dict[str, dict[str, Any]] = {"within the cutoff": {}, "with charges": {"longrange": {}}}
SIZES = {"preset": "small", "cutoff": 5.0}
TRAINING: dict[str, Any] = {"batch_size": 32, "learning_rate": 0.01, "ema": 0.995}
FAR = 6.0
"""Å between centres."""


def add(commands: Any) -> None:
    """The command and its options."""
    options = options_of(commands, "sapt", 15.0, "interaction energies of molecules and ions")
    options.set_defaults(do=run)


def dimers() -> list[tuple[Structure, Structure]]:
    """Each dimer, and its molecules far apart, with energies in eV."""
    together, apart = {}, {}
    for atoms in iread(data_folder("sapt10k") / "sapt10k.xyz"):
        info, near = atoms.info, atoms.info["structure_type"] == "dimer_original"
        energy = atoms.get_potential_energy() * kcal / mol if near else 0.0
        first = int(info["num_a"])
        centres = [part.mean(0) for part in np.split(atoms.positions, [first])]
        charges = int(info["charge_a"]), int(info["charge_b"])
        notes = {
            "apart": float(np.linalg.norm(centres[1] - centres[0])),
            "ions": sum(charge != 0 for charge in charges),
        }
        structure = Structure(
            atoms.numbers, atoms.positions, labels={"energy": energy}, info=notes, charge=sum(charges)
        )
        (together if near else apart)[info["file_name"]] = structure
    return [(dimer, apart[name]) for name, dimer in together.items() if name in apart]


def frames(seed: int) -> dict[str, list[Structure]]:
    """Dimers by role; those far apart only to learn from."""
    found, rng = dimers(), np.random.default_rng(seed)
    far = [pair for pair in found if _far_ion(pair[0])]
    rest = [pair for pair in found if not _far_ion(pair[0])]
    rest = [rest[k] for k in rng.permutation(len(rest))]
    train = 4 * len(found) // 5
    return {
        "train": [structure for pair in rest[:train] for structure in pair],
        "valid": [pair[0] for pair in rest[train : train + 100]],
        "test": [pair[0] for pair in rest[train + 100 :] + far],
    }


def _far_ion(dimer: Structure) -> bool:
    return dimer.info["ions"] > 0 and dimer.info["apart"] > FAR


def run(options: argparse.Namespace) -> int:
    parts = frames(options.seed)
    options.output.mkdir(parents=True, exist_ok=True)
    isolated = options.output / "sapt-isolated.extxyz"
    species = sorted({z for part in parts.values() for structure in part for z in structure.species})
    write(isolated, [Structure([z], np.zeros((1, 3)), labels={"energy": 0.0}) for z in species])
    data = {"require": ("energy",), "isolated_atoms": isolated}
    with Stopwatch() as watch:
        fitted = {
            name: fit(options, f"sapt-{name.replace(' ', '-')}", parts, SIZES | model, TRAINING, data)
            for name, model in MODELS.items()
        }
    groups = groups_of(parts["test"])
    record = {
        name: one.record() | {"groups": errors(one.model, parts["test"], groups)}
        for name, one in fitted.items()
    }
    counts = {group: int(mask.sum()) for group, mask in groups.items()}
    path = keep("longrange-sapt", options.seed, watch, {"test": record, "counts": counts}, options.results)
    columns = [f"{group} ({counts[group]})" for group in groups]
    rows = [[name, *(f"{found['groups'][g]:.3f}" for g in groups)] for name, found in record.items()]
    show("SAPT10k, test: RMSE, kcal/mol", columns, rows, watch, path)
    return 0


def groups_of(test: list[Structure]) -> dict[str, np.ndarray]:
    """Which of the dimers on test are neutral, charged, charged with centres far apart."""
    ions = np.array([int(dimer.info["ions"]) for dimer in test])
    apart = np.array([float(dimer.info["apart"]) for dimer in test])
    return {
        "all": ions >= 0,
        "neutral": ions == 0,
        "one ion": ions == 1,
        "two ions": ions == 2,
        "ions over 6 Å": (ions > 0) & (apart > FAR),
    }


def errors(model: Model, test: list[Structure], groups: dict[str, np.ndarray]) -> dict[str, float]:
    """Root mean square errors, kcal/mol."""
    pieces = [test[k : k + 100] for k in range(0, len(test), 100)]
    found = [
        model(collate([build_graph(dimer, model.cutoff) for dimer in piece]), ("energy",))["energy"]
        for piece in pieces
    ]
    truth = np.array([float(dimer.labels["energy"]) for dimer in test])
    gaps = (np.concatenate([part.numpy() for part in found]) - truth) * mol / kcal
    return {group: float(np.sqrt((gaps[mask] ** 2).mean())) for group, mask in groups.items()}
