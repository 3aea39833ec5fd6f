"""The steps of the demonstration: each is given its folder, leaves files there and returns figures."""

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase.build import molecule
from ase.io import iread
from rich.console import Console

from intertwine.apps.conservation import free_run, loop_work
from intertwine.apps.demo.settings import DemoSettings
from intertwine.apps.evaluate import evaluate_report
from intertwine.apps.label import label
from intertwine.apps.side_by_side import Job, Meter, Standing, bar, side_by_side
from intertwine.apps.spectra.correlation import SPEED_OF_LIGHT, density_of_states
from intertwine.apps.spectra.modes import (
    Modes,
    calculator_hessian,
    match_modes,
    mean_absolute_error,
    model_hessian,
    normal_modes,
)
from intertwine.data import Structure, is_isolated_atom, read, split, without_isolated_atoms, write
from intertwine.engines import ExplosionError, IntertwineCalculator, Langevin, oracle, relax, run_dynamics
from intertwine.observables import load_model
from intertwine.testing import certify
from intertwine.train.callbacks import read_table, sentence
from intertwine.train.config import RunConfig
from intertwine.train.run import train
from intertwine.train.run_folder import RunFolder

Results = dict[str, Any]

HYDROXYL: Final = (0, 1, 2, 3)
"""Atoms C, C, O, H of the torsion that tells the two conformers of ethanol apart, in ASE's molecule."""


def conformers() -> tuple[Structure, Structure]:
    """Ethanol with its hydroxyl group trans and gauche; chains of carbon, oxygen and hydrogen, 9 atoms.

    >>> [one.formula for one in conformers()]
    ['C2H6O', 'C2H6O']
    """
    trans = molecule("CH3CH2OH")
    gauche = trans.copy()
    gauche.set_dihedral(*HYDROXYL, 60.0, indices=[HYDROXYL[-1]])
    return Structure.from_ase(trans), Structure.from_ase(gauche)


def label_frames(folder: Path, settings: DemoSettings, seed: int, cores: int, console: Console) -> Results:
    """Quantum chemistry: both conformers relaxed, frames to learn from, frames of other runs to test on.

    Leaves `start`, `isolated`, `train`, `valid`, `test` and `hot` as extxyz files.
    """
    chemistry = oracle(settings.method)
    relaxed = [_relaxed(structure, chemistry, settings.fmax) for structure in conformers()]
    write(folder / "start.extxyz", relaxed)
    plans = settings.label_plans(seed)
    sampled = {}
    for name, plan in plans.items():
        with bar(f"labelling frames for {name}", console) as tell:
            sampled[name] = label(
                [structure.replace(labels={}) for structure in relaxed],
                plan,
                work=folder / "parts" / name,
                workers=0 if cores == 1 else cores,
                observe=lambda done, total, tell=tell: tell(done / total, f"{done} of {total} frames"),
            )
    files = _sorted(sampled["learning"], sampled["testing"], settings, seed)
    for name, structures in files.items():
        write(folder / f"{name}.extxyz", structures)
    shutil.rmtree(folder / "parts")
    return {"frames": {name: len(structures) for name, structures in files.items()}}


def _sorted(
    learning: list[Structure], testing: list[Structure], settings: DemoSettings, seed: int
) -> dict[str, list[Structure]]:
    """Frames by what they are for; what is learned and what is tested come from different trajectories."""
    frames = without_isolated_atoms(learning)
    parts = split(frames, {"train": settings.train, "valid": settings.valid}, seed=seed)
    tests = {
        name: [frame for frame in testing if frame.info["temperature_K"] == temperature][: settings.test]
        for name, temperature in (("test", settings.temperature), ("hot", settings.hot))
    }
    return {"isolated": [frame for frame in learning if is_isolated_atom(frame)], **parts, **tests}


def train_models(configs: Mapping[str, RunConfig], cores: int, console: Console) -> Results:
    """The conservative model and its twin with direct forces, at the same time, one core each."""
    jobs = {
        name: Job(partial(_train, config), partial(_training_standing, config.output))
        for name, config in configs.items()
    }
    return side_by_side(jobs, console, cores)


def evaluate_models(folder: Path, models: Mapping[str, Path], data: Path) -> Results:
    """Errors of both models on frames of the training temperature and on hotter ones, with parity plots."""
    results: Results = {}
    for name, path in models.items():
        for part in ("test", "hot"):
            report = evaluate_report(path, data / f"{part}.extxyz", folder, name=f"{name}_{part}")
            results.setdefault(part, {})[name] = {k: v.to_json() for k, v in report.accuracy.items()}
    return results


def certify_model(
    folder: Path, model: Path, frames: list[Structure], budget: float, seed: int, console: Console
) -> Results:
    """The laws, tried on the conservative model: `certificate.json` and `certificate.html`."""
    with bar("certifying", console) as tell:
        certificate = certify(
            load_model(model).requires_grad_(False),
            frames,
            seed=seed,
            budget=budget,
            progress=lambda law, done, total: tell(done / total, law),
        )
    certificate.to_json(folder / "certificate.json")
    certificate.to_html(folder / "certificate.html")
    return {"passed": certificate.passed, "summary": certificate.summary}


