"""Accuracy on one element of the mlearn set: crystals, strained cells, surfaces, vacancies and melts.

    INTERTWINE_DATA=… python -m benchmarks.mlearn --element Si --minutes 30 --threads 2

DFT frames of Zuo et al. 2020, https://github.com/materialsvirtuallab/mlearn, with the stress included. A
tenth of the training frames is held out by the seed to choose the best weights; the test file is read once,
at the end. Frames whose order of shear components could not be verified (`shear_order_verified=F`) keep
energy and forces but lose their stress, in training and test alike.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.published import MLEARN
from benchmarks.recipe import CRYSTALS
from benchmarks.record import Stopwatch, data_folder, keep, parser, run_folder, show

from intertwine.apps.evaluate import evaluate_report
from intertwine.data import LabelKeys, Structure, read, write
from intertwine.train import RunConfig, train

KEYS = LabelKeys(energy="REF_energy", forces="REF_forces", stress="REF_stress")
COLUMNS = ("energy (meV/atom)", "forces (eV/Å)", "stress (GPa)")


def frames(element: str, part: str) -> list[Structure]:
    """Frames of the `train` or `test` file, without stress where its components may be out of order."""
    path = data_folder("mlearn") / f"{element}_{part}.extxyz"
    return [_trusted(structure) for structure in read(path, keys=KEYS, require=("energy", "forces"))]


def _trusted(structure: Structure) -> Structure:
    if structure.info.get("shear_order_verified", True):
        return structure
    return structure.replace(labels={k: v for k, v in structure.labels.items() if k != "stress"})


def configuration(options: argparse.Namespace, file: Path) -> RunConfig:
    """The training, in one sentence; the energy gains weight when the forces are learned."""
    return RunConfig.model_validate(
        {
            "data": {"train": file, "valid": 0.1},
            "model": {"preset": options.preset},
            "training": {
                **CRYSTALS,
                "epochs": options.epochs,
                "max_minutes": options.minutes,
                "threads": options.threads,
            },
            "seed": options.seed,
            "output": run_folder(options, f"mlearn-{options.element}"),
        }
    )


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser("Accuracy on an element of mlearn")
    options.add_argument("--element", default="Si", choices=tuple(MLEARN))
    options = options.parse_args(arguments)
    file = options.output / f"mlearn-{options.element}-train.extxyz"
    file.parent.mkdir(parents=True, exist_ok=True)
    write(file, frames(options.element, "train"))
    config = configuration(options, file)
    with Stopwatch() as watch:
        result = train(config)
    model, run = result.load_model(), result.folder
    test = evaluate_report(
        model, frames(options.element, "test"), run / "evaluation", name=f"{options.element}_test"
    )
    parameters = sum(parameter.numel() for parameter in model.parameters())
    published = MLEARN[options.element]
    path = keep(
        f"mlearn-{options.element}",
        options.seed,
        watch,
        {
            "unit": "MAE",
            "parameters": parameters,
            "epochs": result.epochs,
            "config": config.model_dump(mode="json", include={"model", "training", "seed"}),
            "test": test.to_json(),
            "published": [row._asdict() for row in published],
        },
        options.results,
    )
    errors = test.accuracy
    ours = f"Intertwine ({parameters / 1e6:.2g} M; {watch.cpu_seconds / 60:.0f} CPU min)"
    rows = [(row.model, *row.figures, "–") for row in published]
    energy, forces, stress = errors["energy_per_atom"].mae, errors["forces"].mae / 1000, errors["stress"].mae
    rows.append((ours, f"{energy:.2f}", f"{forces:.3f}", f"{stress:.3f}"))
    show(f"mlearn {options.element}: MAE on {test.frames} test frames", COLUMNS, rows, watch, path)


if __name__ == "__main__":
    main()
