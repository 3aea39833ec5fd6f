"""Any calculator by name, and a clear line where there is none."""

import numpy as np
import pytest
from ase.build import molecule
from small_potentials import small_model

from intertwine.engines import IntertwineCalculator, oracle
from intertwine.engines.oracles import METHODS
from intertwine.errors import InputError, MissingExtraError
from intertwine.observables import save_model


@pytest.mark.parametrize("name", ["emt", "EMT", "lj", "lennard-jones", "morse"])
def test_ase_calculators_compute(name):
    nitrogen = molecule("N2")
    nitrogen.calc = oracle(name)
    assert np.isfinite(nitrogen.get_forces()).all()


@pytest.mark.parametrize("method", METHODS)
def test_every_hamiltonian_of_tblite_computes(method):
    pytest.importorskip("tblite")
    water = molecule("H2O")
    water.calc = oracle(f"tblite:{method}")
    assert -220.0 < water.get_potential_energy() < -130.0


def test_options_reach_the_calculator():
    argon = molecule("N2")
    weak, strong = oracle("lj", epsilon=1.0, rc=10.0), oracle("lj", epsilon=2.0, rc=10.0)
    assert strong.get_potential_energy(argon) == pytest.approx(2 * weak.get_potential_energy(argon))


def test_a_model_is_an_oracle(tmp_path):
    model = small_model(1, 8)
    save_model(model, tmp_path / "model.safetensors")
    found = oracle(str(tmp_path / "model.safetensors"))
    assert isinstance(found, IntertwineCalculator)
    assert found.get_potential_energy(molecule("H2O")) < 0


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("emmt", {}, "unknown calculator 'emmt'; .*; do: write 'emt'"),
        (
            "tblite:GFN2",
            {},
            "unknown method of tblite 'GFN2'; accepted: GFN2-xTB, GFN1-xTB, IPEA1-xTB; do: write",
        ),
        ("emt:GFN2-xTB", {}, "the calculator 'emt' takes no method; got: GFN2-xTB"),
        ("lj", {"sigm": 1.0}, "unknown option of lj 'sigm'; accepted: .*; do: write 'sigma'"),
        ("gone/model.safetensors", {}, "no model at 'gone/model.safetensors'"),
    ],
)
def test_a_wrong_name_teaches_the_right_one(name, options, words):
    with pytest.raises(InputError, match=words):
        oracle(name, **options)


def test_a_calculator_that_is_not_installed_says_so():
    with pytest.raises(MissingExtraError, match="the calculator 'gpaw' is not installed here"):
        oracle("gpaw")
