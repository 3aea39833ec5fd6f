"""A learned crystal as a material, beside the DFT that it learned from and beside experiment.

    INTERTWINE_DATA=… python -m benchmarks.matter --element Si --model model.safetensors

DFT is read from the frames of Zuo et al. 2020 (https://github.com/materialsvirtuallab/mlearn) themselves: the
model answers on the very same cells, and both answers go through the same arithmetic, so that elastic
constants and surface energies can differ only by the model. Atoms of those strained cells follow the strain:
their c44 is the clamped one where atoms are free to move. A vacancy at rest is not among the frames: of it
there is the error on frames with a vacancy, and the model's own formation energy. Melting is the mean square
displacement of a perfect crystal that is held at two temperatures.
"""

import argparse
import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ase import units
from ase.md.langevin import Langevin
from benchmarks.mlearn import frames
from benchmarks.record import RESULTS, Stopwatch, answer, keep
from rich import box
from rich.console import Console
from rich.table import Table

from intertwine.apps.matter.asking import ask, rest
from intertwine.apps.matter.crystal import element_crystal, multiples, repeated
from intertwine.apps.matter.elastic import elastic
from intertwine.apps.matter.phonons import phonons
from intertwine.apps.matter.state import equation_of_state
from intertwine.apps.matter.surface import JOULE_PER_SQUARE_METRE
from intertwine.apps.matter.vacancy import vacancies
from intertwine.apps.spectra.source import Source, source_of
from intertwine.data import Structure
from intertwine.engines import thermalise
from intertwine.groups import allowed
from intertwine.groups.voigt import from_voigt, voigt_matrix

SMALL = 0.021
"""Largest strain of the frames that the elastic constants are read from."""

GPA = 1 / units.GPa


class Experiment(NamedTuple):
    """What was measured, near 300 K.

    Lattice constant, Å; atoms in its cube; C11, C12, C44, GPa; frequencies at points of high
    symmetry, THz; melting, K.
    """

    lattice: float
    atoms: int
    constants: tuple[float, float, float]
    phonons: dict[str, tuple[float, ...]]
    melting: float
    sources: str


EXPERIMENT = {
    "Si": Experiment(
        5.431,
        8,
        (165.8, 63.9, 79.6),
        {"G": (15.53,), "X": (4.49, 12.32, 13.90), "L": (3.43, 11.35, 12.60, 14.68)},
        1687.0,
        "J. J. Hall, Phys. Rev. 161, 756 (1967); G. Nilsson, G. Nelin, Phys. Rev. B 6, 3777 (1972)",
    ),
    "Mo": Experiment(
        3.147,
        2,
        (464.0, 158.0, 109.0),
        {"H": (5.51,), "N": (4.56, 5.73, 8.14)},
        2896.0,
        "G. Simmons, H. Wang (1971); B. M. Powell, P. Martel, A. D. B. Woods, Phys. Rev. 171, 727 (1968)",
    ),
}


def constants(
    cells: Sequence[Structure], stresses: Sequence[np.ndarray], energies: Sequence[float]
) -> dict[str, float]:
    """C11, C12, C44 (GPa) and the energy of the unstrained crystal (eV/atom), by least squares.

    Of frames with a small strain ε: stress linear in ε, the cubic part of whose slopes is kept; energy less
    ½ V ε·C·ε linear in the trace of ε.
    """
    a = np.median([np.abs(np.diag(cell.cell)) for cell in cells])
    strains = [cell.cell / a - np.eye(3) for cell in cells]
    strains = [(strain + strain.T) / 2 for strain in strains]
    used = [k for k, strain in enumerate(strains) if np.abs(strain).max() < SMALL]
    rows = np.array([[1.0, *_engineering(strains[k])] for k in used])
    slopes = np.linalg.lstsq(rows, np.array([_voigt(stresses[k]) for k in used]), rcond=None)[0][1:].T
    cubic = voigt_matrix(allowed("ijkl=jikl=klij", "m-3m").part(from_voigt((slopes + slopes.T) / 2, 4)), 4)
    values = np.array([energies[k] / len(cells[k]) for k in used])
    volume = a**3 / len(cells[0])
    pull = np.array(
        [0.5 * volume * units.GPa * (row[1:] @ cubic @ row[1:]) for row in rows]
    )  # ½ V ε·C·ε, eV per atom
    line = np.stack([np.ones(len(used)), [np.trace(strains[k]) for k in used]], axis=1)
    zero = np.linalg.lstsq(line, values - pull, rcond=None)[0][0]
    return {"c11": cubic[0, 0], "c12": cubic[0, 1], "c44": cubic[3, 3], "energy": float(zero)}


