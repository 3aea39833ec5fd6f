"""`intertwine dock`: a ligand, or a library of them, into a pocket."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from intertwine.cli.options import Overwrite, Seed
from intertwine.errors import InputError

if TYPE_CHECKING:
    from intertwine.apps.docking import Box, Ligand, Receptor
    from intertwine.apps.docking.outcome import Outcome, Setting
    from intertwine.apps.docking.result_folder import ResultFolder

CLASH = 1.2
"""Å; an atom of the receptor nearer than that to the reference is the reference itself."""


class DockByDefault(TyperGroup):
    """A group whose first word, where it is no command of it, is what `run` docks into."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `run` before what is no command; click's own method."""
        words = args or ["--help"]
        named = words[0] in self.commands or words[0] in ("-h", "--help")
        return super().parse_args(ctx, words if named else ["run", *words])


dock = typer.Typer(
    cls=DockByDefault,
    help="Dock ligands into a pocket: `intertwine dock RECEPTOR LIGANDS --center-on REFERENCE`.",
    rich_markup_mode="markdown",
)


@dock.command()
def run(
    receptor: Annotated[
        Path, typer.Argument(metavar="RECEPTOR", help="PDB, mmCIF or PDBQT, also compressed (.gz).")
    ],
    ligands: Annotated[
        str, typer.Argument(metavar="LIGANDS", help="SDF, MOL, MOL2, or SMILES in a file or written out.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder; a job interrupted in it is resumed.")
    ] = Path("docking"),
    center_on: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A ligand in the pocket; the box is about it.", rich_help_panel="Where"
        ),
    ] = None,
    box: Annotated[
        tuple[float, float, float, float, float, float] | None,
        typer.Option(metavar="X Y Z A B C", help="Centre and edges of the box, Å.", rich_help_panel="Where"),
    ] = None,
    residue: Annotated[
        list[str] | None,
        typer.Option(metavar="A:ASP25", help="The box is about these; repeat.", rich_help_panel="Where"),
    ] = None,
    margin: Annotated[
        float,
        typer.Option(min=0.0, help="Å on every side of reference or residues.", rich_help_panel="Where"),
    ] = 6.0,
    chain: Annotated[
        list[str] | None,
        typer.Option(help="Only these chains of the receptor; repeat.", rich_help_panel="Where"),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="A:LIG301", help="Take this residue out; repeat.", rich_help_panel="Where"),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Trained energy; the physical prior alone if not given."),
    ] = None,
    flexible: Annotated[
        bool, typer.Option("--flexible/--rigid", help="Whether torsions turn; else the conformer is kept.")
    ] = True,
    poses: Annotated[int, typer.Option(min=1, help="Poses to keep of each ligand.")] = 9,
    starts: Annotated[int | None, typer.Option(min=1, help="Chains of minimisations; the effort.")] = None,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Let PoseBusters judge the poses.")
    ] = False,
    pages: Annotated[int, typer.Option(min=0, help="Pages of single ligands beside that of a library.")] = 20,
    workers: Annotated[int, typer.Option(min=1, help="Processes on this machine, by Ray.")] = 1,
    ray_address: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a running Ray cluster, or auto.")
    ] = None,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Find the poses of least energy of each ligand in a box of the receptor.

    Writes OUTPUT/ligands/NUMBER-NAME.sdf, ranked poses of each ligand, poses.csv with energies, and
    report.html with the pocket to turn, the energy by residue and atom. A ligand that cannot be docked is
    told in poses.csv and stops nothing; exit status 1 when that happened to all.

    **Examples**

    - `intertwine dock receptor.pdb ligand.sdf --center-on crystal.sdf`
    - `intertwine dock receptor.cif.gz "CC(=O)Oc1ccccc1C(=O)[O-]" --residue A:SER530 --residue A:TYR385`
    - `intertwine dock receptor.pdb library.smi --box 10 4 27 22 22 22 --workers 8 -o screen`
    """
    from intertwine.apps.docking import read_ligands, read_receptor

    held = read_receptor(receptor, chain or ())
    if without:
        held = held.select(~held.of_residues(without))
    reference = _reference(center_on)
    where = _box(held, reference, box, residue, margin)
    effort = {"poses": poses, "seed": seed} | ({} if starts is None else {"starts": starts})
    setting = _setting(held, where, reference, model, effort, flexible, check)
    job = _job(setting, receptor, ligands, model)
    if overwrite:
        _clear(output)
    from intertwine.apps.docking.result_folder import ResultFolder

    results = ResultFolder(output, job)
    _screen(read_ligands(ligands, seed), setting, results, workers, ray_address)
    _tell(results, setting, pages)


def _reference(path: Path | None) -> "Ligand | None":
    if path is None:
        return None
    from intertwine.apps.docking import Ligand, read_ligands

    _, reading = next(iter(read_ligands(path)))
    if not isinstance(reading, Ligand):
        raise reading
    if any("conformer" in note for note in reading.notes):
        raise InputError(f"{path} has no place in the pocket: it lacks three dimensions")
    return reading


def _box(
    receptor: "Receptor",
    reference: "Ligand | None",
    box: tuple[float, ...] | None,
    residues: list[str] | None,
    margin: float,
) -> "Box":
    import numpy as np

    from intertwine.apps.docking import Box, box_around, box_of_residues, pocket_of

    if (reference is not None) + (box is not None) + bool(residues) != 1:
        raise InputError(
            "where to dock is not told, or told twice", accepted="one of --center-on FILE, --box, --residue"
        )
    if reference is not None:
        _refuse_itself(receptor, reference)
        found = box_around(reference.atoms.positions, margin)
    elif box is not None:
        found = Box(np.array(box[:3], dtype=np.float64), np.array(box[3:], dtype=np.float64))
    else:
        found = box_of_residues(receptor, residues or (), margin)
    pocket_of(receptor, found)
    return found


def _refuse_itself(receptor: "Receptor", reference: "Ligand") -> None:
    import numpy as np
    from scipy.spatial import KDTree

    distance, nearest = map(np.asarray, KDTree(receptor.atoms.positions).query(reference.atoms.positions))
    there = [receptor.residues[k] for k in nearest[distance < CLASH]]
    if there:
        name = max(set(there), key=there.count)
        raise InputError(
            f"{name} of {receptor.source} stands where the reference is: {distance.min():.1f} Å away",
            fix=f"take the ligand out of the receptor: --without {name}",
        )


def _setting(
    receptor: "Receptor",
    box: "Box",
    reference: "Ligand | None",
    model: Path | None,
    effort: dict[str, int],
    flexible: bool,
    check: bool,
) -> "Setting":
    from intertwine.apps.docking import SearchPlan, dock_ligand, load_docking_model
    from intertwine.apps.docking.outcome import Setting

    if check:
        from intertwine.errors import require

        require("posebusters", extra="checks")
    energy, plan = load_docking_model(model), SearchPlan(**effort)
    return Setting(receptor, box, energy, plan, dock_ligand, flexible, reference, check)


def _job(setting: "Setting", receptor: Path, ligands: str, model: Path | None) -> dict[str, Any]:
    """What decides the results, by which a folder knows its job again."""
    from dataclasses import asdict

    from intertwine import __version__

    library = _hash(Path(ligands)) if Path(ligands).is_file() else ligands
    return {
        "intertwine": __version__,
        "receptor": _hash(receptor),
        "atoms": len(setting.receptor),
        "ligands": library,
        "model": "prior" if model is None else _hash(model),
        "box": [*setting.box.centre.tolist(), *setting.box.size.tolist()],
        "plan": asdict(setting.plan),
        "flexible": setting.flexible,
        "reference": None if setting.reference is None else setting.reference.positions.tolist(),
        "checked": setting.checked,
    }


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _clear(folder: Path) -> None:
    """Take the files of an earlier job away, and nothing else."""
    for path in [folder / "job.json", *folder.glob("ligands/[0-9]*-*.*")]:
        path.unlink(missing_ok=True)


def _screen(
    readings: Any, setting: "Setting", results: "ResultFolder", workers: int, address: str | None
) -> None:
    from intertwine.apps.docking.screening import screen
    from intertwine.cli.progress import progress

    with progress("docking", None, "ligands") as advance:

        def told(done: int, outcome: "Outcome | None") -> None:
            best = "" if outcome is None or outcome.error else f" {outcome.energies[0]:.2f} kcal/mol"
            advance(done, "there already" if outcome is None else f"{outcome.name}{best}")

        screen(readings, setting, results, workers, address, told)


def _tell(results: "ResultFolder", setting: "Setting", pages: int) -> None:
    from intertwine.apps.docking.report import write_reports

    table = results.write_table()
    outcomes = [outcome for _, outcome in results.outcomes()]
    failed = [outcome for outcome in outcomes if outcome.error]
    if len(outcomes) == len(failed) == 1:
        raise InputError(failed[0].error)
    page = write_reports(results, setting, pages)
    for outcome in failed[:5]:
        told = outcome.error.removeprefix(f"{outcome.name}: ")
        typer.echo(f"not docked: {outcome.name}: {told}", err=True)
    if len(failed) > 5:
        typer.echo(f"not docked: {len(failed) - 5} more, see {table}", err=True)
    typer.echo(f"docked {len(outcomes) - len(failed)} of {len(outcomes)} ligands; wrote {table} and {page}")
    if len(failed) == len(outcomes):
        raise typer.Exit(1)
