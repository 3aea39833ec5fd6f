"""Accuracy on acetylacetone: trained on 450 frames at 300 K, tested there and at 600 K.

    INTERTWINE_DATA=… python -m benchmarks.acac --minutes 30 --threads 2

DFT (PBE-D3) frames of Batatia et al. 2022, https://github.com/davkovacs/BOTNet-datasets. 50 of the 500
training frames are held out by the seed to choose the best weights; the test files are read once, at the end.
"""

import argparse
from collections.abc import Sequence

from benchmarks.published import ACAC
from benchmarks.recipe import RECIPE
from benchmarks.record import Stopwatch, data_folder, keep, parser, run_folder, show

from intertwine.apps.evaluate import evaluate_report
from intertwine.train import RunConfig, train

TESTS = {"300 K": "test_MD_300K.xyz", "600 K": "test_MD_600K.xyz"}
COLUMNS = ("300 K energy", "forces", "600 K energy", "forces (meV/Å)")


def configuration(options: argparse.Namespace) -> RunConfig:
    """The training, in one sentence."""
    data = data_folder("acac")
    return RunConfig.model_validate(
        {
            "data": {
                "train": data / "train_300K.xyz",
                "valid": 50,
                "isolated_atoms": data / "isolated_atoms.xyz",
            },
            "model": {"preset": options.preset},
            "training": {
                **RECIPE,
                "epochs": options.epochs,
                "max_minutes": options.minutes,
                "threads": options.threads,
            },
            "seed": options.seed,
            "output": run_folder(options, "acac"),
        }
    )


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser("Accuracy on acetylacetone").parse_args(arguments)
    config = configuration(options)
    with Stopwatch() as watch:
        result = train(config)
    model, run = result.load_model(), result.folder
    data = data_folder("acac")
    tests = {name: evaluate_report(model, data / file, run / "evaluation") for name, file in TESTS.items()}
    figures = [
        errors for test in tests.values() for errors in (test.accuracy["energy"], test.accuracy["forces"])
    ]
    parameters = sum(parameter.numel() for parameter in model.parameters())
    path = keep(
        "acac",
        options.seed,
        watch,
        {
            "unit": "RMSE, energy meV per molecule, forces meV/Å",
            "parameters": parameters,
            "epochs": result.epochs,
            "config": config.model_dump(mode="json", include={"model", "training", "seed"}),
            "tests": {name: test.to_json() for name, test in tests.items()},
            "published": [row._asdict() for row in ACAC],
        },
        options.results,
    )
    ours = f"Intertwine ({parameters / 1e6:.2g} M; {watch.cpu_seconds / 60:.0f} CPU min)"
    rows = [(row.model, *row.figures) for row in ACAC]
    rows.append((ours, *(f"{errors.rmse:.2f}" for errors in figures)))
    show("acac: RMSE, energy in meV per molecule, forces in meV/Å", COLUMNS, rows, watch, path)


if __name__ == "__main__":
    main()
