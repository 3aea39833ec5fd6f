"""Harmonic intensities against closed forms, selection rules, ASE, and a molecule that is turned."""

import numpy as np
import pytest
from ase import units
from ase.build import molecule
from ase.vibrations import Vibrations
from bond_model import BondSource, carbon_dioxide, diatomic, water
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.apps.spectra.harmonic import harmonic_spectrum, minimum
from intertwine.apps.spectra.intensities import (
    CORRECTIONS,
    KM_PER_MOL,
    VOLUME,
    quantum_factor,
    scattering_factor,
)
from intertwine.apps.spectra.modes import normal_modes
from intertwine.apps.spectra.source import CalculatorSource, source_of
from intertwine.data import Structure
from intertwine.engines import oracle
from intertwine.errors import InputError, IntertwineError
from intertwine.groups import random_rotation

SEEDS = st.integers(0, 2**32 - 1)


def spectrum(system, source=BondSource):
    structure, calculator = system
    return harmonic_spectrum(source(calculator), structure)


@pytest.mark.parametrize("system", [water(), carbon_dioxide()], ids=["H2O", "CO2"])
def test_fields_find_the_intensities_of_the_closed_form(system):
    exact, found = (spectrum(system, source) for source in (BondSource, CalculatorSource))
    np.testing.assert_allclose(found.dipole_slopes, exact.dipole_slopes, atol=1e-8)
    np.testing.assert_allclose(found.polarisability_slopes, exact.polarisability_slopes, atol=1e-6)


@settings(max_examples=10)
@given(charge=st.floats(0.05, 1.0), seed=SEEDS)
def test_a_charged_spring_absorbs_what_its_charge_and_reduced_mass_say(charge, seed):
    found = spectrum(diatomic("HCl", charge, random_rotation(np.random.default_rng(seed))))
    masses = found.structure.to_ase().get_masses()
    reduced = masses.prod() / masses.sum()
    assert found.infrared == pytest.approx([KM_PER_MOL * charge**2 / reduced], rel=1e-6)
    mean, anisotropy = found.invariants
    assert mean == pytest.approx([VOLUME**2 * ((0.15 + 2 * 0.04) / 3) ** 2 / reduced], rel=1e-4)
    assert anisotropy == pytest.approx([VOLUME**2 * (0.15 - 0.04) ** 2 / reduced], rel=1e-4)
    assert found.depolarisation[0] < 0.75


def test_one_e_squared_per_u_is_this_many_km_per_mol_in_si():
    slope = units._e / np.sqrt(units._amu)  # C/√kg
    assert pytest.approx(units._Nav * slope**2 / (12 * units._eps0 * units._c**2) * 1e-3) == KM_PER_MOL
    debye = 1e-21 / units._c / units._e * 1e10  # e·Å
    assert pytest.approx(42.2561, abs=1e-3) == KM_PER_MOL * debye**2


def test_equal_atoms_are_silent_in_the_infrared_and_scatter_light():
    found = spectrum(diatomic("N2", charge=0.0))
    assert found.infrared == pytest.approx([0.0], abs=1e-12)
    assert found.raman[0] > 1.0


def test_a_centre_of_inversion_excludes_each_mode_from_one_of_the_two():
    found = spectrum(carbon_dioxide())
    assert len(found.modes.wavenumbers) == 4
    active = found.infrared > 1e-6 * found.infrared.max()
    scattering = found.raman > 1e-6 * found.raman.max()
    assert active.sum() == 3
    assert scattering.sum() == 1
    assert not (active & scattering).any()
    assert np.isnan(found.depolarisation[active]).all()


def test_only_modes_of_the_full_symmetry_polarise_scattered_light():
    found = spectrum(water())
    mirrored = found.modes.vectors.reshape(3, 3, 3)[:, [0, 2, 1]] * [1.0, -1.0, 1.0]
    parity = (mirrored.reshape(3, 9) * found.modes.vectors).sum(axis=1)
    assert found.depolarisation[parity < 0] == pytest.approx([0.75], abs=1e-6)
    assert (found.depolarisation[parity > 0] < 0.74).all()


