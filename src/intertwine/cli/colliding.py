"""`intertwine jets generate`, `intertwine jets train` and `intertwine jets evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from intertwine.cli.options import Overwrite, Seed
from intertwine.cli.outputs import claim_file, claim_folder
from intertwine.errors import InputError

jets = typer.Typer(
    name="jets",
    help="Collisions read about their beam, jets about their axis: vectors, planes, parities, tags.",
    rich_markup_mode="markdown",
    no_args_is_help=True,
)

EventFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="EVENTS...", help="Events: .h5 of jets generate, or your own .h5, .root, .parquet, .npz."
    ),
]
Unit = Annotated[str, typer.Option(help="Of pt in files of your own: GeV, MeV, TeV.")]
Tree = Annotated[str | None, typer.Option(help="Name of the ROOT tree, where a file holds several.")]


@jets.command()
def generate(
    process: Annotated[
        str, typer.Option(help="top, w-jet, qcd (jets); w-lnu, z-nunu-jet, ttbar (events); flow (no Pythia).")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="HDF5 file.")] = Path("events.h5"),
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Number of events, or of jets.")] = 1000,
    pile_up: Annotated[
        float, typer.Option(min=0.0, help="Mean number of other collisions in an event.")
    ] = 0.0,
    reach: Annotated[float, typer.Option(help="The detector sees |η| below this.")] = 4.0,
    pt: Annotated[float, typer.Option(help="GeV; particles below are lost.")] = 0.7,
    efficiency: Annotated[float, typer.Option(min=0.0, max=1.0, help="Of tracks.")] = 0.95,
    perfect: Annotated[bool, typer.Option("--perfect", help="No losses, no smearing.")] = False,
    multiplicity: Annotated[float, typer.Option(min=0.0, help="Of flow: mean number of particles.")] = 100.0,
    strength: Annotated[float, typer.Option(min=0.0, max=1.5, help="Of flow: factor of all v_n.")] = 1.0,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Generate events with what is true of them: proton-proton collisions at 13 TeV, or flow of known planes.

    **Examples**

    - `intertwine jets generate --process z-nunu-jet -n 5000 --pile-up 10 --reach 3 --pt 1 -o znunu.h5`
    - `intertwine jets generate --process flow -n 2000 -o flow.h5`
    """
    claim_file(output, overwrite)
    from intertwine.apps.jets import CollisionPlan, Detector, FlowPlan, collide, flow_events, write_events
    from intertwine.cli.progress import progress

    if process == "flow":
        events = flow_events(FlowPlan(count, multiplicity, strength, seed=seed))
    else:
        detector = Detector(reach=reach, pt=pt, efficiency=efficiency, perfect=perfect)
        plan = CollisionPlan(process, count, pile_up, detector, seed)
        with progress("colliding", count, "events") as advance:
            events = collide(plan, lambda done, total: advance(done, ""))
    write_events(events, output)
    typer.echo(f"wrote {len(events)} events of {events.counts.mean():.1f} particles to {output}")


