"""`intertwine eos` and `intertwine elastic`."""

from pathlib import Path
from typing import Annotated

import typer

from intertwine.cli.asking import (
    CalculatorOption,
    CellMotion,
    CrystalName,
    Folder,
    claim_results,
    crystal_of_words,
    source_of_words,
    tell_results,
)
from intertwine.cli.options import Device, Index, Overwrite, Precision, Runner
from intertwine.cli.progress import bars_in_turn
from intertwine.errors import InputError


def eos(
    model: Runner,
    crystal: CrystalName,
    output: Annotated[Path, Folder] = Path("eos"),
    span: Annotated[float, typer.Option(help="Largest relative change of the volume.")] = 0.06,
    points: Annotated[int, typer.Option(help="How many volumes.")] = 9,
    shape: Annotated[
        bool, typer.Option("--shape/--no-shape", help="Let the cell change its shape at each volume.")
    ] = True,
    fmax: Annotated[float, typer.Option(help="Largest force left, eV/Å.")] = 1e-4,
    option: CalculatorOption = None,
    index: Index = "-1",
    device: Device = "cpu",
    precision: Precision = "float64",
    overwrite: Overwrite = False,
) -> None:
    """Equation of state: lattice constants, energy, bulk modulus and its derivative.

    Atoms come to rest at every volume. Where the calculator gives a stress, it is held to the slope of the
    energy.

    **Examples**

    - `intertwine eos model.safetensors Si`
    - `intertwine eos emt Cu --points 13 --span 0.1 -o copper-eos`
    - `intertwine eos tblite:GFN1-xTB rutile.cif --no-shape`
    """
    from intertwine.apps.matter.state import equation_of_state

    source, structure = source_of_words(model, device, precision, option), crystal_of_words(crystal, index)
    claim_results(output, "eos", overwrite)
    with bars_in_turn({"volumes": "volumes"}) as observe:
        found = equation_of_state(
            source, structure, span=span, points=points, shape=shape, fmax=fmax, observe=observe
        )
    tell_results([found], source, structure, output)


def elastic(
    model: Runner,
    crystal: CrystalName,
    output: Annotated[Path, Folder] = Path("elastic"),
    clamped: Annotated[
        bool, typer.Option("--clamped", help="Leave atoms where the strain carries them.")
    ] = False,
    strains: Annotated[str, typer.Option(help="Amplitudes, taken to both sides.")] = "0.0025,0.005",
    cell: CellMotion = "full",
    fmax: Annotated[float, typer.Option(help="Largest force left, eV/Å.")] = 1e-5,
    option: CalculatorOption = None,
    index: Index = "-1",
    device: Device = "cpu",
    precision: Precision = "float64",
    overwrite: Overwrite = False,
) -> None:
    """All elastic constants from stress under strain, their symmetry, moduli, stability, Debye temperature.

    No symmetry is assumed: what the point group forbids is printed as the residual, and measures the errors.

    **Examples**

    - `intertwine elastic model.safetensors Si`
    - `intertwine elastic emt Cu --clamped`
    - `intertwine elastic model.safetensors POSCAR --cell fixed --strains 0.002,0.004,0.006`
    """
    from intertwine.apps.matter.elastic import elastic as measure

    amplitudes = _numbers(strains)
    source, structure = source_of_words(model, device, precision, option), crystal_of_words(crystal, index)
    claim_results(output, "elastic", overwrite)
    with bars_in_turn({"strains": "strains"}) as observe:
        found = measure(
            source, structure, clamped=clamped, amplitudes=amplitudes, cell=cell, fmax=fmax, observe=observe
        )
    tell_results([found], source, structure, output)


def _numbers(text: str) -> tuple[float, ...]:
    """Numbers parted by commas.

    >>> _numbers("0.0025,0.005")
    (0.0025, 0.005)
    """
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise InputError(
            "the strains cannot be understood", got=text, accepted="such as 0.0025,0.005"
        ) from None
