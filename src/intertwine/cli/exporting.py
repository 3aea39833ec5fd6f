"""`intertwine export`."""

from pathlib import Path
from typing import Annotated

import typer

from intertwine.cli.options import Device, ModelFile, Overwrite, Precision
from intertwine.cli.outputs import claim_file
from intertwine.errors import InputError

STAGES = ("tracing", "compiling", "checking")


def export(
    model: ModelFile,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The package, .pt2; beside the model by default.")
    ] = None,
    device: Device = "cpu",
    dtype: Precision = None,
    overwrite: Overwrite = False,
) -> None:
    """Compile a model ahead of time into one file, which runs without training code, from Python or C++.

    Takes a minute or two and a C++ compiler. Energies, forces and stress are compared with the model's on
    systems of every shape, and a package that differs is not kept. It runs on this kind of processor and this
    version of PyTorch, with as many threads as are set now (OMP_NUM_THREADS). Loading one runs its code: load
    none that you do not trust.

    **Examples**

    - `intertwine export run/model.safetensors`
    - `OMP_NUM_THREADS=1 intertwine export model.safetensors --dtype float32 --output fast.pt2`
    - `intertwine md fast.pt2 ethanol.xyz --steps 20000`
    """
    kinds = (None, "float32", "float64")
    if dtype not in kinds:
        raise InputError(f"unknown precision '{dtype}'", accepted="float32, float64")
    if not model.is_file():
        raise InputError(f"no model at '{model}'", accepted="a .safetensors file written by intertwine train")
    output = output or model.with_suffix(".pt2")
    claim_file(output, overwrite)
    import torch
    from rich.console import Console

    from intertwine.apps.export import verified_export
    from intertwine.cli.progress import progress

    with progress("exporting", len(STAGES), "stages") as advance:
        package = verified_export(
            model,
            output,
            device,
            getattr(torch, dtype) if dtype else None,
            lambda stage: advance(STAGES.index(stage), stage),
        )
    Console().print(package.table())
    typer.echo(f"wrote {output}")
