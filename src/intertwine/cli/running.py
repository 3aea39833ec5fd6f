"""`intertwine relax` and `intertwine md`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intertwine.cli.options import Device, Index, Overwrite, Precision, Runner, Seed
from intertwine.cli.outputs import claim_file, claim_folder
from intertwine.errors import InputError

if TYPE_CHECKING:
    import torch
    from ase import Atoms
    from ase.calculators.calculator import Calculator

    from intertwine.data import Structure
    from intertwine.engines.ensembles import Ensemble

StructureFile = Annotated[
    Path, typer.Argument(metavar="STRUCTURE", help="A file that ASE reads: extxyz, POSCAR, cif, …")
]


def relax(
    model: Runner,
    structure: StructureFile,
    output: Annotated[Path, typer.Option("--output", "-o", help="The relaxed structure, extxyz.")] = Path(
        "relaxed.extxyz"
    ),
    fmax: Annotated[float, typer.Option(help="Largest force to leave, eV/Å.")] = 0.01,
    steps: Annotated[int, typer.Option(min=1, help="Most steps to take.")] = 500,
    optimizer: Annotated[str, typer.Option(help="fire (robust), bfgs or lbfgs.")] = "fire",
    cell: Annotated[str, typer.Option(help="fixed, isotropic, shape or full.")] = "fixed",
    pressure: Annotated[float, typer.Option(help="External pressure on a cell that moves, GPa.")] = 0.0,
    index: Index = "-1",
    device: Device = "cpu",
    precision: Precision = "float64",
    overwrite: Overwrite = False,
) -> None:
    """Move atoms, and the cell when asked, downhill to a minimum of the energy.

    Exit status 1 when forces are still larger than --fmax after --steps; the structure is written anyhow.

    **Examples**

    - `intertwine relax model.safetensors ethanol.xyz --fmax 0.001`
    - `intertwine relax model.safetensors POSCAR --cell full --pressure 5 -o at_5GPa.extxyz`
    - `intertwine relax tblite:GFN2-xTB guess.xyz`
    """
    claim_file(output, overwrite)
    atoms = starting_atoms(structure, index, calculator(model, device, precision))
    from intertwine.apps.sampling import labelled
    from intertwine.cli.progress import progress
    from intertwine.data import write
    from intertwine.engines.relaxation import relax as downhill

    with progress("relaxing", steps, "steps") as advance:
        end = downhill(
            atoms,
            fmax,
            steps,
            optimizer,
            cell,
            pressure,
            lambda step, energy, force: advance(step, f"{energy:.6f} eV, {force:.4f} eV/Å"),
        )
    info = {"config_type": "relaxed", "source": str(structure), "calculator": model, "fmax": fmax}
    write(output, [labelled(end.atoms, info | {"converged": end.converged})])
    verdict = "converged" if end.converged else "not converged"
    typer.echo(
        f"{verdict} in {end.steps} steps: {end.energy:.6f} eV, largest force {end.largest_force:.5f} eV/Å"
    )
    typer.echo(f"wrote {output}")
    if not end.converged:
        raise typer.Exit(1)


def md(
    model: Runner,
    structure: Annotated[
        Path | None,
        typer.Argument(metavar="STRUCTURE", help="Where to start; not needed with --resume."),
    ] = None,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder for trajectory.extxyz, log.csv, restart.safetensors."),
    ] = Path("md"),
    ensemble: Annotated[str, typer.Option(help="nve, langevin or npt.")] = "nve",
    temperature: Annotated[
        float, typer.Option(min=0.0, help="Of the ensemble, and of the first velocities, K.")
    ] = 300.0,
    steps: Annotated[int, typer.Option(min=1, help="Time steps, in all.")] = 10_000,
    time_step: Annotated[float, typer.Option(help="fs.")] = 0.5,
    pressure: Annotated[float, typer.Option(help="npt: GPa.")] = 0.0,
    cell: Annotated[str, typer.Option(help="npt: the cell moves isotropic or full.")] = "isotropic",
    thermostat_time: Annotated[float, typer.Option(help="langevin, npt: time constant, fs.")] = 100.0,
    barostat_time: Annotated[float, typer.Option(help="npt: time constant of the cell, fs.")] = 1000.0,
    every: Annotated[int, typer.Option(min=1, help="Steps between frames and rows of the log.")] = 10,
    restart_every: Annotated[int, typer.Option(min=1, help="Steps between restart files.")] = 1000,
    temperature_limit: Annotated[
        float | None, typer.Option(min=0.0, help="K; hotter means that the run exploded.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
    index: Index = "-1",
    seed: Seed = 0,
    device: Device = "cpu",
    precision: Precision = None,
    overwrite: Overwrite = False,
) -> None:
    """Molecular dynamics at constant energy (nve), temperature (langevin) or pressure (npt).

    The log has time, energies, temperature, pressure and, for nve, the drift of the total energy. A run that
    was stopped goes on exactly with --resume. One that explodes stops with one line.

    **Examples**

    - `intertwine md model.safetensors ethanol.xyz --steps 20000`
    - `intertwine md model.safetensors ethanol.xyz --ensemble langevin --temperature 300 -o at_300K`
    - `intertwine md model.safetensors water.extxyz --ensemble npt --temperature 300 --pressure 0.0001`
    - `intertwine md model.safetensors --resume --steps 40000`
    """
    from intertwine.cli.progress import progress
    from intertwine.engines.dynamics import resume_dynamics, run_dynamics
    from intertwine.engines.snapshot import Snapshot

    if structure is None and not resume:
        raise InputError("no structure to start from", fix="name a file, or go on with --resume")
    options = _of_ensemble(ensemble, temperature, pressure, cell, thermostat_time, barostat_time)
    with progress(f"{ensemble} dynamics", steps, "steps") as advance:

        def observe(now: Snapshot) -> None:
            drift = f", drift {now.drift:+.3f} meV/atom" if now.drift == now.drift else ""
            advance(now.step, f"{now.time / 1000:.2f} ps, {now.temperature:.0f} K{drift}")

        runner = calculator(model, device, precision)
        if resume:
            last = resume_dynamics(output, runner, steps=steps, observe=observe)
        else:
            assert structure is not None
            atoms = starting_atoms(structure, index, runner)
            claim_folder(output, ["trajectory.extxyz", "log.csv", "restart.safetensors"], overwrite)
            last = run_dynamics(
                atoms,
                options,
                output,
                steps=steps,
                time_step=time_step,
                seed=seed,
                temperature=temperature,
                every=every,
                restart_every=restart_every,
                temperature_limit=temperature_limit,
                observe=observe,
            )
    typer.echo(f"{last.time / 1000:g} ps at {last.temperature:.0f} K in '{output}'")


def _of_ensemble(
    name: str, temperature: float, pressure: float, cell: str, thermostat: float, barostat: float
) -> "Ensemble":
    from intertwine.engines.ensembles import ensemble

    options: dict[str, Any] = {}
    if name != "nve":
        options |= {"temperature": temperature, "thermostat_time": thermostat}
    if name == "npt":
        options |= {"pressure": pressure, "barostat_time": barostat, "cell": cell}
    return ensemble(name, **options)


def calculator(name: str, device: str, precision: str | None) -> "Calculator":
    """What computes: a model from a file, or an ASE calculator by name."""
    if not is_model(name):
        from intertwine.engines.oracles import oracle

        return oracle(name)
    from intertwine.engines.calculator import IntertwineCalculator

    return IntertwineCalculator(name, device=device, dtype=dtype_of(precision))


def is_model(name: str) -> bool:
    """Whether a name is a file, not a calculator; one that is will compute on one thread."""
    if Path(name).is_file() or Path(name).suffix in (".safetensors", ".pt2"):
        return True
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before tblite loads: threads that spin are far slower
    return False


def dtype_of(precision: str | None) -> "torch.dtype | None":
    """The precision that was asked for, None where it is the model's own."""
    import torch

    kinds = {None: None, "float32": torch.float32, "float64": torch.float64}
    if precision not in kinds:
        raise InputError(f"unknown precision '{precision}'", accepted="float32, float64")
    return kinds[precision]


def starting_atoms(path: Path, index: str, runner: "Calculator") -> "Atoms":
    """One frame of a file, to be computed by `runner`."""
    atoms = one_frame(path, index).to_ase()
    atoms.calc = runner
    return atoms


def one_frame(path: Path, index: str) -> "Structure":
    """One frame of a file, without its labels."""
    from intertwine.data import read

    frames = read(path, index=index, require=())
    if len(frames) != 1:
        raise InputError(f"{len(frames)} frames chosen from '{path}'", accepted="one", fix="give --index N")
    return frames[0].replace(labels={})
