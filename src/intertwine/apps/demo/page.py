"""What the demonstration shows: its results as a page."""

import datetime
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from intertwine import __version__
from intertwine.apps.accuracy import figure_text, quantity
from intertwine.apps.demo.motion import energy_section, film, vibrations_section
from intertwine.apps.demo.record import Record, headline
from intertwine.apps.page import (
    Commands,
    Listing,
    Page,
    Picture,
    Section,
)
from intertwine.apps.potential import training_figure
from intertwine.apps.style import svg
from intertwine.testing.page import number as power_text

STEPS: Final = {
    "data": "Labels: relaxations and Langevin trajectories of quantum chemistry",
    "models": "Training of both models at the same time",
    "evaluation": "Errors on frames that were never seen",
    "certificate": "Certificate",
    "dynamics": "Two runs at constant energy, one at room temperature",
    "vibrations": "Hessians of model and quantum chemistry, spectrum",
}


def demo_page(record: Record) -> Page:
    """The page of a demonstration, from the files and figures that its steps left."""
    frames = record["data"]["frames"]
    lead = (
        f"{frames['train']} geometries with {record.method} energies and forces taught a neural potential "
        "that is equivariant and conservative by construction. Here is how well it learned, which laws it "
        "keeps, and how it moves."
    )
    sections = (
        _learning(record),
        _accuracy(record),
        _certificate(record),
        energy_section(record),
        vibrations_section(record),
        _time(record),
        _next(record),
    )
    return Page(
        "Ethanol, from quantum labels to a certified potential",
        lead,
        headline(record),
        film(record),
        sections,
        _foot(record),
    )


def _learning(record: Record) -> Section:
    settings, frames = record.settings, record["data"]["frames"]
    pictures = []
    for name, words in (("conservative", "Conservative model"), ("direct", "Direct forces, same size")):
        result = record["models"][name]
        caption = (
            f"{words}: {result['parameters']:,} parameters, {result['epochs']} epochs in "
            f"{result['seconds']:.0f} s on one core. The weights of epoch {result['best_epoch']} were kept."
        )
        drawing = svg(training_figure(record.output / "models" / name))
        alt = f"Force error of the {name} model against epochs, training and validation."
        pictures.append(Picture(drawing, alt, caption, wide=False))
    text = (
        f"Molecular dynamics with {record.method} at {settings.temperature:g} K, started from both "
        f"conformers of ethanol, gave {frames['train']} frames to learn from and {frames['valid']} to choose "
        f"the best weights by. Energies count from isolated atoms, computed by {record.method} too.",
        "A second network of the same size predicts forces directly, instead of as the derivative of an "
        "energy. It saw the same frames for the same time. What that costs shows further down.",
    )
    return Section("Learning", text, tuple(pictures))


def _accuracy(record: Record) -> Section:
    settings = record.settings
    sets = {"test": f"{settings.temperature:g} K, as learned", "hot": f"{settings.hot:g} K, hotter"}
    rows = [
        (place, name, quantity(key).title, *_cells(record["evaluation"][part][name][key]))
        for part, place in sets.items()
        for name in ("conservative", "direct")
        for key in ("energy_per_atom", "forces")
    ]
    columns = ("frames", "model", "property", ">MAE", ">RMSE", ">largest", "unit", ">R²")
    pictures = [
        Picture(
            (record.output / "evaluation" / f"conservative_{part}.svg").read_text(encoding="utf-8"),
            f"Predicted against true energies and forces, {place}.",
            f"Conservative model, {place}: {record['data']['frames'][part]} frames.",
        )
        for part, place in sets.items()
    ]
    text = (
        "No frame here was learned from, nor taken from a trajectory that was. Energies are per atom; forces "
        "count every Cartesian component.",
    )
    return Section("Accuracy", text, (pictures[0], Listing(columns, tuple(rows)), pictures[1]))


def _cells(errors: Mapping[str, Any]) -> tuple[str, ...]:
    r2 = "–" if errors["r2"] is None else f"{errors['r2']:.4f}".replace("-", "−")
    return (*(figure_text(errors[key]) for key in ("mae", "rmse", "max")), errors["unit"], r2)


def _certificate(record: Record) -> Section:
    certificate = record.certificate
    families = [
        (
            family,
            f"{sum(line.passed for line in lines)} of {len(lines)}",
            f"{sum(line.seconds for line in lines):.1f} s",
        )
        for family, lines in certificate.families.items()
    ]
    rows: list[tuple[str, ...]] = []
    for family, lines in certificate.families.items():
        rows.append((family,))
        rows += [
            (
                "✓" if line.passed else "✗",
                line.claim,
                power_text(line.figure),
                f"≤ {power_text(line.tolerance)}",
                line.unit,
            )
            for line in lines
        ]
    text = (
        "The laws were not assumed: each was tried on the trained model, on molecules, wires, slabs and "
        "crystals made of its elements and on test frames. "
        + certificate.summary[:1].upper()
        + certificate.summary[1:]
        + ".",
        "The same table with its curves is in certificate/certificate.html, the figures are in "
        "certificate/certificate.json.",
    )
    columns = ("", "claim", ">measured", ">tolerance", "unit")
    return Section(
        "Certificate",
        text,
        (
            Listing(("family of laws", ">kept", ">time"), tuple(families)),
            Listing(columns, tuple(rows), f"All {len(certificate.lines)} claims, with figures", folded=True),
        ),
    )


def _time(record: Record) -> Section:
    rows = [(words, f"{record.steps[name].seconds:.1f} s") for name, words in STEPS.items()]
    rows.append(("All", f"{record.minutes:.1f} min"))
    text = (
        f"Wall time on {record.cores} core{'s' * (record.cores > 1)} of this machine ({platform.machine()}).",
    )
    return Section("Time", text, (Listing(("step", ">wall time"), tuple(rows)),))


def _next(record: Record) -> Section:
    folder = record.output.name
    model = f"{folder}/models/conservative/model.safetensors"
    lines = (
        "# sample your own molecule or crystal, labelled by any ASE calculator",
        f"intertwine label mine.xyz -c {record.settings.method} --temperature 500 --isolated -o mine.extxyz",
        "",
        "# or bring frames with energies and forces from DFT, in any format that ASE reads; then train",
        "intertwine train config.yaml data.train=mine.extxyz",
        "",
        "# how wrong is it on other frames, and which laws does it keep?",
        "intertwine evaluate run/model.safetensors test.extxyz",
        "intertwine certify run/model.safetensors test.extxyz",
        "",
        "# what would direct forces cost on these data?",
        "intertwine direct-forces config.yaml",
        "",
        "# run it; this one is ready",
        f"intertwine relax {model} {folder}/data/start.extxyz",
        f"intertwine md {model} {folder}/data/start.extxyz --ensemble langevin --temperature 300",
    )
    text = (
        "Everything above came from one command, but nothing in it is special to ethanol. The configuration "
        f"of this training, a good start for yours, is {folder}/models/conservative/config.yaml.",
    )
    return Section("Your own data", text, (Commands(lines),))


def _foot(record: Record) -> tuple[str, ...]:
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "ase", "tblite", "numpy"))
    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    certificate = record.certificate
    return (
        f"Written by Intertwine {__version__} on {today}, seed {record.seed}; {packages}; "
        f"Python {platform.python_version()}.",
        f"Weights (SHA-256) {certificate.model['weights_sha256']}.",
    )
