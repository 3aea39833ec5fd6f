"""`intertwine train`."""

from pathlib import Path
from typing import Annotated

import typer

from intertwine.cli.options import Overrides


def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration of the run, YAML.")],
    overrides: Overrides = None,
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
    - `intertwine train config.yaml finetune.model=model.safetensors finetune.method=adapters`
    """
    from intertwine.train.config_file import load_config

    settings = load_config(config, overrides or [])
    from intertwine.apps.potential import train_and_certify

    if not train_and_certify(settings, resume=resume).passed:
        raise typer.Exit(1)
