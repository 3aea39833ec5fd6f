"""Everything asked for, computed, and kept as files that other programs read."""

import csv
import datetime
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from intertwine.apps.label import software
from intertwine.apps.spectra.correlation import check_length
from intertwine.apps.spectra.dynamic import UNITS, DynamicSpectrum, dynamic_spectrum
from intertwine.apps.spectra.harmonic import HarmonicSpectrum, harmonic_spectrum, minimum
from intertwine.apps.spectra.intensities import quantum_factor, scattering_factor
from intertwine.apps.spectra.peaks import Peak, peaks_of
from intertwine.apps.spectra.sampling import Sampling, sample
from intertwine.apps.spectra.source import Source
from intertwine.data import Structure, replacing, write
from intertwine.engines.oracles import answering
from intertwine.errors import InputError
from intertwine.testing.identity import versions
from intertwine.typing import PathLike

FILES: Final = ("spectra.csv", "spectra.json", "modes.csv", "peaks.csv", "spectra.html", "minimum.extxyz")
"""What a folder of results holds, beside `trajectories`."""

SPACING: Final = 2.0
"""cm⁻¹ between the points of the curves in files."""

Observer = Callable[[str, int, int, str], None]
"""Called with (what is done, how much of it, of how much, a note)."""


@dataclass(frozen=True)
class SpectraPlan:
    """What to compute.

    Args:
        harmonic: whether small vibrations about the minimum.
        sampling: trajectories for spectra of motion; None makes none.
        width: full width at half maximum of a line, cm⁻¹.
        correction: quantum correction of spectra of motion.
        temperature: K, of the populations in Raman cross sections.
        laser: wavelength of excitation, nm.
        fmax: largest force at the minimum, eV/Å.

    Raises:
        InputError: a number that cannot be used, an unknown correction, trajectories too short for the width,
            or nothing to do.

    >>> SpectraPlan().sampling is None
    True
    """

    harmonic: bool = True
    sampling: Sampling | None = None
    width: float = 10.0
    correction: str = "harmonic"
    temperature: float = 300.0
    laser: float = 532.0
    fmax: float = 1e-3

    def __post_init__(self) -> None:
        for name in ("width", "temperature", "laser", "fmax"):
            if not 0 < getattr(self, name) < float("inf"):
                raise InputError(
                    f"the {name} cannot be used", got=getattr(self, name), accepted="a positive number"
                )
        quantum_factor(np.zeros(1), self.temperature, self.correction)
        if self.sampling is not None:
            check_length(self.sampling.steps // self.sampling.every, self.sampling.interval, self.width)
        if not self.harmonic and self.sampling is None:
            raise InputError(
                "there is no spectrum to compute", fix="ask for the harmonic one, or for trajectories"
            )


@dataclass(frozen=True, eq=False)
class Spectra:
    """What came of it.

    Args:
        source: name of who was asked.
        identity: what tells it from any other.
        structure: as given.
        plan: what was asked for.
        harmonic: None when not asked for.
        dynamic: likewise.
    """

    source: str
    identity: dict[str, Any]
    structure: Structure
    plan: SpectraPlan
    harmonic: HarmonicSpectrum | None
    dynamic: DynamicSpectrum | None

    @property
    def grid(self) -> Float[np.ndarray, " points"]:
        """Wavenumbers of the curves, from 0 to beyond the last line, cm⁻¹."""
        last = 1000.0
        if self.harmonic is not None:
            last = max(last, min(float(self.harmonic.modes.wavenumbers.max()), 1e4))
        if self.dynamic is not None:
            states = self.dynamic.values["density_of_states"]
            last = max(last, float(self.dynamic.wavenumbers[states > 1e-3 * states.max()].max()))
        return np.arange(0.0, 1.1 * last + SPACING, SPACING)

    @property
    def curves(self) -> dict[str, dict[str, np.ndarray]]:
        """Curves on the grid: of each quantity of `dynamic.UNITS`, harmonic and from dynamics."""
        ways: dict[str, dict[str, np.ndarray]] = {}
        if self.harmonic is not None:
            ways["harmonic"] = self.harmonic.curves(self.grid, self.plan.width)
        if self.dynamic is not None:
            ways["dynamics"] = self.dynamic.curves(self.grid)
        return {
            name: {way: found[name] for way, found in ways.items() if name in found}
            for name in UNITS
            if any(name in found for found in ways.values())
        }

    @property
    def peaks(self) -> dict[str, list[Peak]]:
        """Maxima of the curves from dynamics, by quantity."""
        if self.dynamic is None:
            return {}
        return {
            name: peaks_of(self.dynamic.wavenumbers, curve) for name, curve in self.dynamic.values.items()
        }

    def modes(self) -> list[dict[str, float]]:
        """One row per harmonic mode, keys with their units; what is not known is not there."""
        if self.harmonic is None:
            return []
        wavenumbers = self.harmonic.modes.wavenumbers
        columns = {"wavenumber_cm-1": wavenumbers}
        activity = self.harmonic.raman
        if self.harmonic.infrared is not None:
            columns["infrared_km_mol"] = self.harmonic.infrared
        if activity is not None and self.harmonic.depolarisation is not None:
            factor = scattering_factor(wavenumbers, self.plan.laser, self.plan.temperature)
            columns["raman_activity_A4_u"] = activity
            columns["depolarisation_ratio"] = self.harmonic.depolarisation
            columns["raman_cross_section_1e-30cm2_sr"] = factor * activity
        return [{name: float(values[k]) for name, values in columns.items()} for k in range(len(wavenumbers))]

    def record(self) -> dict[str, Any]:
        """Plain values: all figures, their units, and how they were made; no path or user appears."""
        found: dict[str, Any] = {
            "formula": self.structure.formula,
            "source": dict(self.identity),
            "software": software(self.source),
            "versions": versions(),
            "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "plan": asdict(self.plan),
            "units": {"wavenumbers": "cm⁻¹", **{name: UNITS[name] for name in self.curves}},
        }
        if self.harmonic is not None:
            modes = self.harmonic.modes
            found["harmonic"] = {"zero_point_energy_eV": modes.zero_point_energy, "modes": self.modes()}
        if self.dynamic is not None:
            found["dynamics"] = {
                "temperature_K": self.dynamic.temperature,
                "drift_meV_per_atom": list(self.dynamic.drifts),
                "peaks": {name: [asdict(peak) for peak in peaks] for name, peaks in self.peaks.items()},
            }
        return found


def make_spectra(
    source: Source,
    structure: Structure,
    plan: SpectraPlan,
    folder: PathLike,
    observe: Observer | None = None,
) -> Spectra:
    """Compute what the plan asks for; trajectories are kept below `folder` and go on where a call stopped.

    Raises:
        InputError: `folder` holds trajectories of another job.
        IntertwineError: no minimum was found, a trajectory exploded, or the source failed.
    """
    tell = observe or (lambda what, done, total, note: None)
    harmonic = dynamic = None
    start = structure.replace(labels={}).to_ase()
    start.calc = source.calculator(structure)
    with answering("on the starting structure"):
        start.get_forces()  # before anything is written
    if plan.harmonic:
        rest = minimum(source, structure, plan.fmax)
        harmonic = harmonic_spectrum(source, rest, observe=lambda done, of: tell("modes", done, of, ""))
    if plan.sampling is not None:
        total = plan.sampling.all_steps
        trajectories = sample(
            source,
            structure,
            plan.sampling,
            Path(folder) / "trajectories",
            lambda done, note: tell("dynamics", done, total, note),
        )
        dynamic = dynamic_spectrum(trajectories, plan.sampling, plan.width, plan.correction)
    return Spectra(source.name, dict(source.identity), structure, plan, harmonic, dynamic)


def write_spectra(spectra: Spectra, folder: PathLike) -> None:
    """Write `spectra.csv`, `spectra.json` and, where they have something to say, the other tables of `FILES`.

    Raises:
        InputError: the folder cannot be written.
    """
    folder = Path(folder)
    text = json.dumps(_plain(spectra.record()), indent=1, ensure_ascii=False) + "\n"
    _put(folder / "spectra.json", text)
    columns = {"wavenumber_cm-1": spectra.grid}
    for name, ways in spectra.curves.items():
        columns |= {f"{way}_{name} ({UNITS[name]})": curve for way, curve in ways.items()}
    rows = [[f"{value:.6g}" for value in row] for row in zip(*columns.values(), strict=True)]
    _put(folder / "spectra.csv", _table(list(columns), rows))
    if modes := spectra.modes():
        rows = [[f"{value:.6g}" for value in mode.values()] for mode in modes]
        _put(folder / "modes.csv", _table(list(modes[0]), rows))
    if spectra.harmonic is not None:
        write(folder / "minimum.extxyz", [spectra.harmonic.structure])
    if spectra.dynamic is not None:
        rows = [
            [name, f"{peak.wavenumber:.6g}", f"{peak.height:.6g}", UNITS[name]]
            for name, peaks in spectra.peaks.items()
            for peak in peaks
        ]
        _put(folder / "peaks.csv", _table(["spectrum", "wavenumber_cm-1", "height", "unit"], rows))


def _plain(value: Any) -> Any:
    """The same for JSON: numbers that are none become null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _table(columns: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _put(path: Path, text: str) -> None:
    with replacing(path) as scratch:
        scratch.write_text(text, encoding="utf-8")
