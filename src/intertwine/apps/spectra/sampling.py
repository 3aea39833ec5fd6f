"""Trajectories to make spectra from: brought to a temperature, then left alone; they survive interruption."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.io import iread
from jaxtyping import Bool, Float

from intertwine.apps.spectra.source import Answers, Source
from intertwine.data import Structure, data_hash, replacing
from intertwine.engines import NVE, Langevin, Snapshot, resume_dynamics, run_dynamics
from intertwine.engines.restart import NAME, atoms_from, read_state
from intertwine.engines.velocities import stop
from intertwine.errors import InputError
from intertwine.typing import PathLike

Observer = Callable[[int, str], None]
"""Called with (steps done of all trajectories, a note)."""

JOB: Final = "job.json"
"""File that says whose trajectories a folder holds."""

CHUNK: Final = 500
"""Frames whose dipoles and polarisabilities are kept together."""


@dataclass(frozen=True)
class Sampling:
    """How trajectories are made: Langevin dynamics to bring each to its temperature, then constant energy.

    Args:
        temperature: K.
        picoseconds: length of each trajectory at constant energy.
        trajectories: how many, from independent velocities and noise.
        equilibration: Langevin dynamics before each, ps.
        time_step: fs.
        interval: between the frames that are kept, fs; a whole number of steps. Wavenumbers reach
            1/(2c·interval), 8339 cm⁻¹ for 2 fs.
        thermostat_time: 1/γ, fs.
        rotation: whether a molecule turns as a whole, which gives bands the wings that a gas has.
        seed: of all velocities and noise.

    Raises:
        InputError: a number that cannot be used.

    >>> Sampling(picoseconds=5.0).every, Sampling(picoseconds=5.0).steps
    (4, 10000)
    """

    temperature: float = 300.0
    picoseconds: float = 10.0
    trajectories: int = 4
    equilibration: float = 2.0
    time_step: float = 0.5
    interval: float = 2.0
    thermostat_time: float = 100.0
    rotation: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name in (
            "temperature",
            "picoseconds",
            "equilibration",
            "time_step",
            "interval",
            "thermostat_time",
        ):
            if not 0 < getattr(self, name) < float("inf"):
                what = f"the {name.replace('_', ' ')} of the trajectories cannot be used"
                raise InputError(what, got=getattr(self, name), accepted="a positive number")
        if self.trajectories < 1:
            raise InputError("there must be a trajectory", got=self.trajectories, accepted="1 or more")
        if abs(self.every * self.time_step - self.interval) > 1e-9 * self.interval:
            raise InputError(
                "the interval between frames is not a whole number of time steps",
                got=f"{self.interval:g} fs with steps of {self.time_step:g} fs",
            )

    @property
    def every(self) -> int:
        """Steps between frames."""
        return max(1, round(self.interval / self.time_step))

    @property
    def steps(self) -> int:
        """Steps of one trajectory at constant energy; a multiple of `every`."""
        return self.every * max(1, round(1000.0 * self.picoseconds / self.interval))

    @property
    def waiting(self) -> int:
        """Steps of equilibration before it."""
        return max(1, round(1000.0 * self.equilibration / self.time_step))

    @property
    def all_steps(self) -> int:
        """Steps of everything."""
        return self.trajectories * (self.steps + self.waiting)


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One trajectory at constant energy.

    Args:
        atoms: its last frame: elements, masses, cell.
        velocities: Å per ASE unit of time (√(u/eV) Å), `(frames, atoms, 3)`.
        answers: dipole `(frames, 3)` and polarisability `(frames, 3, 3)` as far as known.
        drift: total energy at the end minus at the start, meV/atom.
    """

    atoms: Atoms
    velocities: Float[np.ndarray, "frames atoms 3"]
    answers: Answers
    drift: float

    @property
    def masses(self) -> Float[np.ndarray, " atoms"]:
        """u."""
        return self.atoms.get_masses()

    @property
    def periodic(self) -> Bool[np.ndarray, "3"]:
        """Which axes repeat."""
        return np.asarray(self.atoms.pbc)


def sample(
    source: Source,
    structure: Structure,
    sampling: Sampling,
    folder: PathLike,
    observe: Observer | None = None,
) -> list[Trajectory]:
    """Run the trajectories and ask for dipole and polarisability along them, going on where a call stopped.

    Args:
        source: who is asked.
        structure: where every trajectory starts.
        sampling: how.
        folder: one folder per trajectory goes below it; what is there already and belongs to the same job is
            not computed again.
        observe: told how far it is.

    Raises:
        InputError: the folder belongs to another job, or cannot be written.
        ExplosionError: a trajectory left physics.
        IntertwineError: the source failed.
    """
    folder = Path(folder)
    _claim(folder, _job(source, structure, sampling))
    found = []
    for index in range(sampling.trajectories):
        before = index * (sampling.waiting + sampling.steps)
        tell = _teller(observe, before, f"trajectory {index + 1} of {sampling.trajectories}")
        place = folder / f"{index:03d}"
        _run(source, structure, sampling, index, place, tell)
        done = sampling.waiting + sampling.steps
        found.append(_read(source, structure, place, lambda _, note, at=done, tell=tell: tell(at, note)))
    return found


