"""`intertwine demo`."""

from pathlib import Path
from typing import Annotated

import typer

from intertwine.cli.options import Seed


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for data, models, certificate and report.")
    ] = Path("intertwine-demo"),
    quick: Annotated[
        bool, typer.Option("--quick", help="The same road in well under a minute, with a poor model.")
    ] = False,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="For the training, instead of the usual budget.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Cores to use; two by default.")] = None,
    seed: Seed = 0,
) -> None:
    """The whole road in ten minutes: quantum labels, training, certificate, molecular dynamics, report.html.

    Labels ethanol with GFN2-xTB (needs the extra 'label'), trains a potential on it, tests it on held-out and
    hotter frames, certifies it, runs it, and compares its vibrations with those of xTB. Steps that are done
    are not done again. Exit status 1 when a law is broken; goals of accuracy,
    which a slow machine may miss, are only reported.

    **Examples**

    - `intertwine demo`
    - `intertwine demo --quick -o quick`
    """
    from intertwine.errors import require

    require("tblite", extra="label")
    from intertwine.apps.demo import run

    result = run(output, quick=quick, minutes=minutes, seed=seed, threads=threads)
    if not (result.certified or quick):
        raise typer.Exit(1)
