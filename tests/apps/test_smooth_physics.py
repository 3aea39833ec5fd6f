"""What decides the benchmark of smooth physics: kinks, work, moves, order, drift and temperature."""

import doctest
import importlib
import json
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator
from hypothesis import given
from hypothesis import strategies as st

from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.engines import Langevin, Motion, thermalise
from intertwine.errors import InputError
from intertwine.observables import Model, ModelSpec, save_model

PROJECT = Path(__file__).parents[2]
X = np.linspace(0.0, 2.0, 801)
PLACES = st.floats(0.2, 1.8)
SMOOTH = st.builds(
    lambda amplitude, wave, phase: lambda x: amplitude * np.sin(wave * x + phase),
    st.floats(0.1, 10.0),
    st.floats(0.0, 8.0),
    st.floats(0.0, 6.3),
)


def part(name: str) -> ModuleType:
    return importlib.import_module(f"benchmarks.smooth_physics.{name}")


@pytest.fixture(autouse=True, scope="module")
def in_the_project() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(PROJECT)
        yield


@pytest.mark.parametrize("name", ["curves", "molecule", "stages", "melt"])
def test_the_examples_say_what_happens(name: str) -> None:
    failed, tried = doctest.testmod(part(name))
    assert failed == 0 < tried


@given(smooth=SMOOTH, place=PLACES)
def test_a_smooth_curve_has_no_kink_even_where_its_curvature_jumps(smooth, place: float) -> None:
    crossing = np.maximum(X - place, 0.0) ** 2
    for values in (smooth(X), smooth(X) + 5.0 * crossing):
        assert part("curves").kinks(X, values).size == 0


@given(smooth=SMOOTH, place=PLACES, sign=st.sampled_from([1.0, -1.0]))
def test_a_kink_and_a_jump_are_found_where_they_are(smooth, place: float, sign: float) -> None:
    for fault in (0.5 * np.abs(X - place), 0.1 * (place < X)):
        (found,) = part("curves").kinks(X, smooth(X) + sign * fault)
        assert abs(found - place) < 0.02


def turned(slope_of=lambda x: -3 * np.sin(3 * x), energy_of=lambda x: np.cos(3 * x)):
    x = np.linspace(0.0, 2 * np.pi, 1441)
    return part("curves").Curve("turn", "rad", x, energy_of(x), slope_of(x), 1.0, 1.5 - x / 6, closed=True)


def test_forces_must_account_for_the_energy() -> None:
    assert turned().conservative()
    assert not turned(slope_of=lambda x: -3.01 * np.sin(3 * x)).conservative()
    assert not turned(energy_of=lambda x: np.cos(3 * x) + 1e-3 * (x > 2.0)).conservative()


def test_a_closed_smooth_curve_counts_its_extrema() -> None:
    assert turned().kinks().size == 0
    assert turned().extrema() == (3, 3)


def test_a_hole_is_told_apart_from_one_where_atoms_meet() -> None:
    curve = turned(energy_of=lambda x: 1.0 - 0.3 * np.exp(-((x - 2.0) ** 2)) - 7.0 * (x > 5.0))
    assert curve.deepest() == pytest.approx(-0.3, abs=1e-4)
    assert not part("scans").hole_verdict([turned(energy_of=lambda x: 2.0 - np.cos(x)), curve]).holds
    assert part("scans").hole_verdict([turned(energy_of=lambda x: 2.0 - np.cos(x))]).holds


def test_a_closed_curve_is_judged_across_its_seam() -> None:
    bent = turned(slope_of=lambda x: np.abs(x - np.pi)).kinks()
    np.testing.assert_allclose(bent, [0.0, np.pi], atol=0.02)


def rattled(name: str) -> Atoms:
    atoms = molecule(name)
    atoms.rattle(0.05, seed=1)
    return atoms


def test_a_regular_methyl_group_repeats_after_a_third_of_a_turn() -> None:
    moves = part("molecule")
    atoms = moves.regular(rattled("CH3CH2OH"))
    ((bond, hydrogens),) = moves.methyls(atoms).items()
    for third in (1, 2):
        place = moves.turning(atoms, bond).place(third * 2 * np.pi / 3)
        apart = np.linalg.norm(place[hydrogens, None] - atoms.positions[None, hydrogens], axis=2)
        np.testing.assert_allclose(apart.min(axis=1), 0.0, atol=1e-12)
    assert np.abs(atoms.positions - rattled("CH3CH2OH").positions).max() < 0.2


