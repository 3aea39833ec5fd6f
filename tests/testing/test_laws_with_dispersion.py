"""The laws of a model with dispersion: which hold, which are not tried, and why."""

import pytest
import torch

from intertwine.dispersion import DispersionSpec
from intertwine.electrostatics import LongRangeSpec
from intertwine.encoders import BodyOrderedSpec
from intertwine.observables import Model, ModelSpec
from intertwine.testing import LAWS, prepare
from intertwine.testing.laws.locality import FAR

pytest.importorskip("dftd3")
pytest.importorskip("dftd4")

ABRUPT = ("derivative.forces", "derivative.stress")
"""What D3's coordination numbers break in bulk, where they end: see docs/longrange.md."""

ENERGY = {law.name: law for law in LAWS if law.needs == "energy" and law.family != "Dynamics"}


def model_of(method: str, **changes: object) -> Model:
    torch.manual_seed(0)
    encoder = BodyOrderedSpec(species=(1, 8), cutoff=4.0, channels=4, l_max=2)
    dispersion = DispersionSpec(method=method, functional="pbe")
    references = {1: -13.6, 8: -432.0}
    return Model(ModelSpec(encoder=encoder, reference_energies=references, dispersion=dispersion, **changes))


@pytest.mark.parametrize("law", [law for name, law in ENERGY.items() if name not in ABRUPT], ids=str)
def test_a_model_with_d3_keeps(law) -> None:
    results, omitted = law.results(prepare(model_of("d3bj"), budget=1.0))
    assert all(line.passed for line in results), [str(line) for line in results]
    assert bool(omitted) == (law.name == "extensivity")
    assert {line.reason for line in omitted} <= {FAR}


def test_d4_is_tried_where_it_can_be() -> None:
    trial = prepare(model_of("d4"), budget=1.0)
    assert [probe.name for probe in trial.probes] == ["molecule", "triclinic bulk", "one-atom cell"]
    assert len(prepare(model_of("d3bj"), budget=1.0).probes) == 5


def test_coulombs_law_is_not_tried_where_dispersion_adds_to_it() -> None:
    trial = prepare(model_of("d3bj", longrange=LongRangeSpec()), budget=1.0)
    (law,) = [law for law in LAWS if law.name == "charges.coulomb"]
    results, (omitted,) = law.results(trial)
    assert not results
    assert "dispersion" in omitted.reason
