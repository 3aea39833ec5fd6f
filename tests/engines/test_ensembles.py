"""Each ensemble has the distribution that statistical mechanics says."""

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from still_calculator import IdealGas

from intertwine.engines import NPT, NVE, Langevin, Motion, oracle, relax, thermalise
from intertwine.engines.ensembles import LangevinPiston, ensemble
from intertwine.errors import InputError


def gas(atoms: int, volume: float) -> Atoms:
    """Atoms that do not see each other, in a cube of this volume in Å³."""
    edge = volume ** (1 / 3)
    found = Atoms(numbers=[18] * atoms, cell=[edge] * 3, pbc=True)
    found.set_scaled_positions(np.random.default_rng(0).random((atoms, 3)))
    found.calc = IdealGas()
    return found


def test_volume_of_an_ideal_gas_at_constant_pressure_is_gamma_distributed():
    """P(V) ∝ Vᴺ exp(−pV/kT): mean (N+1) kT/p and relative width 1/√(N+1)."""
    number, temperature, pressure = 8, 300.0, 0.1
    expected = (number + 1) * units.kB * temperature / (pressure * units.GPa)
    atoms = gas(number, expected)
    rng = np.random.default_rng(2)
    thermalise(atoms, temperature, rng)
    sample = NPT(temperature, pressure, thermostat_time=20.0, barostat_time=50.0)
    motion = Motion(atoms, sample, 4.0, rng)
    volumes, temperatures = [], []
    for _ in range(8_000):
        motion.advance()
        volumes.append(atoms.get_volume())
        temperatures.append(atoms.get_temperature())
    assert np.mean(temperatures) == pytest.approx(temperature, rel=0.02)
    assert np.mean(volumes) == pytest.approx(expected, rel=0.06)
    assert np.std(volumes) / np.mean(volumes) == pytest.approx((number + 1) ** -0.5, rel=0.15)


def test_langevin_gives_every_degree_of_freedom_half_kT_and_a_spring_its_share():
    """Equipartition in momentum and position: two atoms on a spring at 300 K."""
    atoms = molecule("N2")
    atoms.calc = oracle("emt")
    rng = np.random.default_rng(0)
    thermalise(atoms, 300.0, rng)
    motion = Motion(atoms, Langevin(300.0, thermostat_time=20.0), 1.0, rng)
    kinetic = []
    for _ in range(4000):
        motion.advance()
        kinetic.append(atoms.get_momenta() ** 2 / atoms.get_masses()[:, None])
    share = np.mean(kinetic[500:], axis=0) / (units.kB * 300.0)
    assert share == pytest.approx(np.ones((2, 3)), rel=0.25)


def test_a_crystal_under_pressure_has_the_volume_that_relaxation_finds():
    """Two routes to V(5 GPa): dynamics of cell and atoms at 300 K, and the minimum of the enthalpy."""
    atoms = bulk("Cu", cubic=True)
    atoms.calc = oracle("emt")
    free = atoms.get_volume()
    squeezed = relax(atoms, cell="full", pressure=5.0, fmax=0.005).atoms.get_volume()
    rng = np.random.default_rng(0)
    thermalise(atoms, 300.0, rng)
    sample = NPT(300.0, pressure=5.0, thermostat_time=50.0, barostat_time=200.0, cell="full")
    motion = Motion(atoms, sample, 4.0, rng)
    volumes, shears = [], []
    for _ in range(300):
        motion.advance()
        volumes.append(atoms.get_volume())
        shears.append(np.cos(np.radians(atoms.cell.angles())))
    assert squeezed < 0.97 * free
    assert np.mean(volumes[100:]) == pytest.approx(1.01 * squeezed, rel=0.03), "1% for thermal expansion"
    assert np.abs(np.mean(shears[100:], axis=0)).max() < 0.06


