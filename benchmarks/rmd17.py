"""Accuracy on revised MD17: aspirin or ethanol, learned from 50 or 1000 frames, tested on 1000 others.

    INTERTWINE_DATA=… python -m benchmarks.rmd17 --molecule ethanol --samples 50 --minutes 20 --threads 2

PBE/def2-SVP frames of Christensen & von Lilienfeld 2020, https://figshare.com/articles/dataset/12672038,
split 01. Of the frames drawn from the training file by the seed a twentieth (at least ten) chooses the best
weights and is not learned from; the test file is read once, at the end.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from benchmarks.published import RMD17
from benchmarks.recipe import RECIPE
from benchmarks.record import Stopwatch, data_folder, keep, parser, run_folder, show

from intertwine.apps.evaluate import evaluate_report
from intertwine.data import Structure, write
from intertwine.train import RunConfig, train
from intertwine.units import factor

COLUMNS = ("energy (meV)", "forces (meV/Å)")


def frames(molecule: str, part: str) -> list[Structure]:
    """Frames of the `train` or `test` file, kcal/mol brought to eV."""
    raw = np.load(data_folder("rmd17") / f"{molecule}_{part}.npz", allow_pickle=False)
    kcal = factor("kcal/mol", "energy")
    return [
        Structure(raw["nuclear_charges"], x, labels={"energy": kcal * e, "forces": kcal * f})
        for x, e, f in zip(raw["coords"], raw["energies"], raw["forces"], strict=True)
    ]


def drawn(molecule: str, samples: int, seed: int) -> list[Structure]:
    """Frames to learn from and to choose by."""
    pool = frames(molecule, "train")
    return [pool[k] for k in np.random.default_rng(seed).permutation(len(pool))[:samples]]


def configuration(options: argparse.Namespace, file: Path) -> RunConfig:
    """The training, in one sentence; the recipe of the other benchmarks."""
    return RunConfig.model_validate(
        {
            "data": {"train": file, "valid": max(10, options.samples // 20)},
            "model": {"preset": options.preset},
            "training": {
                **RECIPE,
                "epochs": options.epochs,
                "max_minutes": options.minutes,
                "threads": options.threads,
            },
            "seed": options.seed,
            "output": run_folder(options, f"rmd17-{options.molecule}-{options.samples}"),
        }
    )


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser("Accuracy on revised MD17")
    options.add_argument("--molecule", default="ethanol", choices=("ethanol", "aspirin"))
    options.add_argument("--samples", type=int, default=50, help="frames in all, validation included")
    options = options.parse_args(arguments)
    name = f"rmd17-{options.molecule}-{options.samples}"
    file = options.output / f"{name}-seed{options.seed}-train.extxyz"
    file.parent.mkdir(parents=True, exist_ok=True)
    write(file, drawn(options.molecule, options.samples, options.seed))
    config = configuration(options, file)
    with Stopwatch() as watch:
        result = train(config)
    model = result.load_model()
    test = evaluate_report(
        model, frames(options.molecule, "test"), result.folder / "evaluation", name=f"{name}_test"
    )
    parameters = sum(parameter.numel() for parameter in model.parameters())
    published = RMD17.get((options.molecule, options.samples), ())
    path = keep(
        name,
        options.seed,
        watch,
        {
            "unit": "MAE, energy meV per molecule, forces meV/Å",
            "parameters": parameters,
            "epochs": result.epochs,
            "config": config.model_dump(mode="json", include={"model", "training", "seed"}),
            "test": test.to_json(),
            "published": [row._asdict() for row in published],
        },
        options.results,
    )
    ours = f"Intertwine ({parameters / 1e6:.2g} M; {watch.cpu_seconds / 60:.0f} CPU min)"
    rows = [(row.model, *row.figures) for row in published]
    rows.append((ours, *(f"{test.accuracy[name].mae:.2f}" for name in ("energy", "forces"))))
    title = f"rMD17 {options.molecule}, {options.samples} frames: MAE on {test.frames} test frames"
    show(title, COLUMNS, rows, watch, path)


if __name__ == "__main__":
    main()
