"""What commands on matter share: who is asked, the crystal, and what is written and said at the end."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intertwine.cli.labelling import calculator_options
from intertwine.cli.outputs import claim_folder
from intertwine.cli.running import dtype_of, is_model, one_frame
from intertwine.errors import InputError

if TYPE_CHECKING:
    from intertwine.apps.spectra.source import Source
    from intertwine.data import Structure

CrystalName = Annotated[
    str,
    typer.Argument(
        metavar="CRYSTAL", help="A structure file, or the symbol of an element whose crystal ASE knows: Cu, …"
    ),
]
CalculatorOption = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="Option of an ASE calculator, such as asap_cutoff=1; repeat."),
]
CellMotion = Annotated[
    str, typer.Option(help="What the cell may do first: full, isotropic, shape, or fixed as given.")
]
Supercell = Annotated[
    str | None,
    typer.Option(metavar="N,N,N", help="How often to repeat the given cell; by --length if left out."),
]
Length = Annotated[float, typer.Option(help="Least distance between faces of the supercell, Å.")]
Folder = typer.Option("--output", "-o", help="Folder for numbers, tables, figures and page.")


def source_of_words(model: str, device: str, precision: str | None, option: list[str] | None) -> "Source":
    """Who is asked: a model from a file, or an ASE calculator by name with its options.

    Raises:
        InputError: options for a model, or any word that cannot be understood.
    """
    if is_model(model) and option:
        raise InputError("a model has no options", got=option[0], fix="leave --option out")
    from intertwine.apps.spectra.source import source_of

    return source_of(model, device, dtype_of(precision), **calculator_options(option or []))


def crystal_of_words(name: str, index: str) -> "Structure":
    """The crystal in a file, or that of an element.

    Raises:
        InputError: neither, or what is in the file is no crystal.
    """
    from intertwine.apps.matter.crystal import element_crystal, require_crystal

    path = Path(name)
    return require_crystal(one_frame(path, index) if path.exists() or path.suffix else element_crystal(name))


def supercell_of_words(text: str | None) -> tuple[int, int, int] | None:
    """Three whole numbers, or nothing.

    >>> supercell_of_words("4,4,2")
    (4, 4, 2)
    """
    if text is None:
        return None
    words = text.replace("x", ",").split(",")
    if len(words) != 3 or not all(word.strip().isdigit() and int(word) > 0 for word in words):
        raise InputError("the supercell cannot be understood", got=text, accepted="such as 4,4,4")
    a, b, c = (int(word) for word in words)
    return (a, b, c)


def claim_results(folder: Path, kind: str, overwrite: bool) -> None:
    """Refuse a folder that holds such results already; forces that were kept there stay.

    Raises:
        InputError: they exist, or the folder cannot be written.
    """
    claim_folder(folder, [f"{kind}.json", f"{kind}.html", "at-rest.extxyz"], overwrite)


def tell_results(results: Sequence[Any], source: "Source", structure: "Structure", folder: Path) -> None:
    """Write the files and say the figures that matter."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from intertwine.apps.matter.folder import write_results
    from intertwine.apps.matter.telling import tell

    page = write_results(results, source, structure, folder)
    console = Console()
    for found in results:
        told = tell(found)
        table = Table(title=told.title, title_justify="left", box=box.SIMPLE, show_header=False)
        for justify in ("left", "right", "left", "left"):
            table.add_column(justify=justify)
        for number in told.numbers:
            table.add_row(number.label, number.value, number.unit, number.note)
        console.print(table)
    typer.echo(f"wrote {page}")
