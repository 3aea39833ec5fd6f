"""`intertwine dock train`: learn the energy of poses from crystal complexes."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intertwine.cli.options import Device, Overwrite, Seed
from intertwine.cli.outputs import claim_folder

if TYPE_CHECKING:
    from intertwine.apps.docking import PoseEnergy
    from intertwine.apps.docking.cases import Case, Complex

FILES = ("model.safetensors", "losses.csv", "held_out.csv")


def train(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE", help="CSV with columns name, receptor, ligand, family; paths beside it."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the model, its losses, and how it docks.")
    ] = Path("docking-model"),
    flexible: Annotated[
        bool,
        typer.Option("--flexible/--rigid", help="Turn torsions of a conformer that is not the crystal's."),
    ] = True,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the complexes.")] = 6,
    held_out: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Share of the families that is only docked.")
    ] = 0.2,
    margin: Annotated[float, typer.Option(min=0.0, help="Å of box about each crystal ligand.")] = 6.0,
    starts: Annotated[int | None, typer.Option(min=1, help="Effort of each search.")] = None,
    device: Device = "cpu",
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Learn the energy of poses from complexes whose crystal is known, and dock those held out.

    Families of proteins are never divided between learning and testing. Writes model.safetensors, losses.csv,
    and held_out.csv with the distance of the best poses from the crystal. Complexes that cannot be read are
    told and left out.

    **Examples**

    - `intertwine dock train complexes.csv -o run`
    - `intertwine dock receptor.pdb ligand.sdf --center-on ref.sdf --model run/model.safetensors`
    """
    claim_folder(output, list(FILES), overwrite)
    import torch

    from intertwine.apps.docking import PoseEnergy, SearchPlan, save_docking_model
    from intertwine.apps.docking.entries import divided, read_entries

    entries = read_entries(
        table, margin, told=lambda name, why: typer.echo(f"left out: {name}: {why}", err=True)
    )
    learned, held = divided(entries, held_out, seed)
    plan = SearchPlan(seed=seed, **({} if starts is None else {"starts": starts}))
    torch.manual_seed(seed)
    energy = PoseEnergy().to(device)
    losses = _learn(energy, _cases(learned, flexible, plan, energy, device), epochs, seed)
    _write(output / FILES[1], losses)
    facts = {"complexes": len(learned), "flexible": flexible, "epochs": epochs, "seed": seed}
    save_docking_model(energy, output / FILES[0], facts)
    typer.echo(f"wrote {output / FILES[0]}, learned from {len(learned)} complexes")
    if held:
        _write(output / FILES[2], _docked(energy, held, flexible, plan))
        typer.echo(f"wrote {output / FILES[2]}")


def _cases(
    entries: "Sequence[Complex]", flexible: bool, plan: Any, energy: "PoseEnergy", device: str
) -> "list[Case]":
    from intertwine.apps.docking.cases import case_of
    from intertwine.cli.progress import progress

    cases = []
    with progress("searching", len(entries), "complexes") as advance:
        for entry in entries:
            cases.append(case_of(entry, flexible, plan, energy.spec, device))
            advance(len(cases), entry.name)
    return cases


def _learn(energy: "PoseEnergy", cases: "list[Case]", epochs: int, seed: int) -> list[dict[str, object]]:
    from intertwine.apps.docking.training import DockingTraining, train
    from intertwine.cli.progress import progress

    losses: list[dict[str, object]] = []
    with progress("learning", epochs * len(cases), "steps") as advance:

        def told(values: dict[str, float]) -> None:
            losses.append({"step": len(losses) + 1, **values})
            advance(len(losses), f"ranking {values['ranking']:.3f}")

        train(energy, cases, DockingTraining(epochs=epochs, seed=seed), told)
    return losses


def _docked(
    energy: "PoseEnergy", entries: "Sequence[Complex]", flexible: bool, plan: Any
) -> list[dict[str, object]]:
    """Distance of the best poses of each complex from its crystal, Å; prints how many are found."""
    from intertwine.apps.docking import dock_ligand
    from intertwine.apps.docking.outcome import Setting, outcome_of
    from intertwine.cli.progress import progress

    rows: list[dict[str, object]] = []
    with progress("docking", len(entries), "complexes held out") as advance:
        for entry in entries:
            setting = Setting(
                entry.receptor, entry.box, energy, plan, dock_ligand, flexible, reference=entry.ligand
            )
            start = entry.conformer if flexible and entry.conformer is not None else entry.ligand
            found = outcome_of(setting, len(rows) + 1, entry.name, start).from_reference
            first, third = (min(found[:best], default=float("inf")) for best in (1, 3))
            rows.append({"name": entry.name, "family": entry.group, "top_1": first, "top_3": third})
            advance(len(rows), f"{entry.name} {first:.2f} Å")
    near = sum(float(str(row["top_1"])) < 2.0 for row in rows)
    typer.echo(f"held out: {near} of {len(rows)} best poses within 2 Å of the crystal")
    return rows


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    import csv

    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.DictWriter(file, list(rows[0]))
        lines.writeheader()
        lines.writerows(rows)
