"""Spectra of ethanol by a learned model beside those of its teacher, harmonic and in motion.

    python -m benchmarks.spectra --cores 2

GFN2-xTB labels frames of its own dynamics with energy, forces, dipole and, by finite fields, polarisability;
one model learns all four. Both then make the same spectra: modes with infrared intensities and Raman
activities, each at its own minimum, and curves from trajectories at 300 K. How far curves from different
trajectories differ by chance is measured on two halves of those of GFN2-xTB. Whatever is finished lies in
`--output`, and the same command goes on from there; the time on record is that of the last call.
"""

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.recipe import RECIPE
from benchmarks.record import RESULTS, Stopwatch, keep, show

from intertwine.apps.demo.steps import conformers
from intertwine.apps.evaluate import evaluate_report
from intertwine.apps.label import label, plan_of
from intertwine.apps.spectra.dynamic import UNITS, DynamicSpectrum, dynamic_spectrum
from intertwine.apps.spectra.harmonic import HarmonicSpectrum, harmonic_spectrum, minimum
from intertwine.apps.spectra.modes import match_modes
from intertwine.apps.spectra.plots import curves_plot
from intertwine.apps.spectra.sampling import Sampling, sample
from intertwine.apps.spectra.source import Source, source_of
from intertwine.apps.style import save
from intertwine.apps.workers import finished
from intertwine.data import is_isolated_atom, read, without_isolated_atoms, write
from intertwine.train import RunConfig, train

TEACHER = "tblite:GFN2-xTB"
PROPERTIES = ("dipole", "polarisability")
GRID = np.arange(50.0, 4000.0, 2.0)
"""cm⁻¹, where curves are compared."""
BAR = 15.0
"""cm⁻¹: the largest distance of a harmonic wavenumber that is accepted."""
SHOWN = {
    "infrared": "infrared",
    "raman_polarised": "Raman, polarised",
    "raman_depolarised": "Raman, depolarised",
}


