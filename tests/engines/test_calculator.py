"""The calculator agrees with differences of its own energy and forgets nothing that matters."""

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.fd import calculate_numerical_forces, calculate_numerical_stress
from small_potentials import small_model, systems

from intertwine.engines import NVE, IntertwineCalculator, Motion, thermalise
from intertwine.errors import InputError
from intertwine.observables import save_model

SYSTEMS = systems()


def with_model(atoms: Atoms, **options) -> Atoms:
    """A copy of the atoms with a small model that knows their species."""
    copy = atoms.copy()
    copy.calc = IntertwineCalculator(small_model(*sorted(set(atoms.numbers.tolist()))), **options)
    return copy


@pytest.mark.parametrize("name", SYSTEMS)
def test_forces_are_minus_the_slope_of_the_energy_by_ase(name):
    atoms = with_model(SYSTEMS[name])
    numerical = calculate_numerical_forces(atoms, eps=1e-4)
    scale = max(1.0, np.abs(numerical).max())
    assert np.abs(atoms.get_forces() - numerical).max() < 1e-6 * scale


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name != "molecule"])
def test_stress_is_the_slope_along_strain_by_ase(name):
    atoms = with_model(SYSTEMS[name])
    numerical = calculate_numerical_stress(atoms, eps=1e-5)
    assert np.abs(numerical).max() > 1e-3
    assert np.abs(atoms.get_stress() - numerical).max() < 1e-6 * np.abs(numerical).max()


def test_hessian_is_the_slope_of_the_forces():
    atoms = with_model(SYSTEMS["molecule"])
    hessian = atoms.calc.get_hessian(atoms)
    assert np.array_equal(atoms.calc.get_property("hessian", atoms), hessian)
    step = 1e-4
    rows = []
    for atom, axis in np.ndindex(len(atoms), 3):
        ends = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions[atom, axis] += sign * step
            ends.append(atoms.calc.get_forces(moved).ravel())
        rows.append((ends[1] - ends[0]) / (2 * step))
    assert np.abs(hessian).max() > 0.1
    assert np.abs(hessian - np.array(rows)).max() < 1e-6 * np.abs(hessian).max()


def test_atomic_energies_add_up_and_free_energy_is_the_energy():
    atoms = with_model(SYSTEMS["slab"])
    energy = atoms.get_potential_energy()
    assert atoms.get_potential_energies().sum() == pytest.approx(energy, abs=1e-10)
    assert atoms.get_potential_energy(force_consistent=True) == energy


def test_values_do_not_depend_on_the_order_of_questions():
    first, second = with_model(SYSTEMS["crystal"]), with_model(SYSTEMS["crystal"])
    forces, stress, energy = first.get_forces(), first.get_stress(), first.get_potential_energy()
    first.calc.get_hessian(first)
    assert second.get_potential_energy() == energy
    assert np.array_equal(second.get_stress(), stress)
    assert np.array_equal(second.get_forces(), forces)
    assert first.get_potential_energy() == energy


def test_a_molecule_has_no_stress():
    with pytest.raises(PropertyNotImplementedError):
        with_model(SYSTEMS["molecule"]).get_stress()


def test_computes_anew_exactly_when_geometry_changes(monkeypatch):
    atoms = with_model(SYSTEMS["crystal"])
    calls = []
    evaluate = atoms.calc._evaluate
    monkeypatch.setattr(atoms.calc, "_evaluate", lambda graph: calls.append(1) or evaluate(graph))
    atoms.get_forces()
    atoms.get_potential_energy()
    atoms.get_stress()
    atoms.set_initial_magnetic_moments([1.0] * len(atoms))
    atoms.set_momenta(np.ones((len(atoms), 3)))
    atoms.get_forces()
    assert len(calls) == 1
    atoms.positions[0, 0] += 1e-12
    atoms.get_forces()
    atoms.set_cell(atoms.cell * (1 + 1e-12))
    atoms.get_forces()
    atoms.pbc = [True, True, False]
    atoms.get_forces()
    atoms.numbers[0] = 29
    atoms.get_forces()
    assert len(calls) == 4


def run(skin: float, steps: int = 40) -> tuple[np.ndarray, np.ndarray, int]:
    """A hot run of a copper crystal; positions, forces and the number of neighbour searches."""
    atoms = with_model(bulk("Cu", cubic=True), skin=skin)
    thermalise(atoms, 3000.0, np.random.default_rng(1))
    motion = Motion(atoms, NVE(), 2.0, np.random.default_rng(0))
    for _ in range(steps):
        motion.advance()
    return atoms.positions, atoms.get_forces(), atoms.calc._neighbours.builds


def test_a_skin_changes_nothing_but_the_number_of_searches():
    positions, forces, searches = run(skin=0.0)
    with_skin, forces_with_skin, few = run(skin=0.2)
    assert searches >= 40
    assert 1 < few < searches / 2, "the skin must be outrun a few times for this test to mean anything"
    assert np.abs(positions - with_skin).max() < 1e-10
    assert np.abs(forces - forces_with_skin).max() < 1e-10


def test_unknown_elements_and_nan_positions_are_one_clear_line():
    calculator = IntertwineCalculator(small_model(1, 8))
    with pytest.raises(InputError, match=r"never seen the element C, N; got: CH3NO2; accepted: H, O; do: "):
        calculator.get_potential_energy(molecule("CH3NO2"))
    water = molecule("H2O")
    water.positions[1, 2] = np.nan
    with pytest.raises(InputError, match="positions are not finite"):
        calculator.get_potential_energy(water)


def test_precision_is_chosen_without_touching_the_model(tmp_path):
    model = small_model(1, 8)
    water = molecule("H2O")
    double = IntertwineCalculator(model)
    single = IntertwineCalculator(model, dtype=torch.float32)
    save_model(model, tmp_path / "model.safetensors")
    loaded = IntertwineCalculator(tmp_path / "model.safetensors")
    assert double.model is model
    assert model.dtype == torch.float64
    assert single.model.dtype == torch.float32
    energies = [c.get_potential_energy(water) for c in (double, single, loaded)]
    assert 0 < abs(energies[0] - energies[1]) < 1e-3
    assert energies[0] == energies[2]


def test_a_device_that_is_not_there_is_one_clear_line():
    with pytest.raises(InputError, match=r"cannot compute on 'nowhere'; got: .*; do: use the device 'cpu'"):
        IntertwineCalculator(small_model(1), device="nowhere")
