"""The drift is read off an energy that the integrator itself conserves to the fourth power of its step."""

import numpy as np
import pytest
from ase import Atoms, units
from ase.calculators.calculator import Calculator

from intertwine.testing.laws.dynamics import trajectory


class Springs(Calculator):
    """An anharmonic well for every coordinate: V = Σ x²/2 + x⁴/4, in eV and Å."""

    implemented_properties = ("energy", "forces")

    def calculate(self, atoms=None, properties=("energy",), system_changes=()):
        super().calculate(atoms, properties, system_changes)
        x = self.atoms.positions
        self.results = {"energy": float((x**2 / 2 + x**4 / 4).sum()), "forces": -x - x**3}


def ripple(step: float) -> tuple[float, float]:
    atoms = Atoms("H2", positions=[[0.3, 0.1, -0.2], [-0.4, 0.2, 0.5]], calculator=Springs())
    atoms.set_velocities(np.array([[0.1, -0.2, 0.0], [0.3, 0.1, -0.1]]) / units.fs * 0.1)
    run = trajectory(atoms, step, seconds=0.0)
    return float(run.total.std()), float(run.shadow.std())


def test_shadow_energy_ripples_with_the_fourth_power_of_the_step():
    (total, shadow), (total_half, shadow_half) = ripple(1.0), ripple(0.5)
    assert total / total_half == pytest.approx(4.0, rel=0.15)
    assert shadow / shadow_half == pytest.approx(16.0, rel=0.3)
    assert shadow < 0.02 * total
