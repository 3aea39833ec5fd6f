"""Harmonic modes against closed forms and ASE's own."""

import numpy as np
import pytest
from ase import units
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.optimize import BFGS
from ase.vibrations import Vibrations
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.apps.spectra.modes import (
    HBAR,
    Modes,
    broadened,
    calculator_hessian,
    match_modes,
    mean_absolute_error,
    normal_modes,
)
from intertwine.apps.spectra.plots import spectrum_plot
from intertwine.data import Structure
from intertwine.errors import InputError

WATER = molecule("H2O")


@pytest.fixture(scope="module")
def relaxed_water():
    atoms = WATER.copy()
    atoms.calc = EMT()
    BFGS(atoms, logfile=None).run(fmax=1e-4, steps=200)
    return Structure.from_ase(atoms)


@settings(max_examples=30, deadline=None)
@given(
    stiffness=st.floats(0.1, 100.0),
    numbers=st.tuples(st.integers(1, 80), st.integers(1, 80)),
    length=st.floats(0.5, 3.0),
)
def test_a_diatomic_has_the_one_frequency_of_its_reduced_mass(stiffness, numbers, length):
    pair = Structure(list(numbers), [[0, 0, 0], [0, 0, length]])
    spring = stiffness * np.kron([[1.0, -1.0], [-1.0, 1.0]], np.diag([0.0, 0.0, 1.0]))
    masses = pair.to_ase().get_masses() * units._amu
    angular = np.sqrt(stiffness * units._e * 1e20 / (masses.prod() / masses.sum()))  # SI: rad/s
    expected = angular / (2 * np.pi * units._c * 100)
    modes = normal_modes(spring, pair)
    assert modes.wavenumbers == pytest.approx([expected], rel=1e-6)
    assert modes.zero_point_energy == pytest.approx(0.5 * units._hbar * angular / units._e, rel=1e-6)


def test_water_agrees_with_the_vibrations_of_ase(relaxed_water, tmp_path):
    atoms = relaxed_water.to_ase()
    atoms.calc = EMT()
    theirs = Vibrations(atoms, name=str(tmp_path / "vib"), delta=0.005)
    theirs.run()
    expected = np.sort(theirs.get_frequencies().real)[-3:]
    modes = normal_modes(calculator_hessian(EMT(), relaxed_water), relaxed_water)
    assert len(modes.wavenumbers) == 3
    np.testing.assert_allclose(modes.wavenumbers, expected, rtol=1e-3)


def test_modes_are_orthonormal_and_move_no_mass(relaxed_water):
    modes = normal_modes(calculator_hessian(EMT(), relaxed_water), relaxed_water)
    np.testing.assert_allclose(modes.vectors @ modes.vectors.T, np.eye(3), atol=1e-12)
    root = np.sqrt(relaxed_water.to_ase().get_masses())[None, :, None]
    np.testing.assert_allclose((modes.vectors.reshape(3, 3, 3) * root).sum(axis=1), 0.0, atol=1e-10)


def test_a_crystal_keeps_its_rotations():
    cell = Structure.from_ase(bulk("Cu", cubic=True))
    modes = normal_modes(calculator_hessian(EMT(), cell), cell)
    assert len(modes.wavenumbers) == 3 * len(cell) - 3
    assert modes.wavenumbers.min() > 50.0  # cm⁻¹: fcc copper is stable in EMT


def test_a_saddle_point_shows_as_a_negative_wavenumber():
    pair = Structure([1, 1], [[0, 0, 0], [0, 0, 1.0]])
    hill = -np.kron([[1.0, -1.0], [-1.0, 1.0]], np.diag([0.0, 0.0, 1.0]))
    assert normal_modes(hill, pair).wavenumbers[0] < 0


def test_modes_that_cross_are_matched_by_motion():
    axes = np.eye(3)
    reference = Modes(np.array([100.0, 200.0, 300.0]), axes)
    crossed = Modes(np.array([95.0, 190.0, 310.0]), axes[[0, 2, 1]])
    matched = match_modes(reference, crossed)
    assert [(mode.reference, mode.model) for mode in matched] == [(100, 95), (200, 310), (300, 190)]
    assert mean_absolute_error(matched) == pytest.approx((5 + 110 + 110) / 3)
    assert all(mode.overlap == pytest.approx(1.0) for mode in matched)


def test_broadening_keeps_the_number_of_modes():
    grid = np.arange(-50_000.0, 50_000.0, 2.0)
    assert broadened(np.array([500.0, 1500.0]), grid, 20.0).sum() * 2.0 == pytest.approx(2.0, rel=1e-3)


def test_refusals_say_what_is_wrong(relaxed_water):
    with pytest.raises(
        InputError, match=r"Hessian is of another structure; got: \(3, 3\); accepted: \(9, 9\)"
    ):
        normal_modes(np.eye(3), relaxed_water)
    with pytest.raises(InputError, match="different structures"):
        match_modes(Modes(np.zeros(1), np.ones((1, 3))), Modes(np.zeros(2), np.ones((2, 3))))


def test_hbar_is_in_the_units_of_ase():
    assert pytest.approx(units._hbar / units._e * units.s) == HBAR


def test_a_wild_model_does_not_stretch_the_figure() -> None:
    """One mode at 10⁸ cm⁻¹, as an untrained model may have, once cost 6 GiB of grid."""
    figure = spectrum_plot(np.array([1000.0, 3000.0]), np.array([990.0, 1.5e8]), "GFN2-xTB")
    assert figure.axes[0].get_xlim()[1] < 5000.0
