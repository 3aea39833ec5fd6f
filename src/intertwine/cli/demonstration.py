"""`intertwine demo`."""

from pathlib import Path
from typing import Annotated

import typer

from intertwine.cli.options import Overwrite, Seed
from intertwine.cli.outputs import claim_folder


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for data, model, certificate and report.")
    ] = Path("intertwine-demo"),
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """The whole road in ten minutes: quantum labels, training, certificate, molecular dynamics, report.html.

    Labels ethanol with GFN2-xTB (needs the extra 'label'), trains a potential on it, tests it on held-out and
    hotter frames, certifies it, runs it, and compares its vibrations with those of xTB.

    **Examples**

    - `intertwine demo`
    - `intertwine demo -o somewhere --seed 1`
    """
    from intertwine.errors import require

    require("tblite", extra="label")
    claim_folder(output, ["report.html"], overwrite)
    from intertwine.apps.demo import run

    run(output, seed=seed)
