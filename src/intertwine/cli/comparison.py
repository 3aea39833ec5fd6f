"""`intertwine direct-forces`."""

from pathlib import Path
from typing import Annotated

import typer

from intertwine.cli.options import ModelFile, Overwrite, Seed
from intertwine.cli.outputs import claim_folder


def direct_forces(
    model: ModelFile,
    direct: Annotated[
        Path, typer.Argument(metavar="DIRECT", help="A model of the same size trained with direct forces.")
    ],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Frames that neither model has seen.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the figures and direct_forces.json.")
    ] = Path("direct-forces"),
    loops: Annotated[int, typer.Option(min=1, help="Closed loops to walk.")] = 24,
    picoseconds: Annotated[float, typer.Option(min=0.01, help="Length of the free run, ps.")] = 5.0,
    time_step: Annotated[float, typer.Option(min=0.01, help="Of the free run, fs.")] = 0.5,
    temperature: Annotated[float, typer.Option(min=0.0, help="Of its first velocities, K.")] = 300.0,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """What it costs to predict forces directly: work done round closed loops, drift of the energy.

    **Examples**

    - `intertwine train config.yaml model.forces=direct name=twin`
    - `intertwine direct-forces run/model.safetensors twin/model.safetensors test.extxyz`
    """
    from intertwine.data import read

    frames = read(data, require=())
    from intertwine.observables import load_model

    pair = load_model(model), load_model(direct)
    claim_folder(output, ["direct_forces.json"], overwrite)
    from rich.console import Console

    from intertwine.apps.direct_forces import compare
    from intertwine.cli.progress import progress

    with progress("comparing", 100, "%") as advance:
        comparison = compare(
            *pair,
            frames,
            loops=loops,
            picoseconds=picoseconds,
            time_step=time_step,
            temperature=temperature,
            seed=seed,
            progress=lambda what, part: advance(round(100 * part), what),
        )
    Console().print(comparison.table())
    for file in comparison.write(output):
        typer.echo(f"wrote {file}")