@jets.command()
def train(
    events: EventFiles,
    task: Annotated[
        str, typer.Option(help="met, event-plane-1, -2, -3, decay-plane, parity-odd, tag.")
    ] = "met",
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for jets.safetensors, jets.json and state.")
    ] = Path("jets"),
    group: Annotated[str, typer.Option(help="SO(2), or O(2), which knows mirrors too.")] = "SO(2)",
    preset: Annotated[str, typer.Option(help="small, medium, large.")] = "small",
    infrared_safe: Annotated[
        bool, typer.Option("--infrared-safe", help="Blind to soft particles and collinear splittings.")
    ] = False,
    boost_invariant: Annotated[
        bool, typer.Option("--boost-invariant", help="Tell η less its mean, weighted by pT.")
    ] = False,
    epochs: Annotated[int, typer.Option(min=1, help="Times that every event is seen.")] = 30,
    minutes: Annotated[float, typer.Option(min=0.0, help="On the clock, at most; 0 for no limit.")] = 0.0,
    batch: Annotated[int, typer.Option(min=1, help="Events per step.")] = 64,
    rate: Annotated[float, typer.Option(help="Largest learning rate.")] = 3e-3,
    valid: Annotated[
        float, typer.Option(help="Share of the events held out to choose the best weights.")
    ] = 0.1,
    unit: Unit = "GeV",
    tree: Tree = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a training was interrupted.")] = False,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Train a model on events, exactly equivariant under turns of the plane.

    **Examples**

    - `intertwine jets train znunu.h5 --task met -o met`
    - `intertwine jets train top.h5 qcd.h5 --task tag --group "O(2)"`
    """
    from intertwine.apps.jets.archive import save_jets
    from intertwine.apps.jets.network import spec_for
    from intertwine.apps.jets.training import FitPlan, fit_jets
    from intertwine.cli.progress import progress

    lot = _read(events, unit, tree)
    spec = spec_for(
        lot, task, group=group, preset=preset, infrared_safe=infrared_safe, boost_invariant=boost_invariant
    )
    plan = FitPlan(epochs=epochs, batch=batch, rate=rate, valid=valid, minutes=minutes, seed=seed)
    if not resume:
        claim_folder(output, ["jets.safetensors", "jets.json", "state.safetensors"], overwrite)
    with progress("training", epochs, "epochs") as advance:
        fit = fit_jets(
            lot, spec, plan, state=output / "state.safetensors", resume=resume,
            observe=lambda epoch, _, loss, held: advance(epoch, f"loss {loss:.4g}, held out {held:.4g}"),
        )  # fmt: skip
    about = {"events": dict(lot.about), "curve": fit.curve, "best_epoch": fit.best, "seed": seed}
    path = save_jets(fit.model, output / "jets.safetensors", about)
    _note(output / "jets.json", {"spec": fit.model.header(), **about, "held_out": fit.valid.tolist()})
    weights = sum(value.numel() for value in fit.model.parameters())
    typer.echo(
        f"{spec.task} under {group}: {weights} weights, {len(fit.train)} events, best of "
        f"{len(fit.curve)} epochs {fit.best}, held-out loss {fit.curve[fit.best - 1][1]:.4g}; wrote {path}"
    )


@jets.command()
def evaluate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="jets.safetensors of jets train.")],
    events: EventFiles,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for evaluation.json and evaluation.html.")
    ] = Path("evaluation"),
    unit: Unit = "GeV",
    tree: Tree = None,
    overwrite: Overwrite = False,
) -> None:
    """Tell how good a model's answers are on events that it has not seen, beside the plain sum of particles.

    **Examples**

    - `intertwine jets evaluate met/jets.safetensors test.h5 -o evaluation`
    - `intertwine jets evaluate tag/jets.safetensors top.h5 qcd.h5`
    """
    from intertwine.apps.jets.archive import load_jets
    from intertwine.apps.jets.report import JetReport

    trained, lot = load_jets(model), _read(events, unit, tree)
    if not len(lot):
        raise InputError("there are no events to judge by", got=", ".join(str(path) for path in events))
    claim_folder(output, ["evaluation.json", "evaluation.html"], overwrite)
    report = JetReport(trained, lot)
    for name, told in report.scores.items():
        typer.echo(f"{name}: {told}")
    file, page = report.write(output)
    typer.echo(f"breach of symmetry {report.turned:.1e}; wrote {file} and {page}")


def _read(paths: list[Path], unit: str, tree: str | None):
    from intertwine.apps.jets.events import joined
    from intertwine.apps.jets.files import read_events

    return joined([read_events(path, unit, tree) for path in paths])


def _note(path: Path, told: dict[str, object]) -> None:
    import json

    from intertwine.data import replacing

    with replacing(path) as scratch:
        scratch.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
