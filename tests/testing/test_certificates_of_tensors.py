"""Models of tensors are certified too, with an energy and without, in a field and out of it."""

import json
import math

import numpy as np
import pytest
import torch
from broken_tensors import COUPLING, REFERENCE, spec

from intertwine.data import Structure
from intertwine.graph import build_graph
from intertwine.groups import get_group
from intertwine.observables import Model, ModelSpec
from intertwine.testing import LAWS, Certificate, certify, crystal, prepare
from intertwine.testing.laws.tensors import CLASSES

WATER = Structure([8, 1, 1], [[0, 0, 0.12], [0, 0.76, -0.48], [0, -0.76, -0.48]])
TABLE = ("dipole", "polarisability", "charges", "dielectric", "piezoelectric")


def model(spec: ModelSpec, seed: int = 1) -> Model:
    torch.manual_seed(seed)
    return Model(spec)


@pytest.fixture(scope="module")
def without_energy() -> Certificate:
    return certify(model(spec(*TABLE, energy=False)), [WATER.replace(charge=1.0)], budget=1.0)


def test_a_model_without_an_energy_is_certified_by_the_laws_of_its_tensors(without_energy):
    assert without_energy.passed, [str(line) for line in without_energy.broken]
    assert set(without_energy.families) == {"Tensors"}
    assert {item.line for item in without_energy.omitted} == {
        line for law in LAWS if law.needs != "tensors" for line in law.claims
    }
    assert without_energy.not_applicable["this model has no energy"][0] == "rotation.energy"
    assert without_energy.model["outputs"] == [*TABLE, "handedness"]


def test_its_page_and_file_are_whole(without_energy):
    page = without_energy.to_html()
    assert "certificate of a model of tensors" in page
    assert all(f'id="{line.name}"' in page for line in without_energy.lines)
    assert page.count("this model has no energy") == 1
    assert Certificate.from_json(without_energy.to_json()).to_dict() == json.loads(without_energy.to_json())


@pytest.mark.parametrize(
    "fields",
    [
        spec("dipole", "polarisability", "charges", field="expansion"),
        spec("dipole", field="expansion"),
        spec("charges", "dielectric", field="density"),
        spec(*TABLE, "elastic", "born_charges"),
        spec("dipole", coupling=COUPLING, field="expansion"),
    ],
    ids=["expansion", "only a dipole", "density", "no field", "bonds"],
)
def test_a_random_model_of_many_heads_keeps_every_law(fields):
    trial = prepare(model(fields), [WATER], budget=0.5)
    laws = [law for law in LAWS if law.needs != "energy" or law.name in ("rotation", "translation", "batch")]
    results = [result for law in laws for result in law.results(trial)[0]]
    assert [str(result) for result in results if not result.passed] == []
    assert all(math.isfinite(result.figure) for result in results)


def test_frames_are_certified_on_the_bonds_that_they_name():
    frame = WATER.replace(bonds=[[1, 2]])
    trial = prepare(model(spec("charges", coupling=COUPLING)), [frame, WATER.replace(charge=1.0)])
    named = [len(probe.structure.bonds) for probe in trial.situations]
    assert named[:-2] == [6] * (len(named) - 2)
    assert sorted(named[-2:]) == [1, 6]
    assert all(len(answer["coupling"]) == n for n, answer in zip(named, trial.answers, strict=True))


def test_a_response_that_the_model_does_not_give_is_left_out():
    trial = prepare(model(spec("dipole", field="expansion")))
    law = next(law for law in LAWS if law.name == "response.polarisability")
    results, omitted = law.results(trial)
    assert (results, omitted[0].reason) == ([], "this model does not give the polarisability")


def test_frames_in_a_field_are_certified_without_it_and_keep_their_charge():
    frame = WATER.replace(charge=-1.0, electric_field=[0.0, 0.0, 0.3])
    trial = prepare(model(spec("dipole", field="expansion")), [frame])
    assert not trial.probes[-1].structure.electric_field.any()
    assert trial.situations[-1].structure.charge == -1.0
    assert trial.situations[-1].structure.electric_field.any()
    law = next(law for law in LAWS if law.name == "balance")
    assert all(result.passed for result in law.results(trial)[0])


@pytest.mark.parametrize("group", CLASSES)
def test_made_crystals_have_the_class_that_they_are_made_for(group):
    from intertwine.data.crystal_symmetry import crystal_point_group, site_point_group

    made = crystal(REFERENCE, group, 4.0, np.random.default_rng(0))
    elements = get_group(group).elements
    assert crystal_point_group(made).contains(elements).all()
    assert site_point_group(made, 0).contains(elements).all()
    graph = build_graph(made, 4.0)
    assert graph.edge_vectors().norm(dim=1).min() > 1.0
    assert len(set(graph.receiver.tolist())) == len(made)
