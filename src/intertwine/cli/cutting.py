"""`intertwine vacancy` and `intertwine surface`."""

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
from intertwine.errors import InputError

SmallForce = Annotated[float, typer.Option(help="Largest force left, eV/Å.")]


def vacancy(
    model: Runner,
    crystal: CrystalName,
    output: Annotated[Path, Folder] = Path("vacancy"),
    supercell: Supercell = None,
    length: Length = 12.0,
    atom: Annotated[
        int | None, typer.Option(help="Of the cell, from 0; one of each kind of site by default.")
    ] = None,
    potential: Annotated[
        list[str] | None,
        typer.Option(
            "--chemical-potential",
            metavar="ELEMENT=EV",
            help="What an atom of a compound is worth outside; repeat.",
        ),
    ] = None,
    cell: CellMotion = "full",
    fmax: SmallForce = 1e-3,
    option: CalculatorOption = None,
    index: Index = "-1",
    device: Device = "cpu",
    precision: Precision = "float64",
    overwrite: Overwrite = False,
) -> None:
    """Formation energy of vacancies, before and after the other atoms have moved.

    **Examples**

    - `intertwine vacancy model.safetensors Si --length 16`
    - `intertwine vacancy emt Cu --supercell 4,4,4`
    - `intertwine vacancy emt CuAu.cif --chemical-potential Cu=-0.007 --chemical-potential Au=0.002`
    """
    from intertwine.apps.matter.vacancy import vacancies

    potentials = _potentials(potential or [])
    source, structure = source_of_words(model, device, precision, option), crystal_of_words(crystal, index)
    times = supercell_of_words(supercell)
    claim_results(output, "vacancy", overwrite)
    with bars_in_turn({}) as observe:
        found = vacancies(
            source,
            structure,
            supercell=times,
            length=length,
            atom=atom,
            potentials=potentials,
            cell=cell,
            fmax=fmax,
            observe=observe,
        )
    tell_results(found, source, structure, output)


def surface(
    model: Runner,
    crystal: CrystalName,
    miller: Annotated[
        list[str], typer.Option("--miller", "-m", help="Indices of a plane, such as 111; repeat.")
    ],
    output: Annotated[Path, Folder] = Path("surface"),
    thickness: Annotated[float, typer.Option(help="Of the slab, at least, Å.")] = 15.0,
    vacuum: Annotated[float, typer.Option(help="Between slabs, Å.")] = 12.0,
    cell: CellMotion = "full",
    fmax: SmallForce = 1e-3,
    option: CalculatorOption = None,
    index: Index = "-1",
    device: Device = "cpu",
    precision: Precision = "float64",
    overwrite: Overwrite = False,
) -> None:
    """Surface energies, before and after the atoms have moved.

    Indices belong to the conventional cell; four are read as those of a hexagonal crystal.

    **Examples**

    - `intertwine surface emt Cu -m 111 -m 100 -m 110`
    - `intertwine surface model.safetensors Si -m 111 --thickness 25`
    - `intertwine surface emt zinc.cif -m 0001`
    """
    from intertwine.apps.matter.surface import miller_indices
    from intertwine.apps.matter.surface import surface as cut

    planes = [miller_indices(word) for word in miller]
    source, structure = source_of_words(model, device, precision, option), crystal_of_words(crystal, index)
    claim_results(output, "surface", overwrite)
    found = []
    with bars_in_turn({}) as observe:
        for plane in planes:
            made = cut(source, structure, plane, thickness=thickness, vacuum=vacuum, cell=cell, fmax=fmax)
            found.append(made)
            observe("surfaces", len(found), len(planes), made.name)
    tell_results(found, source, structure, output)


def _potentials(words: list[str]) -> dict[str, float]:
    """`ELEMENT=EV` by element.

    >>> _potentials(["Cu=-3.5"])
    {'Cu': -3.5}
    """
    found = {}
    for word in words:
        symbol, _, value = word.partition("=")
        try:
            found[symbol.strip()] = float(value)
        except ValueError:
            raise InputError(
                f"cannot understand --chemical-potential {word}", accepted="ELEMENT=EV, such as Cu=-3.7"
            ) from None
    return found
