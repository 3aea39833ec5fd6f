"""`intertwine properties`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intertwine.cli.options import Device, ModelFile, Overwrite
from intertwine.cli.outputs import claim_folder
from intertwine.errors import InputError

if TYPE_CHECKING:
    import torch

PRECISIONS = ("float32", "float64")


def properties(
    model: ModelFile,
    structures: Annotated[
        list[Path],
        typer.Argument(metavar="STRUCTURE...", help="Crystals or molecules: CIF, POSCAR, extxyz, …"),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for properties.json and properties.html.")
    ] = Path("properties"),
    index: Annotated[str, typer.Option(metavar="N", help="Which frames of each file; : is all.")] = ":",
    tolerance: Annotated[float, typer.Option(min=1e-6, help="Of the symmetry of crystals, Å.")] = 1e-3,
    dtype: Annotated[
        str | None, typer.Option(help="Weights in float32 or float64; the model's own by default.")
    ] = None,
    device: Device = "cpu",
    overwrite: Overwrite = False,
) -> None:
    """Every tensor that a model predicts: elastic (GPa), dielectric, piezoelectric (C/m²), dipole (e·Å), …

    Components are written in the axes of the file, in Voigt order xx, yy, zz, yz, xz, xy. Of a stiffness the
    page shows Young's modulus in all directions, moduli, anisotropy and stability; of every crystal which
    components its point group forbids, and how large the largest of them is: rounding, or the model is wrong.

    **Examples**

    - `intertwine properties run/model.safetensors quartz.cif`
    - `intertwine properties run/model.safetensors a.cif b.cif POSCAR --output sheets --dtype float64`
    - `intertwine properties water.safetensors dimers.extxyz --index 0`
    """
    if dtype not in (None, *PRECISIONS):
        raise InputError(f"unknown precision '{dtype}'", accepted=", ".join(PRECISIONS))
    from intertwine.data import read

    frames, names = [], []
    for file in structures:
        found = read(file, index=index, require=())
        frames += found
        many = len(found) > 1
        names += [f"{file.name}[{k}]" if many else file.name for k in range(len(found))]
    from intertwine.engines.predictor import Predictor, check_species

    predictor = Predictor.load(model, device, _precision(dtype))
    for frame, name in zip(frames, names, strict=True):
        check_species(frame, predictor.model, where=name)
    from rich.console import Console

    from intertwine.apps.properties.report import property_report
    from intertwine.apps.properties.sheet import tensor_labels

    tensor_labels(predictor.model.outputs)
    claim_folder(output, ["properties.json", "properties.html"], overwrite)
    report = property_report(predictor, frames, names, model=model.name, tolerance=tolerance)
    Console().print(report.table())
    for file in report.write(output):
        typer.echo(f"wrote {file}")


def _precision(name: str | None) -> "torch.dtype | None":
    import torch

    return getattr(torch, name) if name else None