def move_molecule(
    folder: Path,
    models: Mapping[str, Path],
    data: Path,
    settings: DemoSettings,
    seed: int,
    cores: int,
    console: Console,
) -> Results:
    """Constant energy with both models from one start, and a run of the conservative one at 300 K."""
    start, frames = read(data / "start.extxyz")[0], read(data / "test.extxyz")
    meters = {name: Meter(folder / f"{name}.progress") for name in (*models, "thermostat")}
    calls: dict[str, Callable[[], Any]] = {
        name: partial(_conduct, path, frames, settings, seed, meters[name]) for name, path in models.items()
    }
    calls["thermostat"] = partial(
        _thermostat, models["conservative"], start, folder / "langevin", settings, seed, meters["thermostat"]
    )
    results = side_by_side(
        {name: Job(call, meters[name].read) for name, call in calls.items()}, console, cores
    )
    for meter in meters.values():
        meter.path.unlink(missing_ok=True)
    return results


def vibrate(model: Path, start: Structure, trajectory: Path, settings: DemoSettings) -> Results:
    """Harmonic modes of model and quantum chemistry, each at its own minimum, and the density of states."""
    chemistry, potential = oracle(settings.method), load_model(model)
    reference = normal_modes(calculator_hessian(chemistry, start), start)
    rest = _relaxed(start, IntertwineCalculator(model), settings.fmax)
    modes = normal_modes(model_hessian(potential, rest), rest)
    matched = match_modes(reference, modes)
    return {
        "reference": [mode.reference for mode in matched],
        "model": [mode.model for mode in matched],
        "overlap": [mode.overlap for mode in matched],
        "mean_absolute_error": mean_absolute_error(matched),
        "zero_point_energy": {"reference": reference.zero_point_energy, "model": modes.zero_point_energy},
        "rest": rest.positions.tolist(),
        "motions": _motions(modes, rest).tolist(),
        "density_of_states": _density_of_states(trajectory),
    }


def _train(config: RunConfig) -> Results:
    result = train(config, resume=True, quiet=True)
    return {
        "epochs": result.epochs,
        "best_epoch": result.best_epoch,
        "seconds": result.seconds,
        "parameters": sum(p.numel() for p in result.load_model().parameters()),
    }


def _training_standing(folder: Path) -> Standing:
    try:
        row = {
            name: float(value) for name, value in read_table(RunFolder(folder).metrics)[-1].items() if value
        }
        return Standing(row["epoch"] / row["epochs"], sentence(row))
    except (OSError, IndexError, KeyError, ValueError):
        return Standing(0.0, "getting ready")


def _conduct(path: Path, frames: list[Structure], settings: DemoSettings, seed: int, meter: Meter) -> Results:
    """Free motion from the first frame, then work round closed loops."""
    model = load_model(path).requires_grad_(False)
    run = free_run(
        model,
        frames[0],
        picoseconds=settings.free_picoseconds,
        time_step=settings.time_step,
        temperature=settings.temperature,
        seed=seed,
        progress=lambda part: meter(0.9 * part, "constant energy"),
    )
    rng = np.random.default_rng(seed)
    loops = loop_work(model, [frames[k] for k in rng.integers(len(frames), size=settings.loops)], rng)
    meter(1.0, "done")
    return {"run": run.to_json(), "loops": loops.relative.tolist(), "gained": loops.gained.tolist()}


def _thermostat(
    path: Path, start: Structure, folder: Path, settings: DemoSettings, seed: int, meter: Meter
) -> Results:
    """Langevin dynamics at room temperature, recorded every 2 fs; a run cut short begins again."""
    shutil.rmtree(folder, ignore_errors=True)
    atoms = start.replace(labels={}).to_ase()
    atoms.calc = IntertwineCalculator(path)
    steps = max(1, round(1000.0 * settings.thermostat_picoseconds / settings.time_step))
    try:
        run_dynamics(
            atoms,
            Langevin(settings.room, thermostat_time=settings.thermostat_time),
            folder,
            steps=steps,
            time_step=settings.time_step,
            seed=seed,
            every=max(1, round(2.0 / settings.time_step)),
            restart_every=steps,
            observe=lambda now: meter(now.step / steps, f"{now.time / 1000:.1f} ps, {now.temperature:.0f} K"),
        )
    except ExplosionError as error:
        return {"ended": str(error).split(";")[0]}
    return {"ended": ""}


def _density_of_states(trajectory: Path) -> dict[str, list[float]]:
    """Of the last four fifths of a trajectory: before that it warms up."""
    frames = list(iread(trajectory, index=":"))
    frames = frames[len(frames) // 5 :]
    if len(frames) < 8:
        return {"wavenumbers": [], "density": []}
    interval = frames[1].info["time_fs"] - frames[0].info["time_fs"]
    velocities = np.stack([frame.get_velocities() for frame in frames])
    width = max(20.0, 1.0 / (SPEED_OF_LIGHT * interval * len(frames)))
    grid, density = density_of_states(velocities, frames[0].get_masses(), interval, width)
    kept = grid <= 4500.0
    return {"wavenumbers": grid[kept].round(1).tolist(), "density": density[kept].tolist()}


def _motions(modes: Modes, rest: Structure, reach: float = 0.4) -> np.ndarray:
    """Displacements of each mode, Å, its liveliest atom moving by `reach`, `(modes, atoms, 3)`."""
    moved = modes.displacements(rest.to_ase().get_masses())
    return reach * moved / np.linalg.norm(moved, axis=2).max(axis=1)[:, None, None]


def _relaxed(structure: Structure, calculator: Any, fmax: float) -> Structure:
    atoms = structure.to_ase()
    atoms.calc = calculator
    return Structure.from_ase(relax(atoms, fmax=fmax, steps=300, optimizer="bfgs").atoms)