@pytest.mark.parametrize("kind", ["turning", "stretching"])
def test_the_tangent_of_a_path_is_its_derivative(kind: str) -> None:
    moves, atoms = part("molecule"), rattled("CH3CH2OH")
    for bond in moves.rotors(moves.bonds(atoms)):
        path = getattr(moves, kind)(atoms, bond)
        numeric = (path.place(0.7 + 1e-5) - path.place(0.7 - 1e-5)) / 2e-5
        np.testing.assert_allclose(path.tangent(0.7), numeric, atol=1e-9)
        assert 0 < path.moving.sum() < len(atoms)


def test_a_proton_that_hops_breaks_nothing_and_one_that_leaves_does() -> None:
    atoms = Atoms("OHO", [[0, 0, 0], [1.0, 0, 0], [2.6, 0, 0]])
    hopped, gone = atoms.positions.copy(), atoms.positions.copy()
    hopped[1, 0], gone[1] = 1.6, [1.3, 2.0, 0.0]
    lengths = part("molecule").nearest_lengths(atoms, [(0, 1)], np.stack([atoms.positions, hopped, gone]))
    np.testing.assert_allclose(lengths[:, 0], [1.0, 1.0, math.hypot(1.3, 2.0)])


def test_g_of_r_counts_the_shells_of_diamond() -> None:
    melt, crystal = part("melt"), bulk("Si", "diamond", a=5.43, cubic=True).repeat(2)
    order = melt.order([crystal, crystal])
    width = order.r[1] - order.r[0]
    counts = order.g * 4 * np.pi * order.r**2 * width * len(crystal) / crystal.get_volume()
    for edge, neighbours in ((3.0, 4), (4.2, 16), (4.8, 28)):
        assert counts[order.r < edge].sum() == pytest.approx(neighbours, rel=1e-3)


@pytest.mark.parametrize(("rate", "holds"), [(0.0099, True), (-0.0101, False)])
def test_the_drift_of_a_known_line_is_its_slope(rate: float, holds: bool) -> None:
    time = np.linspace(0.0, 50.0, 1001)
    wave = 0.1 * np.sin(40 * time)
    log = part("stages").Log(time, np.full(1001, 300.0), -7e3 + rate * time + wave)
    verdict, figures = part("stages").constant_energy(log)
    assert verdict.holds is holds
    assert figures["drift_meV_per_atom_per_ns"] == pytest.approx(1000 * rate, rel=0.01)
    assert figures["fluctuation_meV_per_atom"] == pytest.approx(0.1 / math.sqrt(2), rel=0.02)


class Springs(Calculator):
    """Every atom on a spring of its own."""

    implemented_properties = ("energy", "forces")

    def calculate(self, atoms=None, properties=(), system_changes=()) -> None:
        super().calculate(atoms, properties, system_changes)
        self.results = {"energy": 2.5 * (self.atoms.positions**2).sum(), "forces": -5 * self.atoms.positions}


def test_the_integrator_shows_the_temperature_expected_of_it() -> None:
    atoms = Atoms("H100", np.zeros((100, 3)), calculator=Springs())
    rng, step = np.random.default_rng(0), 4.0
    thermalise(atoms, 300.0, rng)
    motion = Motion(atoms, Langevin(300.0, 30.0), step, rng)
    heats = []
    while motion.step < 1500:
        motion.advance()
        heats.append(atoms.get_temperature())
    masses = atoms.get_masses()
    expected = part("molecular_dynamics").expected_temperature(5.0 * np.eye(300), masses, 300.0, step)
    assert expected == pytest.approx(300 * (1 - 5.0 / masses[0] * (step * units.fs) ** 2 / 4))
    assert expected < 250
    values = np.array(heats[100:])
    assert abs(values.mean() - expected) < 4 * part("stages").error_of_mean(values)


