"""Dipoles, polarisabilities and Born charges as labels: of the frame, and without a trace in the sampling."""

import numpy as np
import pytest
from ase.build import bulk, molecule

from intertwine.apps.label import LabelPlan, label
from intertwine.data import Structure, is_isolated_atom, read, write
from intertwine.engines.finite_field import PROPERTIES, electric_response, tight_oracle
from intertwine.errors import InputError

pytest.importorskip("tblite")

WATER = Structure.from_ase(molecule("H2O"))
PLAN = LabelPlan(
    calculator="tblite:GFN2-xTB",
    temperatures=(300.0,),
    frames=2,
    chain_frames=1,
    interval=2.0,
    equilibration=2.0,
    isolated=True,
    properties=PROPERTIES,
    seed=1,
)


@pytest.fixture(scope="module")
def frames() -> list[Structure]:
    return label([WATER], PLAN, workers=0)


def test_every_property_is_that_of_the_frame(frames, tmp_path):
    write(tmp_path / "frames.extxyz", frames)
    for frame in read(tmp_path / "frames.extxyz", require=()):
        if is_isolated_atom(frame):
            assert not {*PROPERTIES} & {*frame.labels}
            continue
        atoms = frame.replace(labels={}).to_ase()
        atoms.calc = tight_oracle("tblite:GFN2-xTB")
        for name, value in electric_response(atoms, PROPERTIES).items():
            np.testing.assert_allclose(frame.labels[name], value, atol=1e-6)
        np.testing.assert_allclose(frame.labels["born_charges"].sum(axis=0), 0.0, atol=1e-6)


def test_asking_for_more_changes_no_frame(frames):
    bare = label([WATER], PLAN.model_copy(update={"properties": ()}), workers=0)
    for one, other in zip(bare, frames, strict=True):
        np.testing.assert_array_equal(one.positions, other.positions)
        for name, value in one.labels.items():
            np.testing.assert_array_equal(value, other.labels[name])


def test_properties_do_not_depend_on_the_number_of_processes(frames):
    for one, other in zip(frames, label([WATER], PLAN, workers=2), strict=True):
        for name, value in one.labels.items():
            np.testing.assert_array_equal(value, other.labels[name])


def test_a_charge_given_to_the_calculator_is_felt_in_the_field():
    ion = Structure.from_ase(molecule("OH"))
    plan = LabelPlan(
        calculator="tblite:GFN2-xTB", options={"charge": -1, "multiplicity": 1}, properties=("born_charges",)
    )
    (frame,) = label([ion], plan, workers=0)
    np.testing.assert_allclose(frame.labels["born_charges"].sum(axis=0), -np.eye(3), atol=1e-4)


def test_what_cannot_answer_is_refused_before_anything_is_computed(tmp_path):
    plan = {"calculator": "emt", "properties": ("dipole",), "rattle": 0.1}
    with pytest.raises(InputError, match="the calculator EMT gives no dipole"):
        label([WATER], LabelPlan(**plan), work=tmp_path / "parts")
    crystal = Structure.from_ase(bulk("Si"))
    with pytest.raises(InputError, match=r"open in all directions; got: Si2, pbc T T T"):
        label([WATER, crystal], PLAN, work=tmp_path / "parts")
    assert not (tmp_path / "parts").exists()
