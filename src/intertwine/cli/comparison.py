"""`intertwine direct-forces`."""

from pathlib import Path
from typing import Annotated

import typer

from intertwine.cli.options import Overrides


def direct_forces(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration of a training, YAML.")],
    overrides: Overrides = None,
    loops: Annotated[int, typer.Option(min=1, help="Closed loops to walk.")] = 24,
    picoseconds: Annotated[float, typer.Option(min=0.01, help="Length of the free run, ps.")] = 5.0,
    time_step: Annotated[float, typer.Option(min=0.01, help="Of the free run, fs.")] = 0.5,
    temperature: Annotated[float, typer.Option(min=0.0, help="Of its first velocities, K.")] = 300.0,
) -> None:
    """What it costs on your own data to predict forces directly, instead of deriving them from an energy.

    Trains two models that differ in nothing else, then measures on the test frames: errors, work done round
    closed loops, drift of the energy in free motion. Everything goes below the output folder of the
    configuration; twins that are there already are not trained again.

    **Examples**

    - `intertwine direct-forces config.yaml output=twins`
    - `intertwine direct-forces config.yaml output=twins training.epochs=20 --picoseconds 20`
    """
    from intertwine.train.config_file import load_config

    settings = load_config(config, overrides or [])
    from rich.console import Console

    from intertwine.apps.twins import compare_twins
    from intertwine.cli.progress import progress

    with progress("comparing", 100, "%") as advance:
        comparison = compare_twins(
            settings,
            loops=loops,
            picoseconds=picoseconds,
            time_step=time_step,
            temperature=temperature,
            progress=lambda what, part: advance(round(100 * part), what),
        )
    Console().print(comparison.table())
    typer.echo(f"wrote {settings.output}")
