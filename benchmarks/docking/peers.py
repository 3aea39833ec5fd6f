"""AutoDock Vina and Rustina on the files, boxes and starts that we get.

    pip install vina meeko rustina
    python -m benchmarks.docking peers --output peers.jsonl

One thread each. Seconds are of CPU and include the grids, which both make anew for each complex, not Meeko's
preparation. Poses and scores are kept, one line of JSON each; what is in the file is not docked again.
"""

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.docking.complexes import MODES, Complex, complexes
from benchmarks.docking.pdbqt import read_poses, write_pdbqt

from intertwine.apps.docking import Box
from intertwine.errors import IntertwineError, require

POSES = 9
RANGE = 1000.0
"""kcal/mol above the best that Vina still returns, so that it returns nine."""

Docked = tuple[str, dict[str, list[float]]]


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("peers", help="dock the complexes by other programs")
    options.add_argument("--output", type=Path, required=True, help="lines of JSON; resumed if there")
    options.add_argument("--programs", nargs="+", default=list(PROGRAMS), choices=list(PROGRAMS))
    options.add_argument("--modes", nargs="+", default=list(MODES), choices=MODES)
    options.add_argument("--exhaustiveness", type=int, default=4, help="of Vina")
    options.add_argument("--first", type=int, default=None, help="only so many complexes")
    options.add_argument("--seed", type=int, default=1, help="of orientations, conformers and searches")
    options.set_defaults(do=run)


def vina(receptor: Path, ligand: str, box: Box, options: argparse.Namespace) -> Docked:
    """Vina's search and scoring at its defaults but for the exhaustiveness."""
    program = require("vina", extra="peers").Vina(sf_name="vina", cpu=1, seed=options.seed, verbosity=0)
    program.set_receptor(str(receptor))
    program.set_ligand_from_string(ligand)
    program.compute_vina_maps(center=box.centre.tolist(), box_size=box.size.tolist())
    program.dock(exhaustiveness=options.exhaustiveness, n_poses=POSES)
    energies = program.energies(POSES, energy_range=RANGE)[:, 0]
    return program.poses(POSES, energy_range=RANGE), {"energies": energies.tolist()}


def rustina(receptor: Path, ligand: str, box: Box, options: argparse.Namespace) -> Docked:
    """Rustina at its defaults: QuickVina2's search on Vinardo's grids, then GNINA's fast network."""
    dock = require("rustina", extra="peers").dock
    poses = dock(str(receptor), ligand, *box.centre, *box.size, seed=options.seed, threads=1, num_modes=POSES)
    models = "".join(f"MODEL\n{pose['pdbqt']}" for pose in poses)
    return models, {"energies": [p["affinity"] for p in poses], "network": [p["cnn_score"] for p in poses]}


PROGRAMS: dict[str, Callable[[Path, str, Box, argparse.Namespace], Docked]] = {
    "vina": vina,
    "rustina": rustina,
}


def run(options: argparse.Namespace) -> int:
    """Dock what the output lacks, complex by complex; 0."""
    options.output.parent.mkdir(parents=True, exist_ok=True)
    done = {identity(record) for record in read_lines(options.output)}
    with options.output.open("a") as lines, tempfile.TemporaryDirectory() as folder:
        for one in islice(complexes(), options.first):
            receptor = Path(folder) / f"{one.name}.pdbqt"
            receptor.write_bytes(gzip.decompress(one.receptor.read_bytes()))
            for task in tasks(one.name, options):
                if identity(task) not in done:
                    print(json.dumps(task | docked(one, receptor, task, options)), file=lines, flush=True)
            receptor.unlink()
    return 0


def tasks(name: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What is to be done for a complex."""
    for program in options.programs:
        effort = options.exhaustiveness if program == "vina" else None
        for mode in options.modes:
            yield {
                "id": name,
                "program": program,
                "mode": mode,
                "exhaustiveness": effort,
                "seed": options.seed,
            }


def identity(record: dict[str, Any]) -> tuple[Any, ...]:
    """What tells one docking from another."""
    return tuple(record[key] for key in ("id", "program", "mode", "exhaustiveness", "seed"))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Records of a file that may end in the middle of one."""
    records = []
    for line in path.read_text().splitlines() if path.is_file() else []:
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records


def docked(one: Complex, receptor: Path, task: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Poses, best first, their distance from the crystal, scores and cost; or the error."""
    facts: dict[str, Any] = {"cluster": one.cluster}
    try:
        ligand = one.start(task["mode"], task["seed"])
        text = write_pdbqt(ligand, rigid=task["mode"] == "rigid")
        begun = time.process_time()
        models, scores = PROGRAMS[task["program"]](receptor, text, one.box, options)
        seconds = time.process_time() - begun
        poses = read_poses(models, ligand)
    except (IntertwineError, RuntimeError, ValueError) as error:
        return facts | {"error": " ".join(str(error).split())}
    rmsds = one.rmsds(poses)
    places = np.round(poses, 3).tolist()
    return facts | {"rmsds": rmsds.round(3).tolist(), **scores, "seconds": round(seconds, 2), "poses": places}
