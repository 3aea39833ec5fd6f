"""How the learned potential moves: the sections on energy and on vibrations, and the film."""

from typing import Any, Final

import numpy as np
from ase.io import iread

from intertwine.apps.accuracy import figure_text
from intertwine.apps.demo.record import Record
from intertwine.apps.page import Film, Listing, Picture, Section, Vibrations, aligned
from intertwine.apps.plots import drift_plot, loop_plot
from intertwine.apps.spectra.plots import spectrum_plot, states_plot
from intertwine.apps.style import svg
from intertwine.data import read
from intertwine.testing.page import number as power_text

FILM_FRAMES: Final = 420
"""Frames of the film, at most."""
FILM_INTERVAL: Final = 4.0
"""fs between them."""


def energy_section(record: Record) -> Section:
    """What becomes of the total energy, with and without conservative forces."""
    settings, results = record.settings, record["dynamics"]
    names = {"conservative": "conservative", "direct": "direct forces"}
    runs = {shown: results[name]["run"] for name, shown in names.items()}
    drift = drift_plot(
        {shown: run["time_ps"] for shown, run in runs.items()},
        {shown: run["drift_meV_per_atom"] for shown, run in runs.items()},
    )
    loops = loop_plot({shown: np.array(results[name]["loops"]) for name, shown in names.items()})
    rows = tuple(
        (
            shown,
            figure_text(record.drift(name)).replace("-", "−"),
            figure_text(results[name]["run"]["worst_meV_per_atom"]),
            f"{runs[shown]['temperature_K'][-1]:.0f}",
            power_text(float(np.median(results[name]["loops"]))),
            figure_text(results[name]["run"]["cpu_ms_per_step"]),
        )
        for name, shown in names.items()
    )
    ended = [f"The run with {shown} stopped: {run['ended']}." for shown, run in runs.items() if run["ended"]]
    text = (
        f"Both models were set free from the same frame with the same velocities of {settings.temperature:g} "
        f"K, without a thermostat, for {settings.free_picoseconds:g} ps. Total energy must not change. "
        "Forces that are no derivative make energy from nothing, round every closed loop.",
        *ended,
    )
    columns = (
        "model", ">drift in 10 ps, meV/atom", ">largest change, meV/atom", ">temperature at the end, K",
        ">work not returned", ">CPU per step, ms",
    )  # fmt: skip
    return Section(
        "Energy",
        text,
        (
            Picture(
                svg(drift),
                "Total energy with time: flat for the conservative model, drifting for direct forces.",
                "Change of the total energy. The axis turns logarithmic where the two are far apart.",
                wide=False,
            ),
            Picture(
                svg(loops),
                "Share of the work that is not returned round closed loops, one dot a loop and model.",
                "Each dot is a test frame led round a closed loop: the share of the work not returned.",
                wide=False,
            ),
            Listing(columns, rows),
        ),
    )


def vibrations_section(record: Record) -> Section:
    """Modes beside those of quantum chemistry, and the vibrations of the trajectory."""
    results, start = record["vibrations"], read(record.output / "data" / "start.extxyz")[0]
    reference, model = np.array(results["reference"]), np.array(results["model"])
    energies = {name: 1e3 * value for name, value in results["zero_point_energy"].items()}
    text = (
        f"Second derivatives at the minimum: exact for the model, differences of forces for {record.method}. "
        f"The {len(model)} modes are paired by motion, not by order; they differ by "
        f"{results['mean_absolute_error']:.1f} cm⁻¹ on average. Zero-point energy: model "
        f"{energies['model']:.1f} meV, {record.method} {energies['reference']:.1f} meV.",
    )
    rest = np.array(results["rest"])
    motions = np.array(results["motions"])
    player = Vibrations(
        "Normal modes of the model. Choose one to see it move.",
        start.numbers,
        rest - rest.mean(axis=0),
        motions,
        tuple(f"{wavenumber:.0f} cm⁻¹" for wavenumber in np.sort(model)),
    )
    rows = tuple(
        (
            f"{reference[k]:.1f}",
            f"{model[k]:.1f}",
            f"{model[k] - reference[k]:+.1f}".replace("-", "−"),
            f"{results['overlap'][k]:.2f}",
        )
        for k in np.argsort(model)
    )
    columns = (f">{record.method}, cm⁻¹", ">model, cm⁻¹", ">difference", ">overlap")
    parts: list[Any] = [
        Picture(
            svg(spectrum_plot(reference, model, record.method)),
            f"Line spectra of {record.method}, upwards, and of the model, downwards, nearly mirror images.",
            "Harmonic modes, each drawn 20 cm⁻¹ wide. Intensities are not predicted: each counts as one.",
        ),
        player,
        Listing(columns, rows, wide=False),
    ]
    states = results["density_of_states"]
    if states["wavenumbers"]:
        drawing = svg(states_plot(np.array(states["wavenumbers"]), np.array(states["density"]), model))
        parts.append(
            Picture(
                drawing,
                "Vibrational density of states of the trajectory, with the harmonic modes marked.",
                f"Vibrations of the trajectory at {record.settings.room:g} K, anharmonic: the Fourier "
                "transform of its velocity autocorrelation. Ticks are the harmonic modes of the model.",
            )
        )
    return Section("Vibrations", text, tuple(parts))


def film(record: Record) -> Film | None:
    """The run at room temperature; None where it broke off at once."""
    path = record.output / "dynamics" / "langevin" / "trajectory.extxyz"
    frames = list(iread(path, index=":")) if path.is_file() else []
    if len(frames) < 2:
        return None
    interval = frames[1].info["time_fs"] - frames[0].info["time_fs"]
    chosen = frames[:: max(1, round(FILM_INTERVAL / interval))][:FILM_FRAMES]
    return Film(
        f"Ethanol at {record.settings.room:g} K, moved by the learned forces",
        chosen[0].numbers,
        aligned(np.stack([frame.positions for frame in chosen])),
        np.array([frame.info["time_fs"] / 1000.0 for frame in chosen]),
    )
