"""The command `intertwine`: what can be asked, and how errors are told.

Commands import what they need when they run, so that help is instant.
"""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from intertwine import __version__
from intertwine.cli import (
    colliding,
    comparison,
    constituting,
    cutting,
    demonstration,
    describing,
    docking,
    docking_training,
    exporting,
    grouping,
    heating,
    judging,
    labelling,
    running,
    selecting,
    straining,
    training,
    vibrating,
)
from intertwine.errors import IntertwineError

SUMMARY = """Declare the symmetry, learn the physics: equivariant potentials, trained, certified, run.

Units everywhere: eV, Å, fs, K; pressure in GPa. Wrong input ends in one line and exit status 2; a law that is
broken, or a relaxation that does not converge, in exit status 1."""

INTERRUPTED = 130
"""Exit status of a command that was stopped from the keyboard; typer returns it by itself, in silence."""

app = typer.Typer(
    name="intertwine",
    help=SUMMARY,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(rich_help_panel="Start here")(demonstration.demo)
app.command(rich_help_panel="Learn")(labelling.label)
app.command(rich_help_panel="Learn")(training.train)
app.command(rich_help_panel="Learn")(selecting.select)
app.command("label-strain", rich_help_panel="Crystals")(constituting.label_strain)
app.command(rich_help_panel="Crystals")(constituting.law)
app.command(rich_help_panel="Trust")(judging.evaluate)
app.command(rich_help_panel="Trust")(judging.certify)
app.command("direct-forces", rich_help_panel="Trust")(comparison.direct_forces)
app.command(rich_help_panel="Run")(running.relax)
app.command(rich_help_panel="Run")(running.md)
app.command(rich_help_panel="Run")(vibrating.spectra)
app.command(rich_help_panel="Run")(describing.properties)
app.command(rich_help_panel="Run")(exporting.export)
app.command(rich_help_panel="Crystals")(straining.eos)
app.command(rich_help_panel="Crystals")(straining.elastic)
app.command(rich_help_panel="Crystals")(heating.phonons)
app.command(rich_help_panel="Crystals")(heating.expansion)
app.command(rich_help_panel="Crystals")(cutting.vacancy)
app.command(rich_help_panel="Crystals")(cutting.surface)
docking.dock.command()(docking_training.train)
app.add_typer(docking.dock, name="dock", rich_help_panel="Docking")
app.add_typer(colliding.jets, rich_help_panel="Collisions")
app.command(rich_help_panel="Symmetry", context_settings={"ignore_unknown_options": True})(grouping.groups)


def _version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"intertwine {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Options that every command shares; typer's callback."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        arguments: words after `intertwine`; those of the process by default.

    Returns:
        0 done; 1 done, but a law is broken or something did not converge; 2 the input cannot be used;
        70 a bug of ours; 130 interrupted.

    >>> main(["--version"])
    intertwine ...
    0
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    try:
        asked = [word for word in words if word != "--debug"] or ["--help"]
        status = app(asked, standalone_mode=False) or 0
        return _told("interrupted", status) if status == INTERRUPTED else status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return _told("interrupted", INTERRUPTED)
    except Exception as error:
        if debug:
            raise
        return _told(*_line(error))


def _line(error: Exception) -> tuple[str, int]:
    """What went wrong in one line, and the exit status."""
    usage = getattr(error, "format_message", None)
    if usage is not None:
        return usage(), 2
    if isinstance(error, IntertwineError):
        return str(error), 2
    if isinstance(error, OSError):
        place = f"'{error.filename}': " if error.filename else ""
        return f"{place}{error.strerror or error}", 2
    reason = str(error).splitlines()[0] if str(error) else "no message"
    return f"unexpected {type(error).__name__}: {reason}; do: repeat with --debug and report it", 70


def _told(line: str, status: int) -> int:
    print(f"intertwine: error: {' '.join(line.split())}", file=sys.stderr)
    return status