def _voigt(stress: np.ndarray) -> list[float]:
    return [float(stress[k]) for k in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))]


def _engineering(strain: np.ndarray) -> list[float]:
    xx, yy, zz, yz, xz, xy = _voigt(strain)
    return [xx, yy, zz, 2 * yz, 2 * xz, 2 * xy]


def same_cells(source: Source, given: Sequence[Structure]) -> dict[str, Any]:
    """DFT and the model on the frames: constants, surfaces, vacancies."""
    kinds: dict[str, list[Structure]] = {"Elastic": [], "Surface": [], "Vacancy": []}
    for frame in given:
        kinds.get(str(frame.info["config_type"]), []).append(frame)
    strained = [frame for frame in kinds["Elastic"] if "stress" in frame.labels and len(frame) > 2]
    asked = [ask(source, frame) for frame in strained]
    dft = constants(
        strained,
        [frame.labels["stress"] * GPA for frame in strained],
        [float(frame.labels["energy"]) for frame in strained],
    )
    model = constants(strained, [one.stress for one in asked], [one.energy for one in asked])
    surfaces = {}
    for frame in kinds["Surface"]:
        plane = str(frame.info["description"]).rpartition("_mp-")[2].partition("_")[2]
        area = np.linalg.norm(np.cross(frame.cell[0], frame.cell[1]))
        ends = ((float(frame.labels["energy"]), dft), (ask(source, frame).energy, model))
        surfaces[plane] = [
            (energy - len(frame) * bulk["energy"]) / (2 * area) * JOULE_PER_SQUARE_METRE
            for energy, bulk in ends
        ]
    errors = [
        (ask(source, frame).energy - float(frame.labels["energy"])) / len(frame) for frame in kinds["Vacancy"]
    ]
    lowest = min(strained, key=lambda frame: float(frame.labels["energy"]) / len(frame))
    return {
        "dft_volume_per_atom_A3": abs(float(np.linalg.det(lowest.cell))) / len(lowest),
        "elastic_GPa": {"dft": dft, "model": model},
        "surfaces_J_m2": {plane: surfaces[plane] for plane in sorted(surfaces)},
        "vacancy_frames_mean_absolute_error_meV_per_atom": 1e3 * float(np.abs(errors).mean()),
    }


def at_rest(source: Source, element: str) -> dict[str, Any]:
    """What the model says of the crystal at rest."""
    start = element_crystal(element)
    state, stiff = equation_of_state(source, start), elastic(source, start)
    modes = phonons(source, start, length=14.0)
    (hole,) = vacancies(source, start, length=10.0, fmax=5e-3)
    return {
        "eos": {name: value for name, value in state.record().items() if name != "points"},
        "constants_GPa": stiff.constants,
        "debye_temperature_K": stiff.debye,
        "phonons_THz": modes.special,
        "phonons_stable": modes.stable,
        "lowest_frequency_THz": modes.lowest,
        "vacancy": hole.record(),
    }


def displacement(source: Source, element: str, temperature: float, picoseconds: float, seed: int) -> float:
    """Mean square displacement in the second half of a run at constant volume, over a² of nearest neighbours.

    A crystal keeps below Lindemann's 0.01 to 0.02; in a melt it grows without end.
    """
    ground = rest(source, element_crystal(element)).structure
    atoms = repeated(ground, multiples(ground, 10.0)).to_ase()
    atoms.calc = source.calculator(ground)
    rng = np.random.default_rng(seed)
    thermalise(atoms, temperature, rng)
    start, steps, met = atoms.positions.copy(), int(500 * picoseconds), []
    motion = Langevin(
        atoms, 2 * units.fs, temperature_K=temperature, friction=0.01 / units.fs, rng=rng, fixcm=False
    )
    for step in range(steps):
        motion.run(1)
        if step >= steps // 2:
            moved = atoms.positions - start
            met.append(((moved - moved.mean(axis=0)) ** 2).sum(axis=1).mean())
    nearest = np.sort(repeated(ground, (3, 3, 3)).to_ase().get_all_distances(mic=True)[0])[1]
    return float(np.mean(met) / nearest**2)


