"""Molecular dynamics: atoms in time, recorded, watched over, and restarted exactly."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

from intertwine.engines.ensembles import NVE, Ensemble, ensemble
from intertwine.engines.oracles import answering
from intertwine.engines.record import Record
from intertwine.engines.restart import State, arrays_of, atoms_from, read_state, write_state
from intertwine.engines.snapshot import Snapshot, check_alive, take_snapshot
from intertwine.engines.velocities import thermalise
from intertwine.errors import InputError
from intertwine.typing import PathLike

Observer = Callable[[Snapshot], None]


class Motion:
    """A molecular dynamics run in memory: atoms, an ensemble, a clock and a generator of random numbers.

    Works with any ASE calculator. Moves `atoms` itself.

    Args:
        atoms: with a calculator; momenta are kept as they are (see `thermalise`).
        sample: the ensemble.
        time_step: fs.
        rng: source of all noise.
        temperature_limit: K; hotter means that the run exploded. By default 10 000 K, or twenty times the
            temperature of the ensemble if that is more.

    Raises:
        InputError: a time step that is not positive, or atoms that the ensemble cannot take.
        IntertwineError: the calculator cannot compute these atoms.

    >>> from ase.build import bulk
    >>> from intertwine.engines.oracles import oracle
    >>> copper = bulk("Cu", cubic=True)
    >>> copper.calc = oracle("emt")
    >>> motion = Motion(copper, NVE(), time_step=2.0, rng=np.random.default_rng(0))
    >>> motion.advance()
    >>> motion.snapshot().time
    2.0
    """

    def __init__(
        self,
        atoms: Atoms,
        sample: Ensemble,
        time_step: float,
        rng: np.random.Generator,
        temperature_limit: float | None = None,
    ) -> None:
        if not (math.isfinite(time_step) and time_step > 0):
            raise InputError(
                "the time step cannot be used", got=time_step, accepted="a positive number of fs"
            )
        self.atoms, self.sample, self.time_step, self.rng = atoms, sample, time_step, rng
        self.step = 0
        self.temperature_limit = temperature_limit or max(10_000.0, 20.0 * (sample.temperature or 0.0))
        with answering("on the starting structure"):
            self._integrator: Any = sample.integrator(atoms, time_step, rng)
            self.origin = float(atoms.get_potential_energy()) + float(atoms.get_kinetic_energy())

    @property
    def time(self) -> float:
        """Simulated time, fs."""
        return self.step * self.time_step

    def advance(self) -> None:
        """Do one time step.

        Raises:
            ExplosionError: positions are not finite any more, or the temperature passed the limit.
            IntertwineError: the calculator failed.
        """
        when = self.step + 1, (self.step + 1) * self.time_step
        try:
            with np.errstate(all="ignore"), answering(f"at step {when[0]} ({when[1]:g} fs)", who="the run"):
                self._integrator.step()
        except Exception:
            check_alive(self.atoms, *when, self.temperature_limit)
            raise
        check_alive(self.atoms, *when, self.temperature_limit)
        self.step += 1

    def snapshot(self) -> Snapshot:
        """Measure the present moment."""
        origin = self.origin if isinstance(self.sample, NVE) else math.nan
        return take_snapshot(self.atoms, self.step, self.time, origin)

    def state(self) -> State:
        """All that decides how the run goes on, exactly: floating-point numbers are kept to the last bit."""
        arrays = arrays_of(self.atoms)
        arrays["cell_momentum"] = np.array(getattr(self._integrator, "p_eps", 0.0), dtype=np.float64)
        header = {
            "ensemble": {"name": self.sample.name, **dataclasses.asdict(self.sample)},
            "time_step": self.time_step,
            "step": self.step,
            "origin": self.origin,
            "temperature_limit": self.temperature_limit,
            "random": self.rng.bit_generator.state,
        }
        return State(arrays, header)

    @classmethod
    def restored(cls, state: State, calculator: Calculator) -> "Motion":
        """A run that goes on from `state` with a calculator that has forgotten all earlier steps."""
        atoms, header = atoms_from(state.arrays), state.header
        getattr(calculator, "forget", calculator.reset)()
        atoms.calc = calculator
        rng = np.random.default_rng()
        rng.bit_generator.state = header["random"]
        motion = cls(
            atoms, ensemble(**header["ensemble"]), header["time_step"], rng, header["temperature_limit"]
        )
        momentum = state.arrays["cell_momentum"]
        if hasattr(motion._integrator, "p_eps"):
            motion._integrator.p_eps = momentum if momentum.ndim else float(momentum)
        motion.step, motion.origin = header["step"], header["origin"]
        return motion


def run_dynamics(
    atoms: Atoms,
    sample: Ensemble,
    folder: PathLike,
    *,
    steps: int,
    time_step: float = 0.5,
    seed: int = 0,
    temperature: float | None = None,
    every: int = 10,
    restart_every: int = 1000,
    temperature_limit: float | None = None,
    observe: Observer | None = None,
) -> Snapshot:
    """Run molecular dynamics, recorded in `folder`: trajectory.extxyz, log.csv and restart.safetensors.

    Nothing is written before the calculator has computed the starting structure. A restart file is written
    every `restart_every` steps and at the end; `resume_dynamics` goes on from it. The run itself goes on
    from that file's content too (neighbour list rebuilt, integrator made anew), so an interrupted and resumed
    run equals an uninterrupted one to the last bit, as far as the calculator has no memory of its own
    (Intertwine's has none; quantum codes that reuse their last wave function agree to their convergence).

    Args:
        atoms: with a calculator; a copy is moved.
        sample: `NVE()`, `Langevin(temperature)` or `NPT(temperature, pressure)`.
        folder: new or without these files.
        steps: number of time steps.
        time_step: fs.
        seed: of momenta and noise.
        temperature: K of the momenta drawn at the start; the ensemble's own by default. NVE without it keeps
            the momenta that `atoms` has.
        every: steps between rows of the log and frames of the trajectory.
        restart_every: steps between restart files.
        temperature_limit: see `Motion`.
        observe: called with the snapshot at every `every` steps.

    Returns:
        The last snapshot.

    Raises:
        InputError: the folder holds a run already or cannot be written, or a number out of range.
        ExplosionError: the run left physics; what came before is in the files.

    >>> import tempfile
    >>> from ase.build import bulk
    >>> from intertwine.engines.oracles import oracle
    >>> copper = bulk("Cu", cubic=True)
    >>> copper.calc = oracle("emt")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     last = run_dynamics(copper, NVE(), folder, steps=20, time_step=2.0, temperature=300.0)
    >>> last.step, abs(last.drift) < 0.1
    (20, True)
    """
    _check_counts(steps=steps, every=every, restart_every=restart_every)
    rng = np.random.default_rng(seed)
    moving = atoms.copy()
    moving.calc = atoms.calc
    drawn = temperature if temperature is not None else sample.temperature
    if drawn is not None:
        thermalise(moving, drawn, rng, still=isinstance(sample, NVE))
    motion = Motion(moving, sample, time_step, rng, temperature_limit)
    first = motion.snapshot()
    with Record(folder) as record:
        record.write(motion.atoms, first)
        return _drive(motion, record, steps, every, restart_every, observe)


def resume_dynamics(
    folder: PathLike, calculator: Calculator, *, steps: int, observe: Observer | None = None
) -> Snapshot:
    """Go on with a run of `run_dynamics` from its last restart file, up to `steps` steps in all.

    Positions, momenta, cell and its momentum, and the random numbers go on exactly; rows and frames written
    after the restart file are cut off first and come again.

    Args:
        folder: of the run.
        calculator: the same one, as exactness needs it.
        steps: in all, counted from the very start.
        observe: as for `run_dynamics`.

    Raises:
        InputError: no restart file there, or the run has done that many steps already.
    """
    folder = Path(folder)
    state = read_state(folder)
    done = state.header["step"]
    if steps <= done:
        raise InputError(
            f"the run in '{folder}' has done {done} steps already", got=steps, fix="ask for more steps"
        )
    motion = Motion.restored(state, calculator)
    with Record(folder, sizes=state.header["sizes"]) as record:
        return _drive(motion, record, steps, state.header["every"], state.header["restart_every"], observe)


def _drive(
    motion: Motion, record: Record, steps: int, every: int, restart_every: int, observe: Observer | None
) -> Snapshot:
    calculator = motion.atoms.calc
    assert calculator is not None  # it has computed the start
    while motion.step < steps:
        motion.advance()
        if motion.step % every == 0 or motion.step == steps:
            snapshot = motion.snapshot()
            record.write(motion.atoms, snapshot)
            if observe is not None:
                observe(snapshot)
        if motion.step % restart_every == 0 or motion.step == steps:
            state = motion.state()
            state.header.update(every=every, restart_every=restart_every, sizes=record.sizes())
            write_state(state, record.folder)
            motion = Motion.restored(state, calculator)
    return motion.snapshot()


def _check_counts(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise InputError(f"the number '{name}' is too small", got=count, accepted="1 or more")
