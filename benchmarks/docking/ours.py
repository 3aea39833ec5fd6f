"""Our own docking on the files, boxes and starts that the others get.

    python -m benchmarks.docking ours --output ours.jsonl                       # the prior alone
    python -m benchmarks.docking ours --models folds --output ours.jsonl        # learned, held-out proteins

One thread. Seconds are of CPU and include everything after the files are read. With models every complex is
docked by the one that has seen no complex of its protein.
"""

import argparse
import json
import time
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.docking.complexes import MODES, Complex, complexes
from benchmarks.docking.folds import fold_of, name_of
from benchmarks.docking.peers import identity, read_lines

from intertwine.errors import IntertwineError

PRIOR = "prior"


def add(commands: Any) -> None:
    """The command and its options."""
    options = commands.add_parser("ours", help="dock the complexes by intertwine")
    options.add_argument("--output", type=Path, required=True, help="lines of JSON; resumed if there")
    options.add_argument(
        "--models", type=Path, default=None, help="folder of `learn`; the prior alone without"
    )
    options.add_argument("--name", default=None, help="of the entrant; that of the folder by default")
    options.add_argument("--modes", nargs="+", default=list(MODES), choices=MODES)
    options.add_argument("--first", type=int, default=None, help="only so many complexes")
    options.add_argument("--seed", type=int, default=1, help="of orientations, conformers and searches")
    options.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    """Dock what the output lacks; 0."""
    import torch

    torch.set_num_threads(1)
    entrant = options.name or (options.models.name if options.models else PRIOR)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    done = {identity(record) for record in read_lines(options.output)}
    with options.output.open("a") as lines:
        for one in islice(complexes(), options.first):
            for mode in options.modes:
                task = {"id": one.name, "program": f"intertwine {entrant}", "mode": mode}
                task |= {"exhaustiveness": None, "seed": options.seed}
                if identity(task) not in done:
                    print(json.dumps(task | docked(one, mode, options)), file=lines, flush=True)
    return 0


def docked(one: Complex, mode: str, options: argparse.Namespace) -> dict[str, Any]:
    """Poses, best first, their distance from the crystal, energies and cost; or the error."""
    from intertwine.apps.docking import SearchPlan, dock_ligand, load_docking_model, read_receptor

    facts: dict[str, Any] = {"cluster": one.cluster}
    try:
        receptor, ligand = read_receptor(one.receptor), one.start(mode, options.seed)
        path = options.models / name_of(fold_of(one.cluster)) if options.models else None
        model = load_docking_model(path)
        begun = time.process_time()
        found = dock_ligand(
            receptor, ligand, one.box, model, SearchPlan(seed=options.seed), mode == "flexible"
        )
        seconds = time.process_time() - begun
    except IntertwineError as error:
        return facts | {"error": str(error)}
    poses = found.positions[:, ligand.heavy]
    costs = {"seconds": round(seconds, 2), "evaluations": found.evaluations}
    scores = {name: getattr(found, name).round(4).tolist() for name in ("energies", "prior", "learned")}
    places = {"rmsds": one.rmsds(poses).round(3).tolist(), "poses": poses.round(3).tolist()}
    return facts | scores | costs | places