def table(element: str, figures: dict[str, Any]) -> Table:
    """The figures beside each other."""
    known, rest_of, same = EXPERIMENT[element], figures["at_rest"], figures["same_cells"]
    shown = Table(title=f"{element}: a learned crystal", title_justify="left", box=box.SIMPLE_HEAD)
    for head in ("", "model", "DFT", "experiment"):
        shown.add_column(head, justify="left" if head == "" else "right")
    a, b = rest_of["eos"]["lattice_A"][0], rest_of["eos"]["bulk_modulus_GPa"]
    c11, c12, _ = known.constants
    dft = (known.atoms * same["dft_volume_per_atom_A3"]) ** (1 / 3)
    shown.add_row("lattice constant, Å", f"{a:.4f}", f"{dft:.4f}", f"{known.lattice:.3f}")
    shown.add_row("bulk modulus, GPa", f"{b:.1f}", "–", f"{(c11 + 2 * c12) / 3:.1f}")
    for name, value in zip(("c11", "c12", "c44"), known.constants, strict=True):
        dft, model = (same["elastic_GPa"][who][name] for who in ("dft", "model"))
        shown.add_row(f"{name}, GPa, same cells", f"{model:.1f}", f"{dft:.1f}", "–")
        shown.add_row(f"{name}, GPa, at rest", f"{rest_of['constants_GPa'][name]:.1f}", "–", f"{value:.1f}")
    for name, values in known.phonons.items():
        different = sorted({round(abs(value), 2) for value in rest_of["phonons_THz"][name]} - {0.0})
        found = " ".join(f"{value:.2f}" for value in different)
        shown.add_row(f"{name}, THz", found, "–", " ".join(f"{value:.2f}" for value in values))
    for plane, (dft, model) in same["surfaces_J_m2"].items():
        shown.add_row(
            f"surface {plane.replace('_', ' ')}, J/m², same cell", f"{model:.3f}", f"{dft:.3f}", "–"
        )
    error = same["vacancy_frames_mean_absolute_error_meV_per_atom"]
    shown.add_row("frames with a vacancy, mean |error|, meV/atom", f"{error:.2f}", "0", "–")
    shown.add_row("vacancy at rest, eV", f"{rest_of['vacancy']['formation_energy_eV']:.3f}", "–", "–")
    for temperature, value in figures.get("square_displacement", {}).items():
        shown.add_row(f"⟨u²⟩/d² at {temperature} K", f"{value:.3f}", "–", f"melts at {known.melting:.0f} K")
    return shown


def run(options: argparse.Namespace) -> int:
    source = source_of(str(options.model))
    given = [*frames(options.element, "train"), *frames(options.element, "test")]
    with Stopwatch() as watch:
        figures: dict[str, Any] = {
            "model": dict(source.identity),
            "same_cells": same_cells(source, given),
            "at_rest": at_rest(source, options.element),
        }
        if options.picoseconds:
            melting = EXPERIMENT[options.element].melting
            figures["square_displacement"] = {
                f"{share * melting:.0f}": displacement(
                    source, options.element, share * melting, options.picoseconds, options.seed
                )
                for share in (0.6, 2.0)
            }
    figures["experiment"] = EXPERIMENT[options.element]._asdict()
    path = keep(f"matter-{options.element}", options.seed, watch, figures, options.results, "asking")
    console = Console(width=110)
    console.print(table(options.element, figures))
    console.print(f"{datetime.date.today()}; {watch.cpu_seconds / 60:.1f} CPU min; {path}", highlight=False)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(
        prog="matter", description="A learned crystal beside DFT and experiment"
    )
    options.add_argument("--element", choices=tuple(EXPERIMENT), default="Si")
    options.add_argument("--model", type=Path, required=True, help="trained on that element (.safetensors)")
    options.add_argument("--picoseconds", type=float, default=4.0, help="of each run; 0 makes none")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--results", type=Path, default=RESULTS, help="where the JSON goes")
    options.set_defaults(do=run)
    return answer(options, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