@pytest.fixture
def untrained(tmp_path: Path) -> Path:
    spec = BodyOrderedSpec(species=(1, 6, 14), channels=4)
    energies = {1: 0.0, 6: 0.0, 14: 0.0}
    torch.manual_seed(0)
    save_model(Model(ModelSpec(encoder=spec, reference_energies=energies)), tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def judged(command: str, *words: str, plotted: bool = True) -> dict:
    results = Path(words[words.index("--results") + 1])
    importlib.import_module("benchmarks.smooth_physics.__main__").main([command, *words])
    (path,) = results.glob(f"smooth_physics-{command}-*.json")
    assert bool(list(results.glob(f"{path.stem}*.png"))) is plotted
    record = json.loads(path.read_text(), parse_constant=pytest.fail)
    assert record["holds"] == all(verdict["holds"] for verdict in record["verdicts"])
    return record


def test_a_simulation_goes_on_and_refuses_another_plan(
    tmp_path: Path, untrained: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(part("molecular_dynamics"), "start", lambda model: molecule("C2H6"))
    folders = ["--results", str(tmp_path / "results"), "--output", str(tmp_path / "runs")]
    short = ["--every", "1", "--time-step", "0.05", "--nve-picoseconds", "0.002"]
    words = ["--model", str(untrained), *folders, *short]
    first = judged("md", *words, "--picoseconds", "0.002")
    again = judged("md", *words, "--picoseconds", "0.003")
    assert (first["simulation"]["steps_now"], again["simulation"]["steps_now"]) == (80, 20)
    assert "--output" not in again["command"]
    assert "drift at constant energy" in capsys.readouterr().out
    with pytest.raises(InputError, match="another simulation"):
        judged("md", *words, "--seed", "1")


def test_an_explosion_is_a_verdict(tmp_path: Path, untrained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part("molecular_dynamics"), "start", lambda model: molecule("C2H6"))
    folders = ["--results", str(tmp_path / "results"), "--output", str(tmp_path / "runs")]
    words = ["--model", str(untrained), *folders, "--every", "1", "--time-step", "50"]
    record = judged("md", *words, plotted=False)
    assert "exploded" in record["simulation"]["ended_early"]
    assert not record["holds"]
    assert not record["verdicts"][0]["holds"]


def test_silicon_is_melted_quenched_and_judged(
    tmp_path: Path, untrained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INTERTWINE_DATA", raising=False)
    folders = ["--results", str(tmp_path / "results"), "--output", str(tmp_path / "runs")]
    short = ["--melt-picoseconds", "0.002", "--rate", "1e5", "--hold-picoseconds", "0.002", "--hot", "700"]
    words = ["--model", str(untrained), *folders, *short, "--nve-picoseconds", "0.03", "--every", "1"]
    record = judged("melt", *words)
    assert record["simulation"]["steps_now"] == 2 + 3 * 1 + 2 + 30
    assert not next(v for v in record["verdicts"] if "melted" in v["claim"])["holds"]
    assert record["order"]["solid"]["peak"] == pytest.approx(2.37, abs=0.1)


def test_a_scan_judges_every_rotor_and_bond(
    tmp_path: Path, untrained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans = part("scans")
    monkeypatch.setenv("INTERTWINE_DATA", str(tmp_path))
    (tmp_path / "acac").mkdir()
    monkeypatch.setattr(scans, "start", lambda model: part("molecule").regular(molecule("C2H6")))
    monkeypatch.setattr(scans, "DEGREES", 6.0)
    monkeypatch.setattr(scans, "LENGTH", 0.2)
    record = judged("scan", "--model", str(untrained), "--results", str(tmp_path / "results"))
    claims = [verdict["claim"] for verdict in record["verdicts"][:-1]]
    assert [claim.split()[0] for claim in claims] == ["turn"] + ["stretch"] * 7
    assert "3 minima" in record["verdicts"][0]["measured"]
    assert record["verdicts"][0]["holds"], record["verdicts"][0]
    assert record["stretches"][0]["x"][-1] > 5.0


def test_without_a_model_one_line_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no model .*train one by"):
        part("verdicts").digest(tmp_path / "none.safetensors")
