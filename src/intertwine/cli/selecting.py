"""`intertwine select`, and the options of everything that asks how sure a model is."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intertwine.cli.options import (
    Device,
    EnergyKey,
    EnergyUnit,
    ForcesKey,
    ForceUnit,
    ModelFile,
    Overwrite,
    Seed,
    StressKey,
    StressUnit,
    label_keys,
    label_units,
)
from intertwine.cli.outputs import claim_file

if TYPE_CHECKING:
    from intertwine.data import LabelKeys, LabelUnits, Structure
    from intertwine.observables import Model
    from intertwine.observables.uncertainty import LastLayerPosterior

UNCERTAINTY = "uncertainty.safetensors"
"""File in which `evaluate` leaves what it learned."""

Calibration = Annotated[
    Path | None,
    typer.Option(
        metavar="FRAMES",
        help="Labelled frames the model was not fitted to; by default those that its training held out.",
    ),
]


@dataclass(frozen=True)
class Learned:
    """What was read to learn the uncertainty of a model from: frames, or a file of an earlier evaluation."""

    frames: "list[Structure]"
    unseen: "list[Structure] | None"
    stored: "LastLayerPosterior | None"

    def posterior(self, model: "Model", seed: int = 0) -> "LastLayerPosterior":
        """The uncertainty of this model, calibrated."""
        if self.stored is not None:
            return self.stored.check(model)
        from intertwine.apps.calibration import uncertainty_of
        from intertwine.cli.progress import progress

        with progress("learning the uncertainty", None, "frames") as advance:
            observe = lambda done, total: advance(done, f"of {total}")  # noqa: E731
            return uncertainty_of(model, self.frames, self.unseen, seed=seed, progress=observe)


def read_learned(train: Path, calibration: Path | None, keys: "LabelKeys", units: "LabelUnits") -> Learned:
    """Read training frames (or an `uncertainty.safetensors`) and, where given, frames to calibrate with."""
    if train.suffix == ".safetensors":
        from intertwine.observables.uncertainty import LastLayerPosterior

        return Learned([], None, LastLayerPosterior.load(train))
    from intertwine.data import read

    frames = read(train, keys=keys, units=units, require=())
    unseen = read(calibration, keys=keys, units=units, require=()) if calibration else None
    return Learned(frames, unseen, None)


def select(
    model: ModelFile,
    pool: Annotated[Path, typer.Argument(metavar="POOL", help="Frames to choose from; no labels needed.")],
    train: Annotated[
        Path, typer.Option(help=f"Frames the model was trained on, or the {UNCERTAINTY} of `evaluate`.")
    ],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Frames to choose.")] = 50,
    output: Annotated[Path, typer.Option("--output", "-o", help="The frames chosen, extxyz.")] = Path(
        "chosen.extxyz"
    ),
    method: Annotated[
        str, typer.Option(help="dopt (most information), uncertainty (largest σ per atom), or random.")
    ] = "dopt",
    max_uncertainty: Annotated[
        float, typer.Option(min=0.0, help="Skip frames with a larger σ of the energy, eV/atom.")
    ] = float("inf"),
    calibration: Calibration = None,
    energy_key: EnergyKey = "energy",
    forces_key: ForcesKey = "forces",
    stress_key: StressKey = "stress",
    energy_unit: EnergyUnit = "eV",
    force_unit: ForceUnit = "eV/Å",
    stress_unit: StressUnit = "eV/Å^3",
    device: Device = "cpu",
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Choose from a pool the frames worth labelling next: what the model knows least of, no two alike.

    Best first; every frame says its place in the pool and the predicted error of its energy, eV/atom. Label
    them with `intertwine label`, add them to the training frames, train again.

    **Examples**

    - `intertwine select run/model.safetensors md.extxyz --train train.extxyz -n 20`
    - `intertwine select model.safetensors pool.xyz --train train.xyz --calibration valid.xyz`
    - `intertwine label chosen.extxyz -c tblite:GFN2-xTB -o new.extxyz`
    """
    keys = label_keys(energy_key, forces_key, stress_key)
    units = label_units(energy_unit, force_unit, stress_unit)
    from intertwine.apps.select import check_method
    from intertwine.apps.select import select as selected
    from intertwine.data import read, write
    from intertwine.engines.predictor import check_species, placed

    check_method(method)
    frames = read(pool, require=())
    learned = read_learned(train, calibration, keys, units)
    potential = placed(model, device)
    for index, frame in enumerate(frames):
        check_species(frame, potential, where=f"frame {index} of {pool}")
    claim_file(output, overwrite)
    from intertwine.cli.progress import progress

    posterior = learned.posterior(potential, seed)
    with progress("reading the pool", len(frames), "frames") as advance:
        chosen = selected(
            potential,
            frames,
            count,
            posterior,
            known=learned.frames,
            method=method,
            max_uncertainty=max_uncertainty,
            seed=seed,
            progress=lambda done, total: advance(done, f"of {total}"),
        )
    write(output, chosen)
    sigma = [1e3 * frame.info["uncertainty"] for frame in chosen]
    typer.echo(f"wrote {len(chosen)} frames to {output}; σ {min(sigma):.3g} to {max(sigma):.3g} meV/atom")
