"""`intertwine evaluate` and `intertwine certify`."""

from pathlib import Path
from typing import Annotated

import typer

from intertwine.cli.options import (
    Device,
    EnergyKey,
    EnergyUnit,
    ForcesKey,
    ForceUnit,
    ModelFile,
    OtherKeys,
    OtherUnits,
    Overwrite,
    Seed,
    StressKey,
    StressUnit,
    label_keys,
    label_units,
)
from intertwine.cli.outputs import claim_folder
from intertwine.cli.selecting import UNCERTAINTY, Calibration, read_learned
from intertwine.errors import InputError


def evaluate(
    model: ModelFile,
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Labelled frames: extxyz, ASE db, …")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the errors (JSON) and parity plots.")
    ] = Path("evaluation"),
    require: Annotated[
        list[str] | None,
        typer.Option(
            help="Labels that every frame must have; repeat. Energy and forces by default, if the model has "
            "them.",
            rich_help_panel="Labels",
        ),
    ] = None,
    energy_key: EnergyKey = "energy",
    forces_key: ForcesKey = "forces",
    stress_key: StressKey = "stress",
    energy_unit: EnergyUnit = "eV",
    force_unit: ForceUnit = "eV/Å",
    stress_unit: StressUnit = "eV/Å^3",
    other_keys: OtherKeys = None,
    other_units: OtherUnits = None,
    uncertainty: Annotated[
        Path | None,
        typer.Option(metavar="TRAIN", help="Frames the model was trained on: predict its errors too."),
    ] = None,
    calibration: Calibration = None,
    device: Device = "cpu",
    overwrite: Overwrite = False,
) -> None:
    """Errors of a model on labelled frames, per property with units, and parity plots.

    **Examples**

    - `intertwine evaluate run/model.safetensors test.extxyz`
    - `intertwine evaluate model.safetensors md17.xyz --energy-unit kcal/mol --force-unit kcal/mol/Å`
    - `intertwine evaluate model.safetensors bulk.xyz --energy-key REF_energy --forces-key REF_forces`
    - `intertwine evaluate run/model.safetensors test.extxyz --uncertainty train.extxyz`
    - `intertwine evaluate model.safetensors water.xyz --key dipole=mu --unit dipole=debye`
    """
    if calibration and not uncertainty:
        raise InputError("--calibration is of use only beside --uncertainty", fix="add --uncertainty TRAIN")
    from intertwine.engines.predictor import check_species, placed

    potential = placed(model, device)  # before the labels, of which it may have brought some
    keys = label_keys(energy_key, forces_key, stress_key, other_keys)
    units = label_units(energy_unit, force_unit, stress_unit, other_units)
    from intertwine.data import read

    if require is None:
        require = [name for name in ("energy", "forces") if name in potential.outputs]
    frames = read(data, keys=keys, units=units, require=require)
    for index, frame in enumerate(frames):
        check_species(frame, potential, where=f"frame {index} of {data}")
    learned = read_learned(uncertainty, calibration, keys, units) if uncertainty else None
    names = [f"{data.stem}.{ending}" for ending in ("json", "svg", "png")]
    if learned:
        names += [f"{data.stem}_uncertainty.{ending}" for ending in ("svg", "png")] + [UNCERTAINTY]
    claim_folder(output, names, overwrite)
    from rich.console import Console

    from intertwine.apps.evaluate import evaluate_report

    posterior = learned.posterior(potential) if learned else None
    evaluation = evaluate_report(potential, frames, name=data.stem, uncertainty=posterior)
    Console().print(*evaluation.tables(), sep="\n")
    files = evaluation.write(output)
    if posterior is not None:
        files.append(posterior.save(output / UNCERTAINTY))
    for file in files:
        typer.echo(f"wrote {file}")


def certify(
    model: ModelFile,
    data: Annotated[
        Path | None,
        typer.Argument(metavar="DATA", help="Structures to try the laws on, beside those made for it."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for certificate.json and certificate.html.")
    ] = Path("certificate"),
    budget: Annotated[float, typer.Option(min=1.0, help="Seconds to spend, roughly.")] = 20.0,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Try the laws of physics on a model: symmetry, conservation, smoothness, extensivity, precision.

    Each line says claim, measured figure, tolerance and verdict. Exit status 1 when a law is broken.

    **Examples**

    - `intertwine certify run/model.safetensors`
    - `intertwine certify run/model.safetensors test.extxyz --budget 60 --output proof`
    """
    from intertwine.data import read

    frames = read(data, require=()) if data is not None else None
    from intertwine.observables import load_model

    potential = load_model(model)
    from intertwine.engines.predictor import check_species

    for index, frame in enumerate(frames or ()):
        check_species(frame, potential, where=f"frame {index} of {data}")
    claim_folder(output, ["certificate.json", "certificate.html"], overwrite)
    from rich.console import Console

    from intertwine.cli.progress import progress
    from intertwine.testing import certify as tried

    with progress("certifying", None, "laws") as advance:
        certificate = tried(
            potential,
            frames,
            seed=seed,
            budget=budget,
            progress=lambda law, done, total: advance(done, f"of {total}: {law}"),
        )
    certificate.to_json(output / "certificate.json")
    certificate.to_html(output / "certificate.html")
    Console().print(certificate.table())
    typer.echo(f"wrote {output / 'certificate.json'} and {output / 'certificate.html'}")
    if not certificate.passed:
        raise typer.Exit(1)
