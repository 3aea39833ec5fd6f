"""`intertwine groups`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intertwine.cli.options import Overwrite
from intertwine.cli.outputs import claim_file
from intertwine.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from rich.console import RenderableType

    from intertwine.groups import Group

WIDTH = 100
"""Columns of the tables where the output is no terminal."""

_OF_CRYSTAL = "Crystal"
_ORIENTED = "Orientation"


def groups(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Oh, m-3m, C3v, 3m, …, O(3), SO(3), O(2), SO(2)."),
    ] = None,
    branching: Annotated[
        int,
        typer.Option(
            metavar="L",
            min=0,
            help="Highest degree: of O(3) that is split, of compact groups that is listed.",
        ),
    ] = 4,
    tensor: Annotated[
        list[str] | None,
        typer.Option(metavar="FORMULA", help="Allowed components of a tensor, such as ijk=ikj; repeat."),
    ] = None,
    axial: Annotated[
        bool, typer.Option("--axial", help="These change sign under improper elements.")
    ] = False,
    axis: Annotated[
        str | None,
        typer.Option(
            metavar="X,Y,Z",
            help="Turn the principal axis, z, into this direction.",
            rich_help_panel=_ORIENTED,
        ),
    ] = None,
    roll: Annotated[
        float, typer.Option(help="Before that, turn about z by this many degrees.", rich_help_panel=_ORIENTED)
    ] = 0.0,
    structure: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Take the point group of this crystal.", rich_help_panel=_OF_CRYSTAL
        ),
    ] = None,
    site: Annotated[
        int | None,
        typer.Option(metavar="N", help="Or of this atom in it, counted from 0.", rich_help_panel=_OF_CRYSTAL),
    ] = None,
    index: Annotated[
        str, typer.Option(metavar="N", help="Which frame; -1 is the last.", rich_help_panel=_OF_CRYSTAL)
    ] = "-1",
    tolerance: Annotated[float, typer.Option(help="Of positions, Å.", rich_help_panel=_OF_CRYSTAL)] = 1e-3,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the stereogram, as .svg and as .png.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write everything as JSON; - for standard output.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """What a symmetry group is: elements, classes, characters, branching, and the tensors that it allows.

    Without NAME all groups are listed. Point groups stand with their principal axis along z and, where
    trigonal or hexagonal, with a along x (docs/conventions.md); σ x is the mirror across x. Tensors are
    written in Voigt order xx, yy, zz, yz, xz, xy, without factors of 2.

    **Examples**

    - `intertwine groups Oh --branching 6`
    - `intertwine groups -43m --tensor ijk=ikj --tensor ijkl=jikl=klij --plot zinc-blende.svg`
    - `intertwine groups 3m --axis 1,1,1 --roll 15 --tensor ij`
    - `intertwine groups --structure POSCAR --site 0 --json -`
    """
    files = _claimed(plot, json, overwrite)
    from intertwine.apps import group_display, group_tables

    group = _chosen(name, _orientation(axis, roll), structure, site, index, tolerance)
    if group is None:
        if plot or tensor:
            raise InputError("no group is named", accepted="NAME or --structure, with --plot or --tensor")
        tables = group_tables.group_list()
    else:
        tables = group_tables.group_page(group, branching, tensor or (), axial)
    if plot and group is not None:
        from intertwine.apps.stereogram import stereogram
        from intertwine.apps.style import save

        save(stereogram(group), plot)
    text = group_tables.as_json(tables)
    if str(json) == "-":
        typer.echo(text)
        return
    if json:
        json.write_text(text + "\n", encoding="utf-8")
    _show(group_display.display(tables))
    for file in files:
        typer.echo(f"wrote {file}")


def _claimed(plot: Path | None, json: Path | None, overwrite: bool) -> list[Path]:
    """Every file that will be written, known to be free."""
    stem = str(plot).removesuffix(".svg").removesuffix(".png")
    files = [Path(f"{stem}.svg"), Path(f"{stem}.png")] if plot else []
    files += [json] if json and str(json) != "-" else []
    return [claim_file(file, overwrite) for file in files]


def _orientation(axis: str | None, roll: float) -> "np.ndarray | None":
    """The turn about z, followed by the shortest rotation that carries z to the axis."""
    if axis is None and not roll:
        return None
    import numpy as np

    from intertwine.groups import axis_angle_to_rotation

    if not np.isfinite(roll):
        raise InputError("the roll is no angle", got=roll, accepted="degrees")
    z = np.array([0.0, 0.0, 1.0])
    turn = axis_angle_to_rotation(z, np.radians(roll))
    if axis is None:
        return turn
    direction = _direction(axis)
    across = np.cross(z, direction)
    angle = np.arctan2(np.linalg.norm(across), direction[2])
    if np.linalg.norm(across) < 1e-12:
        across = np.array([1.0, 0.0, 0.0])  # up or down: any axis across z will do
    return axis_angle_to_rotation(across, angle) @ turn


def _direction(text: str) -> "np.ndarray":
    """`1,1,1` as a unit vector."""
    import numpy as np

    try:
        vector = np.array([float(part) for part in text.split(",")])
    except ValueError:
        vector = np.zeros(0)
    length = np.linalg.norm(vector)
    if vector.shape != (3,) or not 0 < length < np.inf:
        raise InputError("the axis is no direction", got=text, accepted="three numbers such as 1,1,1")
    return vector / length


def _chosen(
    name: str | None,
    orientation: "np.ndarray | None",
    structure: Path | None,
    site: int | None,
    index: str,
    tolerance: float,
) -> "Group | None":
    """The group by its name, or that of a crystal or of a site in it; None where neither is given."""
    if structure is None:
        if site is not None:
            raise InputError("a site is one of a structure", got=f"--site {site}", fix="add --structure FILE")
        from intertwine.groups import get_group

        return None if name is None else get_group(name, orientation)
    if name is not None or orientation is not None:
        raise InputError(
            "a structure has its own point group, in its own axes",
            fix="leave out NAME, --axis and --roll, or --structure",
        )
    from intertwine.data import read
    from intertwine.data.crystal_symmetry import crystal_point_group, site_point_group

    frames = read(structure, index=index, require=())
    if len(frames) != 1:
        raise InputError(
            f"{len(frames)} frames chosen from '{structure}'", accepted="one", fix="give --index N"
        )
    if site is None:
        return crystal_point_group(frames[0], tolerance)
    return site_point_group(frames[0], site, tolerance)


def _show(display: "RenderableType") -> None:
    import sys

    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else WIDTH).print(display, crop=False)
