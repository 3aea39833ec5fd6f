"""Charge and field reach the calculator, and stay with a run."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from still_calculator import IdealGas

from intertwine.data import LABELS, Structure, read
from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.engines import NVE, IntertwineCalculator, oracle, resume_dynamics, run_dynamics
from intertwine.engines.conditions import put_under
from intertwine.engines.finite_field import PROPERTIES, electric_response, given_by
from intertwine.errors import InputError
from intertwine.heads.tensor import TensorSpec
from intertwine.observables import Model, ModelSpec


class Witness(IdealGas):
    """Remembers under which charge and field it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[float, list[float]]] = []

    def calculate(self, atoms=None, properties=("energy",), system_changes=()):
        super().calculate(atoms, properties, system_changes)
        info = self.atoms.info
        self.seen.append((float(info["charge"]), np.asarray(info["electric_field"]).tolist()))


def test_a_run_stays_under_its_charge_and_field_through_every_restart(tmp_path):
    ion = Structure([11, 17], [[0, 0, 0], [0, 0, 3.0]], charge=1.0, electric_field=[0, 0, 0.1]).to_ase()
    ion.calc = witness = Witness()
    run_dynamics(ion, NVE(), tmp_path, steps=6, every=2, restart_every=2, temperature=100.0)
    resume_dynamics(tmp_path, witness, steps=8)
    assert len(witness.seen) > 6
    assert all(under == (1.0, [0.0, 0.0, 0.1]) for under in witness.seen)
    for frame in read(tmp_path / "trajectory.extxyz", require=()):
        assert frame.charge == 1.0
        assert frame.electric_field.tolist() == [0.0, 0.0, 0.1]


def test_a_calculator_is_left_alone_where_it_says_so_already():
    pytest.importorskip("tblite")
    calculator = oracle("tblite:GFN2-xTB")
    water = Structure.from_ase(molecule("H2O"))
    calculator.get_potential_energy(water.to_ase())
    put_under(calculator, water)
    assert "energy" in calculator.results
    put_under(calculator, water.replace(charge=1.0, electric_field=[0.1, 0, 0]))
    assert "energy" not in calculator.results
    assert calculator.parameters["charge"] == 1.0
    assert list(calculator.parameters["electric_field"]) == [0.1, 0.0, 0.0]
    put_under(calculator, water)
    assert calculator.parameters["charge"] is None
    assert calculator.parameters["electric_field"] is None


def test_a_field_needs_an_open_system():
    pytest.importorskip("tblite")
    crystal = Structure([14], [[0, 0, 0]], 4.0 * np.eye(3), True, electric_field=[0.1, 0, 0])
    with pytest.raises(InputError, match="open in all directions; got: Si, pbc T T T"):
        put_under(oracle("tblite:GFN2-xTB"), crystal)


def responding_model() -> Model:
    encoder = BodyOrderedSpec(species=(1, 8), channels=4, layers=1, l_max=2, hidden_l=0, radial=4, output_l=2)
    heads = {name: TensorSpec.of(LABELS[name]) for name in ("dipole", "polarisability", "charges")}
    spec = ModelSpec(
        encoder=encoder, reference_energies={1: -13.6, 8: -432.0}, heads=heads, field="expansion"
    )
    return Model(spec).double().eval()


def test_a_model_answers_by_itself_what_others_answer_by_differences():
    calculator = IntertwineCalculator(responding_model())
    assert given_by(calculator) == tuple(PROPERTIES)
    water: Atoms = molecule("H2O")
    water.calc = calculator
    found = electric_response(water, PROPERTIES)
    assert {name: value.shape for name, value in found.items()} == {
        "dipole": (3,),
        "polarisability": (3, 3),
        "born_charges": (3, 3, 3),
        "charges": (3,),
    }
    put_under(calculator, Structure([1], [[0, 0, 0]], charge=1.0))  # it reads charges from the atoms
