"""Folds that never divide a protein: learning on some, docking on the others.

    python -m benchmarks.docking learn --output folds --modes rigid flexible

Writes one model for each fold, and beside it the losses. Pools of poses are kept in the folder: a second run,
or one of another variant, does not search again.
"""

import argparse
import json
import random
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.docking.complexes import MODES, complexes

if TYPE_CHECKING:
    from intertwine.apps.docking import Case

FOLDS = 5
CLUSTERS = 64
"""Proteins of the set, numbered from 0."""


def fold_of(cluster: str) -> int:
    """The fold in which a protein is held out."""
    order = list(range(CLUSTERS + 1))
    random.Random(0).shuffle(order)
    return order[int(cluster)] % FOLDS


def name_of(fold: int) -> str:
    """File of the model that has not seen a fold."""
    return f"without-{fold}.safetensors"


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("learn", help="learn the energy of poses on all folds but one, for each")
    options.add_argument("--output", type=Path, required=True, help="folder of the models")
    options.add_argument("--pools", type=Path, default=Path("runs/docking/pools"), help="folder of the poses")
    options.add_argument("--modes", nargs="+", default=list(MODES), choices=MODES)
    options.add_argument("--folds", nargs="+", type=int, default=list(range(FOLDS)))
    options.add_argument("--epochs", type=int, default=6)
    options.add_argument("--no-mining", action="store_true", help="without false minima of its own")
    options.add_argument("--prior-only", action="store_true", help="learn the weights of the prior alone")
    options.add_argument("--first", type=int, default=None, help="only so many complexes")
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    """Make the pools that are not there, then learn; 0."""
    import torch

    from intertwine.apps.docking import DockingTraining, PoseEnergy, PoseEnergySpec, save_docking_model, train

    torch.set_num_threads(1)
    spec = PoseEnergySpec(bound=0.0) if options.prior_only else PoseEnergySpec()
    cases = pools(options, spec)
    options.output.mkdir(parents=True, exist_ok=True)
    for fold in options.folds:
        path = options.output / name_of(fold)
        if path.is_file():
            continue
        torch.manual_seed(fold)
        energy, begun, losses = PoseEnergy(spec), time.process_time(), []
        plan = DockingTraining(epochs=options.epochs, seed=fold)
        plan = replace(plan, mining=()) if options.no_mining else plan
        train(energy, [case for case in cases if case.group != fold], plan, losses.append)
        facts = {"epochs": options.epochs, "cases": len(cases), "cpu_seconds": time.process_time() - begun}
        path.with_suffix(".json").write_text(json.dumps(facts | {"losses": losses}))
        save_docking_model(energy, path, facts)
        print(f"{path}: {facts['cpu_seconds']:.0f} s of CPU", flush=True)
    return 0


def pools(options: argparse.Namespace, spec: Any) -> "list[Case]":
    """Cases of all complexes, grouped by the fold that holds them out; searched once, then read."""
    import torch

    from intertwine.apps.docking import Complex as Entry
    from intertwine.apps.docking import SearchPlan, case_of, pocket_of, read_receptor

    options.pools.mkdir(parents=True, exist_ok=True)
    cases = []
    plan = SearchPlan(starts=100, kept=160, hops_per_torsion=1)
    for one in islice(complexes(), options.first):
        receptor, fold = pocket_of(read_receptor(one.receptor), one.box, 8.0), fold_of(one.cluster)
        for mode in options.modes:
            pool = options.pools / f"{one.name}-{mode}.pt"
            conformer = one.start("flexible", 1) if mode == "flexible" else None
            entry = Entry(one.name, receptor, one.crystal, conformer, one.box, fold)
            poses = torch.load(pool, weights_only=True) if pool.is_file() else None
            case = case_of(entry, mode == "flexible", plan, spec, given=poses)
            if poses is None:
                torch.save({"poses": list(case.poses), "native": list(case.native)}, pool)
            cases.append(case)
    return cases
