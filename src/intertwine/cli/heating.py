"""`intertwine phonons` and `intertwine expansion`."""

from pathlib import Path
from typing import Annotated

import typer

from intertwine.cli.asking import (
    CalculatorOption,
    CellMotion,
    CrystalName,
    Folder,
    Length,
    Supercell,
    claim_results,
    crystal_of_words,
    source_of_words,
    supercell_of_words,
    tell_results,
)
from intertwine.cli.options import Device, Index, Overwrite, Precision, Runner
from intertwine.cli.progress import bars_in_turn

Displacement = Annotated[float, typer.Option(help="Of one atom at a time, Å.")]
Mesh = Annotated[float, typer.Option(help="Fineness of the mesh of wave vectors, as a length in Å.")]
Hottest = Annotated[float, typer.Option("--temperature", help="The highest, K.")]
Step = Annotated[float, typer.Option("--temperature-step", help="Between temperatures, K.")]
SmallForce = Annotated[float, typer.Option(help="Largest force left, eV/Å.")]


def phonons(
    model: Runner,
    crystal: CrystalName,
    output: Annotated[Path, Folder] = Path("phonons"),
    supercell: Supercell = None,
    length: Length = 12.0,
    displacement: Displacement = 0.01,
    born: Annotated[
        Path | None,
        typer.Option(help="Born charges and permittivity in phonopy's format; a model's own by default."),
    ] = None,
    mesh: Mesh = 60.0,
    temperature: Hottest = 1000.0,
    temperature_step: Step = 10.0,
    cell: CellMotion = "full",
    fmax: SmallForce = 1e-4,
    option: CalculatorOption = None,
    index: Index = "-1",
    device: Device = "cpu",
    precision: Precision = "float64",
    overwrite: Overwrite = False,
) -> None:
    """Phonons by phonopy: bands, density of states, free energy, entropy, heat capacity.

    Needs the extra `crystal`. Imaginary branches are named and drawn below zero. Forces are kept in the
    folder: repeated after an interruption, the command goes on where it stopped.

    **Examples**

    - `intertwine phonons model.safetensors Si --length 15`
    - `intertwine phonons emt Cu --supercell 5,5,5 --temperature 500`
    - `intertwine phonons model.safetensors NaCl.cif --born BORN`
    """
    from intertwine.apps.matter.phonons import phonons as vibrate

    source, structure = source_of_words(model, device, precision, option), crystal_of_words(crystal, index)
    times = supercell_of_words(supercell)
    claim_results(output, "phonons", overwrite)
    with bars_in_turn({"displacements": "displacements"}) as observe:
        found = vibrate(
            source,
            structure,
            supercell=times,
            length=length,
            displacement=displacement,
            born=born,
            mesh=mesh,
            hottest=temperature,
            step=temperature_step,
            cell=cell,
            fmax=fmax,
            folder=output / "forces",
            observe=observe,
        )
    tell_results([found], source, structure, output)


def expansion(
    model: Runner,
    crystal: CrystalName,
    output: Annotated[Path, Folder] = Path("expansion"),
    smallest: Annotated[float, typer.Option(help="Volume, relative to the one at rest.")] = 0.97,
    largest: Annotated[float, typer.Option(help="Volume, relative to the one at rest.")] = 1.06,
    points: Annotated[int, typer.Option(help="How many volumes.")] = 7,
    supercell: Supercell = None,
    length: Length = 10.0,
    displacement: Displacement = 0.01,
    mesh: Mesh = 60.0,
    temperature: Hottest = 800.0,
    temperature_step: Step = 10.0,
    fmax: SmallForce = 1e-4,
    option: CalculatorOption = None,
    index: Index = "-1",
    device: Device = "cpu",
    precision: Precision = "float64",
    overwrite: Overwrite = False,
) -> None:
    """Thermal expansion, bulk modulus and heat capacity against temperature, quasi-harmonic.

    Needs the extra `crystal`. Phonons at each volume; their forces are kept in the folder, and the command
    goes on where it stopped.

    **Examples**

    - `intertwine expansion model.safetensors Si --temperature 1000`
    - `intertwine expansion emt Al --smallest 0.96 --largest 1.08 --points 9`
    """
    from intertwine.apps.matter.expansion import expansion as expand

    source, structure = source_of_words(model, device, precision, option), crystal_of_words(crystal, index)
    times = supercell_of_words(supercell)
    claim_results(output, "expansion", overwrite)
    with bars_in_turn({"volumes": "volumes"}) as observe:
        found = expand(
            source,
            structure,
            smallest=smallest,
            largest=largest,
            points=points,
            supercell=times,
            length=length,
            displacement=displacement,
            mesh=mesh,
            hottest=temperature,
            step=temperature_step,
            fmax=fmax,
            folder=output / "forces",
            observe=observe,
        )
    tell_results([found], source, structure, output)