def test_the_trace_of_the_cell_momentum_drags_along_the_identity():
    """What `LangevinPiston` mends: in ASE's own class a diagonal momentum turns the others."""
    piston = NPT(300.0, cell="full").integrator(bulk_in_motion(), 1.0, np.random.default_rng(0))
    assert isinstance(piston, LangevinPiston)
    piston.p_eps = np.diag([1.0, 2.0, 3.0])
    drag = piston._barostat_BAOAB_OU_gamma_mod() * piston.barostat_mass
    assert np.allclose(drag, np.diag([1.0, 2.0, 3.0]) + 6.0 / piston.Ndof * np.eye(3))


def test_isotropic_and_full_cells_drag_alike_when_the_cell_only_scales():
    atoms = bulk_in_motion()
    one = NPT(300.0).integrator(atoms, 1.0, np.random.default_rng(0))
    nine = NPT(300.0, cell="full").integrator(atoms, 1.0, np.random.default_rng(0))
    one.p_eps, nine.p_eps = 0.7, 0.7 * np.eye(3)
    assert np.allclose(one._barostat_BAOAB_OU_gamma_mod() * np.eye(3), nine._barostat_BAOAB_OU_gamma_mod())


def bulk_in_motion() -> Atoms:
    """Copper that moves."""
    atoms = bulk("Cu", cubic=True)
    atoms.calc = oracle("emt")
    thermalise(atoms, 300.0, np.random.default_rng(0))
    return atoms


@pytest.mark.parametrize("still", [False, True])
def test_velocities_have_the_temperature_of_what_can_move(still):
    atoms = molecule("C6H6")
    rng = np.random.default_rng(0)
    free = 3 * len(atoms) - 6 * still
    drawn = []
    for _ in range(400):
        thermalise(atoms, 300.0, rng, still=still)
        drawn.append(2 * atoms.get_kinetic_energy() / (free * units.kB))
    assert np.mean(drawn) == pytest.approx(300.0, rel=0.03)
    assert np.std(drawn) == pytest.approx(300.0 * np.sqrt(2 / free), rel=0.15)


def test_a_still_molecule_neither_drifts_nor_turns():
    atoms = molecule("CH3CH2OH")
    thermalise(atoms, 500.0, np.random.default_rng(1), still=True)
    arms = atoms.positions - atoms.get_center_of_mass()
    assert np.abs(atoms.get_momenta().sum(0)).max() < 1e-12
    assert np.abs(np.cross(arms, atoms.get_momenta()).sum(0)).max() < 1e-11
    line = molecule("CO2")
    thermalise(line, 500.0, np.random.default_rng(1), still=True)
    assert np.isfinite(line.get_momenta()).all()


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("nvt", {}, "unknown ensemble 'nvt'; accepted: nve, langevin, npt; do: write 'nve'"),
        (
            "langevin",
            {"temperature": 0.0},
            "the temperature of the langevin ensemble cannot be used; got: 0.0",
        ),
        ("langevin", {"temperature": 300.0, "thermostat_time": -1.0}, "thermostat time of the langevin"),
        ("langevin", {}, "cannot be set up so"),
        (
            "npt",
            {"temperature": 300.0, "pressure": float("nan")},
            "pressure of the npt ensemble is not finite",
        ),
        (
            "npt",
            {"temperature": 300.0, "cell": "round"},
            "unknown cell motion 'round'; accepted: isotropic, full",
        ),
    ],
)
def test_what_cannot_be_sampled_is_one_clear_line(name, options, words):
    with pytest.raises(InputError, match=words):
        ensemble(name, **options)


def test_constant_pressure_needs_three_periodic_directions():
    atoms = molecule("N2")
    atoms.calc = oracle("emt")
    with pytest.raises(InputError, match="constant pressure needs a crystal or liquid"):
        Motion(atoms, NPT(300.0), 1.0, np.random.default_rng(0))


def test_ensembles_are_values():
    assert ensemble("nve") == NVE()
    assert ensemble("npt", temperature=300.0, pressure=1.0) == NPT(300.0, 1.0)
