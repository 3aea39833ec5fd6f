"""What an atom at one end of a carbon chain does to the charges at the other, labelled by GFN2-xTB.

    python -m benchmarks.longrange chain --minutes 5

Chains of ten carbon atoms that end in hydrogen on one side and in H, H₂⁺, Li, F or nothing⁻ on the other,
13 Å away; each relaxed, its atoms displaced at random by 0.04 Å. All models learn energies, forces and
charges with one encoder and time, see 4 Å twice, and know the charge of the whole. Charges are read off the
surroundings, off these and the charge of the whole as a feature, or equilibrated.
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.optimize import FIRE
from benchmarks.fitting import cell, fit, options_of
from benchmarks.record import Stopwatch, keep, show

from intertwine.apps.label import LabelPlan, label
from intertwine.data import Structure, read, write
from intertwine.engines.oracles import oracle
from intertwine.graph import build_graph, collate
from intertwine.observables import Model

ORACLE = "tblite:GFN2-xTB"
ENDS: dict[str, tuple[list[str], list[list[float]], int]] = {
    "hydrogen": (["H"], [[0, 0, -1.06]], 0),
    "proton": (["H", "H"], [[0.92, 0, -0.55], [-0.92, 0, -0.55]], 1),
    "lithium": (["Li"], [[0, 0, -1.9]], 0),
    "fluorine": (["F"], [[0, 0, -1.28]], 0),
    "electron": ([], [], -1),
}
"""Atoms at the near end, Å from the first carbon, and the charge of the whole."""

MODELS: dict[str, dict[str, Any]] = {
    "local": {"longrange": {}},
    "local, charge felt": {"longrange": {}, "charge": True},
    "equilibration": {"longrange": {"charges": "equilibration"}},
}
SIZES = {"preset": "small", "cutoff": 4.0}
TRAINING: dict[str, Any] = {"batch_size": 8, "learning_rate": 0.01, "ema": 0.995}
LEARNED = ("energy", "forces", "charges")
FAR = 4
"""Atoms of the far end: the hydrogen and three carbons, the nearest of them 8 Å from what is exchanged."""

RATTLE = 0.04


def add(commands: Any) -> None:
    """The command and its options."""
    options = options_of(commands, "chain", 5.0, "charges that one far-away atom changes")
    options.add_argument("--frames", type=int, default=60, help="of each chain to learn from")
    options.set_defaults(do=run)


def relaxed(end: str) -> Structure:
    """The chain at its minimum; first the hydrogen of the far end and its carbons, from there inwards."""
    symbols, places, charge = ENDS[end]
    steps = np.cumsum([0.0] + [1.21, 1.37] * 4 + [1.21])
    carbons = [[0.0, 0.0, z] for z in steps[::-1]]
    atoms = Atoms(["H"] + ["C"] * 10 + symbols, [[0.0, 0.0, steps[-1] + 1.06], *carbons, *places])
    atoms.rattle(0.02, seed=1)
    atoms.calc = oracle(ORACLE, charge=charge)
    FIRE(atoms, logfile=None).run(fmax=0.03, steps=300)
    return Structure(atoms.numbers, atoms.positions, charge=charge, info={"source": end})


def frames(options: argparse.Namespace) -> dict[str, list[Structure]]:
    """Labelled frames by role, from disk where they are there."""
    options.output.mkdir(parents=True, exist_ok=True)
    counts = {"train": options.frames, "valid": options.frames // 5, "test": options.frames // 3}
    files = {part: options.output / f"chain-{part}-seed{options.seed}.extxyz" for part in counts}
    if not all(file.is_file() for file in files.values()):
        starts = [relaxed(end) for end in ENDS]
        plan = LabelPlan(calculator=ORACLE, properties=("charges",))
        for offset, (part, count) in enumerate(counts.items()):
            rng = np.random.default_rng([options.seed, offset])
            moved = [
                start.replace(positions=start.positions + RATTLE * rng.normal(size=start.positions.shape))
                for start in starts
                for _ in range(count)
            ]
            write(files[part], label(moved, plan))
    return {part: read(file) for part, file in files.items()}


def run(options: argparse.Namespace) -> int:
    parts = frames(options)
    with Stopwatch() as watch:
        fitted = {
            name: fit(
                options,
                f"chain-{name.replace(', ', '-').replace(' ', '-')}",
                parts,
                SIZES | model,
                TRAINING,
                {"require": LEARNED},
            )
            for name, model in MODELS.items()
        }
    record = {name: one.record() | {"far": far(one.model, parts["test"])} for name, one in fitted.items()}
    spread = float(np.mean([np.abs(q - q.mean()).mean() for q in _far_charges(parts["test"])]))
    path = keep(
        "longrange-chain",
        options.seed,
        watch,
        {"test": record, "spread of far charges": spread},
        options.results,
    )
    rows = [
        [
            name,
            *(cell(figures["errors"], quantity, "mae") for quantity in LEARNED),
            f"{1000 * figures['far']['all']:.3g}",
            *(f"{1000 * figures['far'][end]:+.3g}" for end in ENDS),
        ]
        for name, figures in record.items()
    ]
    units = [next(iter(record.values()))["errors"][quantity]["unit"] for quantity in LEARNED]
    columns = [f"{q} ({unit})" for q, unit in zip(LEARNED, units, strict=True)] + ["far charges (me)"]
    show("Chains on test: MAE; mean error of the far charges", [*columns, *ENDS], rows, watch, path)
    print(f"the far charges differ from chain to chain by {1000 * spread:.1f} me on average")
    return 0


def far(model: Model, test: Sequence[Structure]) -> dict[str, float]:
    """Mean absolute error of the far charges, e, and how wrong each chain's are on average."""
    batch = collate([build_graph(structure, model.cutoff) for structure in test])
    found = np.split(model(batch, ("charges",))["charges"].numpy(), batch.counts.cumsum(0)[:-1].numpy())
    gaps = np.array([q[:FAR] - s.labels["charges"][:FAR] for q, s in zip(found, test, strict=True)])
    kinds = np.array([structure.info["source"] for structure in test])
    signed = {end: float(gaps[kinds == end, 1:].mean()) for end in ENDS}
    return {"all": float(np.abs(gaps).mean()), **signed}


def _far_charges(test: Sequence[Structure]) -> np.ndarray:
    """Mean charge of each far atom in each chain, `(FAR, chains)`."""
    kinds = np.array([structure.info["source"] for structure in test])
    charges = np.array([structure.labels["charges"][:FAR] for structure in test])
    return np.array([charges[kinds == end].mean(0) for end in ENDS]).T
