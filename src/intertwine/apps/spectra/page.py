"""The page of a spectrum: curves, the table of modes, the modes themselves in motion."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from rich import box
from rich.table import Table

from intertwine.apps.accuracy import figure_text
from intertwine.apps.page import Listing, Number, Page, Picture, Section, Vibrations
from intertwine.apps.report import write_page
from intertwine.apps.spectra.dynamic import UNITS, DynamicSpectrum
from intertwine.apps.spectra.harmonic import HarmonicSpectrum
from intertwine.apps.spectra.plots import curves_plot
from intertwine.apps.spectra.result import Spectra
from intertwine.apps.style import svg
from intertwine.typing import PathLike

TITLES: Final[Mapping[str, str]] = {
    "infrared": "Infrared absorption",
    "raman": "Raman activity, 45a′² + 7γ′²",
    "raman_polarised": "Raman, polarised: 45a′² + 4γ′²",
    "raman_depolarised": "Raman, depolarised: 3γ′²",
    "density_of_states": "Vibrational density of states",
}
"""In the order of the page."""

HEADINGS: Final[Mapping[str, str]] = {
    "wavenumber_cm-1": ">cm⁻¹",
    "infrared_km_mol": ">infrared, km/mol",
    "raman_activity_A4_u": ">Raman, Å⁴/u",
    "depolarisation_ratio": ">depolarisation",
    "raman_cross_section_1e-30cm2_sr": ">dσ/dΩ, 10⁻³⁰ cm²/sr",
}
"""Of the columns of a table of modes."""


def write_spectra_page(spectra: Spectra, folder: PathLike) -> Path:
    """Write `spectra.html` into a folder, a page that needs nothing else.

    Raises:
        InputError: it cannot be written.
    """
    return write_page(spectra_page(spectra), Path(folder) / "spectra.html")


def mode_table(spectra: Spectra) -> Table:
    """The harmonic modes for the terminal."""
    names, rows = mode_cells(spectra)
    table = Table(box=box.SIMPLE_HEAD)
    for name in names:
        table.add_column(name.lstrip(">"), justify="right")
    for row in rows:
        table.add_row(*row)
    return table


def mode_cells(spectra: Spectra) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Headings and rows of the table of harmonic modes, as far as each quantity is known."""
    modes = spectra.modes()
    rows = [
        tuple(f"{v:.1f}" if name.startswith("wave") else figure_text(v) for name, v in mode.items())
        for mode in modes
    ]
    return tuple(HEADINGS[name] for name in modes[0]), tuple(rows)


def spectra_page(spectra: Spectra) -> Page:
    """All that is said of a spectrum."""
    sections = [_curves(spectra)]
    if spectra.harmonic is not None:
        sections.append(_modes(spectra, spectra.harmonic))
    if spectra.dynamic is not None:
        sections.append(_motion(spectra, spectra.dynamic))
    record = spectra.record()
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return Page(
        f"Spectra of {spectra.structure.formula}",
        f"Vibrations of {spectra.structure.formula} by {spectra.source}. Areas are absolute: both ways of "
        "computing a spectrum can be compared band by band.",
        _numbers(spectra),
        None,
        tuple(sections),
        (f"{record['software']}; {versions}; {record['date']}",),
    )


def _numbers(spectra: Spectra) -> tuple[Number, ...]:
    numbers = []
    if spectra.harmonic is not None:
        modes = spectra.harmonic.modes
        unstable = int((modes.wavenumbers < 0).sum())
        note = "a minimum" if not unstable else f"{unstable} imaginary: no minimum"
        numbers += [
            Number("modes", str(len(modes.wavenumbers)), note=note, passed=not unstable),
            Number("zero-point energy", f"{1e3 * modes.zero_point_energy:.1f}", "meV"),
        ]
    if spectra.dynamic is not None:
        worst = max(abs(drift) for drift in spectra.dynamic.drifts)
        numbers += [
            Number("temperature of the motion", f"{spectra.dynamic.temperature:.0f}", "K"),
            Number("drift of the energy", figure_text(worst), "meV/atom", "the largest of the trajectories"),
        ]
    return tuple(numbers)


def _curves(spectra: Spectra) -> Section:
    known, grid, parts = spectra.curves, spectra.grid, []
    temperature = spectra.dynamic.temperature if spectra.dynamic is not None else 0.0
    names = {"harmonic": "harmonic", "dynamics": f"motion at {temperature:.0f} K"}
    for name, title in TITLES.items():
        if name in known:
            curves = {names[way]: curve for way, curve in known[name].items()}
            drawing = svg(curves_plot(grid, curves, UNITS[name]))
            parts.append(Picture(drawing, f"{title} against wavenumber: {', '.join(curves)}.", title))
    text = [f"Lines are drawn {spectra.plan.width:g} cm⁻¹ wide, as Lorentzians where harmonic."]
    missing = [
        words for name, words in (("infrared", "dipole"), ("raman", "polarisability")) if name not in known
    ]
    if missing:
        text.append(
            f"{spectra.source} gives no {' and no '.join(missing)} here, so nothing is said of what needs it."
        )
    return Section("Spectra", tuple(text), tuple(parts))


def _modes(spectra: Spectra, harmonic: HarmonicSpectrum) -> Section:
    names, rows = mode_cells(spectra)
    masses = harmonic.structure.to_ase().get_masses()
    motions = harmonic.modes.displacements(masses)
    motions = 0.4 * motions / np.linalg.norm(motions, axis=2).max(axis=1)[:, None, None]
    positions = harmonic.structure.positions
    player = Vibrations(
        "Choose a mode to see it move.",
        harmonic.structure.numbers,
        positions - positions.mean(axis=0),
        motions,
        tuple(f"{wavenumber:.0f} cm⁻¹" for wavenumber in harmonic.modes.wavenumbers),
    )
    text = (
        f"Small vibrations about the minimum, where every force is below {spectra.plan.fmax:g} eV/Å. "
        f"Cross sections are for {spectra.plan.laser:g} nm and {spectra.plan.temperature:g} K.",
    )
    return Section("Harmonic modes", text, (player, Listing(names, rows)))


def _motion(spectra: Spectra, dynamic: DynamicSpectrum) -> Section:
    sampling = spectra.plan.sampling
    assert sampling is not None
    text = (
        f"{sampling.trajectories} trajectories of {sampling.picoseconds:g} ps at constant energy, each after "
        f"{sampling.equilibration:g} ps at {sampling.temperature:g} K with a thermostat; steps of "
        f"{sampling.time_step:g} fs, a frame every {sampling.interval:g} fs. Motion is classical; quantum "
        f"correction: {dynamic.correction}.",
    )
    rows: list[tuple[str, ...]] = []
    for name, title in TITLES.items():
        if spectra.peaks.get(name):
            rows.append((title,))
            rows += [(f"{peak.wavenumber:.0f}", figure_text(peak.height)) for peak in spectra.peaks[name]]
    listing = Listing((">peak, cm⁻¹", ">height, per cm⁻¹"), tuple(rows), wide=False)
    return Section("Motion", text, (listing,))
