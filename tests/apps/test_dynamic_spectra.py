"""Spectra of motion against sum rules, the definition of the autocorrelation, and harmonic intensities."""

from itertools import pairwise

import numpy as np
import pytest
from ase import units
from bond_model import BondSource, carbon_dioxide, diatomic, water
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.apps.spectra.correlation import (
    SPEED_OF_LIGHT,
    density_of_states,
    power_spectrum,
    rate_spectrum,
    steps_of,
    undispersed,
)
from intertwine.apps.spectra.dynamic import dynamic_spectrum
from intertwine.apps.spectra.harmonic import harmonic_spectrum
from intertwine.apps.spectra.peaks import peaks_of
from intertwine.apps.spectra.sampling import Sampling, Trajectory
from intertwine.errors import InputError
from intertwine.groups import random_rotation

EXACT = Sampling(time_step=0.005, interval=2.0, rotation=False)
"""Frames from formulas: no rotation, and no integrator whose lines would have to be moved."""


def harmonic_motion(system, frames: int = 3000, amplitude: float = 0.002) -> tuple:
    """A trajectory in which every mode swings with the same energy and a phase of its own."""
    structure, calculator = system
    source = BondSource(calculator)
    found = harmonic_spectrum(source, structure)
    masses = structure.to_ase().get_masses()
    frequency = 2 * np.pi * SPEED_OF_LIGHT * found.modes.wavenumbers  # rad/fs
    phase = np.outer(EXACT.interval * np.arange(frames), frequency) + np.arange(len(frequency))
    motions = found.modes.displacements(masses)
    scale = amplitude / frequency
    positions = structure.positions + np.einsum("tk,kia->tia", scale * np.cos(phase), motions)
    velocities = np.einsum("tk,kia->tia", -amplitude * np.sin(phase), motions) / units.fs
    answers = source.answers([structure.replace(positions=place) for place in positions])
    return found, Trajectory(structure.to_ase(), velocities, answers, 0.0)


def band(curve: np.ndarray, grid: np.ndarray, centre: float, reach: float = 150.0) -> float:
    near = abs(grid - centre) < reach
    return float(np.trapezoid(curve[near], grid[near]))


@pytest.mark.parametrize("system", [diatomic(), water(), carbon_dioxide()], ids=["HCl", "H2O", "CO2"])
def test_bands_have_the_areas_of_harmonic_intensities(system):
    """Equipartition: one degree of freedom under each band, and its km/mol and Å⁴/u."""
    found, trajectory = harmonic_motion(system)
    seen = dynamic_spectrum([trajectory], EXACT, width=20.0)
    centres, states = found.modes.wavenumbers, seen.values["density_of_states"]
    assert np.trapezoid(states, seen.wavenumbers) == pytest.approx(len(centres), rel=1e-9)
    expected = {"density_of_states": np.ones(len(centres)), "infrared": found.infrared, "raman": found.raman}
    for name, values in expected.items():
        for centre in centres:
            together = abs(centres - centre) < 150.0
            area = band(seen.values[name], seen.wavenumbers, centre)
            assert area == pytest.approx(values[together].sum(), rel=0.03, abs=0.01 * values.max())


@settings(max_examples=5)
@given(wavenumber=st.floats(300.0, 4000.0), interval=st.sampled_from([0.5, 1.0, 2.0]))
def test_a_harmonic_trajectory_peaks_at_its_wavenumber(wavenumber, interval):
    time = np.arange(8000) * interval
    velocity = np.zeros((8000, 2, 3))
    velocity[:, 0, 0] = np.cos(2 * np.pi * SPEED_OF_LIGHT * wavenumber * time)
    velocity[:, 1, 0] = -velocity[:, 0, 0]
    grid, density = density_of_states(velocity, np.array([1.0, 1.0]), interval, width=20.0)
    assert abs(peaks_of(grid, density)[0].wavenumber - wavenumber) < 1.0
    inner = density > 0.5 * density.max()
    assert np.ptp(grid[inner]) == pytest.approx(20.0, abs=8.0)


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**32 - 1),
    frames=st.integers(40, 300),
    atoms=st.integers(2, 4),
    width=st.floats(900.0, 3000.0),
)
def test_the_density_of_states_counts_degrees_of_freedom(seed, frames, atoms, width):
    rng = np.random.default_rng(seed)
    velocities, masses = rng.normal(size=(frames, atoms, 3)), rng.uniform(1.0, 50.0, atoms)
    grid, density = density_of_states(velocities, masses, 1.0, width)
    assert np.trapezoid(density, grid) == pytest.approx(3 * atoms - 3, rel=1e-9)
    assert density.min() > -1e-6 * density.max()


