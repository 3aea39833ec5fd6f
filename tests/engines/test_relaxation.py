"""Relaxation ends where forces vanish, in a cell whose stress balances the pressure."""

import numpy as np
import pytest
from ase import units
from ase.build import bulk, molecule
from small_potentials import small_model
from still_calculator import IdealGas

from intertwine.engines import IntertwineCalculator, oracle, relax
from intertwine.errors import InputError, IntertwineError

EMT_LATTICE_CONSTANT = 3.5898
"""Å, of copper with ASE's EMT."""


def shaken_copper():
    """Copper out of place in a cell of the wrong size and shape."""
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.05, seed=1)
    atoms.set_cell(
        atoms.cell.array @ [[1.03, 0.02, 0.0], [0.0, 0.98, 0.01], [0.0, 0.0, 1.01]], scale_atoms=True
    )
    atoms.calc = oracle("emt")
    return atoms


@pytest.mark.parametrize("optimizer", ["fire", "bfgs", "lbfgs"])
def test_every_optimizer_finds_the_crystal(optimizer):
    end = relax(shaken_copper(), fmax=0.002, optimizer=optimizer, cell="full")
    assert end.converged
    assert end.largest_force < 0.002
    assert end.atoms.get_volume() == pytest.approx(EMT_LATTICE_CONSTANT**3, rel=2e-3)
    assert end.energy == end.atoms.get_potential_energy()


def test_stress_balances_the_pressure():
    end = relax(shaken_copper(), fmax=0.001, cell="full", pressure=10.0)
    stress = end.atoms.get_stress() / units.GPa
    assert stress == pytest.approx([-10.0] * 3 + [0.0] * 3, abs=0.05)


def test_an_isotropic_cell_keeps_its_shape():
    start = shaken_copper()
    end = relax(start, cell="isotropic")
    assert np.allclose(end.atoms.cell.angles(), start.cell.angles())
    assert end.atoms.get_volume() != pytest.approx(start.get_volume(), rel=1e-3)


def test_a_fixed_cell_and_the_start_stay_as_they_are():
    start = shaken_copper()
    before = start.positions.copy()
    end = relax(start)
    assert np.array_equal(end.atoms.cell.array, start.cell.array)
    assert np.array_equal(start.positions, before)


def test_a_model_relaxes_too_and_reports_each_step():
    atoms = molecule("H2O")
    atoms.calc = IntertwineCalculator(small_model(1, 8))
    seen = []
    end = relax(atoms, fmax=0.02, observe=lambda *now: seen.append(now))
    assert end.converged
    assert end.energy < atoms.get_potential_energy()
    assert [step for step, _, _ in seen] == list(range(end.steps + 1))
    assert seen[-1][1:] == (end.energy, end.largest_force)


def test_not_converging_is_said_and_is_no_error():
    end = relax(shaken_copper(), fmax=1e-6, steps=3)
    assert not end.converged
    assert end.steps == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fmax": 0.0}, "fmax cannot be used; got: 0.0; accepted: a positive number in eV/Å"),
        ({"fmax": float("nan")}, "fmax cannot be used"),
        ({"steps": 0}, "the number of steps is too small"),
        ({"optimizer": "bgfs"}, "unknown optimizer 'bgfs'; accepted: fire, bfgs, lbfgs; do: write 'bfgs'"),
        ({"cell": "ful"}, "unknown cell motion 'ful'; .* do: write 'full'"),
        ({"cell": "full"}, "the cell can move only in a crystal"),
        ({"pressure": 1.0}, "a pressure acts only on a volume that changes"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(options, words):
    atoms = molecule("N2")
    atoms.calc = oracle("emt")
    with pytest.raises(InputError, match=words):
        relax(atoms, **options)


def test_a_calculator_that_fails_is_one_clear_line():
    atoms = bulk("Cu", cubic=True)
    atoms.calc = IdealGas(fail_after=0)
    with pytest.raises(IntertwineError, match="the calculator failed while relaxing: SCF not converged"):
        relax(atoms)
