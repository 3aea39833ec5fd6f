"""Options that several commands share, said once."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intertwine.errors import InputError

if TYPE_CHECKING:
    from intertwine.data import LabelKeys, LabelUnits

ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A trained model (.safetensors).")]
Runner = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A trained model (.safetensors), or an ASE calculator by name: tblite:GFN2-xTB, emt, lj, …",
    ),
]
Device = Annotated[str, typer.Option(help="Where to compute: cpu, cuda, cuda:1, …")]
Precision = Annotated[
    str | None, typer.Option(help="Weights in float32 or float64; the model's own by default.")
]
Index = Annotated[
    str, typer.Option(help="Which frame of the file, counted from 0; -1 is the last.", metavar="N")
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Change single keys, such as training.epochs=50."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]
Seed = Annotated[int, typer.Option(min=0, help="Of every random number.")]

EnergyKey = Annotated[str, typer.Option(help="Key of the energy in the file.", rich_help_panel="Labels")]
ForcesKey = Annotated[str, typer.Option(help="Key of the forces in the file.", rich_help_panel="Labels")]
StressKey = Annotated[str, typer.Option(help="Key of the stress in the file.", rich_help_panel="Labels")]
EnergyUnit = Annotated[str, typer.Option(help="Unit of the energy in the file.", rich_help_panel="Labels")]
ForceUnit = Annotated[str, typer.Option(help="Unit of the forces in the file.", rich_help_panel="Labels")]
StressUnit = Annotated[str, typer.Option(help="Unit of the stress in the file.", rich_help_panel="Labels")]
OtherKeys = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="LABEL=KEY", help="Key of any label; repeat.", rich_help_panel="Labels"),
]
OtherUnits = Annotated[
    list[str] | None,
    typer.Option("--unit", metavar="LABEL=UNIT", help="Unit of any label; repeat.", rich_help_panel="Labels"),
]


def label_keys(energy: str, forces: str, stress: str, others: Sequence[str] | None = None) -> "LabelKeys":
    """Keys as the readers take them."""
    from intertwine.data import LabelKeys

    return LabelKeys(**{"energy": energy, "forces": forces, "stress": stress} | _pairs("--key", others))


def label_units(energy: str, forces: str, stress: str, others: Sequence[str] | None = None) -> "LabelUnits":
    """Units as the readers take them; an unknown one raises `InputError`."""
    from intertwine.data import LabelUnits

    return LabelUnits(**{"energy": energy, "forces": forces, "stress": stress} | _pairs("--unit", others))


def _pairs(option: str, given: Sequence[str] | None) -> dict[str, str]:
    """`LABEL=WORD` by label.

    >>> _pairs("--key", ["dipole=mu"])
    {'dipole': 'mu'}
    """
    pairs = [pair.partition("=") for pair in given or ()]
    for label, sign, word in pairs:
        if not (label and sign and word):
            raise InputError(
                f"cannot understand {option} {label}{sign}{word}", accepted="LABEL=WORD, such as dipole=mu"
            )
    return {label.strip(): word.strip() for label, _, word in pairs}