def _teller(observe: Observer | None, before: int, note: str) -> Observer:
    return lambda steps, words: observe(before + steps, f"{note}, {words}") if observe is not None else None


def belongs(folder: PathLike, source: Source, structure: Structure, sampling: Sampling) -> bool:
    """Whether a folder is free for these trajectories, or holds them already."""
    record = Path(folder) / JOB
    return not record.is_file() or record.read_text(encoding="utf-8") == _job(source, structure, sampling)


def _job(source: Source, structure: Structure, sampling: Sampling) -> str:
    """What decides a trajectory; how many there are does not, so that more can be added."""
    each = {name: value for name, value in asdict(sampling).items() if name != "trajectories"}
    job = {**source.identity, "structure": data_hash([structure]), **each}
    return json.dumps(job, indent=1, sort_keys=True)


def _claim(folder: Path, text: str) -> None:
    """The folder for this job and no other."""
    record = folder / JOB
    if record.is_file() and record.read_text(encoding="utf-8") != text:
        fix = "choose another folder, or repeat that job's command"
        raise InputError(f"'{folder}' holds the trajectories of another job", fix=fix)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to '{folder}'", got=error.strerror) from error
    if not record.exists():
        with replacing(record) as scratch:
            scratch.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class _Leg:
    """A part of a trajectory: which ensemble, how many steps, how often a frame is kept, where it begins."""

    ensemble: NVE | Langevin
    steps: int
    every: int
    start: Callable[[], Atoms]


def _run(
    source: Source, structure: Structure, sampling: Sampling, index: int, place: Path, tell: Observer
) -> None:
    """One equilibration and one run at constant energy, each as far as it is not there yet."""
    warm, free = place / "equilibration", place / "constant-energy"
    seed = int(np.random.SeedSequence((sampling.seed, index)).generate_state(1)[0])

    def given() -> Atoms:
        return structure.replace(labels={}, info={}).to_ase()

    def warmed() -> Atoms:
        atoms = atoms_from(read_state(warm).arrays)
        stop(atoms, rotation=not sampling.rotation)
        return atoms

    ensemble = Langevin(sampling.temperature, sampling.thermostat_time)
    runner = source.calculator(structure)
    _go(_Leg(ensemble, sampling.waiting, 100, given), runner, warm, sampling.time_step, seed, tell)
    later = lambda step, note: tell(sampling.waiting + step, note)  # noqa: E731
    _go(_Leg(NVE(), sampling.steps, sampling.every, warmed), runner, free, sampling.time_step, seed, later)


def _go(leg: _Leg, runner: Calculator, folder: Path, time_step: float, seed: int, tell: Observer) -> None:
    def observe(now: Snapshot) -> None:
        tell(now.step, f"{now.time / 1000:.2f} ps, {now.temperature:.0f} K")

    if (folder / NAME).is_file():
        if read_state(folder).header["step"] < leg.steps:
            resume_dynamics(folder, runner, steps=leg.steps, observe=observe)
        return
    shutil.rmtree(folder, ignore_errors=True)  # a run that was killed before its first restart file
    atoms = leg.start()
    atoms.calc = runner
    often = max(leg.every, 1000 // leg.every * leg.every)
    run_dynamics(
        atoms, leg.ensemble, folder, steps=leg.steps, time_step=time_step, seed=seed,
        every=leg.every, restart_every=often, observe=observe,
    )  # fmt: skip


def _read(source: Source, structure: Structure, place: Path, tell: Observer) -> Trajectory:
    """The frames at constant energy, each answered; finished chunks are kept."""
    frames = list(iread(place / "constant-energy" / "trajectory.extxyz", index=":"))
    parts: list[Answers] = []
    for first in range(0, len(frames), CHUNK):
        tell(0, f"dipoles and polarisabilities of frame {first} of {len(frames)}")
        bare = [
            structure.replace(positions=frame.positions, labels={}, info={})
            for frame in frames[first : first + CHUNK]
        ]
        parts.append(_answered(source, bare, place / "answers" / f"{first:07d}.npz"))
    first, last = (
        frame.get_potential_energy() + frame.get_kinetic_energy() for frame in frames[:: len(frames) - 1]
    )
    return Trajectory(
        frames[-1],
        np.stack([frame.get_velocities() for frame in frames]),
        {name: np.concatenate([part[name] for part in parts]) for name in parts[0]},
        1000.0 * (last - first) / len(structure),
    )


def _answered(source: Source, frames: Sequence[Structure], file: Path) -> Answers:
    if not source.offers(frames[0]):
        return {}
    if file.is_file():
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    answers = source.answers(frames)
    file.parent.mkdir(exist_ok=True)
    with replacing(file) as scratch, scratch.open("wb") as opened:
        np.savez(opened, **answers)  # pyright: ignore[reportArgumentType]
    return answers
