"""`intertwine train`."""

from pathlib import Path
from typing import Annotated

import typer


def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration of the run, YAML.")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Change single keys, such as training.epochs=50."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on exactly where the run in its folder stopped.")
    ] = False,
) -> None:
    """Train a potential on labelled frames, then certify it.

    The run folder keeps all that is needed to repeat the run: configuration, hashes of the data, versions,
    seed; and metrics.csv, checkpoints, model.safetensors (the best weights) and the certificate. Exit status
    1 when a law is broken.

    **Examples**

    - `intertwine train config.yaml`
    - `intertwine train config.yaml model.preset=large training.epochs=200`
    - `intertwine train config.yaml --resume`
    """
    from intertwine.apps.potential import train_and_certify
    from intertwine.train import load_config

    outcome = train_and_certify(load_config(config, overrides or []), resume=resume)
    if not outcome.certificate.passed:
        raise typer.Exit(1)