@settings(max_examples=10)
@given(seed=SEEDS)
def test_intensities_do_not_depend_on_how_the_molecule_lies(seed):
    turn = random_rotation(np.random.default_rng(seed))
    here, there = spectrum(water()), spectrum(water(turn))
    for name in ("infrared", "raman", "depolarisation"):
        np.testing.assert_allclose(getattr(there, name), getattr(here, name), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("bend", [0.0, 1e-9, 1e-6])
def test_a_molecule_that_is_straight_to_rounding_keeps_both_its_bends(bend):
    structure, calculator = carbon_dioxide()
    moved = structure.positions + bend * np.array([[1.0, 0, 0], [-1.0, 0, 0], [1.0, 0, 0]])
    found = harmonic_spectrum(CalculatorSource(calculator), structure.replace(positions=moved))
    assert len(found.modes.wavenumbers) == 4
    assert found.modes.wavenumbers[0] == pytest.approx(found.modes.wavenumbers[1], abs=0.1)


def test_water_by_quantum_chemistry_agrees_with_ase_and_with_born_charges(tmp_path):
    pytest.importorskip("tblite")
    source = source_of("tblite:GFN2-xTB")
    rest = minimum(source, Structure.from_ase(molecule("H2O")), fmax=1e-4)
    found = harmonic_spectrum(source, rest)
    atoms = rest.to_ase()
    atoms.calc = oracle("tblite:GFN2-xTB", accuracy=0.01)
    theirs = Vibrations(atoms, name=str(tmp_path / "vib"), delta=0.005)
    theirs.run()
    expected = theirs.get_frequencies().real[-3:]
    np.testing.assert_allclose(found.modes.wavenumbers, expected, atol=1.0)
    from intertwine.engines.finite_field import electric_response

    born = electric_response(atoms, ["born_charges"])["born_charges"]
    slopes = np.einsum("iab,kib->ka", born, found.modes.displacements(atoms.get_masses()))
    np.testing.assert_allclose(found.infrared, KM_PER_MOL * (slopes**2).sum(axis=1), rtol=1e-3)
    assert found.depolarisation[2] == pytest.approx(0.75, abs=1e-4)


def test_a_source_without_dipoles_has_wavenumbers_and_no_intensities():
    nitrogen = Structure.from_ase(molecule("N2"))
    source = source_of("emt")
    found = harmonic_spectrum(source, minimum(source, nitrogen))
    assert found.infrared is None
    assert found.raman is None
    assert found.depolarisation is None
    grid = np.arange(0.0, 6000.0, 1.0)
    curves = found.curves(grid, 10.0)
    assert set(curves) == {"density_of_states"}
    assert np.trapezoid(curves["density_of_states"], grid) == pytest.approx(1.0, abs=0.01)


def test_curves_carry_the_intensities():
    found, grid = spectrum(water()), np.arange(-20_000.0, 30_000.0, 2.0)
    curves = found.curves(grid, 20.0)
    area = {name: np.trapezoid(curve, grid) for name, curve in curves.items()}
    assert area["infrared"] == pytest.approx(found.infrared.sum(), rel=2e-3)
    assert area["raman"] == pytest.approx(found.raman.sum(), rel=2e-3)
    assert area["raman_polarised"] + area["raman_depolarised"] == pytest.approx(area["raman"], rel=1e-9)


def test_a_minimum_that_is_not_reached_says_so():
    structure, calculator = water()
    far = structure.replace(positions=1.3 * structure.positions)
    with pytest.raises(IntertwineError, match="no minimum in 1 steps: the largest force is"):
        minimum(CalculatorSource(calculator), far, fmax=1e-6, steps=1)
    rest = minimum(CalculatorSource(calculator), far, fmax=1e-6)
    assert (normal_modes(CalculatorSource(calculator).hessian(rest), rest).wavenumbers > 0).all()


def test_the_scattering_factor_is_placzek_in_si():
    shift, origin, heat = 2331e2, 1 / 514.5e-9, units._k * 300.0  # 1/m, 1/m, J
    activity = 1e-40 / units._amu  # 1 Å⁴/u in m⁴/kg
    quantum = units._hplanck / (8 * np.pi**2 * units._c * shift)
    level = 1 - np.exp(-units._hplanck * units._c * shift / heat)
    expected = (2 * np.pi) ** 4 / 45 * (origin - shift) ** 4 * quantum * activity / level  # m²/sr
    found = scattering_factor(np.array([2331.0, 0.0, -5.0, 30_000.0]), 514.5, 300.0)
    assert found == pytest.approx([1e34 * expected, 0.0, 0.0, 0.0], rel=1e-9)


@settings(max_examples=20)
@given(temperature=st.floats(10.0, 2000.0), correction=st.sampled_from(CORRECTIONS))
def test_quantum_corrections_vanish_for_slow_motion(temperature, correction):
    assert quantum_factor(np.zeros(1), temperature, correction) == pytest.approx([1.0])
    x = np.array([500.0, 3000.0]) * units.invcm / (units.kB * temperature)
    corrections = {
        "harmonic": x / (1 - np.exp(-x)),
        "none": np.ones(2),
        "standard": 2 / (1 + np.exp(-x)),
        "schofield": np.exp(x / 2),
    }
    expected = corrections[correction] * (1 - np.exp(-x)) / x
    assert quantum_factor(np.array([500.0, 3000.0]), temperature, correction) == pytest.approx(expected)


def test_an_unknown_correction_is_refused():
    with pytest.raises(
        InputError, match=r"unknown quantum correction 'harmonics'; accepted: .*do: write 'harm"
    ):
        quantum_factor(np.zeros(1), 300.0, "harmonics")