def test_the_spectrum_is_the_transform_of_the_autocorrelation():
    """By the other road: every lag summed by hand, windowed and transformed as an integral."""
    series, interval, width = np.random.default_rng(0).normal(size=(64, 5)), 1.5, 800.0
    grid, density = power_spectrum(series, interval, width)
    sigma = width / (2 * np.sqrt(2 * np.log(2)))  # cm⁻¹
    lags = np.arange(-63, 64)
    sums = [sum(series[t] @ series[t + lag] for t in range(max(0, -lag), min(64, 64 - lag))) for lag in lags]
    path = SPEED_OF_LIGHT * interval * lags  # cm
    windowed = np.array(sums) / 64 * np.exp(-0.5 * (2 * np.pi * sigma * path) ** 2)
    direct = 2 * SPEED_OF_LIGHT * interval * (np.cos(2 * np.pi * grid[:, None] * path) @ windowed)
    np.testing.assert_allclose(density, direct, rtol=1e-6, atol=1e-7 * direct.max())


def test_uniform_motion_is_not_vibration():
    rng = np.random.default_rng(1)
    velocity, masses = rng.normal(size=(256, 4, 3)), np.array([1.0, 6.0, 8.0, 1.0])
    at_rest = density_of_states(velocity, masses, 1.0, 200.0)
    moving = density_of_states(velocity + 7.0, masses, 1.0, 200.0)
    np.testing.assert_allclose(at_rest[1], moving[1], rtol=1e-8)


@settings(max_examples=10)
@given(wavenumber=st.floats(200.0, 3500.0))
def test_rates_are_what_differences_tell(wavenumber):
    time, rate = np.arange(8000) * 2.0, 2 * np.pi * SPEED_OF_LIGHT * wavenumber
    signal = np.sin(rate * time)[:, None] + 30.0
    grid, density = rate_spectrum(steps_of(signal), 2.0, 20.0)
    assert np.trapezoid(density, grid) == pytest.approx(0.5 * rate**2, rel=0.02)


def test_dipoles_of_a_cell_go_the_shortest_way():
    cell, rng = np.array([[8.0, 0, 0], [1.0, 9.0, 0], [0, 2.0, 7.0]]), np.random.default_rng(0)
    path = np.cumsum(rng.normal(scale=0.3, size=(200, 3)), axis=0)
    folded = path - np.floor(path @ np.linalg.inv(cell)) @ cell
    assert np.abs(np.diff(folded, axis=0)).max() > 3.0
    np.testing.assert_allclose(
        steps_of(folded, cell, np.array([True] * 3)), np.diff(path, axis=0), atol=1e-12
    )
    slab = path - np.floor(path @ np.linalg.pinv(cell[:2])) @ cell[:2]
    np.testing.assert_allclose(
        steps_of(slab, cell, np.array([True, True, False])), np.diff(path, axis=0), atol=1e-12
    )
    np.testing.assert_array_equal(steps_of(folded, cell, np.array([False] * 3)), np.diff(folded, axis=0))


