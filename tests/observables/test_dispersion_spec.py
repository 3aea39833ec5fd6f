"""What can be said of dispersion without the packages that compute it."""

import sys

import pytest
from pydantic import ValidationError

from intertwine.dispersion import Dispersion, DispersionSpec
from intertwine.encoders import BodyOrderedSpec
from intertwine.errors import MissingExtraError
from intertwine.heads import TensorSpec
from intertwine.observables import ModelSpec
from intertwine.train.model_config import ModelConfig

ENCODER = BodyOrderedSpec(species=(1,), output_l=1)


@pytest.mark.parametrize(("method", "module"), [("d3bj", "dftd3.interface"), ("d4", "dftd4.interface")])
def test_a_missing_package_names_its_extra(method: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'intertwine\[dispersion\]'"):
        Dispersion(DispersionSpec(method=method, functional="revpbe"))


@pytest.mark.parametrize(
    ("given", "triples"),
    [
        ({"functional": "pbe"}, False),
        ({"functional": "pbe", "method": "d4"}, True),
        ({"functional": "pbe", "three_body": True}, True),
        ({"functional": "pbe", "method": "d4", "three_body": False}, False),
    ],
)
def test_triples_are_counted_as_published_unless_told(given: dict, triples: bool) -> None:
    assert DispersionSpec(**given).with_three_bodies is triples


@pytest.mark.parametrize(
    "given", [{}, {"functional": ""}, {"functional": "pbe", "method": "d5"}, {"functional": "pbe", "s6": 1.0}]
)
def test_what_it_does_not_know_is_refused(given: dict) -> None:
    with pytest.raises(ValidationError):
        DispersionSpec(**given)


def test_the_configuration_has_a_place_for_it() -> None:
    model = ModelConfig.model_validate({"dispersion": {"method": "d4", "functional": "r2scan"}})
    assert model.dispersion == DispersionSpec(method="d4", functional="r2scan")
    assert ModelConfig().dispersion is None


def test_a_model_description_survives_json() -> None:
    spec = ModelSpec(
        encoder=ENCODER, reference_energies={1: 0.0}, dispersion=DispersionSpec(functional="pbe")
    )
    assert ModelSpec.model_validate_json(spec.model_dump_json()) == spec


def test_dispersion_without_an_energy_is_refused() -> None:
    heads = {"dipole": TensorSpec(unit="e·Å", indices="i")}
    with pytest.raises(ValueError, match="dispersion is an energy"):
        ModelSpec(encoder=ENCODER, energy=False, heads=heads, dispersion=DispersionSpec(functional="pbe"))
