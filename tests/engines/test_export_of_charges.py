"""Charges beyond the cutoff are part of a compiled program."""

import numpy as np
import pytest
from test_export import WATER, assert_equal, traced

from intertwine.apps.export import trial_graphs
from intertwine.electrostatics import LongRangeSpec
from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.engines import export
from intertwine.engines.exported import inputs_of
from intertwine.errors import InputError
from intertwine.graph import build_graph, collate
from intertwine.observables import OUTPUTS, Model, ModelSpec


def test_charges_are_in_the_program_for_molecules_ions_and_crystals():
    encoder = BodyOrderedSpec(
        species=(1, 8), cutoff=3.0, channels=2, message_channels=2, l_max=1, radial=2, output_l=1
    )
    references, charges = {1: -13.6, 8: -2041.0}, LongRangeSpec(dipoles=True)
    model = Model(ModelSpec(encoder=encoder, reference_energies=references, longrange=charges)).double()
    program = traced(model).module()
    for name, graph in trial_graphs(model.species, model.cutoff, charges=True).items():
        given = dict(zip(OUTPUTS, program(*inputs_of(graph, charges)), strict=True))
        assert_equal(given, model(graph, OUTPUTS), name)


def test_a_program_with_charges_takes_no_slab_and_no_two_crystals():
    cell = np.diag([4.0, 4.0, 4.0])
    crystal = build_graph(WATER.replace(cell=cell, pbc=np.ones(3, bool)), 3.0)
    slab = build_graph(WATER.replace(cell=cell, pbc=np.array([True, True, False])), 3.0)
    for graph in (slab, collate([crystal, crystal])):
        with pytest.raises(InputError, match="molecules, or one crystal at a time"):
            inputs_of(graph, LongRangeSpec())


def test_equilibrated_charges_are_not_exported(tmp_path):
    encoder = BodyOrderedSpec(species=(1,), channels=4)
    spec = ModelSpec(
        encoder=encoder, reference_energies={1: 0.0}, longrange=LongRangeSpec(charges="equilibration")
    )
    with pytest.raises(InputError, match="equilibrated charges are not exported"):
        export.export_model(Model(spec), tmp_path / "model.pt2")
