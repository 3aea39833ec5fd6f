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
    properties=tuple(PROPERTIES),
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


def test_what_cannot_answer_is_refused_before_anything_is_computed(tmp_path):
    plan = {"calculator": "emt", "properties": ("dipole",), "rattle": 0.1}
    with pytest.raises(InputError, match="the calculator EMT gives no dipole"):
        label([WATER], LabelPlan(**plan), work=tmp_path / "parts")
    crystal = Structure.from_ase(bulk("Si"))
    with pytest.raises(InputError, match=r"open in all directions; got: Si2, pbc T T T"):
        label([WATER, crystal], PLAN, work=tmp_path / "parts")
    assert not (tmp_path / "parts").exists()


@pytest.mark.parametrize("told", ["by the structure", "by an option"])
def test_a_charge_is_felt_and_stays_with_the_frame(told):
    ion = Structure.from_ase(molecule("OH"))
    options = {"charge": -1} if told == "by an option" else {}
    ion = ion if options else ion.replace(charge=-1.0)
    plan = LabelPlan(
        calculator="tblite:GFN2-xTB", options=options, rattle=0.02, frames=1, properties=tuple(PROPERTIES)
    )
    (frame,) = label([ion], plan, workers=0)
    assert frame.charge == -1.0
    np.testing.assert_allclose(frame.labels["born_charges"].sum(axis=0), -np.eye(3), atol=1e-4)


def test_frames_of_different_charge_are_labelled_each_under_its_own():
    frames = [Structure.from_ase(molecule("OH")).replace(charge=charge) for charge in (1.0, -1.0, 1.0)]
    energies = [
        float(frame.labels["energy"])
        for frame in label(frames, LabelPlan(calculator="tblite:GFN2-xTB"), workers=0)
    ]
    assert energies[0] == pytest.approx(energies[2], abs=1e-4)
    assert abs(energies[0] - energies[1]) > 5.0


def test_a_frame_in_a_field_is_labelled_in_it():
    field = np.array([0.0, 0.0, 0.3])
    plan = LabelPlan(calculator="tblite:GFN2-xTB", options={"accuracy": 0.01}, properties=tuple(PROPERTIES))
    free, biased = label([WATER, WATER.replace(electric_field=field)], plan, workers=0)
    np.testing.assert_array_equal(biased.electric_field, field)
    change = biased.labels["dipole"] - free.labels["dipole"]
    mean = 0.5 * (biased.labels["polarisability"] + free.labels["polarisability"])
    np.testing.assert_allclose(change, mean @ field, atol=2e-4)
    work = 0.5 * (biased.labels["dipole"] + free.labels["dipole"]) @ field
    assert float(free.labels["energy"] - biased.labels["energy"]) == pytest.approx(work, abs=1e-4)


def test_conditions_that_cannot_be_met_are_refused():
    copper = Structure([29], [[0, 0, 0]], charge=1.0)
    with pytest.raises(InputError, match=r"the calculator EMT takes no charge; got: 1.0"):
        label([copper], LabelPlan(calculator="emt"), workers=0)
    with pytest.raises(InputError, match=r"has another charge than the calculator is told; got: 1 and -1 e"):
        label([copper], LabelPlan(calculator="tblite", options={"charge": -1}), workers=0)