@pytest.mark.parametrize("time_step", [0.25, 0.5, 1.0])
def test_velocity_verlet_is_undispersed_exactly(time_step):
    """The integrator itself, on an oscillator: its line stands too high and is put back."""
    rate = 2 * np.pi * SPEED_OF_LIGHT * 3700.0
    place, speed, places, speeds = 0.0, 1.0, [], []
    for _ in range(20_000):
        places.append(place)
        speeds.append(speed)
        half = speed - 0.5 * time_step * rate**2 * place
        place += time_step * half
        speed = half - 0.5 * time_step * rate**2 * place
    series = np.array([places, speeds])[:, :, None]
    (grid, place_power), (_, speed_power) = (power_spectrum(one, time_step, 15.0) for one in series)
    kept = grid < 5000.0
    true, cosine = undispersed(grid[kept], time_step)
    assert peaks_of(true, place_power[kept])[0].wavenumber == pytest.approx(3700.0, abs=0.5)
    potential = rate**2 * np.trapezoid(place_power, grid)
    kinetic = np.trapezoid(speed_power[kept] / cosine**3, true)
    assert kinetic == pytest.approx(potential, rel=1e-3)
    assert np.trapezoid(speed_power, grid) < 0.995 * potential


@settings(max_examples=3)
@given(seed=st.integers(0, 2**32 - 1))
def test_spectra_of_motion_do_not_depend_on_how_the_molecule_lies(seed):
    turn = random_rotation(np.random.default_rng(seed))
    _, here = harmonic_motion(water(), frames=900)
    there = Trajectory(
        here.atoms,
        here.velocities @ turn.T,
        {
            "dipole": here.answers["dipole"] @ turn.T,
            "polarisability": turn @ here.answers["polarisability"] @ turn.T,
        },
        0.0,
    )
    seen = [dynamic_spectrum([one], EXACT, width=30.0).values for one in (here, there)]
    for name, curve in seen[0].items():
        np.testing.assert_allclose(seen[1][name], curve, rtol=1e-6, atol=1e-9 * curve.max())


def test_the_parts_of_raman_scattering_add_up():
    _, trajectory = harmonic_motion(water(), frames=900)
    values = dynamic_spectrum([trajectory], EXACT, width=30.0).values
    np.testing.assert_allclose(values["raman_polarised"] + values["raman_depolarised"], values["raman"])
    isotropic = values["raman_polarised"] - 4 / 3 * values["raman_depolarised"]
    assert isotropic.min() > -1e-6 * isotropic.max()


def test_several_trajectories_are_averaged():
    _, first = harmonic_motion(water(), frames=900)
    _, second = harmonic_motion(water(), frames=900, amplitude=0.001)
    one, other, both = (dynamic_spectrum(some, EXACT, 30.0) for some in ([first], [second], [first, second]))
    assert both.temperature == pytest.approx(0.5 * (one.temperature + other.temperature))
    for name, curve in both.values.items():
        hot, cold = one.temperature * one.values[name], other.temperature * other.values[name]
        np.testing.assert_allclose(both.temperature * curve, 0.5 * (hot + cold), rtol=1e-9)


def test_a_quantum_correction_weighs_absorption_and_leaves_the_states():
    _, trajectory = harmonic_motion(water(), frames=900)
    seen = [dynamic_spectrum([trajectory], EXACT, 30.0, name).values for name in ("harmonic", "standard")]
    np.testing.assert_array_equal(seen[0]["density_of_states"], seen[1]["density_of_states"])
    assert seen[1]["infrared"].max() < 0.9 * seen[0]["infrared"].max()


def test_what_is_too_short_says_so():
    with pytest.raises(
        InputError, match=r"of 0.2 ps is too short for lines of 10 cm⁻¹; accepted: 3.34 ps or more"
    ):
        power_spectrum(np.zeros((100, 1)), 2.0, 10.0)
    with pytest.raises(InputError, match="there are no trajectories"):
        dynamic_spectrum([], EXACT)


def test_peaks_are_found_between_points_and_the_least_are_left_out():
    grid = np.arange(0.0, 4000.0, 4.0)
    centres, heights = (1001.5, 1600.0, 3333.3), (1.0, 0.2, 0.004)
    curve = sum(h * np.exp(-((grid - c) ** 2) / 200.0) for c, h in zip(centres, heights, strict=True))
    found = peaks_of(grid, curve, least=0.01)
    assert [peak.wavenumber for peak in found] == pytest.approx(centres[:2], abs=0.1)
    assert [peak.height for peak in found] == pytest.approx(heights[:2], rel=0.01)
    assert all(a.wavenumber < b.wavenumber for a, b in pairwise(found))
    assert peaks_of(grid, np.zeros(len(grid))) == []
