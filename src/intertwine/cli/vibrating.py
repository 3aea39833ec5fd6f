"""`intertwine spectra`."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intertwine.cli.asking import source_of_words
from intertwine.cli.options import Device, Index, Overwrite, Precision, Runner, Seed
from intertwine.cli.outputs import claim_folder
from intertwine.cli.progress import bars_in_turn
from intertwine.cli.running import StructureFile, one_frame

if TYPE_CHECKING:
    from intertwine.apps.spectra.result import Spectra


def spectra(
    model: Runner,
    structure: StructureFile,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for tables, curves and page.")
    ] = Path("spectra"),
    harmonic: Annotated[
        bool, typer.Option("--harmonic/--no-harmonic", help="Small vibrations about the minimum.")
    ] = True,
    picoseconds: Annotated[
        float, typer.Option(min=0.0, help="Also from motion: length of each trajectory, ps; 0 makes none.")
    ] = 0.0,
    trajectories: Annotated[int, typer.Option(min=1, help="How many of them.")] = 4,
    temperature: Annotated[
        float, typer.Option(help="Of the motion, and of Raman cross sections, K.")
    ] = 300.0,
    equilibration: Annotated[float, typer.Option(help="With a thermostat, before each, ps.")] = 2.0,
    time_step: Annotated[float, typer.Option(help="Of the dynamics, fs.")] = 0.5,
    interval: Annotated[float, typer.Option(help="Between kept frames, fs.")] = 2.0,
    rotation: Annotated[
        bool, typer.Option("--rotation/--no-rotation", help="Whether a molecule turns as it vibrates.")
    ] = True,
    width: Annotated[float, typer.Option(help="Full width at half maximum of a line, cm⁻¹.")] = 10.0,
    correction: Annotated[
        str,
        typer.Option(
            "--quantum-correction", help="Of spectra of motion: harmonic, none, standard, schofield."
        ),
    ] = "harmonic",
    laser: Annotated[float, typer.Option(help="Excitation of Raman scattering, nm.")] = 532.0,
    fmax: Annotated[float, typer.Option(help="Largest force at the minimum, eV/Å.")] = 1e-3,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Option of an ASE calculator, such as charge=1; repeat."),
    ] = None,
    index: Index = "-1",
    device: Device = "cpu",
    precision: Precision = "float64",
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Infrared and Raman spectra and the density of states, harmonic and, with --picoseconds, from motion.

    Needs a model that gives dipole and polarisability, or an ASE calculator with dipoles that takes an
    electric field, such as tblite; without them wavenumbers and the density of states remain. Repeated after
    an interruption, the command goes on where it stopped; with --overwrite and another --width,
    --quantum-correction or more --trajectories it keeps the trajectories that there are.

    **Examples**

    - `intertwine spectra model.safetensors ethanol.xyz`
    - `intertwine spectra tblite:GFN2-xTB ethanol.xyz --picoseconds 20 --trajectories 8 -o by-xtb`
    - `intertwine spectra model.safetensors water.extxyz --no-harmonic --picoseconds 50 --width 20`
    """
    from intertwine.apps.spectra.page import write_spectra_page
    from intertwine.apps.spectra.result import FILES, SpectraPlan, make_spectra, write_spectra
    from intertwine.apps.spectra.sampling import Sampling, belongs

    sampling = None
    if picoseconds:
        sampling = Sampling(
            temperature,
            picoseconds,
            trajectories,
            equilibration,
            time_step,
            interval,
            rotation=rotation,
            seed=seed,
        )
    plan = SpectraPlan(harmonic, sampling, width, correction, temperature, laser, fmax)
    source = source_of_words(model, device, precision, option)
    start = one_frame(structure, index)
    claim_folder(output, list(FILES), overwrite)
    if overwrite and sampling is not None and not belongs(output / "trajectories", source, start, sampling):
        shutil.rmtree(output / "trajectories", ignore_errors=True)
    with bars_in_turn({"modes": "modes", "dynamics": "steps"}) as observe:
        made = make_spectra(source, start, plan, output, observe)
    write_spectra(made, output)
    page = write_spectra_page(made, output)
    _say(made)
    typer.echo(f"wrote {page}")


def _say(made: "Spectra") -> None:
    """The table of modes, and where the curves from motion have their peaks."""
    from rich.console import Console

    from intertwine.apps.spectra.page import TITLES, mode_table

    console = Console()
    if made.harmonic is not None:
        console.print(mode_table(made))
    for name, title in TITLES.items():
        if made.peaks.get(name):
            places = ", ".join(f"{peak.wavenumber:.0f}" for peak in made.peaks[name])
            console.print(f"{title}: peaks at {places} cm⁻¹", highlight=False, soft_wrap=True)
