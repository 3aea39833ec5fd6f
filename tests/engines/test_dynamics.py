"""A run conserves what it should, records itself, stops when lost, and goes on as if never interrupted."""

import csv
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.io import read as ase_read
from small_potentials import small_model
from still_calculator import IdealGas

from intertwine.data import read
from intertwine.engines import (
    NPT,
    NVE,
    ExplosionError,
    IntertwineCalculator,
    Langevin,
    oracle,
    resume_dynamics,
    run_dynamics,
)
from intertwine.engines.restart import NAME, read_state
from intertwine.engines.snapshot import COLUMNS
from intertwine.errors import InputError, IntertwineError

FILES = ["log.csv", "restart.safetensors", "trajectory.extxyz"]


def copper(calculator=None):
    """A copper crystal with EMT, or another calculator."""
    atoms = bulk("Cu", cubic=True)
    atoms.calc = calculator or oracle("emt")
    return atoms


def water(**options):
    """Water with a small model."""
    atoms = molecule("H2O")
    atoms.calc = IntertwineCalculator(small_model(1, 8), **options)
    return atoms


def rows(folder: Path) -> list[dict[str, str]]:
    """The log of a run."""
    with (folder / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def modelled_copper():
    """The copper crystal with a small model."""
    return copper(IntertwineCalculator(small_model(29)))


@pytest.mark.parametrize(("make", "steps"), [(modelled_copper, 12), (copper, 40)], ids=["model", "emt"])
def test_energy_is_conserved_better_by_the_square_of_the_time_step(tmp_path, make, steps):
    worst = {}
    for halving, time_step in ((1, 4.0), (2, 2.0)):
        folder = tmp_path / str(halving)
        options = {"steps": halving * steps, "time_step": time_step, "temperature": 600.0, "every": 1}
        run_dynamics(make(), NVE(), folder, **options)
        drifts = [float(row["drift_meV_per_atom"]) for row in rows(folder)]
        assert drifts[0] == 0.0
        worst[halving] = max(map(abs, drifts))
    assert worst[1] < 1.0
    assert 2.8 < worst[1] / worst[2] < 5.7


def test_the_log_and_the_trajectory_tell_the_same_story(tmp_path):
    seen = []
    last = run_dynamics(
        copper(), NVE(), tmp_path / "run", steps=25, time_step=2.0, temperature=300.0, every=10,
        observe=seen.append,
    )  # fmt: skip
    log, frames = rows(tmp_path / "run"), ase_read(tmp_path / "run" / "trajectory.extxyz", ":")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == FILES
    assert list(log[0]) == list(COLUMNS.values())
    assert [int(row["step"]) for row in log] == [frame.info["step"] for frame in frames] == [0, 10, 20, 25]
    assert [snapshot.step for snapshot in seen] == [10, 20, 25]
    assert last.step == 25
    for row, frame in zip(log, frames, strict=True):
        assert float(row["time_fs"]) == frame.info["time_fs"] == 2.0 * int(row["step"])
        assert float(row["potential_energy_eV"]) == pytest.approx(frame.get_potential_energy(), abs=1e-7)
        assert float(row["kinetic_energy_eV"]) == pytest.approx(frame.get_kinetic_energy(), abs=1e-5)
        assert float(row["temperature_K"]) == pytest.approx(frame.get_temperature(), abs=0.1)
        again = frame.copy()
        again.calc = oracle("emt")
        assert np.abs(again.get_forces() - frame.get_forces()).max() < 1e-6
        stress = np.trace(again.get_stress(voigt=False, include_ideal_gas=True))
        assert float(row["pressure_GPa"]) == pytest.approx(-stress / 3 * 160.21766, abs=1e-3)
    assert len(read(tmp_path / "run" / "trajectory.extxyz")) == 4


def test_columns_that_mean_nothing_are_empty(tmp_path):
    run_dynamics(water(), Langevin(300.0), tmp_path, steps=2)
    assert [rows(tmp_path)[1][name] for name in ("pressure_GPa", "volume_A3", "drift_meV_per_atom")] == [
        ""
    ] * 3


def interrupt_at(step: int):
    """An observer that stops the run as a person would."""

    def observe(snapshot):
        if snapshot.step == step:
            raise KeyboardInterrupt

    return observe


@pytest.mark.parametrize(
    ("make", "sample"),
    [
        pytest.param(lambda: water(skin=0.05), NVE(), id="model-nve"),
        pytest.param(lambda: water(skin=0.05), Langevin(500.0), id="model-langevin"),
        pytest.param(copper, NPT(600.0, 1.0), id="emt-npt"),
        pytest.param(copper, NPT(600.0, cell="full"), id="emt-npt-full"),
    ],
)
def test_an_interrupted_run_goes_on_to_the_last_bit(tmp_path, make, sample):
    options = {"time_step": 1.0, "seed": 5, "temperature": 500.0, "every": 3, "restart_every": 6}
    run_dynamics(make(), sample, tmp_path / "whole", steps=15, **options)
    with pytest.raises(KeyboardInterrupt):
        run_dynamics(make(), sample, tmp_path / "parts", steps=15, observe=interrupt_at(9), **options)
    assert read_state(tmp_path / "parts").header["step"] == 6
    assert rows(tmp_path / "parts")[-1]["step"] == "9", "rows after the restart file must be cut off"
    resume_dynamics(tmp_path / "parts", make().calc, steps=15)
    for name in FILES:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes(), name


def test_a_finished_run_can_be_made_longer(tmp_path):
    options = {"time_step": 2.0, "temperature": 300.0, "restart_every": 10}
    run_dynamics(copper(), NVE(), tmp_path / "a", steps=20, **options)
    first = run_dynamics(copper(), NVE(), tmp_path / "b", steps=10, **options)
    assert first.step == 10
    resume_dynamics(tmp_path / "b", oracle("emt"), steps=20)
    assert (tmp_path / "a" / NAME).read_bytes() == (tmp_path / "b" / NAME).read_bytes()
    with pytest.raises(InputError, match="has done 20 steps already; got: 20; do: ask for more steps"):
        resume_dynamics(tmp_path / "b", oracle("emt"), steps=20)


def test_seeds_decide_everything(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run_dynamics(copper(), Langevin(300.0), tmp_path / name, steps=5, seed=seed)
    first, same, other = ((tmp_path / name / "log.csv").read_text() for name in "abc")
    assert first == same != other


def test_momenta_of_the_structure_are_kept_when_no_temperature_is_given(tmp_path):
    atoms = copper()
    atoms.set_momenta(np.arange(12.0).reshape(4, 3))
    run_dynamics(atoms, NVE(), tmp_path, steps=1)
    assert np.allclose(ase_read(tmp_path / "trajectory.extxyz", 0).get_momenta(), atoms.get_momenta())


@pytest.mark.parametrize("sample", [NVE(), Langevin(300.0)], ids=lambda sample: sample.name)
def test_nan_forces_stop_the_run_with_one_line_and_keep_what_came_before(tmp_path, sample):
    with pytest.raises(
        ExplosionError, match=r"the run exploded at step \d+ \([\d.]+ fs\): positions or velocities are not"
    ):
        run_dynamics(copper(IdealGas(nan_after=9)), sample, tmp_path, steps=50, every=2, temperature=300.0)
    steps = [int(row["step"]) for row in rows(tmp_path)]
    assert steps == list(range(0, 2 * len(steps), 2))
    assert len(steps) > 1
    assert len(read(tmp_path / "trajectory.extxyz")) == len(steps)


def test_a_model_that_leaves_physics_stops_with_one_line(tmp_path):
    with pytest.raises(
        ExplosionError, match=r"the temperature reached .* K; allowed: up to 2000 K; do: a shorter"
    ):
        run_dynamics(copper(), NVE(), tmp_path, steps=50, temperature=5000.0, temperature_limit=2000.0)


def test_a_calculator_that_fails_says_when(tmp_path):
    with pytest.raises(IntertwineError, match=r"the run failed at step 5 \(2.5 fs\): SCF not converged"):
        run_dynamics(copper(IdealGas(fail_after=5)), NVE(), tmp_path, steps=50, temperature=300.0)


def test_nothing_is_written_when_the_start_cannot_be_computed(tmp_path):
    unknown = molecule("CH4")
    unknown.calc = IntertwineCalculator(small_model(1, 8))
    with pytest.raises(InputError, match="never seen the element C"):
        run_dynamics(unknown, NVE(), tmp_path / "run", steps=5)
    broken = molecule("SiH4")
    broken.calc = oracle("emt")
    with pytest.raises(
        IntertwineError, match="the calculator failed on the starting structure: No EMT-potential"
    ):
        run_dynamics(broken, NVE(), tmp_path / "run", steps=5)
    assert not (tmp_path / "run").exists()


def test_a_run_never_overwrites_another(tmp_path):
    run_dynamics(copper(), NVE(), tmp_path, steps=2)
    before = (tmp_path / "log.csv").read_bytes()
    with pytest.raises(InputError, match=r"cannot write to .*; got: File exists; do: choose a new folder"):
        run_dynamics(copper(), NVE(), tmp_path, steps=2)
    assert (tmp_path / "log.csv").read_bytes() == before


def test_a_damaged_or_missing_restart_is_one_clear_line(tmp_path):
    with pytest.raises(InputError, match="no restart file"):
        resume_dynamics(tmp_path, oracle("emt"), steps=5)
    (tmp_path / NAME).write_bytes(b"not a restart file")
    with pytest.raises(InputError, match="is damaged"):
        resume_dynamics(tmp_path, oracle("emt"), steps=5)


def test_a_log_that_lost_its_end_is_not_continued(tmp_path):
    run_dynamics(copper(), NVE(), tmp_path, steps=4, every=1)
    (tmp_path / "log.csv").write_text("step\n")
    with pytest.raises(InputError, match="shorter than at the last restart"):
        resume_dynamics(tmp_path, oracle("emt"), steps=8)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": 0}, "'steps' is too small"),
        ({"every": 0}, "'every'"),
        ({"time_step": -1.0}, "the time step cannot"),
    ],
)
def test_numbers_out_of_range_are_one_clear_line(tmp_path, options, words):
    with pytest.raises(InputError, match=words):
        run_dynamics(copper(), NVE(), tmp_path / "run", **{"steps": 5, **options})
    assert not (tmp_path / "run").exists()
