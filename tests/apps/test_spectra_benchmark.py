"""The benchmark of spectra compares what belongs together."""

import importlib

import numpy as np
import pytest
from bond_model import BondSource, water

from intertwine.apps.spectra.dynamic import DynamicSpectrum
from intertwine.apps.spectra.harmonic import harmonic_spectrum

benchmark = importlib.import_module("benchmarks.spectra")


def test_a_model_that_is_its_teacher_differs_by_nothing():
    structure, calculator = water()
    found = harmonic_spectrum(BondSource(calculator), structure)
    compared = benchmark.compared_modes(found, found)
    assert compared["wavenumbers_cm-1"]["largest"] == 0.0
    assert list(compared["likeness"].values()) == pytest.approx([1.0] * 5)
    assert compared["area, model over teacher"] == pytest.approx({"infrared": 1.0, "raman": 1.0})
    for row in compared["modes, teacher and model"]:
        assert all(teacher == model for teacher, model in row.values())


def test_halves_of_the_teacher_say_what_chance_does():
    def bump(centre: float) -> DynamicSpectrum:
        curve = np.exp(-((benchmark.GRID - centre) ** 2) / 5000.0)
        return DynamicSpectrum(
            benchmark.GRID, dict.fromkeys(benchmark.UNITS, curve), 300.0, 15.0, "none", (0.5,)
        )

    teacher, model = [bump(1000.0), bump(1000.0), bump(1050.0)], [bump(1000.0)] * 3
    compared = benchmark.compared_motion(teacher, model)
    assert compared["likeness"]["infrared"] == pytest.approx(1.0)
    assert compared["likeness of two halves of the teacher's"]["infrared"] == pytest.approx(
        np.exp(-(50.0**2) / 10_000.0)
    )
    assert compared["largest_drift_meV_per_atom"] == 0.5
