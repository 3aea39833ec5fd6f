"""`intertwine label`."""

import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from intertwine.cli.options import Overwrite, Seed
from intertwine.cli.outputs import claim_file
from intertwine.errors import InputError


def label(
    structures: Annotated[
        Path, typer.Argument(metavar="STRUCTURES", help="Where to start: one frame or many, as ASE reads.")
    ],
    calculator: Annotated[
        str,
        typer.Option(
            "--calculator",
            "-c",
            help="Who labels: tblite:GFN2-xTB, emt, lj, another ASE calculator, or a model (.safetensors).",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Labelled frames, extxyz.")] = Path(
        "labelled.extxyz"
    ),
    temperature: Annotated[
        list[float] | None,
        typer.Option(help="Sample by molecular dynamics at this temperature, K; repeat for several."),
    ] = None,
    frames: Annotated[
        int, typer.Option(min=1, help="Frames per starting structure (and per temperature).")
    ] = 100,
    interval: Annotated[float, typer.Option(help="Between frames of a trajectory, fs.")] = 50.0,
    equilibration: Annotated[float, typer.Option(help="Before the first frame, fs.")] = 500.0,
    time_step: Annotated[float, typer.Option(help="Of the dynamics, fs.")] = 0.5,
    rattle: Annotated[
        float, typer.Option(min=0.0, help="Random displacements: standard deviation, Å.")
    ] = 0.0,
    strain: Annotated[float, typer.Option(min=0.0, help="Random strains: standard deviation.")] = 0.0,
    properties: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="Also of molecules: dipole, polarisability, born_charges, charges, with commas between.",
        ),
    ] = "",
    isolated: Annotated[
        bool, typer.Option("--isolated", help="Also each element's isolated atom (reference energies).")
    ] = False,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Option of the calculator, such as charge=1; repeat."),
    ] = None,
    index: Annotated[str, typer.Option(help="Which frames of the file, such as ':', '0', '::10'.")] = ":",
    workers: Annotated[int, typer.Option(min=1, help="Processes, of one thread each.")] = 2,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Sample configurations and label them with energy, forces and stress by any ASE calculator.

    By molecular dynamics (--temperature), by random displacement (--rattle, --strain), or the frames as they
    are. Dipoles (e·Å), polarisabilities (e²Å²/eV) and Born charges (e) need a calculator with dipoles that
    takes an electric field, such as tblite. The same command gives the same frames, whatever the number of
    processes; repeated after an interruption it goes on where it stopped (finished pieces wait in
    OUTPUT.parts).

    **Examples**

    - `intertwine label ethanol.xyz -c tblite:GFN2-xTB --temperature 300 --temperature 600 --isolated`
    - `intertwine label Cu.cif -c emt --rattle 0.05 --strain 0.02 --frames 50 -o copper.extxyz`
    - `intertwine label ion.xyz -c tblite:GFN2-xTB --option charge=1`
    - `intertwine label md.xyz -c tblite:GFN2-xTB --properties dipole,polarisability`
    """
    plan_values: dict[str, Any] = {
        "calculator": calculator,
        "options": calculator_options(option or []),
        "temperatures": tuple(temperature or ()),
        "frames": frames,
        "interval": interval,
        "equilibration": equilibration,
        "time_step": time_step,
        "properties": tuple(name.strip() for name in properties.split(",") if name.strip()),
        "rattle": rattle,
        "strain": strain,
        "isolated": isolated,
        "seed": seed,
    }
    claim_file(output, overwrite)
    from intertwine.apps.label import label as labelled
    from intertwine.apps.label import plan_of
    from intertwine.cli.progress import progress
    from intertwine.data import read, write

    plan = plan_of(**plan_values)
    starts = read(structures, index=index, require=())
    parts = output.with_name(f"{output.name}.parts")
    if overwrite:
        shutil.rmtree(parts, ignore_errors=True)
    with progress("labelling", None, "frames") as advance:
        done = labelled(
            starts,
            plan,
            work=parts,
            workers=workers,
            observe=lambda so_far, total: advance(so_far, f"of {total}"),
        )
    write(output, done)
    shutil.rmtree(parts, ignore_errors=True)
    typer.echo(f"wrote {len(done)} frames to {output}")


def calculator_options(pairs: list[str]) -> dict[str, Any]:
    """`key=value` words, values read as YAML: numbers, true and false, words."""
    import yaml

    options: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise InputError(f"the option '{pair}' of the calculator is not understood", accepted="KEY=VALUE")
        try:
            options[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise InputError(f"the value of '{key}' is not understood", got=value) from error
    return options
