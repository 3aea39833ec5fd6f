"""Ranking of given poses beside docking: how many false minima an energy has that no list of decoys shows.

    python -m benchmarks.docking decoys --pools pools --models folds --docked ours.jsonl

The pool of a complex holds minima of the prior all over the box and some within 2 Å of the crystal. `ranked`
is how often the lowest energy of the pool is one of the latter, `docked` how often the same energy finds such
a pose by itself. `correlation` is Spearman's between energy and distance in a pool, the mean over complexes.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.docking.board import NEAR, found
from benchmarks.docking.complexes import MODES
from benchmarks.docking.folds import FOLDS, name_of, pools
from benchmarks.docking.peers import read_lines
from rich import box
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr

if TYPE_CHECKING:
    from intertwine.apps.docking import Case, PoseEnergy

COLUMNS = ("mode", "complexes", "ranked", "docked", "correlation")


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("decoys", help="rank pools of poses, and compare with docking")
    options.add_argument("--pools", type=Path, default=Path("runs/docking/pools"), help="made by `learn`")
    options.add_argument("--models", type=Path, default=None, help="folder of `learn`; the prior without")
    options.add_argument("--docked", type=Path, default=None, help="lines of `ours` by the same energy")
    options.add_argument("--modes", nargs="+", default=list(MODES), choices=MODES)
    options.add_argument("--first", type=int, default=None, help="only so many complexes")
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    """Print a line for each mode; 0."""
    from intertwine.apps.docking import load_docking_model

    paths = [options.models / name_of(fold) if options.models else None for fold in range(FOLDS)]
    models = [load_docking_model(path) for path in paths]
    records = read_lines(options.docked) if options.docked else []
    table = Table(*COLUMNS, box=box.SIMPLE_HEAD)
    for mode in options.modes:
        chosen = argparse.Namespace(**{**vars(options), "modes": [mode]})
        rows = {case.name: ranked(models[case.group], case) for case in pools(chosen, models[0].spec)}
        same = [record for record in records if record["mode"] == mode and record["id"] in rows]
        right, correlation = np.array([rows[record["id"]] for record in same] or list(rows.values())).T
        docked = f"{100 * found(same, 1).mean():.1f} %" if same else "?"
        entries = (f"{len(right)}", f"{100 * right.mean():.1f} %", docked, f"{correlation.mean():.2f}")
        table.add_row(mode, *entries)
    Console(width=110).print(table)
    return 0


def ranked(energy: "PoseEnergy", case: "Case") -> tuple[float, float]:
    """Whether the lowest minimum of a pool is near the crystal's, and the rank correlation in the pool."""
    import torch

    from intertwine.apps.docking.refine import FullLandscape, reweighted

    encoded = energy.site(case.site, case.traits), energy.guest(case.ligand)
    landscape = FullLandscape(reweighted(case.landscape, energy), energy, *encoded)
    minima = torch.arange(case.scattered, len(case.rmsd))
    value, away = landscape(case.poses.take(minima))[0].numpy(), case.rmsd[minima].numpy()
    return float(away[value.argmin()] < NEAR), float(spearmanr(value, away).statistic)
