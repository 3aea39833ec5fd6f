"""Scans of acetylacetone: every rotor by 360°, every bond from 0.8 of its length to beyond the cutoff."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.data import covalent_radii
from benchmarks.record import Stopwatch, data_folder
from benchmarks.smooth_physics import molecule, plots
from benchmarks.smooth_physics.curves import CLASH, MARGIN, REFINEMENT, Curve
from benchmarks.smooth_physics.verdicts import Verdict, conclude, digest

from intertwine.data import Structure, read
from intertwine.engines import IntertwineCalculator, Predictor, oracle, relax
from intertwine.errors import IntertwineError

DEGREES: Final = 1.0
"""Coarse step of a rotation; the fine one is a quarter."""

LENGTH: Final = 0.02
"""Å: coarse step of a stretch."""

SPAN: Final = (0.8, 1.5)
"""Lengths, as shares of the relaxed one, within which a stretch is plotted and its minima counted."""

HOLE: Final = 0.02
"""eV: how far below the relaxed structure a rigid scan may lead while no two atoms have met."""

PERIODIC: Final = 1e-6
"""eV: how well a regular methyl group repeats after 120°."""

PATHS: Final = {"dihedral": "test_dihedral.xyz", "proton transfer": "test_H_transfer.xyz"}
"""Paths computed by DFT that the public data set has; compared with where the folder has them."""


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--reference", help="draw and compare rigid scans of this calculator too, such as tblite:GFN2-xTB"
    )


def run(options: argparse.Namespace) -> None:
    """Scan, compare, judge, plot."""
    digest(options.model)
    with Stopwatch() as watch:
        predictor = Predictor.load(options.model, dtype=torch.float64)
        atoms = start(options.model)
        turns = [turn(predictor, atoms, bond) for bond in molecule.rotors(molecule.bonds(atoms))]
        pulls = [pull(predictor, atoms, bond) for bond in molecule.bonds(atoms)]
        spans = [near(curve) for curve in pulls]
        paths = dft_paths(predictor)
        others = references(options.reference, atoms, [*turns, *spans]) if options.reference else {}
    verdicts = [turn_verdict(curve, atoms) for curve in turns] + [pull_verdict(curve) for curve in pulls]
    verdicts.append(hole_verdict([*turns, *pulls]))
    figures = {
        "start_positions_A": atoms.positions.round(6).tolist(),
        "rotations": [curve.to_json() for curve in turns],
        "stretches": [curve.to_json() for curve in pulls],
        "stretches_near": {c.name: dict(zip(("minima", "maxima"), c.extrema(), strict=True)) for c in spans},
        "dft_paths": paths,
        "reference": {"calculator": options.reference, "curves": others},
    }
    path = conclude("scan", "Scans of acetylacetone, float64", verdicts, figures, watch, options)
    plots.scans(turns, others, path.with_name(f"{path.stem}-rotations.png"))
    plots.scans(spans, others, path.with_name(f"{path.stem}-stretches.png"))
    for name, values in paths.items():
        print(f"{name}, {len(values['dft_eV'])} DFT energies: RMSE {values['rmse_meV']:.1f} meV")
        plots.path(name, values, path.with_name(f"{path.stem}-{name.replace(' ', '-')}.png"))
    for name, values in others.items():
        print(f"{name} beside {options.reference}: RMSE {values['rmse_meV']:.0f} meV")


def start(model: Path) -> Atoms:
    """The first training frame, relaxed by the model, with regular methyl groups."""
    (frame,) = read(data_folder("acac") / "train_300K.xyz", index="0", require=())
    atoms = frame.replace(labels={}).to_ase()
    atoms.calc = IntertwineCalculator(model, dtype=torch.float64)
    return molecule.regular(relax(atoms, fmax=1e-3, steps=2000, optimizer="bfgs").atoms)


def turn(predictor: Predictor, atoms: Atoms, bond: molecule.Bond) -> Curve:
    """Energy of the rotation about a bond, by degrees."""
    x = np.linspace(0.0, 360.0, round(360 / DEGREES) * REFINEMENT + 1)
    title = f"turn {molecule.name(atoms, bond)}"
    return scan(predictor, atoms, molecule.turning(atoms, bond), x, "°", title, np.pi / 180, closed=True)


def pull(predictor: Predictor, atoms: Atoms, bond: molecule.Bond) -> Curve:
    """Energy of a bond by its length, until no two atoms across it are within the cutoff, or two meet."""
    length, path = atoms.get_distance(*bond), molecule.stretching(atoms, bond)
    far = length
    while not apart(path, far, predictor.model.cutoff) and closest(atoms, path, far + 0.1) >= CLASH:
        far += 0.1
    first = SPAN[0] * length - MARGIN * LENGTH
    steps = int((far - first) / LENGTH)
    x = first + LENGTH / REFINEMENT * np.arange(steps * REFINEMENT + 1)
    return scan(predictor, atoms, path, x, "Å", f"stretch {molecule.name(atoms, bond)}")


def apart(path: molecule.Path, x: float, cutoff: float) -> bool:
    """Whether every atom that moves is `MARGIN` steps beyond the cutoff of every one that does not."""
    return bool(molecule.across(path, x).min() > cutoff + MARGIN * LENGTH)


def closest(atoms: Atoms, path: molecule.Path, x: float) -> float:
    """Least distance across the bond, its own not counted, as a share of the sum of covalent radii."""
    radii = covalent_radii[atoms.numbers]
    shares = molecule.across(path, x) / (radii[path.moving, None] + radii[None, ~path.moving])
    a, b = path.bond
    shares[np.flatnonzero(path.moving) == b, np.flatnonzero(~path.moving) == a] = np.inf
    return float(shares.min())


def scan(
    predictor: Predictor,
    atoms: Atoms,
    path: molecule.Path,
    x: np.ndarray,
    unit: str,
    name: str,
    scale: float = 1.0,
    closed: bool = False,
) -> Curve:
    """Energies and slopes of the model along a path; its coordinate is x · scale."""
    frames = [Structure(atoms.numbers, path.place(value * scale)) for value in x]
    results = predictor(frames, outputs=("energy", "forces"))
    tangents = [path.tangent(value * scale) for value in x]
    pairs = zip(results, tangents, strict=True)
    slope = np.array([-(result["forces"] * tangent).sum() * scale for result, tangent in pairs])
    energy = np.array([float(result["energy"]) for result in results])
    (relaxed,) = predictor([Structure(atoms.numbers, atoms.positions)], outputs=("energy",))
    near_by = np.array([closest(atoms, path, value * scale) for value in x])
    return Curve(name, unit, x, energy, slope, float(relaxed["energy"]), near_by, closed)


def near(curve: Curve) -> Curve:
    """The part of a stretch within `SPAN`."""
    length = (curve.x[0] + MARGIN * LENGTH) / SPAN[0]
    return curve.between(SPAN[0] * length, SPAN[1] * length)


def smooth(curve: Curve) -> tuple[str, str, bool]:
    """What was measured of the smoothness, what is demanded, and whether it holds."""
    found, (twice, once) = curve.kinks(), curve.missing_work()
    measured = f"{len(found)} kinks, missing work {twice:.0e} → {once:.0e}"
    return measured, "0, → 0", len(found) == 0 and curve.conservative()


def hole_verdict(curves: Sequence[Curve]) -> Verdict:
    """No rigid scan from a minimum leads lower than it, as long as no atoms have met."""
    worst = min(curves, key=lambda curve: curve.deepest())
    where = worst.x[np.where(worst.clear(), worst.energy, np.inf).argmin()]
    measured = f"{worst.deepest():.3f} eV by {worst.name} at {where:.2f} {worst.unit}"
    return Verdict(
        "no hole below the relaxed structure", measured, f"≥ −{HOLE:g} eV", worst.deepest() >= -HOLE
    )


def turn_verdict(curve: Curve, atoms: Atoms) -> Verdict:
    """Smooth, and of a methyl group threefold."""
    (measured, demanded, holds), (minima, maxima) = smooth(curve), curve.extrema()
    measured += f"; {minima} minima, {maxima} maxima"
    if curve.name in methyl_names(atoms):
        third = (len(curve.x) - 1) // 3
        repeat = float(np.abs(curve.energy[third:] - curve.energy[:-third]).max())
        measured += f", repeats to {repeat:.0e} eV"
        demanded += f"; threefold to {PERIODIC:.0e} eV"
        holds = holds and repeat <= PERIODIC and minima % 3 == maxima % 3 == 0 < minima
    return Verdict(curve.name, measured, demanded, holds)


def pull_verdict(curve: Curve) -> Verdict:
    """Smooth; the minima near the relaxed length are told, not judged: nothing there was learned."""
    (measured, demanded, holds), (minima, maxima) = smooth(curve), near(curve).extrema()
    told = f"; {minima} minima, {maxima} maxima in {SPAN[0]:g} to {SPAN[1]:g} of its length"
    return Verdict(f"{curve.name} to {curve.x[-1]:.1f} Å", measured + told, demanded, holds)


def methyl_names(atoms: Atoms) -> set[str]:
    """Names of the rotations that turn a methyl group."""
    ends = molecule.methyls(atoms)
    return {f"turn {molecule.name(atoms, bond)}" for pair in ends for bond in (pair, pair[::-1])}


def dft_paths(predictor: Predictor) -> dict[str, dict[str, Any]]:
    """Energies along the paths of the data set beside DFT, both from the place where DFT is lowest, eV."""
    found = {}
    for name, file in PATHS.items():
        if not (data_folder("acac") / file).is_file():
            print(f"no {file} in the data folder: not compared with DFT along the {name}")
            continue
        frames = read(data_folder("acac") / file, require=("energy",))
        dft = np.array([float(frame.labels["energy"]) for frame in frames])
        bare = [Structure(frame.numbers, frame.positions) for frame in frames]
        ours = np.array([float(r["energy"]) for r in predictor(bare, outputs=("energy",))])
        dft, ours = dft - dft[dft.argmin()], ours - ours[dft.argmin()]
        angles = [frame.info.get("dihedral_angle", k) for k, frame in enumerate(frames)]
        rmse = 1e3 * float(np.sqrt(np.mean((ours - dft) ** 2)))
        found[name] = {
            "at": [float(angle) for angle in angles],
            "dft_eV": dft.tolist(),
            "model_eV": ours.tolist(),
            "rmse_meV": rmse,
        }
    return found


def references(
    calculator: str, atoms: Atoms, curves: Sequence[Curve], points: int = 72
) -> dict[str, dict[str, Any]]:
    """The same rigid scans by another calculator, at fewer points; where it fails there is no point."""
    runner, pairs = oracle(calculator), molecule.bonds(atoms)
    moves = {f"stretch {molecule.name(atoms, bond)}": molecule.stretching(atoms, bond) for bond in pairs}
    moves |= {f"turn {molecule.name(atoms, bond)}": molecule.turning(atoms, bond) for bond in pairs}
    found = {}
    for curve in curves:
        chosen = np.unique(np.linspace(0, len(curve.x) - 1, points + 1).round().astype(int))
        scale = np.pi / 180 if curve.closed else 1.0
        energies = [energy_at(runner, atoms, moves[curve.name].place(x * scale)) for x in curve.x[chosen]]
        kept = np.isfinite(energies)
        values, ours = np.array(energies)[kept], curve.energy[chosen][kept]
        lowest = int(values.argmin())
        values, ours = values - values[lowest], ours - ours[lowest]
        found[curve.name] = {
            "at": curve.x[chosen][kept].tolist(),
            "energy_eV": values.tolist(),
            "rmse_meV": 1e3 * float(np.sqrt(np.mean((ours - values) ** 2))),
        }
    return found


def energy_at(runner: Calculator, atoms: Atoms, positions: np.ndarray) -> float:
    """Energy of the other calculator, NaN where it fails."""
    copy = Atoms(atoms.numbers, positions)
    copy.calc = runner
    try:
        return float(copy.get_potential_energy())
    except (IntertwineError, RuntimeError, ArithmeticError):
        return float("nan")