def label_frames(folder: Path, options: argparse.Namespace) -> None:
    """Frames to learn from, and to test on, from dynamics of the teacher at 300 and 500 K."""
    for seed, (part, frames) in enumerate({"train": options.frames, "test": options.frames // 4}.items()):
        if (folder / f"{part}.extxyz").is_file():
            continue
        plan = plan_of(
            calculator=TEACHER,
            temperatures=(300.0, 500.0),
            frames=max(1, frames // 4),
            properties=PROPERTIES,
            isolated=True,
            seed=2 * options.seed + seed,
        )
        found = label(conformers(), plan, work=folder / f"{part}.parts", workers=options.cores)
        write(folder / "isolated.extxyz", [frame for frame in found if is_isolated_atom(frame)])
        write(folder / f"{part}.extxyz", without_isolated_atoms(found))


def learn(folder: Path, options: argparse.Namespace) -> Path:
    """The trained model's file; its errors on the test frames stand beside it."""
    config = {
        "data": {
            "train": folder / "train.extxyz",
            "valid": 0.05,
            "isolated_atoms": folder / "isolated.extxyz",
            "require": ("energy", "forces", *PROPERTIES),
        },
        "model": {"preset": options.preset, "heads": {name: {} for name in PROPERTIES}},
        "training": {**RECIPE, "epochs": options.epochs, "threads": options.cores},
        "seed": options.seed,
        "output": folder / "run",
    }
    result = train(RunConfig.model_validate(config), resume=(folder / "run").is_dir())
    if not (folder / "evaluation" / "test.json").is_file():
        evaluate_report(result.load_model(), read(folder / "test.extxyz"), folder / "evaluation", name="test")
    return result.model_path


def small_vibrations(source: Source) -> HarmonicSpectrum:
    """Of the trans conformer, at the source's own minimum."""
    return harmonic_spectrum(source, minimum(source, conformers()[0], fmax=1e-3))


def moved(name: str, folder: Path, sampling: Sampling) -> list[DynamicSpectrum]:
    """Spectra of motion by a source: of all its trajectories, of the first half and of the second."""
    source = source_of(name)
    place = folder / ("motion-of-model" if Path(name).is_file() else "motion-of-teacher")
    found, half = sample(source, conformers()[0], sampling, place), sampling.trajectories // 2
    return [dynamic_spectrum(part, sampling, width=15.0) for part in (found, found[:half], found[half:])]


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Cosine between two curves: 1 where they have the same shape."""
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))


def compared_modes(teacher: HarmonicSpectrum, model: HarmonicSpectrum) -> dict[str, Any]:
    """Mode by mode, paired by motion, and as curves 15 cm⁻¹ wide."""
    matched = match_modes(teacher.modes, model.modes)
    order = [int(abs(model.modes.wavenumbers - pair.model).argmin()) for pair in matched]
    columns = {
        "wavenumber": (teacher.modes.wavenumbers, model.modes.wavenumbers),
        "infrared": (teacher.infrared, model.infrared),
        "raman": (teacher.raman, model.raman),
        "depolarisation": (teacher.depolarisation, model.depolarisation),
    }
    rows = [
        {name: [float(ours[k]), float(theirs[j])] for name, (ours, theirs) in columns.items()}
        for k, j in enumerate(order)
    ]
    distances = [abs(pair.reference - pair.model) for pair in matched]
    curves = [one.curves(GRID, 15.0) for one in (teacher, model)]
    return {
        "modes, teacher and model": rows,
        "wavenumbers_cm-1": {"mean": float(np.mean(distances)), "largest": max(distances), "bar": BAR},
        "likeness": {name: likeness(curves[0][name], curves[1][name]) for name in UNITS},
        "area, model over teacher": {
            name: float(getattr(model, name).sum() / getattr(teacher, name).sum())
            for name in ("infrared", "raman")
        },
    }


def compared_motion(teacher: list[DynamicSpectrum], model: list[DynamicSpectrum]) -> dict[str, Any]:
    """Likeness of curves, and how like each other two halves of the teacher's own are."""
    whole, first, second = ([one.curves(GRID) for one in pair] for pair in zip(teacher, model, strict=True))
    return {
        "temperature_K": [teacher[0].temperature, model[0].temperature],
        "likeness": {name: likeness(whole[0][name], whole[1][name]) for name in UNITS},
        "likeness of two halves of the teacher's": {
            name: likeness(first[0][name], second[0][name]) for name in UNITS
        },
        "area, model over teacher": {
            name: float(whole[1][name].sum() / whole[0][name].sum()) for name in UNITS
        },
        "largest_drift_meV_per_atom": max(abs(drift) for drift in model[0].drifts),
    }


def draw(
    harmonic: tuple[HarmonicSpectrum, HarmonicSpectrum],
    motion: tuple[DynamicSpectrum, DynamicSpectrum],
    folder: Path,
) -> None:
    """Both ways, teacher and model over each other."""
    names = ("GFN2-xTB", "model")
    for way, curves in (
        ("harmonic", [one.curves(GRID, 15.0) for one in harmonic]),
        ("motion", [one.curves(GRID) for one in motion]),
    ):
        for name, words in SHOWN.items():
            drawn = dict(zip(names, (curve[name] for curve in curves), strict=True))
            save(curves_plot(GRID, drawn, f"{words} ({UNITS[name]})"), folder / f"spectra-{way}-{name}")


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    options = argparse.ArgumentParser(description="Spectra of a model beside those of its teacher")
    options.add_argument("--frames", type=int, default=800, help="to learn from; a quarter of it to test on")
    options.add_argument("--epochs", type=int, default=60)
    options.add_argument("--preset", default="medium", choices=("small", "medium", "large"))
    options.add_argument("--picoseconds", type=float, default=8.0, help="of every trajectory")
    options.add_argument("--trajectories", type=int, default=6)
    options.add_argument("--cores", type=int, default=2)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--output", type=Path, default=Path("runs/spectra"), help="what is kept on the way")
    options.add_argument("--results", type=Path, default=RESULTS, help="where the JSON goes")
    return options.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options, folder = options_of(arguments), options_of(arguments).output
    folder.mkdir(parents=True, exist_ok=True)
    sampling = Sampling(
        picoseconds=options.picoseconds,
        trajectories=options.trajectories,
        rotation=False,
        seed=options.seed,
    )
    with Stopwatch() as watch:
        label_frames(folder, options)
        model = learn(folder, options)
        harmonic = small_vibrations(source_of(TEACHER)), small_vibrations(source_of(str(model)))
        names = {0: TEACHER, 1: str(model)}
        motion = dict(finished(partial(moved, folder=folder, sampling=sampling), names, options.cores))
    figures = {
        "teacher": "GFN2-xTB",
        "settings": {k: v for k, v in vars(options).items() if k not in ("output", "results")},
        "test": json.loads((folder / "evaluation" / "test.json").read_text(encoding="utf-8")),
        "harmonic": compared_modes(*harmonic),
        "motion": compared_motion(motion[0], motion[1]),
    }
    draw(harmonic, (motion[0][0], motion[1][0]), options.results)
    path = keep("spectra", options.seed, watch, figures, options.results, what="last call")
    rows = [
        [f"{a:.1f}" for a in row["wavenumber"]] + [f"{a:.1f}" for a in (*row["infrared"], *row["raman"])]
        for row in figures["harmonic"]["modes, teacher and model"]
    ]
    columns = ("ν̃ model", "IR GFN2-xTB", "IR model", "Raman GFN2-xTB", "Raman model")
    show("Harmonic modes of ethanol: cm⁻¹, km/mol, Å⁴/u", columns, rows, watch, path)


if __name__ == "__main__":
    main()
