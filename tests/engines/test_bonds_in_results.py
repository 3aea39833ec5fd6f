"""Values of bonds come out beside everything else, for the bonds that were named."""

import json

import numpy as np
import pytest
import torch
from ase import Atoms

from intertwine.apps.properties.report import property_report
from intertwine.data import LABELS, Structure
from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.engines import IntertwineCalculator, Predictor
from intertwine.errors import InputError
from intertwine.heads import TensorSpec
from intertwine.observables import Model, ModelSpec

COUPLING = TensorSpec(unit="meV", indices="ij", per="bond")
PLACES = [[0, 0, 0.12], [0, 0.76, -0.48], [0, -0.76, -0.48]]
PAIRS = [[0, 1], [2, 1]]


@pytest.fixture(scope="module")
def model() -> Model:
    torch.manual_seed(0)
    sizes = {"channels": 8, "message_channels": 4, "l_max": 2, "output_l": 2}
    encoder = BodyOrderedSpec(species=(1, 8), cutoff=4.0, **sizes)
    heads = {"coupling": COUPLING, "dipole": TensorSpec.of(LABELS["dipole"])}
    return Model(ModelSpec(encoder=encoder, reference_energies={1: -13.6, 8: -432.0}, heads=heads))


def water() -> Atoms:
    return Atoms("OH2", PLACES, cell=5 * np.eye(3), pbc=True, info={"bonds": PAIRS})


def test_a_predictor_gives_every_structure_the_values_of_its_bonds(model):
    one = Structure.from_ase(water())
    several = [one, one.replace(bonds=[[1, 0]]), one.replace(bonds=PAIRS[::-1])]
    found = Predictor(model)(several, ("coupling", "forces", "energy"))
    assert [result["coupling"].shape for result in found] == [(2, 3, 3), (1, 3, 3), (2, 3, 3)]
    np.testing.assert_allclose(found[2]["coupling"], found[0]["coupling"][::-1], atol=1e-5)
    assert found[1]["forces"].shape == (3, 3)
    assert found[1]["energy"].shape == ()


def test_a_calculator_gives_the_same_and_follows_the_bonds_of_its_atoms(model):
    atoms = water()
    atoms.calc = IntertwineCalculator(model)
    (expected,) = Predictor(model)([Structure.from_ase(atoms)], ("coupling",))
    np.testing.assert_allclose(atoms.calc.get_property("coupling", atoms), expected["coupling"], atol=1e-6)
    atoms.info |= {"bonds": [[0, 1]], "bond_shifts": [[0, 0, 1]]}
    (expected,) = Predictor(model)([Structure.from_ase(atoms)], ("coupling",))
    np.testing.assert_allclose(atoms.calc.get_property("coupling", atoms), expected["coupling"], atol=1e-6)
    assert atoms.get_dipole_moment().shape == (3,)


def test_who_names_no_bonds_is_told_so_in_one_line(model):
    bare = Structure([8, 1, 1], PLACES)
    with pytest.raises(
        InputError, match=r"coupling is asked of a structure without bonds; got: structure 1"
    ) as it:
        Predictor(model)([bare.replace(bonds=PAIRS), bare], ("coupling",))
    assert "\n" not in str(it.value)
    atoms = bare.to_ase()
    atoms.calc = IntertwineCalculator(model)
    assert atoms.get_forces().shape == (3, 3)
    with pytest.raises(InputError, match="without bonds; got: H2O; do: name its ordered pairs"):
        atoms.calc.get_property("coupling", atoms)


def test_the_page_of_properties_lists_every_bond_where_all_structures_have_some(model, tmp_path):
    molecule = Structure([8, 1, 1], PLACES, bonds=PAIRS)
    file, page = property_report(Predictor(model), [molecule]).write(tmp_path)
    assert "2 → 1" in page.read_text()
    assert "H → H" in page.read_text()
    assert json.loads(file.read_text())["structures"][0]["bonds"] == PAIRS
    without = property_report(Predictor(model), [molecule, molecule.replace(bonds=())])
    assert [set(sheet.values) for sheet in without.sheets] == [{"dipole"}] * 2
